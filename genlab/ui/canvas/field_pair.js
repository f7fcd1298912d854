// Two architectures on the same target, their differences marked; and, where an architecture has
// more than one stream, the streams beside their union.

const pair = [0, 1].map((i) => makeGrid(part('grid-' + i)));
const UNION = 'union';
let stacks = []; // { name, grid, score }, the union last
let shownFor = '';

const counters = element.genlab = {
  paints: 0,
  figure: (i) => figureOf(pair[i].field),
  streams: () => stacks.map((each) => [each.name, figureOf(each.grid.field)]),
  differing: () => differing(pair[0].field, pair[1].field).length,
};

const draw = onBench(() => {
  const { architecture, compare } = bench.choice;
  [architecture, compare].forEach((name, i) => showOne(i, name));
  showDifference();
  showStreams(known(architecture).streams.length ? architecture : compare);
  keepBreathing([...pair, ...stacks.map((each) => each.grid)], draw);
  if (part('details').open) gridsTable(part('table'), named());
  counters.paints += 1;
});

function showOne(i, name) {
  const field = fieldNow(name);
  paintField(pair[i], field);
  setText(part('name-' + i), known(name).title);
  setText(part('score-' + i), scoreWords(field));
  pair[i].canvas.setAttribute('aria-label', known(name).title + ': ' + scoreWords(field));
}

function differing(a, b) {
  return [...a.codes.keys()].filter((index) => a.codes[index] !== b.codes[index]);
}

function showDifference() {
  const cells = differing(pair[0].field, pair[1].field);
  for (const grid of pair) markCells(grid, cells, SELECTION, [0.3, 0.18]);
  setText(part('difference'), cells.length
    ? 'They differ in ' + plural(cells.length, 'cell', 'cells') + ', dashed in both grids.'
    : 'They see the same from this target at this depth.');
}

function showStreams(name) {
  const { streams, shift, title } = known(name);
  part('streams').hidden = !streams.length;
  if (!streams.length) { stacks = []; shownFor = ''; return; }
  if (shownFor !== name) buildStreams(name, streams);
  setText(part('streams-title'), title + ', stream by stream');
  setText(part('shift'), shift ? shift.says : '');
  for (const { grid, score, stream } of stacks) {
    const field = fieldNow(name, stream ? { stream } : {});
    paintField(grid, field);
    if (shift?.arrow && stream === streams[0].name) paintShift(grid, field.target);
    setText(score, scoreWords(field));
    grid.canvas.setAttribute('aria-label', score.textContent);
  }
}

function buildStreams(name, streams) {
  shownFor = name;
  stacks = [...streams, { name: null, title: UNION }].map(({ name: stream, title }) => {
    const node = document.createElement('figure');
    node.innerHTML = '<figcaption></figcaption><canvas role="img"></canvas><p class="gl-dim"></p>';
    node.children[0].textContent = title;
    return { node, name: stream || UNION, stream, grid: makeGrid(node.children[1]), score: node.children[2] };
  });
  part('parts').replaceChildren(...stacks.map((each) => each.node));
}

function paintShift(grid, target) {
  // From the row above down into the target: the vertical stack arrives one row later.
  if (!target.row) return;
  const { pen, layout } = grid;
  const [x, y] = cellCorner(layout, { image: 0, ...target });
  const middle = x + layout.cell / 2;
  const head = Math.max(3 * layout.scale, layout.cell * 0.2);
  const tip = y + layout.cell * 0.5;
  for (const [width, colour] of [[5, '#ffffff'], [2.5, DARK_EDGE]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width * layout.scale;
    pen.beginPath();
    pen.moveTo(middle, y - layout.cell / 2);
    pen.lineTo(middle, tip);
    pen.moveTo(middle - head, tip - head);
    pen.lineTo(middle, tip);
    pen.lineTo(middle + head, tip - head);
    pen.stroke();
  }
}

function named() {
  const titles = [bench.choice.architecture, bench.choice.compare].map((name) => known(name).title);
  return [...titles.map((title, i) => [title, pair[i]]), ...stacks.map((each) => [each.name, each.grid])];
}

part('details').addEventListener('toggle', draw);
part('save').addEventListener('click', () => saveGrids([...pair, ...stacks.map((each) => each.grid)], 'side-by-side'));
onAppearance(pair.map((grid) => grid.canvas), draw);
