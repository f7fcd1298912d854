// The stage: a large grid whose target follows the pointer, is held by a click and moved by keys.

const stage = part('stage');
const grid = makeGrid(stage);
const LEGEND = [...'#?x-o.!@'];

bench.tables = JSON.parse(props.tables);
bench.setters.add({ element, set: choose });

let isFollowing = true;
let reading = null; // a cell whose state is read out; the target stays

const counters = element.genlab = {
  paints: 0,
  centre: (image, row, col) => clientCentre(grid.layout, stage, { image, row, col }),
  figure: () => figureOf(grid.field),
  target: () => [grid.field.target.row, grid.field.target.col],
  choice: () => bench.choice,
  facts: () => ({ counts: grid.field.counts, limit: grid.field.limit, empty: grid.field.empty }),
};

const draw = onBench(() => {
  const field = fieldNow(bench.choice.architecture);
  paintField(grid, field);
  if (reading) outlineCell(grid.pen, grid.layout, { image: 0, ...reading }, SELECTION);
  keepBreathing([grid], draw);
  showFacts(field);
  counters.paints += 1;
});

function readChoice() {
  // The side panel's choice; the target stays, but a new size puts it into the middle.
  const sent = JSON.parse(props.value);
  const old = bench.choice || sent;
  const whole = (name, low, high) => (Number.isFinite(sent[name]) ? clamp(Math.round(sent[name]), low, high) : old[name]);
  const size = whole('size', bench.tables.least, bench.tables.rows);
  const middle = Math.floor(size / 2);
  const kept = bench.choice ? bench.choice.target : sent.target && { row: sent.target[0], col: sent.target[1] };
  const target = kept && old.size === size ? kept : { row: middle, col: middle };
  if (old.size !== size) bench.hover = reading = null;
  keep({ ...sent, size, layers: whole('layers', 1, bench.tables.layers), target });
}

function keep(choice) {
  bench.choice = choice;
  props.value = JSON.stringify({ ...choice, target: [choice.target.row, choice.target.col] });
  announceBench();
}

function choose(patch) {
  // From a view or from this grid; the side panel follows.
  keep({ ...bench.choice, ...patch });
  trigger('chosen');
}

function hold(target) {
  isFollowing = false;
  bench.hover = null;
  choose({ target });
}

function showFacts(field) {
  const { counts } = field;
  const earlier = earlierPixels(field.size, field.target);
  setText(part('setting'), settingWords(bench.choice.architecture, bench.choice));
  setText(part('score'), counts['#'] + ' of ' + earlier);
  setText(part('score-of'), 'earlier pixels are seen by the target in ' + placeWords(field.target));
  setText(part('limit'), limitWords(field));
  setText(part('wrong'), known(bench.choice.architecture).wrong || '');
  setText(part('readout'), cellWords(field, reading || field.target));
  part('follow').setAttribute('aria-pressed', String(isFollowing));
  LEGEND.forEach((letter, i) => {
    const item = part('legend').children[i];
    setText(item.lastChild, String(counts[letter]));
    item.classList.toggle('gl-none', !counts[letter]);
  });
  if (part('details').open) fieldTable(part('table'), field);
}

function buildLegend() {
  part('legend').replaceChildren(...LEGEND.map((letter) => {
    const item = document.createElement('li');
    const name = document.createElement('span');
    name.textContent = STATES.get(CODE[letter]).name;
    item.append(swatchOf(CODE[letter], 18), name, document.createElement('b'));
    return item;
  }));
}

function onPointer(event) {
  if (event.pointerType !== 'mouse') return;
  const cell = cellUnder(grid, event);
  if (isFollowing) bench.hover = cell;
  else reading = cell;
  if (isFollowing) announceBench();
  else draw();
}

function onKey(event) {
  if (event.key === 'Escape') reading = null;
  else if (!event.key.startsWith('Arrow')) return;
  else if (event.shiftKey) reading = stepCell(reading || targetNow(), event.key, bench.choice.size);
  else moveTarget(event.key);
  event.preventDefault();
  const field = fieldNow(bench.choice.architecture);
  setText(part('live'), reading ? cellWords(field, reading) : 'target ' + placeWords(field.target) + ': ' + scoreWords(field));
  draw();
}

function moveTarget(key) {
  reading = null;
  hold(stepCell(targetNow(), key, bench.choice.size));
}

stage.addEventListener('pointermove', onPointer);
stage.addEventListener('pointerleave', () => { bench.hover = reading = null; announceBench(); });
stage.addEventListener('click', (event) => {
  const cell = cellUnder(grid, event);
  if (cell) hold(cell);
});
stage.addEventListener('keydown', onKey);
part('follow').addEventListener('click', () => { isFollowing = !isFollowing; reading = null; draw(); });
part('save').addEventListener('click', () => saveGrids([grid], 'field'));
part('details').addEventListener('toggle', draw);
part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
stage.setAttribute('aria-label', props.label);
onAppearance([stage], () => { buildLegend(); draw(); });
watch('value', readChoice);
buildLegend();
readChoice();
