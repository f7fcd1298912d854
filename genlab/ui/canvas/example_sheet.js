// A sheet of examples to choose from. The choice lives in `value`, so that a remount keeps it.

const MARKS = ['#56B4E9', '#E69F00', '#009E73']; // Okabe–Ito: light on black pictures
let chosen = {}; // group → places
let active = 0; // the group that a click adds to
let at = 0; // the place that the keyboard stands on
let buttons = [];

const counters = element.genlab = { built: 0, changed: 0, chosen: () => chosen };

function isSingle() {
  return props.groups.length === 1;
}

function colourOf(group) {
  return isSingle() ? SELECTION : MARKS[group % MARKS.length];
}

function describe(place) {
  const name = props.names[Math.floor(place / props.cols)];
  const number = (place % props.cols) + 1;
  const group = groupOf(place);
  const words = (name ? name + ', ' : '') + 'example ' + number;
  return group === null || isSingle() ? words : words + ', in ' + group;
}

function groupOf(place) {
  return props.groups.find((group) => chosen[group].includes(place)) ?? null;
}

function read() {
  let sent = {};
  try { sent = JSON.parse(props.value || '{}'); } catch (error) { sent = {}; }
  chosen = Object.fromEntries(props.groups.map((group) => [group, sent[group] || []]));
  show();
}

// — what is on the page —

function build() {
  const count = props.rows * props.cols;
  buttons = Array.from({ length: count }, (_, place) => {
    const button = document.createElement('button');
    button.type = 'button';
    if (props.sheet) button.style.backgroundImage = 'url(' + props.sheet + ')';
    const share = (index, all) => (all > 1 ? (100 * index) / (all - 1) : 0) + '%';
    button.style.backgroundPosition = share(place % props.cols, props.cols) + ' '
      + share(Math.floor(place / props.cols), props.rows);
    button.addEventListener('click', () => choose(place));
    button.addEventListener('pointerenter', () => setText(part('readout'), describe(place)));
    button.addEventListener('focus', () => { at = place; setText(part('readout'), describe(place)); });
    return button;
  });
  part('cells').replaceChildren(...buttons);
  part('cells').setAttribute('aria-label', props.label);
  counters.built += 1;
  buildGroups();
  read();
}

function buildGroups() {
  part('groups').hidden = isSingle();
  const heads = props.groups.map((group, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    const swatch = document.createElement('i');
    button.style.setProperty('--gl-mark', colourOf(index));
    button.append(swatch, document.createElement('span'));
    button.addEventListener('click', () => { active = index; show(); });
    return button;
  });
  part('groups').replaceChildren(...heads, ...(props.most > 1 ? [clearButton()] : []));
}

function clearButton() {
  const button = document.createElement('button');
  button.type = 'button';
  button.addEventListener('click', () => {
    if (!chosen[props.groups[active]].length) return;
    chosen[props.groups[active]] = [];
    commit(props.groups[active] + ' is empty');
  });
  return button;
}

function show() {
  buttons.forEach((button, place) => {
    const group = groupOf(place);
    button.setAttribute('aria-pressed', String(group !== null));
    button.setAttribute('aria-label', describe(place));
    button.style.setProperty('--gl-mark', colourOf(props.groups.indexOf(group)));
    button.tabIndex = place === at ? 0 : -1;
    const letter = group === null || isSingle() ? '' : group;
    if (letter && !button.firstChild) button.append(document.createElement('b'));
    if (!letter && button.firstChild) button.firstChild.remove();
    if (letter) setText(button.firstChild, letter);
  });
  const heads = [...part('groups').children];
  props.groups.forEach((group, index) => {
    heads[index].setAttribute('aria-pressed', String(index === active));
    setText(heads[index].lastChild, group + (props.most > 1 ? ' · ' + chosen[group].length : ''));
  });
  if (props.most > 1) setText(heads[heads.length - 1], 'Clear ' + props.groups[active]);
}

// — choosing —

function choose(place) {
  const group = props.groups[active];
  const was = groupOf(place);
  at = place;
  if (was === group && props.most === 1) return; // one is always chosen
  if (was !== null) chosen[was] = chosen[was].filter((each) => each !== place);
  if (was !== group) chosen[group] = [...chosen[group], place].slice(-props.most);
  commit(describe(place));
}

function commit(words) {
  counters.changed += 1;
  show();
  setText(part('readout'), words);
  setText(part('live'), words);
  props.value = JSON.stringify(chosen);
  trigger('input');
}

function onKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -props.cols, ArrowDown: props.cols }[event.key];
  if (!step) return;
  event.preventDefault();
  if (at + step < 0 || at + step >= buttons.length) return;
  buttons[at].tabIndex = -1;
  at += step;
  buttons[at].tabIndex = 0;
  buttons[at].focus();
}

part('help').id = element.id + '-help';
part('cells').setAttribute('aria-describedby', part('help').id);
part('cells').addEventListener('keydown', onKey);
part('cells').addEventListener('pointerleave', () => setText(part('readout'), ''));
watch(['sheet', 'names', 'groups', 'rows', 'cols', 'most'], build);
watch('value', read);
build();
