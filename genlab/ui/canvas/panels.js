// Pictures beside one another. The pixel under the pointer is outlined in all of them.

const BLUE = rgbOfHex('0072b2'); // Okabe–Ito; below zero
const VERMILION = rgbOfHex('d55e00'); // above zero

const row = part('row');
const places = []; // of each panel: its canvas, note and scale
let pictures = []; // of each panel: values, note, limit; fewer where nothing has arrived
let hovered = null;
let chosen = null; // by the keyboard
const wake = oncePerFrame(paint);

const counters = element.genlab = {
  paints: 0,
  updates: 0,
  notes: [],
  values: (index) => Array.from(pictures[index]?.values || []),
};

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function build() {
  for (const panel of props.panels) {
    const figure = add(row, 'figure');
    add(figure, 'figcaption', '', panel.title);
    const canvas = add(figure, 'canvas');
    canvas.setAttribute('role', 'img');
    const place = { panel, canvas, view: null };
    if (panel.signed || panel.unit) {
      const ramp = add(figure, 'div', panel.unit ? 'gl-ramp gl-amounts' : 'gl-ramp');
      add(ramp, 'i');
      const ends = add(ramp, 'div');
      place.ends = (panel.unit ? ['0', '', ''] : ['', '0', '']).map((text) => add(ends, 'span', '', text));
    }
    place.note = add(figure, 'p', 'gl-note');
    canvas.addEventListener('pointermove', (event) => point(place, event));
    canvas.addEventListener('pointerdown', (event) => point(place, event));
    canvas.addEventListener('pointerleave', () => { hovered = null; wake(); });
    canvas.addEventListener('click', (event) => select(placeAt(measured(place).layout, canvas, event)));
    places.push(place);
  }
}

function point(place, event) {
  hovered = placeAt(measured(place).layout, place.canvas, event);
  wake();
}

function select(at) {
  if (!at || !props.selectable) return;
  chosen = at;
  trigger('select', { index: [at.row, at.col], value: null });
  wake();
}

// — what arrives —

function receive() {
  const sent = props.value ? JSON.parse(props.value) : [];
  pictures = sent.map((each) => ({ ...each, values: valuesOf(each) }));
  places.forEach((place, index) => {
    place.view = null;
    showWords(place, pictures[index]);
  });
  counters.updates += 1;
  counters.notes = pictures.map((each) => each.note);
  fillTable();
  wake();
}

function valuesOf({ reach, values }) { // as panels.py writes them
  const bytes = atob(values);
  const step = reach / 32768;
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) =>
    step * (256 * bytes.charCodeAt(2 * i) + bytes.charCodeAt(2 * i + 1)) - reach);
}

function colourOf(place, picture, amount) {
  if (place.panel.unit) return cividis(amount / picture.limit);
  if (!place.panel.signed) return Array(3).fill(255 * clamp(amount, 0, 1));
  const share = clamp(amount / picture.limit, -1, 1);
  const end = share < 0 ? BLUE : VERMILION;
  return end.map((value) => 255 + (value - 255) * Math.abs(share));
}

// — painting —

function measured(place) {
  const scale = fitToScreen(place.canvas);
  const key = place.canvas.width + ',' + place.canvas.height + ',' + scale;
  if (place.view && place.view.key === key) return place.view;
  const layout = layOut(place.canvas, scale, { rows: props.rows, cols: props.cols, images: 1 });
  const empty = emptyGrid(place.canvas, layout, themeColours());
  place.view = { key, layout, empty, source: sourceOf(place) };
  return place.view;
}

function sourceOf(place) {
  const picture = pictures[places.indexOf(place)];
  if (!picture) return null;
  const buffer = pixelBuffer(props.cols, props.rows);
  picture.values.forEach((value, i) => {
    buffer.image.data.set([...colourOf(place, picture, value), 255], 4 * i);
  });
  buffer.pen.putImageData(buffer.image, 0, 0);
  return buffer.canvas;
}

function paint() {
  if (!row.clientWidth) return;
  counters.paints += 1;
  places.forEach(paintPanel);
  showReadout();
}

function paintPanel(place) {
  const { layout, empty, source } = measured(place);
  const pen = place.canvas.getContext('2d');
  pen.clearRect(0, 0, place.canvas.width, place.canvas.height);
  pen.drawImage(empty, 0, 0);
  pen.imageSmoothingEnabled = false;
  const [x, y] = imageCorner(layout, 0);
  if (source) pen.drawImage(source, x, y, layout.cols * layout.cell, layout.rows * layout.cell);
  const at = hovered || chosen;
  if (at) outlineCell(pen, layout, at, SELECTION);
}
