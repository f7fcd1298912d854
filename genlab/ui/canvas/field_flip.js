// Flip a pixel: a real digit, a target, another pixel, and what the flip does to the target.

const stage = part('stage');
const grid = makeGrid(stage);
const FLIPPED = '#ffffff';

let sent = null; // { pixels, architecture, kernel, layers, target, flipped, before, after, bits, verdict }
let pointed = null;
let sets = 'flipped';

const counters = element.genlab = {
  paints: 0,
  centre: (image, row, col) => clientCentre(grid.layout, stage, { image, row, col }),
  figure: () => figureOf(grid.field),
  sent: () => sent,
};

const draw = onBench(() => {
  if (!sent) return;
  const [row, col] = sent.target;
  const field = fieldNow(sent.architecture, { ...sent, target: { row, col } });
  paintField(grid, field, [...sent.pixels].map(Number));
  outlineCell(grid.pen, grid.layout, { image: 0, ...field.target }, SELECTION);
  markCells(grid, [sent.flipped[0] * field.size + sent.flipped[1]], FLIPPED, []);
  if (pointed) outlineCell(grid.pen, grid.layout, { image: 0, ...pointed }, SELECTION);
  showWords(field);
  counters.paints += 1;
});

function readSent() {
  sent = props.value ? JSON.parse(props.value) : null;
  draw();
}

function showWords(field) {
  const [row, col] = sent.flipped;
  setText(part('readout'), cellWords(field, pointed || { row, col }));
  setText(part('where'), 'p(white) of ' + placeWords(field.target) + ', with ' + placeWords({ row, col }) + ' as it is and flipped');
  for (const name of ['before', 'after']) {
    setText(part(name), sent[name].toFixed(6));
    part(name + '-bar').style.transform = 'scaleX(' + sent[name] + ')';
  }
  setText(part('bits'), sent.bits);
  setText(part('verdict'), sent.verdict);
  for (const name of ['target', 'flipped']) part('sets-' + name).setAttribute('aria-pressed', String(sets === name));
  stage.setAttribute('aria-label', props.label);
  if (part('details').open) fieldTable(part('table'), field);
}

function ask(name, cell) {
  const asked = { target: sent.target, flipped: sent.flipped, [name]: [cell.row, cell.col] };
  trigger('select', { index: asked[name], value: 0, ...asked });
}

stage.addEventListener('pointermove', (event) => { pointed = cellUnder(grid, event); draw(); });
stage.addEventListener('pointerleave', () => { pointed = null; draw(); });
stage.addEventListener('click', (event) => {
  const cell = sent && cellUnder(grid, event);
  if (cell) ask(sets, cell);
});
stage.addEventListener('keydown', (event) => {
  if (!sent) return;
  if (event.key.startsWith('Arrow')) pointed = stepCell(pointed || { row: sent.flipped[0], col: sent.flipped[1] }, event.key, grid.field.size);
  else if (event.key === 'Enter' && pointed) ask(event.shiftKey ? 'target' : 'flipped', pointed);
  else return;
  event.preventDefault();
  setText(part('live'), cellWords(grid.field, pointed));
  draw();
});
for (const name of ['target', 'flipped']) {
  part('sets-' + name).addEventListener('click', () => { sets = name; draw(); });
}
part('details').addEventListener('toggle', draw);
part('save').addEventListener('click', () => saveGrids([grid], 'flip'));
part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
onAppearance([stage], draw);
watch('value', readSent);
readSent();
