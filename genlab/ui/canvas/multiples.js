// Small multiples: a row a setting, a column a beginning. Rows come one after another, as lines of
// JSON to which the server only ever adds; what was read is not read again.

const SIGNS = { right: '✓', wrong: '×' };
let rows = []; // of the page: the nodes of a row, and what the server said of it
let seen = ''; // what was read of the value
let at = { row: 0, col: 0 }; // where the keyboard stands

// What tests wait for.
const counters = element.genlab = {
  built: 0, lines: 0,
  full: () => rows.filter((row) => row.said.sheet).length,
  said: (row) => rows[row].said,
  marked: () => element.querySelectorAll('.gl-same').length,
};

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function build() {
  part('lines').replaceChildren();
  rows = props.titles.map(buildRow);
  part('whole').setAttribute('aria-label', props.label || '');
  counters.built += 1;
  seen = '';
  receive();
}

function buildRow(_, index) {
  const line = add(part('lines'), 'div', 'gl-line');
  const head = add(line, 'h4');
  const title = add(head, 'span');
  const note = add(head, 'small');
  const frames = add(line, 'div', 'gl-tiles');
  const tiles = Array.from({ length: props.pictures }, (_, col) => buildTile(frames, index, col));
  const list = add(line, 'dl');
  const figures = index < props.plain ? [] : props.figures.map((name) => {
    add(list, 'dt', '', name);
    return add(list, 'dd');
  });
  return { title, note, tiles, figures, said: {} };
}

function buildTile(frames, row, col) {
  const tile = add(frames, 'div', 'gl-tile');
  tile.setAttribute('role', 'img');
  tile.tabIndex = row || col ? -1 : 0;
  const sign = add(tile, 'span');
  tile.addEventListener('pointerenter', () => point(row, col));
  tile.addEventListener('pointerdown', () => point(row, col));
  tile.addEventListener('focus', () => { stand(row, col); point(row, col); });
  tile.addEventListener('blur', unpoint);
  return { tile, sign };
}

// — what arrives —

function receive() {
  const text = props.value || '';
  if (!text.startsWith(seen)) seen = '';
  if (!seen) rows.forEach((row) => { row.said = {}; });
  const end = text.lastIndexOf('\n') + 1;
  const fresh = text.slice(seen.length, end).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  for (const line of fresh) if (rows[line.row]) Object.assign(rows[line.row].said, line);
  seen = text.slice(0, end);
  counters.lines = seen.split('\n').length - 1;
  rows.forEach(show);
}

function show(row, index) {
  const { said } = row;
  setText(row.title, said.title || props.titles[index]);
  setText(row.note, said.note || '');
  row.figures.forEach((node, place) => setText(node, (said.figures || [])[place] || '–'));
  row.tiles.forEach(({ tile, sign }, col) => {
    const mark = (said.marks || [])[col] || '';
    tile.style.backgroundImage = said.sheet ? 'url(' + said.sheet + ')' : '';
    tile.style.backgroundPosition = (props.pictures > 1 ? (100 * col) / (props.pictures - 1) : 0) + '% 0';
    setText(sign, SIGNS[mark] || '');
    sign.dataset.mark = mark;
    sign.hidden = !mark;
    tile.setAttribute('aria-label', describe(index, col));
  });
}

function describe(row, col) {
  const { said } = rows[row];
  const note = said.sheet ? (said.notes || [])[col] : 'not drawn yet';
  return [said.title || props.titles[row], props.column + ' ' + (col + 1), note].filter(Boolean).join(' · ');
}

// — the same beginning in every row —

function point(row, col) {
  rows.forEach(({ tiles }) => tiles.forEach(({ tile }, each) => tile.classList.toggle('gl-same', each === col)));
  setText(part('readout'), describe(row, col) + '. The frames show the same ' + props.column + '.');
}

function unpoint() {
  rows.forEach(({ tiles }) => tiles.forEach(({ tile }) => tile.classList.remove('gl-same')));
  setText(part('readout'), props.hint);
}

function stand(row, col) {
  rows[at.row].tiles[at.col].tile.tabIndex = -1;
  at = { row, col };
  rows[row].tiles[col].tile.tabIndex = 0;
}

function onKey(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const row = clamp(at.row + step[0], 0, rows.length - 1);
  rows[row].tiles[clamp(at.col + step[1], 0, props.pictures - 1)].tile.focus();
}
