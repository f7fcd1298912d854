// The table of cards: columns in views, sorted in the browser; a title opens its card.

const part = (name) => element.querySelector('[data-part=' + name + ']');
const HINT = 'A title opens its card. A heading sorts. A dotted value has more to say: choose it.';
let view = props.views[0];
let sorted = { key: 'title', up: true };

element.genlab = { shown: 0, order: () => [...part('body').rows].map((row) => row.dataset.card) };

function make(tag, text, more) {
  const made = Object.assign(document.createElement(tag), more || {});
  if (text) made.textContent = text;
  return made;
}

function columns() {
  return props.columns.filter((column) => column.key === 'title' || column.views.includes(view));
}

function cellOf(row, key) {
  return row.cells[key] || { text: '–', value: null, note: '' };
}

function compare(first, second) {
  const [a, b] = [first, second].map((row) => cellOf(row, sorted.key).value);
  if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last
  const order = typeof a === 'string' ? a.localeCompare(b, 'en') : a - b;
  return sorted.up ? order : -order;
}

function say(text) {
  part('note').textContent = text || HINT;
}

// — drawing —

function showViews() {
  part('views').replaceChildren(...props.views.map((name) => {
    const button = make('button', name, { type: 'button' });
    button.setAttribute('aria-pressed', String(name === view));
    button.addEventListener('click', () => choose(name));
    return button;
  }));
}

function choose(name) {
  view = name;
  if (!columns().some((column) => column.key === sorted.key)) sorted = { key: 'title', up: true };
  for (const button of part('views').children) {
    button.setAttribute('aria-pressed', String(button.textContent === name));
  }
  say('');
  show();
}

function headOf(column) {
  const head = make('th', '', { scope: 'col' });
  const button = make('button', column.title, { type: 'button', title: column.hint });
  const isSorted = sorted.key === column.key;
  if (column.isText && column.key !== 'title') head.className = 'gl-text';
  head.setAttribute('aria-sort', isSorted ? (sorted.up ? 'ascending' : 'descending') : 'none');
  button.append(make('small', (isSorted ? (sorted.up ? '▲ ' : '▼ ') : '') + column.unit));
  button.addEventListener('click', () => sortBy(column));
  head.append(button);
  return head;
}

function sortBy(column) {
  const again = sorted.key === column.key;
  sorted = { key: column.key, up: again ? !sorted.up : !column.descends };
  show();
  const at = columns().findIndex((each) => each.key === column.key);
  part('head').querySelectorAll('button')[at].focus();
  const way = sorted.up ? ', smallest first. ' : ', largest first. ';
  say('Sorted by ' + column.title + (column.isText ? '. ' : way) + column.hint);
}

function bodyOf(row) {
  const line = make('tr');
  line.dataset.card = row.name;
  columns().forEach((column) => line.append(column.key === 'title' ? nameOf(row) : valueOf(row, column)));
  return line;
}

function nameOf(row) {
  const head = make('th', '', { scope: 'row' });
  const button = make('button', row.title, { type: 'button', className: 'gl-name' });
  button.addEventListener('click', () => { props.value = row.name; trigger('input'); });
  head.append(button, make('small', row.family));
  return head;
}

function valueOf(row, column) {
  const { text, note } = cellOf(row, column.key);
  const cell = make('td', note ? '' : text, { className: column.isText ? 'gl-text' : '' });
  if (!note) return cell;
  const why = make('button', text, { type: 'button', className: 'gl-why', title: note });
  why.setAttribute('aria-label', (text === '–' ? 'Why is there no value?' : text + ', more') );
  why.addEventListener('click', () => say(row.title + ': ' + note));
  cell.append(why);
  return cell;
}

function show() {
  const head = make('tr');
  head.append(...columns().map(headOf));
  part('head').replaceChildren(head);
  part('body').replaceChildren(...[...props.rows].sort(compare).map(bodyOf));
  element.genlab.shown += 1;
}

part('scroll').setAttribute('aria-label', props.label);
watch(['columns', 'rows'], show);
showViews();
say('');
show();
