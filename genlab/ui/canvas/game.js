// The game in the plane: its state, and what pointer, keyboard and switches do to it.

const SLOW = 1000; // ms between pictures where motion is reduced
const ANNOUNCE_EVERY = 8000; // ms

const stage = part('stage');
const pen = stage.getContext('2d');

let game = null; // the frame that was read last
let isTouched = false; // the drawing, since the page was opened
let painted = -SLOW; // when, in ms
let announced = 0;
let trailing = 0; // a timer: where motion is reduced, the last frame still comes
const wake = oncePerFrame(paint);

// What tests wait for, and where a place is on the screen.
const counters = element.genlab = {
  frames: 0, received: 0, seen: 0, late: 0, paints: 0, drawings: 0, stepsD: 0, stepsG: 0, hit: 0,
  game: null, strokes: () => strokes,
  place: (x, y) => {
    const box = stage.getBoundingClientRect();
    const layout = measuredLayout();
    return toScreen(layout, [x, y]).map((at, axis) => at / layout.scale + [box.left, box.top][axis]);
  },
};

function axesOfMap() {
  const { extent } = props;
  return { low: [-extent, -extent], high: [extent, extent], axes: ['x₁', 'x₂'] };
}

function measuredLayout() {
  const scale = fitToScreen(stage);
  return layOutPlane(stage.width, scale, axesOfMap());
}

function isOn(name) {
  return part(name).checked;
}

function readValue() {
  const sent = props.value ? readGame(props.value) : null;
  if (sent && sent.turn < game?.turn) { // a run's last frame may come after what ended it
    counters.late += 1;
    return;
  }
  game = sent;
  counters.received += 1;
  part('empty').hidden = game !== null;
  if (game) allowBest();
  if (game?.strokes && !isTouched && hand === null) strokes = game.strokes;
  showPen();
  wakeGently();
}

function wakeGently() {
  // Where motion is reduced, a picture a second, and always the last.
  const left = reducedMotion() ? painted + SLOW - performance.now() : 0;
  if (left <= 0) return wake();
  trailing = trailing || setTimeout(() => { trailing = 0; wake(); }, left);
}

function paint() {
  painted = performance.now();
  if (stage.clientWidth) {
    const layout = measuredLayout();
    pen.clearRect(0, 0, stage.width, stage.height);
    paintMap(pen, layout, themeColours());
    paintNib(pen, layout);
    paintCourse();
    counters.paints += 1;
  }
  showWords();
  fillTable();
  announce();
  if (game) [counters.stepsD, counters.stepsG] = game.steps;
  Object.assign(counters, {
    frames: counters.frames + 1, seen: counters.received, hit: game?.hit ?? 0, game,
  });
}

function paintMap(brush, layout, colours) {
  paintGround(brush, layout, colours);
  if (isBoard()) inside(brush, layout, () => paintStrokes(brush, layout));
  if (game) paintPoints(brush, layout);
}

function chooseMap(name) {
  for (const each of ['opinion', 'best', 'none']) {
    part('show-' + each).setAttribute('aria-pressed', String(each === name));
  }
  wake();
}

function onDraw(event) {
  isTouched = isTouched || isBoard();
  beginStroke(event);
}

function connect() {
  part('help').id = element.id + '-help';
  stage.setAttribute('aria-describedby', part('help').id);
  stage.addEventListener('pointerdown', onDraw);
  stage.addEventListener('pointermove', goOnStroke);
  stage.addEventListener('pointerup', endStroke);
  stage.addEventListener('pointercancel', endStroke);
  stage.addEventListener('keydown', (event) => {
    isTouched = isTouched || isBoard();
    onPenKey(event);
  });
  for (const name of ['focus', 'blur']) stage.addEventListener(name, wake);
  for (const name of ['opinion', 'best', 'none']) {
    part('show-' + name).addEventListener('click', () => chooseMap(name));
  }
  for (const name of ['arrows', 'real', 'regions']) part(name).addEventListener('change', wake);
  for (const [name, act] of [['undo', undoStroke], ['clear', clearStrokes]]) {
    part(name).addEventListener('click', () => { isTouched = true; act(); });
  }
  part('save').addEventListener('click', saveGame);
  part('details').addEventListener('toggle', fillTable);
  onAppearance([stage, course], () => { paintStamps(); wake(); });
  watch('value', readValue);
}

connect();
paintStamps();
readValue();
