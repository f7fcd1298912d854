// A latent plane: its state, its cursor, and what pointer and keyboard do to it.

const STEPS = 60; // presses of an arrow key from one edge to the other
const LEAP = 5; // times as far with Shift
const DIGITS = 1000; // a cursor is told to thousandths

const stage = part('stage');
const pen = stage.getContext('2d');

let things = { points: [], path: [], dots: [], ellipses: [], sheet: null };
let cursor = [0, 0];
let isMoved = false; // since the server was told
let held = null; // the pointer that drags
let view = null; // layout, colours and the painted backdrop
const wake = oncePerFrame(paint);

// What tests wait for, and where a code is on the screen.
const counters = element.genlab = {
  paints: 0, updates: 0, sheets: 0, inputs: 0, x: 0, y: 0,
  place: (x, y) => {
    const box = stage.getBoundingClientRect();
    const { scale } = measured().layout;
    return toScreen(measured().layout, [x, y]).map((at, axis) => at / scale + [box.left, box.top][axis]);
  },
};

// — what there is —

function readThings() {
  const list = (name) => (props[name] ? JSON.parse(props[name]) : []);
  things = { ...things, points: list('points'), path: list('path'), dots: list('dots'),
    ellipses: list('ellipses') };
  counters.updates += 1;
  renew();
  showLegend();
  fillTable();
}

async function readSheet() {
  const source = props.sheet;
  const sheet = source ? new Image() : null;
  if (sheet) {
    sheet.src = source;
    await sheet.decode();
    if (source !== props.sheet) return; // another one came meanwhile
  }
  things.sheet = sheet;
  counters.sheets += 1;
  part('pictures-label').classList.toggle('gl-absent', !sheet);
  renew();
}

function readCursor() {
  if (held !== null) return; // a visitor's hand goes first
  cursor = props.value ? JSON.parse(props.value) : [0, 0];
  wake();
}

function isOn(name) {
  return part(name).checked;
}

// — painting —

function renew() {
  view = null;
  wake();
}

function measured() {
  const scale = fitToScreen(stage);
  const key = [stage.width, stage.height, scale].join();
  if (view && view.key === key) return view;
  const layout = layOutPlane(stage.width, scale, props);
  const colours = themeColours();
  const backdrop = document.createElement('canvas');
  backdrop.width = stage.width;
  backdrop.height = stage.height;
  const brush = backdrop.getContext('2d');
  paintGround(brush, layout, colours);
  paintThings(brush, layout, colours);
  view = { key, layout, colours, backdrop };
  return view;
}

function paint() {
  if (stage.clientWidth) {
    const { layout, colours, backdrop } = measured();
    pen.clearRect(0, 0, stage.width, stage.height);
    pen.drawImage(backdrop, 0, 0);
    paintCursor(pen, layout, colours);
    showWords();
    counters.paints += 1;
    [counters.x, counters.y] = cursor;
  }
  if (isMoved) tell();
}

function paintCursor(brush, layout, colours) {
  const { left, top, side, scale } = layout;
  const clipped = cursor.map((number, axis) => clamp(number, props.low[axis], props.high[axis]));
  const [x, y] = toScreen(layout, clipped);
  brush.strokeStyle = colours.accent;
  brush.lineWidth = 1.5 * scale;
  brush.beginPath(); // to the numbers on both axes
  line(brush, left - 6 * scale, y, left, y);
  line(brush, x, top + side, x, top + side + 6 * scale);
  brush.stroke();
  const nearest = nearestPoint(cursor);
  const ring = (place, radius) => twice(brush, scale, SELECTION, () => {
    brush.arc(...place, radius * scale, 0, 2 * Math.PI);
  });
  if (nearest && isInside(nearest.point)) ring(toScreen(layout, nearest.point), markSide(layout) / 2 + 2);
  twice(brush, scale, SELECTION, () => {
    line(brush, x - 11 * scale, y, x + 11 * scale, y);
    line(brush, x, y - 11 * scale, x, y + 11 * scale);
  });
}

// — the cursor —

function moveCursor(place) {
  const next = place.map((number, axis) => (
    Math.round(clamp(number, props.low[axis], props.high[axis]) * DIGITS) / DIGITS));
  if (next[0] === cursor[0] && next[1] === cursor[1]) return;
  cursor = next;
  isMoved = true;
  wake();
}

function tell() {
  // Once a painted frame at most, however fast the pointer reports.
  isMoved = false;
  props.value = JSON.stringify(cursor);
  trigger('input');
  counters.inputs += 1;
}

function placeOf(event) {
  const box = stage.getBoundingClientRect();
  const { scale } = measured().layout;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function isOnMap([across, down]) {
  const { left, top, side } = measured().layout;
  return across >= left && down >= top && across <= left + side && down <= top + side;
}

function onPress(event) {
  if (event.button !== 0 || held !== null || !isOnMap(placeOf(event))) return;
  stage.setPointerCapture(event.pointerId);
  held = event.pointerId;
  if (event.pointerType === 'mouse') part('follow').checked = false; // the cursor stays where it was put
  moveCursor(toCode(measured().layout, placeOf(event)));
}

function onMove(event) {
  const place = placeOf(event);
  const isFollowed = event.pointerType === 'mouse' && held === null && isOn('follow') && isOnMap(place);
  if (isFollowed || held === event.pointerId) moveCursor(toCode(measured().layout, place));
}

function onRelease(event) {
  if (held === event.pointerId) held = null;
}

function onKey(event) {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!steps && event.key !== 'Home') return;
  const far = event.shiftKey ? LEAP : 1;
  moveCursor(steps ? cursor.map((number, axis) => (
    number + (far * steps[axis] * (props.high[axis] - props.low[axis])) / STEPS)) : [0, 0]);
  setText(part('live'), describeCursor());
  event.preventDefault();
}

function connect() {
  part('help').id = element.id + '-help';
  stage.setAttribute('aria-describedby', part('help').id);
  part('follow-label').hidden = !matchMedia('(hover: hover)').matches;
  stage.addEventListener('pointerdown', onPress);
  stage.addEventListener('pointermove', onMove);
  stage.addEventListener('pointerup', onRelease);
  stage.addEventListener('pointercancel', onRelease);
  stage.addEventListener('keydown', onKey);
  for (const name of ['pictures', 'marks', 'samples']) part(name).addEventListener('change', renew);
  part('save').addEventListener('click', savePlane);
  part('details').addEventListener('toggle', fillTable);
  onAppearance([stage], renew);
  watch('value', readCursor);
  watch(['points', 'path', 'dots', 'dots_name', 'ellipses', 'classes', 'axes', 'dimensions', 'low', 'high'], readThings);
  watch('sheet', readSheet);
}

connect();
readThings();
readSheet();
readCursor();
