// The cells of a grid: their grey or colour, and the state that lies over them.
// A state is never told by colour alone: a cell carries a mark, or a hatching where it is too small.

const VEIL = 0.72; // of a state's colour over a picture that should stay visible
const PULSE = 1600; // ms
const PULSE_FRAME = 80; // ms; a slow breath needs no more frames
const NO_STATE = [0, 32]; // a blank, in bytes and in letters

const stage = part('stage');
const pen = stage.getContext('2d');

let cells = { bytes: new Uint8Array(0), known: 0, overlay: new Uint8Array(0), states: new Map() };
let chosen = null; // by click or keyboard
let hovered = null;
let view = null;
let pulseTimer = 0;
const wake = oncePerFrame(paint);

const counters = element.genlab = {
  paints: 0,
  updates: 0,
  centre: (image, row, col) => clientCentre(measured().layout, stage, { image, row, col }),
};

// — what there is —

function readCells() {
  const size = props.rows * props.cols;
  const channels = props.channels || 1;
  const value = props.value || '';
  const overlay = props.overlay || '';
  const read = (text, length) => {
    const bytes = new Uint8Array(length);
    readHex(text, 0, bytes, 0, Math.min(text.length >> 1, length));
    return bytes;
  };
  cells = {
    channels,
    bytes: read(value, size * channels),
    known: Math.min(Math.floor((value.length >> 1) / channels), size),
    overlay: overlay ? read(overlay, size) : null,
    states: new Map((props.states || []).map((state) => [state.code, state])),
  };
  view = null;
  counters.updates += 1;
  wake();
}

function colourAt(index) {
  if (index >= cells.known) return null;
  const { bytes, channels } = cells;
  const at = index * channels;
  return channels === 3 ? Array.from(bytes.slice(at, at + 3)) : [bytes[at], bytes[at], bytes[at]];
}

function stateAt(index) {
  if (!cells.overlay || NO_STATE.includes(cells.overlay[index])) return null;
  return cells.states.get(cells.overlay[index]) || null;
}

// — painting —

function measured() {
  const scale = fitToScreen(stage);
  const key = stage.width + ',' + stage.height + ',' + scale;
  if (view && view.key === key) return view;
  const layout = layOut(stage, scale, { rows: props.rows, cols: props.cols, images: 1 });
  const colours = themeColours();
  const picture = pixelBuffer(props.cols, props.rows);
  view = { key, layout, colours, empty: emptyGrid(stage, layout, colours), picture };
  view.marks = overlayPicture();
  updatePicture();
  return view;
}

function updatePicture() {
  const { picture } = view;
  for (let index = 0; index < cells.known; index++) {
    picture.image.data.set([...colourAt(index), 255], 4 * index);
  }
  picture.pen.putImageData(picture.image, 0, 0);
}

function overlayPicture() {
  // States change seldom and the cursor often, so they are painted once.
  if (!cells.overlay) return null;
  const { layout } = view;
  const canvas = document.createElement('canvas');
  canvas.width = stage.width;
  canvas.height = stage.height;
  const brush = canvas.getContext('2d');
  cells.overlay.forEach((_, index) => {
    const state = stateAt(index);
    if (!state) return;
    const place = { image: 0, row: Math.floor(index / props.cols), col: index % props.cols };
    const [x, y] = cellCorner(layout, place);
    paintState(brush, state, x, y, layout.cell, layout.scale, index < cells.known ? VEIL : 1);
  });
  return canvas;
}

function paint() {
  if (!stage.clientWidth) return;
  const { layout, empty, picture, marks } = measured();
  counters.paints += 1;
  pen.clearRect(0, 0, stage.width, stage.height);
  pen.drawImage(empty, 0, 0);
  pen.imageSmoothingEnabled = false;
  const [x, y] = imageCorner(layout, 0);
  pen.drawImage(picture.canvas, x, y, layout.cols * layout.cell, layout.rows * layout.cell);
  if (marks) pen.drawImage(marks, 0, 0);
  paintPulse(layout);
  for (const place of [chosen, hovered]) if (place) outlineCell(pen, layout, place, SELECTION);
  showLegend();
  setText(part('readout'), hovered || chosen ? describe(hovered || chosen) : '');
}

function paintPulse(layout) {
  clearTimeout(pulseTimer);
  const pulsing = [];
  if (cells.overlay) {
    cells.overlay.forEach((_, index) => { if (stateAt(index)?.pulse) pulsing.push(index); });
  }
  if (!pulsing.length) return;
  const phase = (performance.now() % PULSE) / PULSE;
  const strength = reducedMotion() ? 1 : 0.35 + 0.65 * (0.5 + 0.5 * Math.cos(2 * Math.PI * phase));
  pen.globalAlpha = strength;
  for (const index of pulsing) {
    const place = { image: 0, row: Math.floor(index / props.cols), col: index % props.cols };
    outlineCell(pen, layout, place, stateAt(index).colour);
  }
  pen.globalAlpha = 1;
  if (!reducedMotion()) pulseTimer = setTimeout(wake, PULSE_FRAME);
}
