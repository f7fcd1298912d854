// The clock and the controls of a run from noise to images. The browser plays what has arrived and
// asks nothing of the server.

const SPEEDS = [1, 2, 5, 10, 20, 50, Infinity]; // steps a second
const DEFAULT_SPEED = 10;
const LONGEST_FRAME = 0.25; // s; after a pause of the browser the show goes on where it was
const STALL = 1000; // ms without news, after which the stream counts as stopped
const TABLE_PAUSE = 250; // ms between two fillings while a run plays

const stage = part('stage');
const scrub = part('scrub');

let run = emptyRun();
let shown = -1; // the kept step on the screen
let clock = 0; // the same before rounding
let lastTime = 0;
let playing = false;
let stalled = false;
let stallTimer = 0;
let tableTimer = 0;
let image = 0;
let pixel = { row: Math.floor(props.rows / 2), col: Math.floor(props.cols / 2) };

const wake = oncePerFrame(frame);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0,
  centre: (_, row, col) => clientCentre(largeLayout(run, stage), stage, { image: 0, row, col }),
  numbers: (index = shown, cell = pixel.row * run.cols + pixel.col) => numbersAt(run, index, image, cell),
  lines: (index, cell) => openStep(run, index, counters.numbers(index, cell)),
};

// — the run —

function receive() {
  const known = run;
  run = receiveRun(known, props.value || '');
  if (run !== known) startOver();
  clearTimeout(stallTimer);
  stalled = false;
  const isWhole = run.header !== '' && run.arrived === run.kept.length;
  if (run.header && !isWhole) stallTimer = setTimeout(() => { stalled = true; wake(); }, STALL);
  // A run that comes whole was computed before. It opens where x_t is still noise and the guess is not.
  if (isWhole && run !== known) moveTo(Math.floor(run.kept.length / 3));
  if (playing && reducedMotion()) show(run.arrived - 1);
  wake();
  askForTable();
}

function startOver() {
  image = Math.min(image, run.images - 1);
  pixel = { row: Math.min(pixel.row, run.rows - 1), col: Math.min(pixel.col, run.cols - 1) };
  playing = run.header !== '';
  show(0);
  makeThumbnails(run, chooseImage);
  setText(part('caption'), run.caption);
  setText(part('empty').firstChild, run.broken
    ? 'This run cannot be read. Press Run again.' : props.placeholder || '');
}

// — the clock —

function show(index) {
  shown = clamp(index, run.arrived ? 0 : -1, run.arrived - 1);
  clock = Math.max(0, shown);
  if (run.header && shown === run.kept.length - 1) playing = false;
}

function advance(now) {
  const seconds = Math.min((now - (lastTime || now)) / 1000, LONGEST_FRAME);
  lastTime = now;
  const speed = SPEEDS[part('speed').value];
  clock = Math.min(clock + (seconds ? seconds * speed : 0), Math.max(0, run.arrived - 1));
  shown = run.arrived ? Math.floor(clock) : -1;
  if (shown === run.kept.length - 1) playing = false;
}

function frame(now) {
  if (playing) advance(now);
  if (stage.clientWidth) paint(); // in a tab that is not shown there is nothing to paint on
  const isMoving = playing && clock < run.arrived - 1;
  if (isMoving) wake();
  else lastTime = 0;
}

function paint() {
  for (const kind of KINDS) {
    paintLarge(run, kind, shown, image, pixel);
    paintStrip(run, kind, shown, image);
  }
  paintCurve(run, shown);
  paintThumbnails(run, shown, image);
  part('empty').hidden = shown >= 0;
  showWords();
  Object.assign(counters, { run: run.id, arrived: run.arrived, kept: run.kept.length, shown, playing,
    stalled, image, row: pixel.row, col: pixel.col, broken: run.broken });
  counters.paints += 1;
}

function play() {
  if (shown === run.kept.length - 1) show(0);
  playing = run.header !== '';
  if (reducedMotion()) show(run.arrived - 1);
  wake();
}

function pause() {
  playing = false;
  wake();
}

function moveTo(index, isTold) {
  playing = false;
  show(index);
  if (isTold) setText(part('live'), progressText(run, shown));
  wake();
}

// — the controls —

function askForTable() {
  if (!part('details').open || tableTimer) return;
  tableTimer = setTimeout(() => { tableTimer = 0; fillTable(run, image, pixel); }, TABLE_PAUSE);
}

function chooseImage(index) {
  image = index;
  askForTable();
  wake();
}

function choosePixel(place) {
  if (!place) return;
  pixel = { row: place.row, col: place.col };
  if (shown >= 0) setText(part('live'), sentence(run, shown, image, pixel));
  askForTable();
  wake();
}

function onKey(event) {
  const keys = { ' ': () => (playing ? pause() : play()), Home: () => moveTo(0, true),
    End: () => moveTo(run.arrived - 1, true), PageUp: () => moveTo(shown - 1, true),
    PageDown: () => moveTo(shown + 1, true) };
  if (event.key.startsWith('Arrow')) {
    choosePixel(stepPlace(largeLayout(run, stage), { image: 0, ...pixel }, event.key));
  } else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
}

function connect() {
  const clicks = { play: () => (playing ? pause() : play()), back: () => moveTo(shown - 1),
    next: () => moveTo(shown + 1), save: savePng };
  for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
  scrub.addEventListener('input', () => moveTo(Number(scrub.value)));
  stage.addEventListener('keydown', onKey);
  part('details').addEventListener('toggle', askForTable);
  for (const kind of KINDS) {
    const large = part(kind.large);
    const point = (event) => choosePixel(placeAt(largeLayout(run, large), large, event));
    large.addEventListener('click', point);
    large.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse' && event.buttons === 1) point(event);
    });
    part(kind.strip).addEventListener('click', (event) => {
      if (run.kept.length) moveTo(nearestCell(run, part(kind.strip), event), true);
    });
  }
  onAppearance([stage, part('curve')], wake);
  watch('value', receive);
}

part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
part('speed').replaceChildren(...SPEEDS.map((speed, i) =>
  new Option(speed === Infinity ? 'at once' : speed + ' steps/s', i, false, speed === DEFAULT_SPEED)));
part('speed').value = SPEEDS.indexOf(DEFAULT_SPEED);
makeNumbers();
startOver();
connect();
receive();
