// What the three components share: hex, geometry, colours, hatching, pictures, announcements.
// The files are joined into the body of one function per instance, so these names are private to it.

const SELECTION = '#F0E442'; // Okabe–Ito yellow
const DARK_EDGE = '#1a1a1a'; // around the yellow, which alone is lost on white
const MAX_GAP = 12; // CSS px between the images of a grid
const PNG_SIDE = 840; // px, about; a slide shows it without smoothing

// Seventeen anchors of matplotlib's cividis, which is even to every kind of colour vision.
const CIVIDIS = ('00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 ' +
  '8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838').split(' ').map(rgbOfHex);

const NIBBLE = new Uint8Array(128);
'0123456789abcdef'.split('').forEach((digit, value) => { NIBBLE[digit.charCodeAt(0)] = value; });

function part(name) {
  return element.querySelector('[data-part="' + name + '"]');
}

function setText(node, text) {
  // An equal text must not dirty the layout: this runs in every frame.
  if (node.textContent !== text) node.textContent = text;
}

function readHex(text, from, bytes, at, count) {
  for (let i = 0; i < count; i++) {
    const k = from + 2 * i;
    bytes[at + i] = (NIBBLE[text.charCodeAt(k) & 127] << 4) | NIBBLE[text.charCodeAt(k + 1) & 127];
  }
}

function writeHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function rgbOfHex(text) {
  return [0, 2, 4].map((at) => parseInt(text.slice(at, at + 2), 16));
}

function cividis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const low = CIVIDIS[Math.floor(at)];
  const high = CIVIDIS[Math.ceil(at)];
  return low.map((value, i) => Math.round(value + (high[i] - value) * (at % 1)));
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function reducedMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function themeColours() {
  // What is painted inside a canvas does not follow the theme by itself.
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read('--body-text-color'),
    page: read('--background-fill-primary'),
    accent: read('--color-accent'),
  };
}

function onAppearance(canvases, repaint) {
  const observers = [];
  const call = () => {
    if (element.isConnected) repaint();
    else observers.forEach((observer) => observer.disconnect());
  };
  const theme = new MutationObserver(call);
  theme.observe(document.body, { attributeFilter: ['class'] });
  const size = new ResizeObserver(call);
  canvases.forEach((canvas) => size.observe(canvas));
  observers.push(theme, size);
}

function oncePerFrame(paint) {
  let asked = 0;
  const run = (now) => {
    asked = 0;
    if (element.isConnected) paint(now);
  };
  return () => { asked = asked || requestAnimationFrame(run); };
}

function fitToScreen(canvas) {
  // A canvas pixel is a device pixel, so that the edges of the cells are sharp on every screen.
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return scale;
}

function layOut(canvas, scale, shape) {
  // Cells have a whole number of device pixels; what is left over goes to the gaps and the margin.
  const columns = Math.ceil(Math.sqrt(shape.images));
  const lines = Math.ceil(shape.images / columns);
  const least = shape.images > 1 ? 6 * scale : 2 * scale;
  const cell = Math.max(1, Math.floor(Math.min(
    (canvas.width - columns * least) / (columns * shape.cols),
    (canvas.height - lines * least) / (lines * shape.rows))));
  const spare = (canvas.width - columns * shape.cols * cell) / columns;
  const gap = shape.images > 1 ? Math.round(Math.min(MAX_GAP * scale, spare)) : 0;
  const width = columns * (shape.cols * cell + gap) - gap;
  const height = lines * (shape.rows * cell + gap) - gap;
  return {
    ...shape, scale, columns, cell, gap,
    left: Math.floor((canvas.width - width) / 2),
    top: Math.floor((canvas.height - height) / 2),
  };
}

function imageCorner(layout, image) {
  return [
    layout.left + (image % layout.columns) * (layout.cols * layout.cell + layout.gap),
    layout.top + Math.floor(image / layout.columns) * (layout.rows * layout.cell + layout.gap),
  ];
}

function cellCorner(layout, place) {
  const [x, y] = imageCorner(layout, place.image);
  return [x + place.col * layout.cell, y + place.row * layout.cell];
}

function placeAt(layout, canvas, event) {
  const box = canvas.getBoundingClientRect();
  const x = (event.clientX - box.left - canvas.clientLeft) * layout.scale;
  const y = (event.clientY - box.top - canvas.clientTop) * layout.scale;
  for (let image = 0; image < layout.images; image++) {
    const [left, top] = imageCorner(layout, image);
    const col = Math.floor((x - left) / layout.cell);
    const row = Math.floor((y - top) / layout.cell);
    if (row >= 0 && col >= 0 && row < layout.rows && col < layout.cols) return { image, row, col };
  }
  return null;
}

function clientCentre(layout, canvas, place) {
  const box = canvas.getBoundingClientRect();
  const [x, y] = cellCorner(layout, place);
  return [
    box.left + canvas.clientLeft + (x + layout.cell / 2) / layout.scale,
    box.top + canvas.clientTop + (y + layout.cell / 2) / layout.scale,
  ];
}

function samePlace(a, b) {
  return a && b && a.image === b.image && a.row === b.row && a.col === b.col;
}

function stepPlace(layout, place, key) {
  // Beyond the edge of an image lies its neighbour in the grid, if it has one.
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  const row = place.row + step[0];
  const col = place.col + step[1];
  if (row >= 0 && col >= 0 && row < layout.rows && col < layout.cols) {
    return { image: place.image, row, col };
  }
  const column = (place.image % layout.columns) + step[1];
  const image = place.image + step[0] * layout.columns + step[1];
  if (column < 0 || column >= layout.columns || image < 0 || image >= layout.images) return place;
  return { image, row: (row + layout.rows) % layout.rows, col: (col + layout.cols) % layout.cols };
}

function hatch(context, scale, colour) {
  const side = 6 * Math.round(scale);
  const tile = document.createElement('canvas');
  tile.width = tile.height = side;
  const pen = tile.getContext('2d');
  pen.strokeStyle = colour;
  pen.lineWidth = scale;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift, side);
    pen.lineTo(shift + side, 0);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat');
}

function emptyGrid(canvas, layout, colours) {
  // The look of what is not drawn yet, painted once per size and theme: neither black nor white.
  const picture = document.createElement('canvas');
  picture.width = canvas.width;
  picture.height = canvas.height;
  const pen = picture.getContext('2d');
  const pattern = hatch(pen, layout.scale, colours.ink);
  const edge = Math.round(layout.scale);
  for (let image = 0; image < layout.images; image++) {
    const [x, y] = imageCorner(layout, image);
    const width = layout.cols * layout.cell;
    const height = layout.rows * layout.cell;
    const fill = (style, alpha, grow) => {
      pen.globalAlpha = alpha;
      pen.fillStyle = style;
      pen.fillRect(x - grow, y - grow, width + 2 * grow, height + 2 * grow);
    };
    fill(colours.page, 1, edge);
    fill(colours.ink, 0.4, edge); // what stays of this one is the frame
    fill(colours.page, 1, 0);
    fill(colours.ink, 0.12, 0);
    fill(pattern, 0.16, 0);
  }
  return picture;
}

function outline(pen, x, y, width, height, colour, scale) {
  // A dark line on either side keeps the coloured one visible on black and on white.
  const edge = Math.max(1, Math.round(scale));
  for (const [grow, line, stroke] of [[edge, 3 * edge, DARK_EDGE], [edge, edge, colour]]) {
    pen.strokeStyle = stroke;
    pen.lineWidth = line;
    pen.strokeRect(x - grow / 2, y - grow / 2, width + grow, height + grow);
  }
}

function outlineCell(pen, layout, place, colour) {
  const [x, y] = cellCorner(layout, place);
  outline(pen, x, y, layout.cell, layout.cell, colour, layout.scale);
}

function outlineImage(pen, layout, image, colour) {
  const [x, y] = imageCorner(layout, image);
  const grow = layout.scale; // outside the picture, which it must not cover
  outline(pen, x - grow, y - grow, layout.cols * layout.cell + 2 * grow,
    layout.rows * layout.cell + 2 * grow, colour, layout.scale);
}

function pixelBuffer(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return { canvas, pen: canvas.getContext('2d'), image: new ImageData(width, height) };
}

function savePicture(source, layout, name) {
  // `source` holds the images under one another, a canvas pixel each.
  const columns = layout.columns;
  const lines = Math.ceil(layout.images / columns);
  const cell = Math.max(1, Math.round(PNG_SIDE / (columns * layout.cols)));
  const gap = layout.images > 1 ? cell : 0;
  const picture = document.createElement('canvas');
  picture.width = columns * (layout.cols * cell + gap) - gap;
  picture.height = lines * (layout.rows * cell + gap) - gap;
  const pen = picture.getContext('2d');
  pen.imageSmoothingEnabled = false;
  for (let image = 0; image < layout.images; image++) {
    const x = (image % columns) * (layout.cols * cell + gap);
    const y = Math.floor(image / columns) * (layout.rows * cell + gap);
    pen.drawImage(source, 0, image * layout.rows, layout.cols, layout.rows,
      x, y, layout.cols * cell, layout.rows * cell);
  }
  download(picture, name);
}

function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name.replace(/[^A-Za-z0-9._-]+/g, '-');
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000); // Firefox reads it after the click
  });
}
