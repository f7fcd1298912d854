// The clock, the stage and the files of what is watched moment by moment: a training film, a
// recorded run. The script that comes after it has `paint()`, `sentence(index)`, `gifName(key)` and
// `saveMoment(picture, name)`.

const PAUSE = 400; // ms a moment, as in the GIF
const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

const stage = part('stage');
const scrub = part('scrub');
const pen = stage.getContext('2d');
const gifs = new Map(); // by the film's key: a second click asks nothing

let film = null; // what the server sent, and its sheet
let shown = 0; // the moment on the stage
let playing = false;
let timer = 0;

const wake = oncePerFrame(paint);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0, film: '', shown: 0, total: 0, playing: false, saved: 0,
  centre: (image, row, col) => clientCentre(layOutStage(), stage, { image, row, col }),
};

function sentContent() {
  return props.value ? JSON.parse(props.value) : null;
}

async function withSheet(content) {
  // Undefined where another one came meanwhile.
  if (!content) return null;
  const sheet = new Image();
  sheet.src = content.sheet;
  await sheet.decode();
  return content.key === sentContent()?.key ? { ...content, sheet } : undefined;
}

function moments() {
  return film ? film.moments : [];
}

// — the clock —

function stop() {
  clearTimeout(timer);
  playing = false;
}

function play() {
  if (!film) return;
  const last = moments().length - 1;
  if (shown === last) shown = 0;
  playing = true;
  if (reducedMotion()) {
    shown = last;
    playing = false;
  } else timer = setTimeout(tick, PAUSE);
  wake();
}

function tick() {
  if (!playing || !element.isConnected) return;
  shown += 1;
  if (shown >= moments().length - 1) stop();
  else timer = setTimeout(tick, PAUSE);
  wake();
}

function pause() {
  stop();
  wake();
}

function moveTo(moment, isTold) {
  if (!film) return;
  stop();
  shown = clamp(moment, 0, moments().length - 1);
  if (isTold) setText(part('live'), sentence(shown));
  wake();
}

// — the stage —

function layOutStage() {
  // Whole pixels where there is room; a phone has no width to give away.
  const scale = fitToScreen(stage);
  const { rows, cols } = film;
  const most = Math.min(stage.width / cols, stage.height / rows);
  const cell = Math.floor(most) > 0.9 * most ? Math.floor(most) : most;
  return { rows, cols, cell, scale, images: 1, columns: 1, gap: 0,
    left: Math.floor((stage.width - cols * cell) / 2),
    top: Math.floor((stage.height - rows * cell) / 2) };
}

function paintStage() {
  const layout = layOutStage();
  pen.clearRect(0, 0, stage.width, stage.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(film.sheet, 0, shown * film.rows, film.cols, film.rows,
    layout.left, layout.top, film.cols * layout.cell, film.rows * layout.cell);
}

function showPlace(at, last) {
  // The scrubber's place of all that it goes to, and the buttons.
  if (Number(scrub.max) !== last) scrub.max = last || 1;
  scrub.value = at;
  scrub.style.setProperty('--shown', (100 * at) / (last || 1) + '%');
  scrub.setAttribute('aria-valuetext', sentence(shown));
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  mark('back', shown > 0);
  mark('next', shown < moments().length - 1);
}

function mark(name, isUseful) {
  // Not `disabled`: a button must not lose the keyboard's focus when the film reaches an end.
  part(name).setAttribute('aria-disabled', String(!isUseful));
}

function countPaint(more) {
  Object.assign(counters, { film: film.key, shown, total: moments().length, playing }, more);
  counters.paints += 1;
}

function fillMoments(heads, wordsOf) {
  const table = part('table');
  table.replaceChildren();
  if (!film) return;
  const row = (place, kind, texts) => {
    const line = place.insertRow();
    for (const text of texts) line.appendChild(document.createElement(kind)).textContent = text;
  };
  row(table.createTHead(), 'th', heads());
  const body = table.createTBody();
  moments().forEach((moment, index) => row(body, 'td', wordsOf(moment, index)));
}

// — what a visitor takes along —

function savePng() {
  if (!film) return;
  const { rows, cols } = film;
  const picture = pixelBuffer(cols, rows);
  picture.pen.drawImage(film.sheet, 0, shown * rows, cols, rows, 0, 0, cols, rows);
  saveMoment(picture.canvas, 'genlab-' + film.key + '-step-' +
    moments()[shown].step.replace(/,/g, '') + '.png');
}

function saveSheet(picture, name) {
  savePicture(picture, { columns: 1, images: 1, rows: film.rows, cols: film.cols }, name);
}

function saveGif() {
  if (!film) return;
  if (gifs.has(film.key)) downloadGif(film.key);
  else trigger('save_gif', { film: film.key });
}

function receiveGif(isAsked) {
  // The film's key, a bar, base64.
  const [key, content] = (props.gif_file || '').split('|');
  if (!content) return;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  gifs.set(key, new Blob([bytes], { type: 'image/gif' }));
  if (isAsked) downloadGif(key);
}

function downloadGif(key) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(gifs.get(key));
  link.download = gifName(key);
  link.click();
  counters.saved += 1;
  setTimeout(() => URL.revokeObjectURL(link.href), 10000); // Firefox reads it after the click
}

// — the controls —

function onStageKey(event) {
  const keys = { ' ': () => (playing ? pause() : play()), Home: () => moveTo(0, true),
    End: () => moveTo(moments().length - 1, true), ArrowLeft: () => moveTo(shown - 1, true),
    ArrowRight: () => moveTo(shown + 1, true) };
  if (!keys[event.key]) return;
  keys[event.key]();
  event.preventDefault();
}

function connectMoments(receive) {
  const clicks = { play: () => (playing ? pause() : play()), back: () => moveTo(shown - 1, true),
    next: () => moveTo(shown + 1, true), save: savePng, gif: saveGif };
  for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
  stage.addEventListener('keydown', onStageKey);
  part('help').id = element.id + '-help';
  stage.setAttribute('aria-describedby', part('help').id);
  watch('value', receive);
  watch('gif_file', () => receiveGif(true));
  receiveGif(false);
  receive();
}
