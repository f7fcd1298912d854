// The brush, the presets and the way back. A stroke is a row of squares between the places where
// the pointer was seen, so a fast hand leaves no gaps.

const TOOLS = ['erase', 'restore'];
const WIDTHS = [1, 2, 3, 4, 5]; // pixels
const PRESETS = { // which pixels are erased, by row and column as shares of the board, and by row
  lower: (down) => down >= 0.5,
  right: (down, across) => across >= 0.5,
  middle: (down, across) => Math.abs(down - 0.5) < 0.25 && Math.abs(across - 0.5) < 0.25,
  rows: (down, across, row) => row % 2 === 1,
  all: () => true,
  none: () => false,
};

tool = 'erase';
width = 3;

function current() {
  return kept;
}

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

function strokeTo(from, to) {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)));
  for (let i = 0; i <= steps; i++) {
    stamp({ x: from.x + ((to.x - from.x) * i) / steps, y: from.y + ((to.y - from.y) * i) / steps });
  }
  redraw();
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
  showStrokeTools(TOOLS, WIDTHS);
}

function offerTools() {
  offerStrokeTools(TOOLS, WIDTHS, showTools);
  for (const name of Object.keys(PRESETS)) {
    part(name).addEventListener('click', () => applyPreset(name));
  }
  part('invert').addEventListener('click', () => change(kept.map((each) => 1 - each)));
}
