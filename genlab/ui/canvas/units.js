// The units of a code as bars in rows. What is above the threshold is filled, the rest is hollow.

const FILLED = '#0072B2'; // Okabe–Ito blue
const SPACE = 0.12; // of a bar's place, between two of them

const stage = part('stage');
const pen = stage.getContext('2d');
let shown = null; // values, threshold, chosen unit
let hovered = null;
let cursor = null; // by the keyboard, before Enter
const wake = oncePerFrame(paint);

const counters = element.genlab = {
  paints: 0,
  updates: 0,
  chosen: null,
  values: () => shown && shown.values,
  centre: (image, row, col) => {
    const box = stage.getBoundingClientRect();
    return [box.left + (col + 0.5) * box.width / props.cols,
      box.top + (row + 0.5) * box.height / props.rows];
  },
};

function receive() {
  shown = props.value ? JSON.parse(props.value) : null;
  counters.updates += 1;
  counters.chosen = shown ? shown.chosen : null;
  cursor = counters.chosen;
  fillTable();
  wake();
}

// — painting —

function boxOf(unit) {
  const width = stage.width / props.cols;
  const height = stage.height / props.rows;
  const x = Math.round((unit % props.cols) * width);
  const y = Math.round(Math.floor(unit / props.cols) * height);
  const gap = Math.max(1, Math.round(width * SPACE));
  return { x, y, width: Math.round(width) - gap, height: Math.round(height) - 2 * gap };
}

function paint() {
  if (!stage.clientWidth) return;
  const scale = fitToScreen(stage);
  counters.paints += 1;
  pen.clearRect(0, 0, stage.width, stage.height);
  paintBars(pen, scale, themeColours().ink);
  for (const unit of new Set([cursor, hovered])) {
    if (unit === null) continue;
    const { x, y, width, height } = boxOf(unit);
    const edge = 2 * scale;
    outline(pen, x + edge, y + edge, width - 2 * edge, height - 2 * edge, SELECTION, scale);
  }
  setText(part('readout'), describe(hovered ?? cursor));
}

function paintBars(brush, scale, ink) {
  for (let unit = 0; unit < props.units; unit++) {
    const { x, y, width, height } = boxOf(unit);
    brush.globalAlpha = 0.1;
    brush.fillStyle = ink;
    brush.fillRect(x, y, width, height);
    brush.globalAlpha = 1;
    if (shown) paintBar(brush, scale, ink, shown.values[unit], { x, y, width, height });
  }
}

function paintBar(brush, scale, ink, value, { x, y, width, height }) {
  const length = Math.round(height * clamp(value, 0, 1));
  if (!length) return;
  if (value > shown.threshold) {
    brush.fillStyle = FILLED;
    brush.fillRect(x, y + height - length, width, length);
    return;
  }
  brush.globalAlpha = 0.55;
  brush.strokeStyle = ink;
  brush.lineWidth = scale;
  brush.strokeRect(x + scale / 2, y + height - length + scale / 2,
    width - scale, Math.max(length - scale, 0));
  brush.globalAlpha = 1;
}

// — words —

function describe(unit) {
  if (unit === null || !shown) return '';
  const value = shown.values[unit];
  const side = value > shown.threshold ? 'above' : 'not above';
  return 'unit ' + unit + ': activity ' + value.toFixed(3) + ', ' + side + ' ' + shown.threshold;
}

function fillTable() {
  if (!part('details').open) return;
  const table = part('table');
  table.replaceChildren();
  const line = (owner, texts, isHead) => {
    const cells = owner.insertRow();
    texts.forEach((text, i) => {
      const node = document.createElement(isHead || i === 0 ? 'th' : 'td');
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
      node.textContent = text;
      cells.append(node);
    });
  };
  const heads = Array.from({ length: props.cols }, (_, i) => '+' + i);
  line(table.createTHead(), ['unit', ...heads], true);
  const body = table.createTBody();
  for (let first = 0; shown && first < props.units; first += props.cols) {
    line(body, [first, ...shown.values.slice(first, first + props.cols).map((v) => v.toFixed(2))]);
  }
}

function save() {
  const flat = document.createElement('canvas');
  flat.width = stage.width;
  flat.height = stage.height;
  const brush = flat.getContext('2d');
  brush.fillStyle = '#ffffff';
  brush.fillRect(0, 0, flat.width, flat.height);
  paintBars(brush, window.devicePixelRatio || 1, DARK_EDGE);
  download(flat, 'genlab-' + props.label + '.png');
}

// — choosing —

function unitAt(event) {
  const box = stage.getBoundingClientRect();
  const col = Math.floor((event.clientX - box.left) / box.width * props.cols);
  const row = Math.floor((event.clientY - box.top) / box.height * props.rows);
  if (col < 0 || row < 0 || col >= props.cols || row >= props.rows) return null;
  const unit = row * props.cols + col;
  return unit < props.units ? unit : null;
}

function select(unit) {
  if (unit === null || !shown) return;
  cursor = unit;
  setText(part('live'), describe(unit));
  wake();
  trigger('select', { index: unit, value: shown.values[unit] });
}

function onKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -props.cols, ArrowDown: props.cols }[event.key];
  if (step) {
    const next = cursor === null ? 0 : cursor + step;
    if (next >= 0 && next < props.units) cursor = next;
    hovered = null;
    setText(part('live'), describe(cursor));
    wake();
  } else if (event.key === 'Enter' || event.key === ' ') select(cursor);
  else return;
  event.preventDefault();
}

part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
stage.setAttribute('aria-label', props.label || '');
stage.addEventListener('click', (event) => select(unitAt(event)));
stage.addEventListener('keydown', onKey);
stage.addEventListener('pointermove', (event) => {
  if (event.pointerType !== 'mouse') return;
  hovered = unitAt(event);
  wake();
});
stage.addEventListener('pointerleave', () => { hovered = null; wake(); });
part('details').addEventListener('toggle', fillTable);
part('save').addEventListener('click', save);
onAppearance([stage], wake);
watch(['value'], receive);
receive();
