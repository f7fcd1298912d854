// The gates of a layer: for a few channels of each stack a map of the content, of the door and of
// their product. What it shows arrives as one JSON text; nothing here is computed but colours.

const BLUE = rgbOfHex('0072b2'); // Okabe–Ito; −1
const VERMILION = rgbOfHex('d55e00'); // 1
const ZERO = 127; // the byte of 0 in a signed map
const MAPS = [
  { name: 'content', head: 'tanh', role: 'content', colour: signed, ramp: 'signed' },
  { name: 'door', head: 'σ', role: 'door', colour: (byte) => cividis(byte / 254), ramp: 'share' },
  { name: 'product', head: 'tanh × σ', role: 'goes on', colour: signed, ramp: 'signed' },
];

const picture = part('picture');
const stacks = [0, 1].map((index) => {
  const node = part('stack-' + index);
  return { node, maps: node.querySelector('.gl-maps'), canvases: [], values: [], channels: [] };
});
let view = null; // what is shown: the parsed value
let grounds = new Map(); // the empty grids by size

const counters = element.genlab = { paints: 0, layer: 0, pixel: null };
const wake = oncePerFrame(paint);

function signed(byte) {
  const share = (byte - ZERO) / ZERO;
  const end = share < 0 ? BLUE : VERMILION;
  return end.map((value) => Math.round(255 + (value - 255) * Math.abs(share)));
}

function show(number) {
  return (number < 0 ? '−' : '') + Math.abs(number).toFixed(2);
}

// — what stays: the cells, so that nothing jumps when numbers arrive —

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function build() {
  for (const stack of stacks) {
    add(stack.maps, 'p');
    for (const map of MAPS) {
      add(add(stack.maps, 'p', 'gl-column', map.head), 'span', '', map.role);
    }
    for (let row = 0; row < props.channels; row++) buildRow(stack);
    add(stack.maps, 'p');
    stack.ends = MAPS.map((map) => buildRamp(stack.maps, map));
  }
}

function buildRow(stack) {
  stack.channels.push(add(stack.maps, 'p'));
  const canvases = MAPS.map(() => {
    const canvas = add(stack.maps, 'canvas');
    canvas.setAttribute('role', 'img');
    return canvas;
  });
  stack.canvases.push(canvases);
  add(stack.maps, 'p', 'gl-value');
  stack.values.push(MAPS.map(() => add(stack.maps, 'p', 'gl-value', ' ')));
}

function buildRamp(parent, map) {
  const ramp = add(parent, 'div', 'gl-ramp');
  add(ramp, 'i', 'gl-' + map.ramp);
  const ends = add(ramp, 'div');
  return ['', '', ''].map(() => add(ends, 'span'));
}

// — what arrives —

function receive() {
  const next = props.value ? JSON.parse(props.value) : {};
  part('whole').hidden = Boolean(next.hidden);
  setText(part('message'), next.message || '');
  part('message').hidden = !next.message;
  part('save').disabled = !next.stacks;
  view = next.stacks ? next : null;
  setText(part('title'), view ? view.title : ' ');
  setText(part('story'), props.story);
  setText(part('crossing'), props.crossing);
  stacks.forEach((stack, index) => describe(stack, view && view.stacks[index], props.stacks[index]));
  if (part('details').open) fillTable();
  Object.assign(counters, { layer: view ? view.layer : 0, pixel: view && view.pixel });
  wake();
}

function describe(stack, data, words) {
  const [title, tells] = stack.node.querySelectorAll('.gl-title, .gl-tells');
  setText(title, words.title);
  setText(tells, data ? data.tells : words.tells);
  const limits = [1, null, view ? view.scale : 1];
  stack.ends.forEach((ends, map) => {
    const limit = limits[map];
    const texts = limit === null ? ['0', '', '1'] : [show(-limit), '0', show(limit)];
    ends.forEach((node, end) => setText(node, texts[end]));
  });
  for (let row = 0; row < props.channels; row++) {
    const channel = data && data.channels[row];
    setText(stack.channels[row], channel ? 'Channel ' + channel.number : ' ');
    MAPS.forEach((map, column) => {
      const value = channel && data.place ? show(channel.values[column]) : ' ';
      setText(stack.values[row][column], value);
      const canvas = stack.canvases[row][column];
      canvas.setAttribute('aria-label', channel
        ? words.title + ', channel ' + channel.number + ', ' + map.head + ': ' + value + ' at the ring'
        : 'Empty map');
    });
  }
}

// — painting —

function paint() {
  if (!picture.clientWidth) return;
  counters.paints += 1;
  grounds = new Map();
  paintMap(picture, view && view.picture, (byte) => [byte, byte, byte], view && view.pixel);
  stacks.forEach((stack, index) => {
    const data = view && view.stacks[index];
    stack.canvases.forEach((canvases, row) => canvases.forEach((canvas, column) => {
      const map = MAPS[column];
      const channel = data && data.channels[row];
      paintMap(canvas, channel && channel[map.name], map.colour, data && data.place);
    }));
  });
}

function paintMap(canvas, hex, colour, place) {
  const scale = fitToScreen(canvas);
  const { rows, cols } = view || props;
  const layout = layOut(canvas, scale, { rows, cols, images: 1 });
  const pen = canvas.getContext('2d');
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(ground(canvas, layout), 0, 0);
  if (!hex) return;
  const bytes = new Uint8Array(rows * cols);
  readHex(hex, 0, bytes, 0, bytes.length);
  const buffer = pixelBuffer(cols, rows);
  bytes.forEach((byte, index) => buffer.image.data.set([...colour(byte), 255], 4 * index));
  buffer.pen.putImageData(buffer.image, 0, 0);
  pen.imageSmoothingEnabled = false;
  const [x, y] = imageCorner(layout, 0);
  pen.drawImage(buffer.canvas, x, y, cols * layout.cell, rows * layout.cell);
  if (place) outlineCell(pen, layout, { image: 0, row: place[0], col: place[1] }, SELECTION);
}

function ground(canvas, layout) {
  const key = canvas.width + ',' + canvas.height;
  if (!grounds.has(key)) grounds.set(key, emptyGrid(canvas, layout, themeColours()));
  return grounds.get(key);
}

// — as numbers, and as a file —

function fillTable() {
  const table = part('table');
  table.replaceChildren();
  if (!view) return;
  add(table, 'caption', '', view.title);
  const head = add(add(table, 'thead'), 'tr');
  const names = view.stacks.flatMap((_, index) => MAPS.map((map) => props.stacks[index].title + ': ' + map.head));
  for (const name of ['Channel', ...names]) add(head, 'th', '', name).scope = 'col';
  const body = add(table, 'tbody');
  for (let channel = 0; channel < view.features; channel++) {
    const row = add(body, 'tr');
    add(row, 'th', '', String(channel)).scope = 'row';
    for (const stack of view.stacks) {
      for (let map = 0; map < MAPS.length; map++) {
        add(row, 'td', '', stack.table ? show(stack.table[channel][map]) : '–');
      }
    }
  }
}

function save() {
  if (!view) return;
  const side = stacks[0].canvases[0][0].width;
  const step = side + 12;
  const sheet = document.createElement('canvas');
  const font = Math.max(12, Math.round(side / 9));
  sheet.width = 6 * step + 36;
  sheet.height = props.channels * (step + font) + 5 * font;
  const brush = sheet.getContext('2d');
  brush.fillStyle = '#ffffff';
  brush.fillRect(0, 0, sheet.width, sheet.height);
  brush.fillStyle = DARK_EDGE;
  brush.font = font + 'px system-ui, sans-serif';
  brush.fillText(view.title, 12, 1.4 * font);
  stacks.forEach((stack, index) => {
    const left = 12 + index * (3 * step + 12);
    brush.fillText(props.stacks[index].title, left, 3 * font);
    MAPS.forEach((map, column) => {
      brush.fillText(map.head, left + column * step, 4.4 * font);
      stack.canvases.forEach((canvases, row) => {
        const top = 5 * font + row * (step + font);
        brush.drawImage(canvases[column], left + column * step, top);
        const text = (column ? '' : '#' + view.stacks[index].channels[row].number + ': ') +
          stack.values[row][column].textContent;
        brush.fillText(text, left + column * step, top + side + font);
      });
    });
  });
  download(sheet, 'genlab-gates-layer-' + view.layer + '.png');
}

build();
part('details').addEventListener('toggle', fillTable);
part('save').addEventListener('click', save);
onAppearance([picture, stacks[0].canvases[0][0]], wake);
watch('value', receive);
receive();
