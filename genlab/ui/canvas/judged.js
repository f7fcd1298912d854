// Pictures with an opinion under each. The marks live in `value`, so that a remount keeps them.

const SIGNS = { right: '✓', wrong: '×' };
let marked = [];
let at = 0; // the picture that the keyboard stands on
let places = []; // of each picture: its window, tag, sign, title, note, bar

const counters = element.genlab = {
  built: 0, changed: 0, shown: 0,
  isFull: () => Boolean(props.sheet),
  marked: () => marked.slice(),
  opinions: () => props.opinions,
};

function add(parent, tag, className) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  parent.append(node);
  return node;
}

function canMark() {
  return Boolean(props.verb);
}

function build() {
  const count = props.rows * props.cols;
  part('pictures').replaceChildren();
  places = Array.from({ length: count }, (_, index) => buildOne(index));
  part('pictures').setAttribute('aria-label', props.label || '');
  counters.built += 1;
  read();
}

function buildOne(index) {
  const figure = add(part('pictures'), 'figure');
  const picture = add(figure, canMark() ? 'button' : 'div', 'gl-picture');
  if (canMark()) {
    picture.type = 'button';
    picture.addEventListener('click', () => toggle(index));
    picture.addEventListener('focus', () => { at = index; });
  } else {
    picture.setAttribute('role', 'img');
  }
  const tag = add(picture, 'span', 'gl-tag');
  const sign = add(picture, 'span', 'gl-sign');
  const caption = add(figure, 'figcaption');
  const title = add(caption, 'b');
  const note = add(caption, 'span');
  const share = add(figure, 'div', 'gl-share');
  return { picture, tag, sign, title, note, share, bar: add(share, 'i') };
}

function read() {
  let sent = {};
  try { sent = JSON.parse(props.value || '{}'); } catch (error) { sent = {}; }
  marked = sent.Marked || [];
  show();
}

function show() {
  places.forEach(showOne);
  counters.shown += 1;
}

function showOne(place, index) {
  const opinion = props.opinions[index] || { title: '', note: '', share: null, mark: '' };
  const frame = place.picture;
  const along = (number, all) => (all > 1 ? (100 * number) / (all - 1) : 0) + '%';
  frame.style.backgroundImage = props.sheet ? 'url(' + props.sheet + ')' : '';
  frame.style.backgroundPosition = along(index % props.cols, props.cols) + ' '
    + along(Math.floor(index / props.cols), props.rows);
  frame.setAttribute('aria-label', describe(index));
  setText(place.title, opinion.title);
  setText(place.note, opinion.note);
  setText(place.sign, SIGNS[opinion.mark] || '');
  place.sign.hidden = !opinion.mark;
  place.sign.dataset.mark = opinion.mark;
  place.share.toggleAttribute('data-empty', opinion.share === null);
  place.bar.style.transform = 'scaleX(' + clamp(opinion.share || 0, 0, 1) + ')';
  showMark(place, index);
}

function showMark(place, index) {
  const isMarked = marked.includes(index);
  setText(place.tag, isMarked ? props.verb : '');
  place.tag.hidden = !isMarked;
  if (!canMark()) return;
  place.picture.setAttribute('aria-pressed', String(isMarked));
  place.picture.setAttribute('aria-disabled', String(isTold()));
  place.picture.tabIndex = index === at ? 0 : -1;
}

function describe(index) {
  const { title, note } = props.opinions[index] || {};
  const mark = marked.includes(index) ? 'marked as ' + props.verb : '';
  return ['Picture ' + (index + 1), title, note, mark].filter(Boolean).join(', ');
}

// — marking —

function isTold() {
  // With the truth under the pictures a mark would come too late.
  return props.opinions.length > 0;
}

function toggle(index) {
  if (isTold()) return;
  at = index;
  marked = marked.includes(index)
    ? marked.filter((each) => each !== index) : [...marked, index].sort((a, b) => a - b);
  counters.changed += 1;
  show();
  const words = marked.length + ' of ' + places.length + ' marked as ' + props.verb;
  setText(part('readout'), words);
  setText(part('live'), describe(index) + '. ' + words);
  props.value = JSON.stringify({ Marked: marked });
  trigger('input');
}

function onKey(event) {
  const top = places[0].picture.offsetTop;
  const across = places.filter((each) => each.picture.offsetTop === top).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (!step || !canMark()) return;
  event.preventDefault();
  if (at + step < 0 || at + step >= places.length) return;
  places[at].picture.tabIndex = -1;
  at += step;
  places[at].picture.tabIndex = 0;
  places[at].picture.focus();
}
