// A grid to draw on: white ink on black, as the models' own data. A stroke is a row of capsules
// between the places where the pointer was seen, so a fast hand leaves no gaps.

const INK = 255;
const TOOLS = ['pen', 'eraser'];
const WIDTHS = [1, 2, 3]; // cells

tool = 'pen';
width = 2;

function current() {
  return cells.bytes;
}

function strokeTo(from, to) {
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

function commit() {
  redraw();
  showTools();
  fillTable();
  props.value = writeHex(cells.bytes);
  trigger('input');
}

function drawWithKeys() {
  if (!chosen) return;
  const at = { x: chosen.col + 0.5, y: chosen.row + 0.5 };
  remember();
  strokeTo(at, at);
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
  showStrokeTools(TOOLS, WIDTHS);
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

offerStrokeTools(TOOLS, WIDTHS, showTools);
stage.addEventListener('keydown', onKey);
part('clear').addEventListener('click', clear);
watchCells();
becomeDrawing();
watch(['value', 'rows', 'cols'], becomeDrawing);
