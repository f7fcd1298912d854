// Paths of pictures, all moved by one slider. They arrive whole; from then on the browser asks
// nothing of the server.

const PAUSE = 160; // ms a step: sixteen pictures take the time to look at them
const CELL = 48; // CSS px of a small picture, at most
const GAP = 2; // CSS px between them, at least
const PNG_SCALE = 4;
const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

let strip = null; // what the server sent, with its sheets decoded
let rows = []; // of the page: the name, the large picture, the small ones
let shown = 0;
let playing = false;
let timer = 0;

const wake = oncePerFrame(paint);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = { paints: 0, shown: 0, total: 0, playing: false, saved: 0 };

// — what arrives —

async function receive() {
  const text = props.value;
  const content = text ? JSON.parse(text) : null;
  if (content) {
    const sheets = await Promise.all(content.rows.map((row) => decoded(row.sheet)));
    if (props.value !== text) return; // another one came meanwhile
    content.rows.forEach((row, index) => { row.sheet = sheets[index]; });
  }
  stop();
  strip = content;
  shown = clamp(shown, 0, Math.max(total() - 1, 0)); // the same place, where there is one
  build(strip ? strip.rows.map((row) => row.name) : props.names);
  wake();
}

async function decoded(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  return picture;
}

function total() {
  return strip ? strip.captions.length : 0;
}

function build(names) {
  if (names.join('\n') === rows.map((row) => row.name).join('\n') && rows.length) return;
  part('larges').replaceChildren();
  part('strips').replaceChildren();
  rows = names.map((name) => {
    const figure = add(part('larges'), 'figure');
    const large = add(figure, 'canvas');
    add(figure, 'figcaption', name);
    const line = add(part('strips'), 'div', '', 'gl-line');
    add(line, 'p', name, 'gl-dim');
    const small = add(line, 'canvas');
    small.addEventListener('pointerdown', grab);
    small.addEventListener('pointermove', (event) => small.hasPointerCapture(event.pointerId) && moveTo(stepAt(event)));
    for (const canvas of [large, small]) canvas.setAttribute('role', 'img');
    return { name, large, small };
  });
}

function add(parent, tag, text, className) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  if (className) node.className = className;
  parent.append(node);
  return node;
}

// — painting —

function paint() {
  if (!rows[0]?.small.clientWidth) return; // in a part that is folded there is nothing to paint on
  rows.forEach((row, index) => {
    paintLarge(row, index);
    paintSmall(row, index);
  });
  showWords();
  Object.assign(counters, { shown, total: total(), playing });
  counters.paints += 1;
}

function paintLarge(row, index) {
  const { large } = row;
  const { width, height } = strip || { width: 1, height: 1 };
  if (large.width !== width) large.width = width;
  if (large.height !== height) large.height = height;
  const pen = large.getContext('2d');
  pen.clearRect(0, 0, width, height);
  if (strip) pen.drawImage(strip.rows[index].sheet, 0, shown * height, width, height, 0, 0, width, height);
  large.setAttribute('aria-label', row.name + ', ' + sentence());
}

function layOutStrip(canvas, scale) {
  const count = Math.max(total(), 1);
  const step = canvas.width / count;
  const cell = Math.floor(Math.min(step - GAP * scale, CELL * scale, canvas.height - 6 * scale));
  return { count, step, cell, top: Math.floor((canvas.height - cell) / 2) };
}

function paintSmall(row, index) {
  const scale = fitToScreen(row.small);
  const pen = row.small.getContext('2d');
  pen.clearRect(0, 0, row.small.width, row.small.height);
  row.small.setAttribute('aria-label', row.name + ', all ' + total() + ' pictures');
  if (!strip) return;
  const { width, height } = strip;
  const { step, cell, top } = layOutStrip(row.small, scale);
  const left = (place) => Math.round((place + 0.5) * step - cell / 2);
  pen.imageSmoothingEnabled = cell < width; // what is smaller than its pixels is averaged
  pen.imageSmoothingQuality = 'high';
  for (let place = 0; place < total(); place++) {
    pen.drawImage(strip.rows[index].sheet, 0, place * height, width, height, left(place), top, cell, cell);
  }
  outline(pen, left(shown), top, cell, cell, SELECTION, scale);
}

function showWords() {
  const last = Math.max(total() - 1, 0);
  const scrub = part('scrub');
  if (Number(scrub.max) !== last) scrub.max = last;
  scrub.value = shown;
  scrub.disabled = !strip;
  scrub.style.setProperty('--shown', (last ? (100 * shown) / last : 0) + '%');
  scrub.setAttribute('aria-valuetext', sentence());
  // The knob stands below the middle of the small picture.
  part('whole').style.setProperty('--gl-inset', strip ? 50 / total() + '%' : '9px');
  part('whole').classList.toggle('gl-waiting', !strip);
  setText(part('caption'), strip ? strip.captions[shown] : '');
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  mark('play', last > 0);
  mark('back', shown > 0);
  mark('next', shown < last);
  mark('save', Boolean(strip));
}

function mark(name, isUseful) {
  // Not `disabled`: a button must not lose the keyboard's focus when the path reaches its end.
  part(name).setAttribute('aria-disabled', String(!isUseful));
}

function sentence() {
  if (!strip) return 'no picture yet';
  return 'step ' + (shown + 1) + ' of ' + total() + ': ' + strip.captions[shown];
}

// — moving —

function stop() {
  clearTimeout(timer);
  playing = false;
}

function pause() {
  stop();
  wake();
}

function play() {
  if (total() < 2) return;
  if (shown === total() - 1) shown = 0;
  if (reducedMotion()) shown = total() - 1;
  else {
    playing = true;
    timer = setTimeout(tick, PAUSE);
  }
  wake();
}

function tick() {
  if (!playing || !element.isConnected) return;
  shown += 1;
  if (shown >= total() - 1) stop();
  else timer = setTimeout(tick, PAUSE);
  wake();
}

function moveTo(place, isTold) {
  if (!strip) return;
  stop();
  shown = clamp(place, 0, total() - 1);
  if (isTold) setText(part('live'), sentence());
  wake();
}

function grab(event) {
  if (event.button !== 0) return;
  event.target.setPointerCapture(event.pointerId);
  moveTo(stepAt(event));
}

function stepAt(event) {
  const box = event.target.getBoundingClientRect();
  return Math.floor(((event.clientX - box.left) / box.width) * total());
}

// — a file —

function save() {
  if (!strip) return;
  const { width, height } = strip;
  const font = 14;
  const step = PNG_SCALE * width + 4;
  const line = PNG_SCALE * height + 2 * font + 8;
  const sheet = document.createElement('canvas');
  sheet.width = total() * step + 12;
  sheet.height = rows.length * line + 8;
  const pen = sheet.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.fillStyle = DARK_EDGE;
  pen.font = font + 'px system-ui, sans-serif';
  pen.imageSmoothingEnabled = false;
  strip.rows.forEach((row, index) => {
    pen.fillText(row.name, 8, index * line + 1.5 * font);
    for (let place = 0; place < total(); place++) {
      pen.drawImage(row.sheet, 0, place * height, width, height,
        8 + place * step, index * line + 2 * font, PNG_SCALE * width, PNG_SCALE * height);
    }
  });
  download(sheet, 'genlab-' + props.label.toLowerCase() + '.png');
  counters.saved += 1;
}

const clicks = { play: () => (playing ? pause() : play()), back: () => moveTo(shown - 1, true),
  next: () => moveTo(shown + 1, true), save };
for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
part('scrub').addEventListener('input', (event) => moveTo(Number(event.target.value)));
part('scrub').setAttribute('aria-label', props.label + ', position');
part('whole').setAttribute('aria-label', props.label);
build(props.names);
onAppearance([part('strips')], wake);
watch('value', receive);
receive();
