// What the blind spot buys: the same image drawn row by row and in a wavefront, step beside step.

const grids = [0, 1].map((i) => makeGrid(part('grid-' + i)));
const STEPS_A_SECOND = 60;

let sent = null; // { size, skews, images, verdict }, both orders
let steps = [0, 0];
let at = 0; // steps shown
let shown = 0; // steps painted
let started = null; // { time, at } while it plays

const counters = element.genlab = { paints: 0, shown: () => shown, steps: () => steps, playing: () => started !== null };

const draw = onBench(() => {
  if (!sent) return;
  if (started) advance();
  grids.forEach(paintOrder);
  showWords();
  shown = at;
  counters.paints += 1;
  if (started) requestAnimationFrame(draw);
});

function readSent() {
  sent = props.value ? JSON.parse(props.value) : null;
  if (!sent) return;
  steps = sent.skews.map((skew) => sent.size - 1 + skew * (sent.size - 1) + 1);
  part('scrub').max = Math.max(...steps);
  at = 0;
  play();
}

function play() {
  if (at >= Math.max(...steps)) at = 0;
  if (reducedMotion()) at = Math.max(...steps);
  else started = { time: performance.now(), at };
  draw();
}

function pause() {
  started = null;
  draw();
}

function advance() {
  const most = Math.max(...steps);
  at = Math.min(most, started.at + Math.floor((performance.now() - started.time) / 1000 * STEPS_A_SECOND));
  if (at === most) started = null;
}

function paintOrder(grid, i) {
  if (!grid.canvas.clientWidth) return;
  measureGrid(grid, sent.size);
  const { pen, layout } = grid;
  pen.clearRect(0, 0, grid.canvas.width, grid.canvas.height);
  pen.drawImage(grid.empty, 0, 0);
  for (let index = 0; index < sent.size ** 2; index++) {
    const place = placeOf(index, sent.size);
    const time = place.col + sent.skews[i] * place.row;
    if (time >= at) continue;
    const [x, y] = cellCorner(layout, place);
    pen.fillStyle = sent.images[i][index] === '1' ? '#ffffff' : '#000000';
    pen.fillRect(x, y, layout.cell, layout.cell);
    if (time === at - 1 && at < steps[i]) outlineCell(pen, layout, place, SELECTION);
  }
}

function showWords() {
  steps.forEach((most, i) => {
    const words = at >= most ? 'done after ' + most + ' steps' : 'step ' + at + ' of ' + most;
    setText(part('score-' + i), words);
    grids[i].canvas.setAttribute('aria-label', ['Row by row', 'Wavefront'][i] + ': ' + words);
  });
  setText(part('progress'), at + ' of ' + Math.max(...steps));
  setText(part('verdict'), sent.verdict);
  setText(part('play'), started ? 'Pause' : 'Play');
  if (part('details').open) fillRaceTable();
  if (part('scrub').value !== String(at)) part('scrub').value = String(at);
}

function fillRaceTable() {
  // For each pixel the step at which either order draws it, and what it draws.
  const columns = [...Array(sent.size).keys()];
  const colour = (index) => (sent.images[0][index] === '1' ? 'white' : 'black');
  fillRows(part('table'), ['', ...columns], columns.map((row) => [row, ...columns.map((col) =>
    colour(row * sent.size + col) + ', ' + sent.skews.map((skew) => col + skew * row + 1).join(' or '))]));
}

part('details').addEventListener('toggle', draw);
part('play').addEventListener('click', () => (started ? pause() : play()));
part('scrub').addEventListener('input', () => { started = null; at = Number(part('scrub').value); draw(); });
part('save').addEventListener('click', () => saveGrids(grids, 'orders'));
onAppearance(grids.map((grid) => grid.canvas), draw);
watch('value', readSent);
readSent();
