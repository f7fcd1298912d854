// Lanes that draw the same pictures, each with a clock of its own. Lines of JSON arrive, to which
// the server only ever adds: what was read is not read again.

const MARKS = { finished: '✓ ', stopped: '■ ', '': '' };
let race = null; // the first line: sizes, levels, uniforms, why a lane cannot run
let seen = ''; // what was read of the value
let isOver = false; // whether the run has ended, however it did
let lanes = []; // of the page: nodes, frames, and what of them stands in `levels`

// What tests wait for.
const counters = element.genlab = {
  paints: 0, frames: 0,
  run: () => race && race.run,
  isOver: () => isOver,
  ends: () => lanes.map((lane) => (latest(lane) || {}).end ?? null),
  frame: (index) => latest(lanes[index]),
  levels: (index) => Array.from(lanes[index].levels),
  reasons: () => (race ? race.reasons : {}),
};

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function build() {
  part('lanes').replaceChildren();
  lanes = props.lanes.map(buildLane);
  part('whole').setAttribute('aria-label', props.label || '');
  seen = '';
  receive();
}

function buildLane(words) {
  const box = add(part('lanes'), 'div', 'gl-lane');
  add(box, 'h4', '', words.title);
  add(box, 'p', 'gl-what', words.text);
  const frame = add(box, 'div', 'gl-window');
  const canvas = add(frame, 'canvas');
  canvas.setAttribute('role', 'img');
  const why = add(add(frame, 'div', 'gl-why'), 'span');
  const clock = add(add(box, 'div', 'gl-time'), 'b');
  const state = add(box, 'div');
  const told = add(state, 'p', 'gl-state');
  const bar = add(add(state, 'div', 'gl-progress'), 'i');
  const list = add(box, 'dl');
  const figures = ['final pixels', 'whole network', words.step].map((name) => {
    add(list, 'dt', '', name);
    return add(list, 'dd');
  });
  return { words, canvas, why, clock, told, bar, figures, frames: [], at: 0, levels: [], view: null };
}

function latest(lane) {
  return lane.frames[lane.frames.length - 1];
}

// — what arrives —

function receive() {
  const text = props.value || '';
  if (!text.startsWith(seen)) seen = '';
  if (!seen) forget();
  const end = text.lastIndexOf('\n') + 1;
  for (const line of text.slice(seen.length, end).split('\n')) if (line) readLine(JSON.parse(line));
  seen = text.slice(0, end);
  arrived();
}

function forget() {
  race = null;
  isOver = false;
  counters.frames = 0;
  for (const lane of lanes) Object.assign(lane, { frames: [], at: 0, levels: [], view: null });
}

function readLine(line) {
  if (line === 'over') isOver = true;
  else if (Array.isArray(line)) readFrame(line);
  else begin(line);
}

function begin(line) {
  race = { ...line, uniforms: bytesOf(line.uniforms) };
  for (const lane of lanes) lane.levels = new Int16Array(race.uniforms.length).fill(-1);
  setText(part('caption'), race.caption);
}

function readFrame([index, seconds, step, passes, pixels, final, end, cells]) {
  const frame = { seconds, step, passes, pixels, final, end, cells: bytesOf(cells) };
  lanes[index].frames.push(frame);
  counters.frames += 1;
  if (end) setText(part('live'), lanes[index].words.title + ': ' + describe(lanes[index], frame, true));
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// — a lane at a moment —

function advance(lane, count) {
  // The levels after `count` frames; an earlier moment begins at the start again.
  if (count < lane.at) {
    lane.levels.fill(-1);
    lane.at = 0;
  }
  for (; lane.at < count; lane.at++) {
    const { cells } = lane.frames[lane.at];
    for (let i = 0; i < cells.length; i += 3) lane.levels[256 * cells[i] + cells[i + 1]] = cells[i + 2];
  }
}

function countUntil(lane, moment) {
  let count = 0;
  while (count < lane.frames.length && lane.frames[count].seconds <= moment) count += 1;
  return count;
}

// — in words —

function describe(lane, frame, isEnd) {
  const all = race ? race.rows * race.cols : 0;
  if (!lane.frames.length) return race ? 'at the start' : '';
  if (!frame) return '0 of ' + all + ' pixels'; // at a moment before its first frame
  const many = frame.pixels + ' of ' + all + ' pixels';
  if (frame.end === 'finished') return 'finished';
  if (frame.end === 'stopped') return 'stopped after ' + Math.round(frame.seconds) + ' s: ' + many;
  if (isEnd && isOver) return 'stopped: ' + many;
  return (frame.final ? 'guessing: ' : 'drawing: ') + many;
}

function showLane(lane, index, moment) {
  const why = race && race.reasons[index];
  const frame = lane.frames[lane.at - 1];
  const isEnd = lane.at === lane.frames.length;
  const clock = isEnd ? (frame || { seconds: 0 }).seconds : moment;
  const end = frame && isEnd ? frame.end || (isOver ? 'stopped' : '') : '';
  const state = why ? 'not possible for this network' : describe(lane, frame, isEnd);
  setText(lane.why, why || '');
  lane.why.hidden = !why;
  setText(lane.clock, why ? '–' : clock.toFixed(3) + ' s');
  setText(lane.told, MARKS[end] + state);
  lane.told.dataset.end = end;
  lane.bar.style.transform = 'scaleX(' + (frame ? frame.pixels / (race.rows * race.cols) : 0) + ')';
  const numbers = frame ? [frame.pixels, frame.passes + ' ×', frame.step] : [0, '0 ×', 0];
  lane.figures.forEach((node, place) => setText(node, why ? '–' : String(numbers[place])));
  lane.canvas.setAttribute('aria-label', lane.words.title + ', ' + (why ? state + ': ' + why : state));
}
