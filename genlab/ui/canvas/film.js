// The clock, the controls and the stage of a training film. The film arrives whole; from then on
// the browser asks nothing of the server, but for the GIF.

const PAUSE = 400; // ms a moment, as in the GIF
const HINT = 'The marks below the curve are training times, closer together early on.';
const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

const stage = part('stage');
const pen = stage.getContext('2d');

let film = null; // what the server sent, and its sheet
let shown = 0; // the moment on the stage
let playing = false;
let timer = 0;
let view = null; // sizes and colours
const gifs = new Map(); // by film: a second click asks nothing

const wake = oncePerFrame(paint);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0, film: '', shown: 0, total: 0, playing: false, saved: 0,
  centre: (image, row, col) => clientCentre(measured(), stage, { image, row, col }),
  place: (moment) => placeOnCurve(moment),
  dots: 0, dot: (moment, index) => placeOfDot(moment, index),
};

// — the film —

async function receive() {
  stop();
  const content = props.value ? JSON.parse(props.value) : null;
  showCloudFrame(content);
  const sheet = new Image();
  if (content) {
    sheet.src = content.sheet;
    await sheet.decode();
    if (content.card !== JSON.parse(props.value || '{}').card) return; // another one came meanwhile
  }
  film = content && { ...content, sheet };
  view = null;
  shown = film ? film.moments.length - 1 : 0;
  fillTable();
  describeCurve();
  wake();
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

function moveTo(moment, isTold) {
  if (!film) return;
  stop();
  shown = clamp(moment, 0, moments().length - 1);
  if (isTold) setText(part('live'), sentence(shown));
  wake();
}

// — the stage —

function measured() {
  const scale = fitToScreen(stage);
  const { rows, cols } = film;
  const key = [film.card, stage.width, stage.height, scale].join();
  if (!view || view.key !== key) {
    view = { key, ...layOutFilm(scale, rows, cols) };
  }
  return view;
}

function layOutFilm(scale, rows, cols) {
  // As `layOut`, but a phone has no width to give away: rather uneven pixels than a small picture.
  const most = Math.min(stage.width / cols, stage.height / rows);
  const cell = Math.floor(most) > 0.9 * most ? Math.floor(most) : most;
  return { rows, cols, cell, scale, images: 1, columns: 1, gap: 0,
    left: Math.floor((stage.width - cols * cell) / 2),
    top: Math.floor((stage.height - rows * cell) / 2) };
}

function paint() {
  if (!film || !stage.clientWidth) return; // in a part that is folded there is nothing to paint on
  const layout = measured();
  pen.clearRect(0, 0, stage.width, stage.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(film.sheet, 0, shown * film.rows, film.cols, film.rows,
    layout.left, layout.top, film.cols * layout.cell, film.rows * layout.cell);
  showWords();
  drawCurve();
  paintCloud();
  const dots = film.cloud ? film.cloud.kinds.length : 0;
  Object.assign(counters, { film: film.card, shown, total: moments().length, playing, dots });
  counters.paints += 1;
}

function showWords() {
  const moment = moments()[shown];
  for (const name of ['step', 'time', 'value']) setText(part(name), moment[name]);
  setText(part('unit'), film.unit);
  setText(part('figure'), film.figure + ' ' + HINT);
  const scrub = part('scrub');
  const last = moments().length - 1;
  if (Number(scrub.max) !== last) scrub.max = last;
  scrub.value = shown;
  scrub.style.setProperty('--shown', (100 * shown) / last + '%');
  scrub.setAttribute('aria-valuetext', sentence(shown));
  stage.setAttribute('aria-label', props.label + ', ' + sentence(shown));
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  mark('back', shown > 0);
  mark('next', shown < last);
}

function mark(name, isUseful) {
  // Not `disabled`: a button must not lose the keyboard's focus when the film reaches an end.
  part(name).setAttribute('aria-disabled', String(!isUseful));
}

function sentence(index) {
  const moment = moments()[index];
  return 'moment ' + (index + 1) + ' of ' + moments().length + ': step ' + moment.step + ', ' +
    moment.time + ' of training, ' + moment.value + ' ' + film.unit;
}

function fillTable() {
  const table = part('table');
  table.replaceChildren();
  if (!film) return;
  const row = (place, kind, texts) => {
    const line = place.insertRow();
    for (const text of texts) line.appendChild(document.createElement(kind)).textContent = text;
  };
  const { cloud } = film;
  row(table.createTHead(), 'th', ['step', 'training time', film.unit, ...(cloud ? ['spread of the codes'] : [])]);
  const body = table.createTBody();
  moments().forEach((moment, index) => {
    row(body, 'td', [moment.step, moment.time, moment.value, ...(cloud ? [cloud.spread[index]] : [])]);
  });
}

// — the controls —

function savePng() {
  if (!film) return;
  const { rows, cols } = film;
  const picture = pixelBuffer(cols, rows);
  picture.pen.drawImage(film.sheet, 0, shown * rows, cols, rows, 0, 0, cols, rows);
  const name = fileName('-step-' + moments()[shown].step);
  if (film.cloud) saveWithCloud(picture.canvas, name);
  else savePicture(picture.canvas, { columns: 1, images: 1, rows, cols }, name);
}

function fileName(more) {
  return 'genlab-' + film.card + more.replace(/,/g, '') + '.png';
}

function saveGif() {
  if (!film) return;
  if (gifs.has(film.card)) downloadGif(film.card);
  else trigger('save_gif', { film: film.card });
}

function receiveGif(isAsked) {
  // The card's name, a bar, base64.
  const [card, content] = (props.gif_file || '').split('|');
  if (!content) return;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  gifs.set(card, new Blob([bytes], { type: 'image/gif' }));
  if (isAsked) downloadGif(card);
}

function downloadGif(card) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(gifs.get(card));
  link.download = 'genlab-' + card + '-training.gif';
  link.click();
  counters.saved += 1;
  setTimeout(() => URL.revokeObjectURL(link.href), 10000); // Firefox reads it after the click
}

function onStageKey(event) {
  const keys = { ' ': () => (playing ? pause() : play()), Home: () => moveTo(0, true),
    End: () => moveTo(moments().length - 1, true), ArrowLeft: () => moveTo(shown - 1, true),
    ArrowRight: () => moveTo(shown + 1, true) };
  if (!keys[event.key]) return;
  keys[event.key]();
  event.preventDefault();
}

function pause() {
  stop();
  wake();
}

function connect() {
  const clicks = { play: () => (playing ? pause() : play()), back: () => moveTo(shown - 1, true),
    next: () => moveTo(shown + 1, true), save: savePng, gif: saveGif };
  for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
  part('scrub').addEventListener('input', (event) => moveTo(Number(event.target.value), false));
  stage.addEventListener('keydown', onStageKey);
  part('curve').addEventListener('click', (event) => moveTo(momentAt(event), true));
  onAppearance([stage, cloudStage], () => { view = null; wake(); });
  watch('value', receive);
  watch('gif_file', () => receiveGif(true));
}

part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
connect();
receiveGif(false);
receive();
