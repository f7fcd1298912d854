// What a field says in words: for the readout, for screen readers, for the tables.

const NAMES = {
  '#': 'seen', o: 'target', x: 'blind spot', '?': 'pending', '-': 'lost', '.': 'future',
  '!': 'leak', '@': 'target, seen by itself', p: 'your paint',
};

function plural(count, one, many) {
  return count + ' ' + (count === 1 ? one : many);
}

function placeWords(cell) {
  return 'row ' + cell.row + ', column ' + cell.col;
}

function cellWords(field, cell) {
  // "row 3, column 5: blind spot, at every depth".
  const at = cell.row * field.size + cell.col;
  const letter = String.fromCharCode(field.codes[at]);
  const detail = {
    '#': () => ' since L = ' + field.first[at],
    '?': () => ', needs L = ' + field.first[at],
    '-': () => ' after L = ' + field.last[at],
    x: () => ', at every depth',
    '.': () => ', drawn later and never read',
    '!': () => ', drawn later and yet read',
  }[letter];
  return placeWords(cell) + ': ' + NAMES[letter] + (detail ? detail() : '');
}

function scoreWords(field) {
  // "sees 21 of 24 earlier pixels; 3 blind, 2 leak".
  const { counts } = field;
  const parts = [['x', 'blind'], ['?', 'pending'], ['-', 'lost']]
    .filter(([letter]) => counts[letter]).map(([letter, word]) => counts[letter] + ' ' + word);
  const leaks = counts['!'] + counts['@'];
  if (leaks) parts.push(plural(leaks, 'leak', 'leaks'));
  return 'sees ' + counts['#'] + ' of ' + plural(earlierPixels(field.size, field.target), 'earlier pixel', 'earlier pixels') +
    (parts.length ? '; ' + parts.join(', ') : '');
}

function limitWords(field) {
  if (!earlierPixels(field.size, field.target)) return 'There is no earlier pixel to see.';
  if (field.limit === null) return fadingWords(field);
  const now = field.layers >= field.limit ? 'More layers add nothing: the limit is reached at L = ' : 'It needs L = ';
  return now + field.limit + (field.layers >= field.limit ? '.' : ' to see all it ever will.');
}

function seenAt(field, layers) {
  // How many earlier pixels the same target sees at another depth.
  const earlier = earlierPixels(field.size, field.target);
  return field.first.reduce((sum, first, at) =>
    sum + (at < earlier && first > 0 && first <= layers && layers <= field.last[at]), 0);
}

function fadingWords(field) {
  // Where a field shrinks again: which way the next layer goes, where the peak is and where the end.
  const counts = Array.from({ length: field.empty }, (_, i) => seenAt(field, i + 1));
  const most = Math.max(...counts);
  const next = seenAt(field, field.layers + 1) - seenAt(field, field.layers);
  const head = next < 0 ? 'Deeper sees less: ' : next > 0 ? 'The next layer sees more: ' : 'The next layer sees as many: ';
  return head + 'most is seen at L = ' + (counts.indexOf(most) + 1) + ', ' + plural(most, 'pixel', 'pixels') +
    ', and nothing is left from L = ' + field.empty + ' on.';
}

function settingWords(name, choice) {
  const { title, fixed } = known(name);
  return title + (fixed ? '' : ', kernel ' + choice.kernel + '×' + choice.kernel) + ', ' +
    plural(choice.layers, 'layer', 'layers') + ', ' + choice.size + '×' + choice.size;
}

function fillRows(table, heads, rows) {
  const line = (owner, texts, isHead) => {
    const row = owner.insertRow();
    texts.forEach((text, i) => {
      const cell = document.createElement(isHead || i === 0 ? 'th' : 'td');
      if (cell.tagName === 'TH') cell.scope = isHead ? 'col' : 'row';
      cell.textContent = text;
      row.append(cell);
    });
  };
  table.replaceChildren();
  line(table.createTHead(), heads, true);
  const body = table.createTBody();
  rows.forEach((texts) => line(body, texts, false));
}

function fieldTable(table, field) {
  const columns = [...Array(field.size).keys()];
  fillRows(table, ['', ...columns], columns.map((row) => [row, ...columns.map((col) => {
    const at = row * field.size + col;
    const letter = String.fromCharCode(field.codes[at]);
    return NAMES[letter] + (letter === '?' ? ', L = ' + field.first[at] : '');
  })]));
}

function gridsTable(table, named) {
  // Several grids of one size under one another; `named` has pairs of a name and a grid.
  const rows = named.flatMap(([name, grid]) => figureOf(grid.field).map((line, row) => [
    name + ', row ' + row, ...[...line].map((letter) => NAMES[letter])]));
  fillRows(table, ['', ...Array(named[0][1].field.size).keys()], rows);
}
