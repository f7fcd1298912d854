// Theory and trained network: the exact set, and beside it how strongly a trained network reacts
// to each pixel. The set is looked up, never taken from the weights; only an exact 0 stays blank.

const stage = part('stage');
const grid = makeGrid(stage);
const heat = makeGrid(part('heat'));
const DECADES = 5; // of the colour scale; what is weaker has the darkest colour, not none

let sent = null; // { architecture, kernel, layers, target, weights, unit }
let pointed = null;

const counters = element.genlab = {
  paints: 0,
  centre: (image, row, col) => clientCentre(grid.layout, stage, { image, row, col }),
  figure: () => figureOf(grid.field),
  target: () => sent && sent.target,
};

const draw = onBench(() => {
  if (!sent) return;
  const [row, col] = sent.target;
  const field = fieldNow(sent.architecture, { ...sent, target: { row, col } });
  paintField(grid, field);
  paintHeat(field);
  for (const each of [grid, heat]) if (pointed) outlineCell(each.pen, each.layout, { image: 0, ...pointed }, SELECTION);
  showWords(field);
  counters.paints += 1;
});

function readSent() {
  sent = props.value ? JSON.parse(props.value) : null;
  draw();
}

function strongest() {
  return Math.max(...sent.weights);
}

function shareOf(weight) {
  return 1 + Math.log10(weight / strongest()) / DECADES;
}

function paintHeat(field) {
  const blank = { ...field, codes: new Uint8Array(field.codes.length) };
  paintField(heat, blank);
  const { pen, layout } = heat;
  sent.weights.forEach((weight, index) => {
    if (!weight) return;
    const [x, y] = cellCorner(layout, placeOf(index, layout.cols));
    pen.fillStyle = 'rgb(' + cividis(shareOf(weight)) + ')';
    pen.fillRect(x, y, layout.cell, layout.cell);
  });
  paintBorder(field);
  outlineCell(pen, layout, { image: 0, ...field.target }, SELECTION);
}

function paintBorder(field) {
  // The edge of the exact set, over the heat.
  const { pen, layout } = heat;
  const isIn = (row, col) => row >= 0 && col >= 0 && row < field.size && col < field.size &&
    field.codes[row * field.size + col] === CODE['#'];
  const path = new Path2D();
  for (let row = 0; row < field.size; row++) {
    for (let col = 0; col < field.size; col++) {
      if (!isIn(row, col)) continue;
      const [x, y] = cellCorner(layout, { image: 0, row, col });
      const far = layout.cell;
      const edges = [[-1, 0, 0, 0, far, 0], [1, 0, 0, far, far, far], [0, -1, 0, 0, 0, far], [0, 1, far, 0, far, far]];
      for (const [down, right, x0, y0, x1, y1] of edges) {
        if (isIn(row + down, col + right)) continue;
        path.moveTo(x + x0, y + y0);
        path.lineTo(x + x1, y + y1);
      }
    }
  }
  for (const [width, colour] of [[4, DARK_EDGE], [2, '#ffffff']]) {
    pen.lineWidth = width * layout.scale;
    pen.strokeStyle = colour;
    pen.stroke(path);
  }
}

function numberWords(weight) {
  if (!weight) return 'exactly 0';
  return weight >= 0.001 ? weight.toPrecision(3) : weight.toExponential(1);
}

function showWords(field) {
  const cell = pointed || field.target;
  const weight = sent.weights[cell.row * field.size + cell.col];
  setText(part('score'), pointed ? cellWords(field, pointed) : 'Target in ' + placeWords(field.target) + ' ' + scoreWords(field));
  setText(part('weight'), placeWords(cell) + ': ' + numberWords(weight));
  setText(part('low'), '≤ ' + numberWords(strongest() / 10 ** DECADES));
  setText(part('high'), numberWords(strongest()));
  setText(part('unit'), sent.unit);
  stage.setAttribute('aria-label', 'Exact set: ' + scoreWords(field));
  part('heat').setAttribute('aria-label', 'Trained weights, the strongest ' + numberWords(strongest()));
  if (part('details').open) fillWeightTable(field);
}

function fillWeightTable(field) {
  const columns = [...Array(field.size).keys()];
  fillRows(part('table'), ['', ...columns], columns.map((row) => [row, ...columns.map((col) =>
    numberWords(sent.weights[row * field.size + col]))]));
}

function ask(cell) {
  trigger('select', { index: [cell.row, cell.col], value: 0 });
}

for (const each of [grid, heat]) {
  each.canvas.addEventListener('pointermove', (event) => { pointed = cellUnder(each, event); draw(); });
  each.canvas.addEventListener('pointerleave', () => { pointed = null; draw(); });
  each.canvas.addEventListener('click', (event) => {
    const cell = cellUnder(each, event);
    if (cell) ask(cell);
  });
}
stage.addEventListener('keydown', (event) => {
  if (!sent) return;
  if (event.key.startsWith('Arrow')) pointed = stepCell(pointed || { row: sent.target[0], col: sent.target[1] }, event.key, grid.field.size);
  else if (event.key === 'Enter' && pointed) ask(pointed);
  else return;
  event.preventDefault();
  setText(part('live'), cellWords(grid.field, pointed) + ', weight ' + numberWords(sent.weights[pointed.row * grid.field.size + pointed.col]));
  draw();
});
part('details').addEventListener('toggle', draw);
part('save').addEventListener('click', () => saveGrids([grid, heat], 'theory-and-trained'));
part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
stage.setAttribute('aria-label', props.label);
onAppearance([stage], draw);
watch('value', readSent);
readSent();
