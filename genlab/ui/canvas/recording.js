// The clock, the controls and the stage of a recorded run. It arrives whole when it is first seen;
// from then on the browser asks nothing of the server, but for the GIF.

const PAUSE = 400; // ms a moment, as in the GIF
const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

const stage = part('stage');
const scrub = part('scrub');
const pen = stage.getContext('2d');
const figures = [0, 1, 2].map((index) => part('chart-' + index));

let film = null; // what the server sent, and its sheet
let shown = 0; // the moment on the stage
let playing = false;
let timer = 0;
let asked = false;

const wake = oncePerFrame(paint);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0, film: '', shown: 0, total: 0, playing: false,
  centre: (image, row, col) => clientCentre(layOutStage(), stage, { image, row, col }),
  place: (moment) => placeOfMoment(moment),
};

// — the recording —

function askOnce() {
  // Gradio builds a tab's components when it is opened: only who looks gets the pictures.
  if (props.value || asked || !stage.clientWidth) return;
  asked = true;
  trigger('ask', {});
}

async function receive() {
  stop();
  const content = props.value ? JSON.parse(props.value) : null;
  const sheet = new Image();
  if (content) {
    sheet.src = content.sheet;
    await sheet.decode();
    if (content.key !== JSON.parse(props.value || '{}').key) return; // another one came meanwhile
  }
  film = content && { ...content, sheet };
  shown = film ? film.moments.length - 1 : 0;
  part('empty').hidden = Boolean(film);
  fillTable();
  if (film) figures.forEach((figure, index) => describeFigure(figure, film.charts[index]));
  wake();
}

function describeFigure(figure, chart) {
  figure.hidden = !chart;
  if (chart) describeChart(figure, chart);
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

function nearest(step) {
  const far = moments().map((moment) => Math.abs(moment.at - step));
  return far.indexOf(Math.min(...far));
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

function paint() {
  askOnce();
  if (!film || !stage.clientWidth) return;
  const layout = layOutStage();
  pen.clearRect(0, 0, stage.width, stage.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(film.sheet, 0, shown * film.rows, film.cols, film.rows,
    layout.left, layout.top, film.cols * layout.cell, film.rows * layout.cell);
  const now = { at: moments()[shown].at, index: shown };
  film.charts.forEach((chart, index) => {
    showChartWords(figures[index], chart, now);
    drawChart(figures[index], chart, film.time, now);
  });
  showWords();
  Object.assign(counters, { film: film.key, shown, total: moments().length, playing });
  counters.paints += 1;
}

function showWords() {
  const moment = moments()[shown];
  for (const name of ['step', 'epoch']) setText(part(name), moment[name]);
  setText(part('explained'), film.charts[0].note);
  setText(part('others'), film.others.map(otherWords).join(' '));
  const last = film.time.last;
  if (Number(scrub.max) !== last) scrub.max = last || 1;
  scrub.value = moment.at;
  scrub.style.setProperty('--shown', (100 * moment.at) / (last || 1) + '%');
  scrub.setAttribute('aria-valuetext', sentence(shown));
  stage.setAttribute('aria-label', props.label + ', ' + film.title + ', ' + sentence(shown));
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  mark('back', shown > 0);
  mark('next', shown < moments().length - 1);
}

function otherWords(other) {
  const real = other.real ? ', of real images ' + other.real : '';
  return other.name + ': ' + other.words[shown] + (other.unit ? ' ' + other.unit : '') + real + '.';
}

function mark(name, isUseful) {
  // Not `disabled`: a button must not lose the keyboard's focus when the film reaches an end.
  part(name).setAttribute('aria-disabled', String(!isUseful));
}

function sentence(index) {
  const moment = moments()[index];
  return 'moment ' + (index + 1) + ' of ' + moments().length + ': epoch ' + moment.epoch +
    ', step ' + moment.step;
}

function fillTable() {
  const table = part('table');
  table.replaceChildren();
  if (!film) return;
  const row = (place, kind, texts) => {
    const line = place.insertRow();
    for (const text of texts) line.appendChild(document.createElement(kind)).textContent = text;
  };
  row(table.createTHead(), 'th', ['epoch', 'step', ...film.table.map((column) => column.head)]);
  const body = table.createTBody();
  moments().forEach((moment, index) => {
    row(body, 'td', [moment.epoch, moment.step, ...film.table.map((column) => column.words[index])]);
  });
}

// — the controls —

function placeOfMoment(index) {
  // On the screen, in the first chart.
  const svg = chartPart(figures[0], 'plot');
  const edge = svg.getBoundingClientRect();
  const box = chartBox(svg, false);
  return [edge.left + chartX(box, film.time, moments()[index].at), edge.top + box.top + box.height / 2];
}

function clickChart(event) {
  if (!film) return;
  const svg = event.currentTarget;
  const box = chartBox(svg, false);
  const share = (event.clientX - svg.getBoundingClientRect().left - box.left) / box.width;
  moveTo(nearest(share * film.time.last), true);
}

function onKey(event) {
  const keys = { Home: () => moveTo(0, true), End: () => moveTo(moments().length - 1, true),
    ArrowLeft: () => moveTo(shown - 1, true), ArrowRight: () => moveTo(shown + 1, true) };
  if (event.currentTarget === stage) keys[' '] = () => (playing ? pause() : play());
  else Object.assign(keys, { ArrowDown: keys.ArrowLeft, ArrowUp: keys.ArrowRight });
  if (!keys[event.key]) return;
  keys[event.key]();
  event.preventDefault();
}

function connect() {
  const clicks = { play: () => (playing ? pause() : play()), back: () => moveTo(shown - 1, true),
    next: () => moveTo(shown + 1, true), save: savePng, gif: saveGif };
  for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
  scrub.addEventListener('input', () => moveTo(nearest(Number(scrub.value)), false));
  for (const node of [stage, scrub]) node.addEventListener('keydown', onKey);
  for (const figure of figures) chartPart(figure, 'plot').addEventListener('click', clickChart);
  onAppearance([stage, chartPart(figures[0], 'plot')], wake);
  watch('value', receive);
  watch('gif_file', () => receiveGif(true));
}

part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
connect();
receiveGif(false);
receive();
