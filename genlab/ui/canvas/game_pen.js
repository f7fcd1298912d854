// The pen: strokes on the map, which become what the generator is to learn.

const LEAST_STEP = 0.03; // of a stroke's corners, in units of the map
const KEY_STEP = 0.1; // of an arrow key
const PLACES = 1000; // corners are told to thousandths

let strokes = []; // lists of corners [x, y]
let hand = null; // the pointer that draws
let nib = [0, 0]; // where the keyboard's pen is

function isBoard() {
  return game !== null && game.target === 'drawing';
}

function cornerCount() {
  return strokes.reduce((sum, stroke) => sum + stroke.length, 0);
}

function cornerAt(event) {
  const box = stage.getBoundingClientRect();
  const layout = measuredLayout();
  const at = [(event.clientX - box.left) * layout.scale, (event.clientY - box.top) * layout.scale];
  return roundedCorner(toCode(layout, at));
}

function roundedCorner(corner) {
  return corner.map((each) => Math.round(clamp(each, -props.extent, props.extent) * PLACES) / PLACES);
}

function extend(corner) {
  const stroke = strokes[strokes.length - 1];
  const [x, y] = stroke[stroke.length - 1];
  if (cornerCount() >= props.most_corners || Math.hypot(corner[0] - x, corner[1] - y) < LEAST_STEP) return;
  stroke.push(corner);
  wake();
}

function beginStroke(event) {
  if (!isBoard() || event.button !== 0 || hand !== null || cornerCount() >= props.most_corners) return;
  stage.setPointerCapture(event.pointerId);
  hand = event.pointerId;
  strokes.push([cornerAt(event)]);
  wake();
}

function goOnStroke(event) {
  if (hand === event.pointerId) extend(cornerAt(event));
}

function endStroke(event) {
  if (hand !== event.pointerId) return;
  hand = null;
  tellDrawing();
}

function tellDrawing() {
  showPen();
  wake();
  counters.drawings += 1;
  trigger('drawn', { strokes });
}

function undoStroke() {
  if (!strokes.length) return;
  strokes.pop();
  tellDrawing();
}

function clearStrokes() {
  if (!strokes.length) return;
  strokes = [];
  tellDrawing();
}

function onPenKey(event) {
  // Arrows move the pen; with Shift they draw from where it was; Enter sets a dot.
  if (!isBoard()) return;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undoStroke();
  else if (step) moveNib(step, event.shiftKey);
  else if (event.key === 'Enter') dotAtNib();
  else return;
  event.preventDefault();
  setText(part('live'), 'Pen at ' + nib.map(signed).join(', '));
}

function moveNib(step, isDown) {
  const from = nib;
  nib = roundedCorner(nib.map((each, axis) => each + KEY_STEP * step[axis]));
  if (isDown) {
    const last = strokes[strokes.length - 1]?.slice(-1)[0];
    if (!last || last[0] !== from[0] || last[1] !== from[1]) strokes.push([from]);
    extend(nib);
    tellDrawing();
  }
  wake();
}

function dotAtNib() {
  if (cornerCount() >= props.most_corners) return;
  strokes.push([nib]);
  tellDrawing();
}

function showPen() {
  part('pen-tools').classList.toggle('gl-absent', !isBoard());
  stage.classList.toggle('gl-pen', isBoard());
  for (const name of ['undo', 'clear']) part(name).setAttribute('aria-disabled', String(!strokes.length));
  const left = props.most_corners - cornerCount();
  setText(part('pen-words'), left > 0
    ? (strokes.length ? 'The generator is to learn your drawing.' : 'Draw on the map what the generator is to learn.')
    : 'The pen is empty: undo a stroke to go on.');
}

function paintNib(brush, layout) {
  if (!isBoard() || document.activeElement !== stage || !stage.matches(':focus-visible')) return;
  const [x, y] = toScreen(layout, nib);
  const reach = 8 * layout.scale;
  haloed(brush, layout.scale, SELECTION, 2, () => {
    line(brush, x - reach, y, x + reach, y);
    line(brush, x, y - reach, x, y + reach);
  });
}
