// A code as sliders. The numbers live here: a drag changes one row and sends the code; what the
// server answers is pictures, never the place of a slider under somebody's hand.

const ROOM = 20; // from 0 that a number may be typed, or as far as a slider goes
const STEPS = 120; // about, from one end of a slider to the other
const MORE_DIGITS = 2; // a typed number may be finer than the slider
const USES = {
  nats: {
    word: 'nats',
    title: 'How much this number says about a picture: the mean KL divergence between the ' +
      'posterior of an image and the prior, in nats. 1 nat is 1.44 bits.',
  },
  'standard deviation': {
    word: 'std',
    title: 'How much this number varies between images: its standard deviation (std). One that ' +
      'never changes says nothing.',
  },
};

let code = []; // the numbers in their own order
let rows = []; // those that are built, in the order of display
let isOpen = false;
let isUntold = false; // whether the hand was faster than the screen
let built = ''; // the dimensions and how many stand before *More*, as the rows have them
const tell = oncePerFrame(send);
const counters = element.genlab = { inputs: 0, releases: 0, painted: 0, rows: 0, value: () => code.slice() };

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function show(number, digits) {
  const text = Math.abs(number).toFixed(digits);
  return (number < 0 && Number(text) !== 0 ? '−' : '') + text;
}

function niceStep(span) {
  const unit = 10 ** Math.floor(Math.log10(span / STEPS));
  return unit * [1, 2, 5, 10].find((each) => each * unit >= span / STEPS * 0.999);
}

function farthest() {
  return Math.max(ROOM, ...(props.dimensions || []).flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
}

function remedy() {
  return 'Type −' + farthest() + ' to ' + farthest();
}

// — rows —

function layout() {
  return JSON.stringify([props.dimensions, props.shown]);
}

function build() {
  built = layout();
  rows = [];
  for (const name of ['first', 'others']) part(name).replaceChildren();
  const known = props.dimensions || [];
  const first = known.length ? known.slice(0, props.shown) : Array(props.shown).fill(null);
  buildRows('first', first);
  if (isOpen) buildRows('others', known.slice(props.shown));
  describe(known);
}

function buildRows(place, dimensions) {
  const added = dimensions.map((dimension) => buildRow(part(place), dimension));
  rows.push(...added);
  counters.rows = rows.length;
  added.forEach(showNumber);
  paintThumbnails(added);
}

function describe(known) {
  const more = Math.max(known.length - props.shown, 0);
  const used = known.filter((each) => each.used).length;
  setText(part('more'), isOpen ? 'Fewer dimensions' : 'More dimensions (' + more + ')');
  part('more').hidden = !more;
  part('more').setAttribute('aria-expanded', String(isOpen));
  part('others').hidden = !(isOpen && more);
  setText(part('summary'), known.length ? used + ' of ' + known.length +
    (known.length === 1 ? ' dimension is used' : ' dimensions are used') : '');
}

function buildRow(parent, dimension) {
  // Without a dimension it is an empty frame of the same size.
  const node = add(parent, 'div', 'gl-dimension');
  const name = dimension ? 'Dimension ' + dimension.index : 'Dimension';
  const row = { node, name, dimension, number: 0, thumbnails: [] };
  const words = add(node, 'div', 'gl-words');
  add(words, 'p', 'gl-name', name);
  buildUse(words, dimension);
  add(words, 'p', 'gl-bad', remedy());
  row.typed = buildTyped(node, row);
  row.range = buildRange(node, row);
  row.strip = add(node, 'div', 'gl-ahead');
  buildThumbnails(row, Array(FRAMES).fill(null));
  return row;
}

function buildUse(parent, dimension) {
  const line = add(parent, 'p', 'gl-use');
  if (!dimension) return;
  const most = Math.max(...props.dimensions.map((each) => each.use), 1e-9);
  const unit = USES[dimension.unit] || { word: dimension.unit, title: '' };
  line.title = unit.title;
  const bar = add(add(line, 'i', 'gl-amount'), 'i');
  bar.style.width = 100 * clamp(dimension.use / most, 0, 1) + '%';
  add(line, 'abbr', '', show(dimension.use, 2) + ' ' + unit.word).title = unit.title;
  if (!dimension.used) add(line, 'span', 'gl-unused', 'unused');
}

function buildTyped(parent, row) {
  const typed = add(parent, 'input', 'gl-typed');
  Object.assign(typed, { type: 'number', step: 'any', min: -farthest(), max: farthest() });
  typed.disabled = !row.dimension;
  typed.setAttribute('aria-label', row.name + ', type a number');
  // Not yet what is only begun, such as a minus sign.
  typed.addEventListener('input', () => mark(row, isTooFar(typed)));
  typed.addEventListener('change', () => take(row));
  typed.addEventListener('keydown', (event) => onTypedKey(event, row));
  return typed;
}

function buildRange(parent, row) {
  const range = add(parent, 'input', 'gl-value');
  const { low, high } = row.dimension || { low: -1, high: 1 };
  row.step = niceStep(high - low);
  row.digits = Math.max(MORE_DIGITS, -Math.floor(Math.log10(row.step)));
  Object.assign(range, { type: 'range', min: low, max: high, step: row.step });
  range.disabled = !row.dimension;
  range.setAttribute('aria-label', row.name);
  range.style.setProperty('--zero', clamp((0 - low) / (high - low), 0, 1));
  range.addEventListener('input', () => change(row, Number(range.value)));
  range.addEventListener('change', release);
  return range;
}

// — numbers —

function receive() {
  const known = props.dimensions || [];
  const sent = props.value ? JSON.parse(props.value) : [];
  // Sliders of a new card may arrive before its code: then all stand at 0.
  code = sent.length === known.length ? sent : Array(known.length).fill(0);
  // A new card's code and its dimensions come together, and either may be told first.
  if (built === layout()) rows.forEach(showNumber);
  else build();
}

function showNumber(row) {
  row.number = row.dimension ? code[row.dimension.index] : 0;
  const { low, high } = row.dimension || { low: -1, high: 1 };
  row.range.value = row.number;
  row.range.style.setProperty('--at', clamp((row.number - low) / (high - low), 0, 1));
  row.range.setAttribute('aria-valuetext', show(row.number, row.digits));
  if (row.dimension) row.typed.value = (Number(row.number.toFixed(row.digits)) + 0).toFixed(row.digits); // no −0
  mark(row, Math.abs(row.number) > farthest());
  markThumbnails(row);
}

function change(row, number) {
  // Sums of steps end in 0.30000000000000004.
  code[row.dimension.index] = Number(number.toFixed(6));
  showNumber(row);
  isUntold = true;
  tell();
}

function send() {
  if (!isUntold) return;
  isUntold = false;
  props.value = JSON.stringify(code);
  counters.inputs += 1;
  trigger('input');
}

function release() {
  send();
  counters.releases += 1;
  trigger('release');
}

function choose(row, number) {
  change(row, clamp(number, -farthest(), farthest()));
  release();
}

function isTooFar(typed) {
  return typed.validity.rangeOverflow || typed.validity.rangeUnderflow;
}

function isBad(typed) {
  return typed.validity.badInput || typed.value === '' || isTooFar(typed);
}

function mark(row, bad) {
  row.node.classList.toggle('gl-refused', bad);
  row.typed.setAttribute('aria-invalid', String(bad));
}

function take(row) {
  if (!isBad(row.typed)) choose(row, Number(row.typed.value));
  else {
    mark(row, true);
    setText(part('live'), row.name + ': ' + remedy() + '. It stays at ' + show(row.number, row.digits));
  }
}

function onTypedKey(event, row) {
  const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (sign) {
    // The browser's own step is 1, across a third of a slider.
    event.preventDefault();
    choose(row, row.number + sign * row.step);
  } else if (event.key === 'Escape') showNumber(row);
}

// — the rest —

function toggle() {
  isOpen = !isOpen;
  const others = (props.dimensions || []).slice(props.shown);
  if (isOpen && rows.length === props.shown) buildRows('others', others);
  describe(props.dimensions || []);
}

part('whole').setAttribute('aria-label', props.label);
part('others').setAttribute('aria-label', props.label + ', more dimensions');
part('more').addEventListener('click', toggle);
receive();
receiveSheet();
watch(['value', 'dimensions', 'shown'], receive);
watch('thumbnails', receiveSheet);
