// The brush, the presets and the way back. A stroke is a row of squares between the places where
// the pointer was seen, so a fast hand leaves no gaps.

const MOST_UNDO = 50;
const WIDTHS = [1, 2, 3, 4, 5]; // pixels
const PRESETS = { // which pixels are erased, by row and column as shares of the board, and by row
  lower: (down) => down >= 0.5,
  right: (down, across) => across >= 0.5,
  middle: (down, across) => Math.abs(down - 0.5) < 0.25 && Math.abs(across - 0.5) < 0.25,
  rows: (down, across, row) => row % 2 === 1,
  all: () => true,
  none: () => false,
};

let past = []; // whole masks before each change; 784 bytes each
let tool = 'erase';
let width = 3; // of the brush, pixels
let stroke = null; // where the pointer was last, in cells

function footprint(point) {
  const top = Math.round(point.y - width / 2);
  const left = Math.round(point.x - width / 2);
  return {
    top: Math.max(top, 0),
    left: Math.max(left, 0),
    bottom: Math.min(top + width, props.rows),
    right: Math.min(left + width, props.cols),
  };
}

function stamp(point) {
  const { top, left, bottom, right } = footprint(point);
  for (let row = top; row < bottom; row++) {
    for (let col = left; col < right; col++) kept[row * props.cols + col] = Number(tool === 'restore');
  }
}

function brushTo(from, to) {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)));
  for (let i = 0; i <= steps; i++) {
    stamp({ x: from.x + ((to.x - from.x) * i) / steps, y: from.y + ((to.y - from.y) * i) / steps });
  }
  redraw();
}

function redraw() {
  measured();
  updatePicture();
  wake();
}

function remember() {
  past.push(kept.slice());
  if (past.length > MOST_UNDO) past.shift();
}

function commit() {
  // After `remember`; a change that changed nothing is none.
  if (past.length && isSame(past[past.length - 1])) past.pop();
  else send();
}

function send() {
  redraw();
  showTools();
  fillTable();
  props.value = writeBoard();
  counters.sent += 1;
  trigger('input');
}

function change(mask) {
  remember();
  kept = mask;
  commit();
}

function applyPreset(name) {
  change(Uint8Array.from(kept, (_, i) => {
    const row = Math.floor(i / props.cols);
    const down = (row + 0.5) / props.rows;
    const across = ((i % props.cols) + 0.5) / props.cols;
    return Number(!PRESETS[name](down, across, row));
  }));
  setText(part('live'), summary());
}

function undo() {
  if (!past.length) return;
  kept = past.pop();
  send();
  setText(part('live'), summary());
}

// — pointer and keyboard —

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
  brushTo(stroke.at, stroke.at);
}

function goOnStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  const to = pointOf(event);
  brushTo(stroke.at, to);
  stroke.at = to;
}

function endStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  stroke = null;
  commit();
}

function brushWithKeys() {
  if (!chosen) return;
  remember();
  stamp(centreOf(chosen));
  commit();
  setText(part('live'), describe(chosen) + '. ' + summary());
}

function onKey(event) {
  if (event.key.startsWith('Arrow')) moveChoice(event.key);
  else if (!props.editable) return;
  else if (event.key === 'Enter' || event.key === ' ') brushWithKeys();
  else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
  else return;
  event.preventDefault();
}

function showTools() {
  for (const name of ['erase', 'restore']) {
    part(name).setAttribute('aria-pressed', String(tool === name));
  }
  for (const each of WIDTHS) part('size-' + each).setAttribute('aria-pressed', String(width === each));
  part('undo').setAttribute('aria-disabled', String(!past.length));
}

function offerTools() {
  stage.addEventListener('pointerdown', beginStroke);
  stage.addEventListener('pointermove', goOnStroke);
  stage.addEventListener('pointerup', endStroke);
  stage.addEventListener('pointercancel', endStroke);
  for (const name of ['erase', 'restore']) {
    part(name).addEventListener('click', () => { tool = name; showTools(); });
  }
  for (const each of WIDTHS) {
    part('size-' + each).addEventListener('click', () => { width = each; showTools(); });
  }
  for (const name of Object.keys(PRESETS)) {
    part(name).addEventListener('click', () => applyPreset(name));
  }
  part('invert').addEventListener('click', () => change(kept.map((each) => 1 - each)));
  part('undo').addEventListener('click', undo);
}
