// The cells of a grid: their grey or colour, and the state that lies over them.
// A state is never told by colour alone: a cell carries a mark, or a hatching where it is too small.

const SMALLEST_MARK = 7; // CSS px; smaller cells show a hatching instead
const VEIL = 0.72; // of a state's colour over a picture that should stay visible
const PULSE = 1600; // ms
const PULSE_FRAME = 80; // ms; a slow breath needs no more frames
const NO_STATE = [0, 32]; // a blank, in bytes and in letters
const SMALL_HATCH = { '×': 'cross', '!': 'level', '?': 'rising', '–': 'falling', '·': 'dots', ':': 'dots' };

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

function paintState(brush, state, x, y, side, scale, alpha) {
  const isSmall = side / scale < SMALLEST_MARK;
  brush.globalAlpha = alpha;
  brush.fillStyle = state.colour;
  brush.fillRect(x, y, side, side);
  brush.globalAlpha = 1;
  if (state.hatch || isSmall) paintHatch(brush, SMALL_HATCH[state.mark], x, y, side, scale, isSmall);
  if (state.mark === '○' || state.mark === '◎') paintRing(brush, state.mark, x, y, side, scale);
  else if (state.mark && !isSmall) paintMark(brush, state, x, y, side);
  if (!isSmall) {
    brush.strokeStyle = DARK_EDGE;
    brush.globalAlpha = 0.18;
    brush.lineWidth = scale;
    brush.strokeRect(x + scale / 2, y + scale / 2, side - scale, side - scale);
    brush.globalAlpha = 1;
  }
}

function paintHatch(brush, kind, x, y, side, scale, isSmall) {
  // Lines are placed by the canvas, not by the cell, so that neighbours join to one surface.
  if (!kind) return;
  const step = 4 * scale;
  brush.save();
  brush.beginPath();
  brush.rect(x, y, side, side);
  brush.clip();
  brush.strokeStyle = brush.fillStyle = DARK_EDGE;
  brush.globalAlpha = isSmall ? 0.5 : 0.3; // a mark stands on the larger ones
  brush.lineWidth = scale;
  brush.beginPath();
  const first = (from) => Math.floor(from / step) * step;
  if (kind === 'rising' || kind === 'cross') {
    for (let c = first(x + y); c <= x + y + 2 * side; c += step) line(brush, c - y - side, y + side, c - y, y);
  }
  if (kind === 'falling' || kind === 'cross') {
    for (let c = first(x - y - side); c <= x - y + side; c += step) line(brush, c + y, y, c + y + side, y + side);
  }
  if (kind === 'level') {
    for (let c = first(y); c <= y + side; c += step) line(brush, x, c, x + side, c);
  }
  brush.stroke();
  if (kind === 'dots') brush.fillRect(x + side / 2 - scale / 2, y + side / 2 - scale / 2, scale, scale);
  brush.restore();
}

function line(brush, x0, y0, x1, y1) {
  brush.moveTo(x0, y0);
  brush.lineTo(x1, y1);
}

function paintRing(brush, mark, x, y, side, scale) {
  brush.strokeStyle = brush.fillStyle = DARK_EDGE;
  brush.lineWidth = Math.max(scale, side / 9);
  brush.beginPath();
  brush.arc(x + side / 2, y + side / 2, Math.max(scale, side * 0.3), 0, 2 * Math.PI);
  brush.stroke();
  if (mark === '○') return;
  brush.beginPath();
  brush.arc(x + side / 2, y + side / 2, Math.max(scale / 2, side * 0.1), 0, 2 * Math.PI);
  brush.fill();
}

function paintMark(brush, state, x, y, side) {
  brush.fillStyle = DARK_EDGE; // on all nine colours above 4.5 : 1 but on blue, whose cells have no mark
  brush.font = '600 ' + Math.round(side * 0.78) + 'px system-ui, sans-serif';
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  brush.globalAlpha = state.mark === '·' ? 0.5 : 1; // there are many of them, and nothing to see
  brush.fillText(state.mark, x + side / 2, y + side * 0.54);
  brush.globalAlpha = 1;
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
