// A grid to draw on: white ink on black, as the models' own data. A stroke is a row of capsules
// between the places where the pointer was seen, so a fast hand leaves no gaps.

const INK = 255;
const MOST_UNDO = 50;

let past = []; // whole drawings before each stroke; 784 bytes each
let tool = 'pen';
let width = 2; // cells
let stroke = null; // where the pointer was last, in cells

function drawSegment(from, to) {
  const radius = width / 2;
  const { rows, cols } = props;
  const soft = part('soft').checked;
  const low = (a, b, most) => clamp(Math.floor(Math.min(a, b) - radius - 1), 0, most - 1);
  const high = (a, b, most) => clamp(Math.ceil(Math.max(a, b) + radius + 1), 0, most - 1);
  for (let row = low(from.y, to.y, rows); row <= high(from.y, to.y, rows); row++) {
    for (let col = low(from.x, to.x, cols); col <= high(from.x, to.x, cols); col++) {
      const distance = distanceToSegment(col + 0.5, row + 0.5, from, to);
      const isUnder = Math.floor(to.y) === row && Math.floor(to.x) === col;
      const cover = soft ? clamp(radius + 0.5 - distance, 0, 1) : Number(distance <= radius);
      ink(row * cols + col, isUnder ? 1 : cover);
    }
  }
  redraw();
}

function ink(index, cover) {
  const amount = Math.round(INK * cover);
  const { bytes } = cells;
  bytes[index] = tool === 'pen' ? Math.max(bytes[index], amount) : Math.min(bytes[index], INK - amount);
}

function distanceToSegment(x, y, from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = dx * dx + dy * dy;
  const along = length ? clamp(((x - from.x) * dx + (y - from.y) * dy) / length, 0, 1) : 0;
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

function remember() {
  past.push(cells.bytes.slice());
  if (past.length > MOST_UNDO) past.shift();
}

function redraw() {
  measured();
  updatePicture();
  wake();
}

function commit() {
  redraw();
  showTools();
  fillTable();
  props.value = writeHex(cells.bytes);
  trigger('input');
}

function pointOf(event) {
  const { layout } = measured();
  const box = stage.getBoundingClientRect();
  const [left, top] = imageCorner(layout, 0);
  return {
    x: ((event.clientX - box.left) * layout.scale - left) / layout.cell,
    y: ((event.clientY - box.top) * layout.scale - top) / layout.cell,
  };
}

function beginStroke(event) {
  if (event.button !== 0 || stroke) return;
  stage.setPointerCapture(event.pointerId);
  remember();
  chosen = null;
  stroke = { id: event.pointerId, at: pointOf(event) };
  drawSegment(stroke.at, stroke.at);
}

function goOnStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  const to = pointOf(event);
  drawSegment(stroke.at, to);
  stroke.at = to;
}

function endStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  stroke = null;
  commit();
}

function drawWithKeys() {
  if (!chosen) return;
  const at = { x: chosen.col + 0.5, y: chosen.row + 0.5 };
  remember();
  drawSegment(at, at);
  commit();
  setText(part('live'), describe(chosen));
}

function undo() {
  if (!past.length) return;
  cells.bytes = past.pop();
  commit();
}

function clear() {
  if (!cells.bytes.some(Boolean)) return;
  remember();
  cells.bytes = new Uint8Array(cells.bytes.length);
  commit();
}

function showTools() {
  for (const name of ['pen', 'eraser']) part(name).setAttribute('aria-pressed', String(tool === name));
  for (const size of [1, 2, 3]) part('size-' + size).setAttribute('aria-pressed', String(width === size));
  part('undo').setAttribute('aria-disabled', String(!past.length));
  part('clear').setAttribute('aria-disabled', String(!cells.bytes.some(Boolean)));
}

function onKey(event) {
  if (event.key.startsWith('Arrow')) moveChoice(event.key);
  else if (event.key === 'Enter' || event.key === ' ') drawWithKeys();
  else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
  else return;
  event.preventDefault();
}

function becomeDrawing() {
  // A board is black where nothing is drawn, and all of it is a value.
  cells.known = props.rows * props.cols;
  past = [];
  showTools();
}

stage.addEventListener('pointerdown', beginStroke);
stage.addEventListener('pointermove', goOnStroke);
stage.addEventListener('pointerup', endStroke);
stage.addEventListener('pointercancel', endStroke);
stage.addEventListener('keydown', onKey);
for (const name of ['pen', 'eraser']) {
  part(name).addEventListener('click', () => { tool = name; showTools(); });
}
for (const size of [1, 2, 3]) {
  part('size-' + size).addEventListener('click', () => { width = size; showTools(); });
}
part('undo').addEventListener('click', undo);
part('clear').addEventListener('click', clear);
watchCells();
becomeDrawing();
watch(['value', 'rows', 'cols'], becomeDrawing);
