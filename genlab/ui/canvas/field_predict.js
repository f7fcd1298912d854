// Predict, then reveal: paint the cells that you think are seen; the answer is looked up.

const stage = part('stage');
const grid = makeGrid(stage);
const MARKS = [ // what a painted or missed cell turns out to be: colour and dash, told apart by both
  { name: 'hit', colour: '#009E73', dash: [] },
  { name: 'missed', colour: SELECTION, dash: [0.3, 0.18] },
  { name: 'too much', colour: '#D55E00', dash: [0.06, 0.12] },
];
const OWN = 'own'; // the choice of the stage above as a puzzle

let puzzle = null;
let painted = new Uint8Array(0);
let isRevealed = false;
let cursor = null;
let shown = ''; // the puzzle that is painted, and whether with its answer
let brush = null; // what the pointer does while it is down: 1 paints, 0 wipes

const counters = element.genlab = {
  paints: 0,
  centre: (image, row, col) => clientCentre(grid.layout, stage, { image, row, col }),
  painted: () => [...painted.keys()].filter((index) => painted[index]),
  shown: () => shown,
  figure: () => figureOf(grid.field),
};

const draw = onBench(() => {
  if (!puzzle) { offerPuzzles(); begin(0); }
  paintField(grid, isRevealed ? answer() : question());
  if (isRevealed) {
    const result = compare();
    MARKS.forEach((mark) => markCells(grid, result[mark.name], mark.colour, mark.dash));
  }
  if (cursor) outlineCell(grid.pen, grid.layout, { image: 0, ...cursor }, SELECTION);
  keepBreathing(isRevealed ? [grid] : [], draw);
  showWords();
  shown = part('puzzle').value + (isRevealed ? ' revealed' : '');
  counters.paints += 1;
});

function answer() {
  return fieldNow(puzzle.architecture, puzzle);
}

function question() {
  // Before the reveal: the target and the paint, nothing else.
  const codes = painted.map((is) => (is ? CODE.p : 0));
  codes[targetIndex()] = CODE.o;
  return { codes, size: puzzle.size, target: puzzle.target };
}

function isSeen(code) {
  return code === CODE['#'] || code === CODE['!'] || code === CODE['@'];
}

function targetIndex() {
  return puzzle.target.row * puzzle.size + puzzle.target.col;
}

function compare() {
  // The target cannot be painted, so it is no part of the score, even where it sees itself.
  const { codes } = answer();
  const all = [...codes.keys()].filter((i) => i !== targetIndex());
  const found = {
    hit: all.filter((i) => painted[i] && isSeen(codes[i])),
    missed: all.filter((i) => !painted[i] && isSeen(codes[i])),
    'too much': all.filter((i) => painted[i] && !isSeen(codes[i])),
  };
  const union = found.hit.length + found.missed.length + found['too much'].length;
  return { ...found, union, score: union ? found.hit.length / union : 1 };
}

function begin(index) {
  const choices = bench.tables.puzzles;
  const isOwn = index >= choices.length;
  const given = isOwn ? { ...bench.choice, target: bench.choice.target } : choices[index];
  const target = isOwn ? given.target : { row: given.target[0], col: given.target[1] };
  puzzle = { ...given, target };
  part('puzzle').value = isOwn ? OWN : String(index);
  painted = new Uint8Array(puzzle.size * puzzle.size);
  isRevealed = false;
  cursor = null;
}

function nextPuzzle() {
  const at = Number(part('puzzle').value);
  begin(Number.isNaN(at) ? 0 : (at + 1) % bench.tables.puzzles.length);
  draw();
}

function set(cell, value) {
  const at = cell.row * puzzle.size + cell.col;
  if (isRevealed || at === targetIndex()) return;
  painted[at] = value;
  draw();
}

function stateAt(cell) {
  return painted[cell.row * puzzle.size + cell.col];
}

function onDown(event) {
  const cell = cellUnder(grid, event);
  if (!cell || event.button !== 0) return;
  stage.setPointerCapture(event.pointerId);
  cursor = null;
  brush = 1 - stateAt(cell);
  set(cell, brush);
}

function onMove(event) {
  const cell = cellUnder(grid, event);
  if (cell && brush !== null) set(cell, brush);
}

function onKey(event) {
  if (event.key.startsWith('Arrow')) cursor = stepCell(cursor || puzzle.target, event.key, puzzle.size);
  else if (event.key === ' ') {
    cursor = cursor || puzzle.target;
    set(cursor, 1 - stateAt(cursor));
  } else if (event.key === 'Enter') reveal();
  else return;
  event.preventDefault();
  if (cursor) setText(part('live'), cursorWords());
  draw();
}

function cursorWords() {
  if (isRevealed) return cellWords(grid.field, cursor);
  const isTarget = cursor.row === puzzle.target.row && cursor.col === puzzle.target.col;
  return placeWords(cursor) + ': ' + (isTarget ? 'target' : stateAt(cursor) ? 'painted' : 'blank');
}

function reveal() {
  isRevealed = true;
  draw();
}

function clear() {
  painted.fill(0);
  isRevealed = false;
  draw();
}

function showWords() {
  const result = compare();
  const count = painted.reduce((sum, is) => sum + is, 0);
  const own = puzzle.task ? puzzle.task + ' ' : '';
  setText(part('task'), own + settingWords(puzzle.architecture, puzzle) + ', target in ' + placeWords(puzzle.target) +
    '. Paint every cell that you think it sees.');
  setText(part('score'), isRevealed ? Math.round(100 * result.score) + ' %' : plural(count, 'cell painted', 'cells painted'));
  setText(part('why'), isRevealed ? result.hit.length + ' of ' + result.union +
    ' cells that are seen or painted are both (intersection over union). ' + whyWords(answer(), painted, result) : '');
  setText(part('readout'), cursor ? cursorWords() : '');
  part('reveal').disabled = isRevealed;
  MARKS.forEach((mark, i) => setText(part('marks').children[i].lastChild, isRevealed ? String(result[mark.name].length) : ''));
  if (part('details').open) fillPaintTable();
}

function fillPaintTable() {
  const columns = [...Array(puzzle.size).keys()];
  fillRows(part('table'), ['', ...columns], columns.map((row) => [row, ...columns.map((col) => {
    const at = row * puzzle.size + col;
    const state = isRevealed ? NAMES[String.fromCharCode(grid.field.codes[at])] : at === targetIndex() ? 'target' : '';
    return [painted[at] ? 'painted' : '', state].filter(Boolean).join(', ');
  })]));
}

function buildMarks() {
  part('marks').replaceChildren(...MARKS.map((mark) => {
    const item = document.createElement('li');
    const chip = document.createElement('i');
    chip.className = 'gl-chip';
    chip.style.border = '3px ' + ['solid', 'dashed', 'dotted'][MARKS.indexOf(mark)] + ' ' + mark.colour;
    const name = document.createElement('span');
    name.textContent = mark.name;
    item.append(chip, name, document.createElement('b'));
    return item;
  }));
}

function offerPuzzles() {
  const titles = [...bench.tables.puzzles.map((each, i) => [String(i), i + 1 + '. ' + each.title]), [OWN, 'The settings of the stage']];
  part('puzzle').replaceChildren(...titles.map(([value, title]) => new Option(title, value)));
  part('puzzle').value = '0';
}

stage.addEventListener('pointerdown', onDown);
stage.addEventListener('pointermove', onMove);
stage.addEventListener('pointerup', () => { brush = null; });
stage.addEventListener('pointercancel', () => { brush = null; });
stage.addEventListener('keydown', onKey);
part('reveal').addEventListener('click', reveal);
part('clear').addEventListener('click', clear);
part('next').addEventListener('click', nextPuzzle);
part('save').addEventListener('click', () => saveGrids([grid], 'prediction'));
part('puzzle').addEventListener('change', () => {
  begin(part('puzzle').value === OWN ? bench.tables.puzzles.length : Number(part('puzzle').value));
  draw();
});
part('details').addEventListener('toggle', draw);
part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
stage.setAttribute('aria-label', 'Paint what the target sees');
onAppearance([stage], draw);
buildMarks();
