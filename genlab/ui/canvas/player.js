// The clock, the controls and the stage. The browser plays what has arrived at the visitor's speed
// and asks nothing of the server, but for a branch.

const SPEEDS = [2, 3, 5, 8, 12, 20, 30, 50, 80, 130, 200, 300, 500, 800, 1300, Infinity];
const DEFAULT_SPEED = 9; // 784 pixels in 6 s
const LONGEST_FRAME = 0.25; // s; after a pause of the browser the show goes on where it was
const STALL = 1000; // ms without news, after which the stream counts as stopped
const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

const stage = part('stage');
const map = part('map');
const stagePen = stage.getContext('2d');
const mapPen = map.getContext('2d');

let run = emptyRun();
let shown = 0; // positions on the stage
let clock = 0; // the same before rounding
let lastTime = 0;
let playing = false;
let stalled = false;
let stallTimer = 0;
let tableTimer = 0;
let tableIsOld = false;
let chosenImage = 0;
let hovered = null; // the pixel under the mouse
let pinned = null; // the pixel that was clicked or reached by keyboard
let view = null; // sizes and the empty grids, for this size, theme and run

const wake = oncePerFrame(frame);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0,
  centre: (image, row, col) => clientCentre(measured().stage, stage, { image, row, col }),
};

function count() {
  Object.assign(counters,
    { run: run.id, arrived: run.arrived, shown, total: run.total, playing, stalled });
}

// — the run —

function receive(mounting) {
  const known = run;
  run = receiveRun(known, props.value || '');
  if (run !== known) startOver(mounting);
  watchForStall();
  if (playing && reducedMotion()) show(run.arrived);
  wake();
}

function startOver(mounting) {
  chosenImage = run.id ? Math.min(chosenImage, run.images - 1) : 0;
  hovered = pinned = view = null;
  playing = run.header !== '';
  show(mounting ? run.arrived : Math.min(run.start, run.arrived)); // which ends a whole run
  setText(part('caption'), run.caption);
  setText(part('empty'), run.broken
    ? 'This picture cannot be read. Draw it again.' : props.placeholder || '');
  part('empty').hidden = run.header !== '' && !run.broken;
  part('row').textContent = run.skew < run.cols ? 'One front' : 'One row';
  part('back-row').setAttribute('aria-label', run.skew < run.cols ? 'Back one front' : 'Back one row');
}

function watchForStall() {
  clearTimeout(stallTimer);
  stalled = false;
  if (!run.id || run.arrived === run.total) return;
  stallTimer = setTimeout(() => { stalled = true; wake(); }, STALL);
}

// — the clock —

function show(position) {
  shown = clock = clamp(position, 0, run.arrived);
  if (shown === run.total) playing = false;
}

function advance(now) {
  const seconds = Math.min((now - (lastTime || now)) / 1000, LONGEST_FRAME);
  lastTime = now;
  clock = Math.max(clock, Math.min(run.start, run.arrived));
  clock = Math.min(clock + (seconds ? seconds * SPEEDS[part('speed').value] : 0), run.arrived);
  // The pixels of a front are drawn together, so they appear together.
  const whole = Math.floor(clock);
  shown = Math.max(shown, run.skew < run.cols ? stopBefore(run, whole + 1) : whole, Math.min(run.start, whole));
  if (shown === run.total) playing = false;
}

function frame(now) {
  if (playing) advance(now);
  if (stage.clientWidth) paint(); // in a tab that is not shown there is nothing to paint on
  count();
  const isMoving = playing && clock < run.arrived;
  if (isMoving) wake();
  else lastTime = 0;
}

function play() {
  if (shown === run.total) show(run.start < run.total ? run.start : 0);
  pinned = null;
  playing = run.header !== '';
  if (reducedMotion()) show(run.arrived);
  wake();
}

function pause() {
  playing = false;
  wake();
}

function moveTo(position) {
  playing = false;
  pinned = null;
  show(position);
  wake();
}

// — the controls —

function showProgress() {
  const scrub = part('scrub');
  if (Number(scrub.max) !== run.total) scrub.max = run.total;
  scrub.value = shown;
  scrub.style.setProperty('--shown', (100 * shown) / run.total + '%');
  scrub.style.setProperty('--arrived', (100 * run.arrived) / run.total + '%');
  const text = 'pixel ' + shown + ' of ' + run.total;
  const isWaiting = playing && shown === run.arrived && stalled;
  setText(part('progress'), isWaiting ? text + ', waiting' : text);
  scrub.setAttribute('aria-valuetext', text);
  const hasRun = run.header !== '';
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  part('branch').disabled = !hasRun || (playing && !isWaiting) || shown === 0 || shown === run.total;
  mark('play', hasRun);
  mark('save', shown > 0);
  for (const name of ['back-pixel', 'back-row']) mark(name, shown > 0);
  for (const name of ['pixel', 'row']) mark(name, shown < run.arrived);
}

function mark(name, isUseful) {
  // Not `disabled`: a button must not lose the keyboard's focus when the run reaches an end.
  part(name).setAttribute('aria-disabled', String(!isUseful));
}

function showSpeed() {
  const speed = SPEEDS[part('speed').value];
  const text = speed === Infinity ? 'at once' : speed + ' pixels/s';
  setText(part('speed-text'), text);
  part('speed').setAttribute('aria-valuetext', text.replace('/s', ' a second'));
}

function askForTable() {
  tableIsOld = part('details').open;
  if (!tableIsOld || tableTimer) return;
  fillTable(run, focused(), shown);
  tableIsOld = false;
  tableTimer = setTimeout(() => { tableTimer = 0; if (tableIsOld) wake(); }, TABLE_PAUSE);
}

function pin(place) {
  pinned = place;
  chosenImage = place.image;
  setText(part('live'), sentence(run, place, drawnPosition(place)));
  wake();
}

function select(place) {
  const position = drawnPosition(place);
  if (!props.selectable || position < 0) return;
  trigger('select', { run: run.id, index: [place.image, place.row, place.col],
    value: valueOf(run, 'level', place.image, position) });
}

function onStageKey(event) {
  const keys = { ' ': () => (playing ? pause() : play()), Home: () => moveTo(0),
    End: () => moveTo(run.arrived), Escape: () => { pinned = null; wake(); },
    Enter: () => { const place = pinned || focused(); if (place.row >= 0) { pin(place); select(place); } } };
  const at = pinned || focused();
  if (event.key.startsWith('Arrow')) {
    pin(at.row < 0 ? { image: chosenImage, row: 0, col: 0 } : stepPlace(measured().stage, at, event.key));
  } else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
}

function onStageClick(event) {
  const place = placeAt(measured().stage, stage, event);
  if (!place) return;
  if (samePlace(place, pinned)) {
    pinned = null;
    wake();
    return;
  }
  pin(place);
  select(place);
}

function hover(canvas, layout, image) {
  return (event) => {
    if (event.pointerType !== 'mouse') return;
    const place = placeAt(measured()[layout], canvas, event);
    hovered = place && positionOf(run, place) < shown ? { ...place, image: image() ?? place.image } : null;
    wake();
  };
}

function unhover() {
  hovered = null;
  wake();
}

function branch() {
  playing = false;
  wake();
  trigger('branch', { run: run.id, position: shown });
}

function save() {
  if (!shown) return;
  measured();
  savePicture(view.picture.canvas, view.stage, 'genlab-' + run.id + '-pixel-' + shown + '.png');
}

function connect() {
  const clicks = { play: () => (playing ? pause() : play()),
    'back-pixel': () => moveTo(shown - 1), pixel: () => moveTo(shown + 1),
    'back-row': () => moveTo(stopBefore(run, shown)), row: () => moveTo(stopAfter(run, shown)),
    branch, save };
  for (const name of Object.keys(clicks)) part(name).addEventListener('click', clicks[name]);
  part('scrub').addEventListener('input', (event) => moveTo(Number(event.target.value)));
  part('speed').addEventListener('input', showSpeed);
  part('details').addEventListener('toggle', wake);
  stage.addEventListener('keydown', onStageKey);
  stage.addEventListener('click', onStageClick);
  stage.addEventListener('pointermove', hover(stage, 'stage', () => undefined));
  map.addEventListener('pointermove', hover(map, 'map', () => chosenImage));
  for (const canvas of [stage, map]) canvas.addEventListener('pointerleave', unhover);
  onAppearance([stage, map], () => { view = null; wake(); });
  watch('value', () => receive(false));
}

part('help').id = element.id + '-help';
stage.setAttribute('aria-describedby', part('help').id);
stage.setAttribute('aria-label', props.label || '');
part('speed').max = SPEEDS.length - 1;
part('speed').value = DEFAULT_SPEED;
showSpeed();
connect();
receive(true);
