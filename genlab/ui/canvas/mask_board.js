// A picture of which parts are erased: what it holds, and how it is painted. An erased pixel looks
// like one that was never drawn: hatched, neither black nor white.

const stage = part('stage');
const pen = stage.getContext('2d');

let bytes = new Uint8Array(0); // of all pixels, the erased ones too
let kept = new Uint8Array(0); // 1 or 0 for each
let chosen = null; // by the keyboard
let hovered = null;
let view = null;
const wake = oncePerFrame(paint);

const counters = element.genlab = {
  paints: 0,
  updates: 0,
  sent: 0,
  kept: () => Array.from(kept),
  bytes: () => Array.from(bytes),
  centre: (image, row, col) => clientCentre(measured().layout, stage, { image, row, col }),
};

// — what there is —

function readBoard() {
  const count = props.rows * props.cols;
  const value = props.value || '00'.repeat(count) + '|' + '1'.repeat(count);
  bytes = new Uint8Array(count);
  readHex(value, 0, bytes, 0, count);
  kept = Uint8Array.from(value.slice(2 * count + 1), Number);
  view = null;
  counters.updates += 1;
  wake();
}

function writeBoard() {
  return writeHex(bytes) + '|' + kept.join('');
}

function erasedCount() {
  return kept.length - kept.reduce((sum, each) => sum + each, 0);
}

function isSame(mask) {
  return mask.length === kept.length && mask.every((each, i) => each === kept[i]);
}

// — painting —

function measured() {
  const scale = fitToScreen(stage);
  const key = stage.width + ',' + stage.height + ',' + scale;
  if (view && view.key === key) return view;
  const layout = layOut(stage, scale, { rows: props.rows, cols: props.cols, images: 1 });
  const picture = pixelBuffer(props.cols, props.rows);
  view = { key, layout, empty: emptyGrid(stage, layout, themeColours()), picture };
  updatePicture();
  return view;
}

function updatePicture() {
  const { picture } = view;
  bytes.forEach((byte, i) => picture.image.data.set([byte, byte, byte, 255 * kept[i]], 4 * i));
  picture.pen.putImageData(picture.image, 0, 0);
}

function paint() {
  if (!stage.clientWidth) return;
  counters.paints += 1;
  paintBoard(pen);
  const at = hovered || chosen;
  if (at) outlineBrush(at);
  showReadout();
}

function paintBoard(brush) {
  const { layout, empty, picture } = measured();
  const [x, y] = imageCorner(layout, 0);
  brush.clearRect(0, 0, stage.width, stage.height);
  brush.drawImage(empty, 0, 0);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(picture.canvas, x, y, layout.cols * layout.cell, layout.rows * layout.cell);
}

function outlineBrush(at) {
  const { layout } = measured();
  const { top, left, bottom, right } = props.editable ? footprint(centreOf(at)) : soleCell(at);
  const [x, y] = cellCorner(layout, { image: 0, row: top, col: left });
  const [wide, high] = [right - left, bottom - top].map((cells) => cells * layout.cell);
  if (wide > 0 && high > 0) outline(pen, x, y, wide, high, SELECTION, layout.scale);
}

function soleCell({ row, col }) {
  return { top: row, left: col, bottom: row + 1, right: col + 1 };
}

function centreOf({ row, col }) {
  return { x: col + 0.5, y: row + 0.5 };
}
