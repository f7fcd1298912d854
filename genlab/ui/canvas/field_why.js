// The one sentence after a reveal, from the states of the cells that were missed or too much.

function whyWords(field, painted, result) {
  const target = field.target.row * field.size + field.target.col;
  const leak = field.codes[target] === CODE['@'] ? ' The target sees itself, too: a leak, left out of the score.' : '';
  return mistakeWords(field, painted, result) + leak;
}

function mistakeWords(field, painted, result) {
  if (!result.missed.length && !result['too much'].length) return 'Every cell is right.';
  const wrong = result['too much'].map((index) => ({ index, letter: String.fromCharCode(field.codes[index]) }));
  const among = (letter) => wrong.filter((each) => each.letter === letter).map((each) => each.index);
  const kinds = [['x', blindWords], ['.', futureWords], ['?', pendingWords], ['-', lostWords]];
  const found = kinds.map(([letter, say]) => [among(letter), say]).filter(([cells]) => cells.length);
  if (!found.length) return missedWords(field, result.missed);
  const [cells, say] = found.reduce((most, each) => (each[0].length > most[0].length ? each : most));
  return say(field, cells);
}

function cellOf(field, index) {
  return { row: Math.floor(index / field.size), col: index % field.size };
}

function blindWords(field, cells) {
  const cell = cellOf(field, cells[0]);
  const up = field.target.row - cell.row;
  const row = [...Array(field.size).keys()].map((col) => cell.row * field.size + col);
  const seen = row.filter((at) => field.first[at] > 0).map((at) => at % field.size - field.target.col);
  const where = up ? plural(up, 'row', 'rows') + ' above the target' : 'In the row of the target';
  const reach = seen.length ? 'paths reach no further to the right than ' + offsetWords(Math.max(...seen)) : 'no path arrives';
  return plural(cells.length, 'painted cell is', 'painted cells are') + ' in the blind spot: ' + where + ' ' + reach + ', at any depth.';
}

function offsetWords(aside) {
  if (!aside) return 'its own column';
  return plural(Math.abs(aside), 'column', 'columns') + (aside > 0 ? ' beside it' : ' left of it');
}

function futureWords(field, cells) {
  return plural(cells.length, 'painted cell comes', 'painted cells come') + ' after the target in the order of drawing, so nothing is there yet to be read.';
}

function pendingWords(field, cells) {
  const needed = Math.max(...cells.map((index) => field.first[index]));
  return plural(cells.length, 'painted cell needs', 'painted cells need') + ' more layers; the farthest is first seen at L = ' + needed + '.';
}

function lostWords(field, cells) {
  const at = cells[0];
  return plural(cells.length, 'painted cell was', 'painted cells were') + ' seen at a smaller depth and then lost: ' +
    placeWords(cellOf(field, at)) + ' for the last time at L = ' + field.last[at] + '.';
}

function missedWords(field, cells) {
  const leaks = cells.filter((index) => field.codes[index] !== CODE['#']);
  if (leaks.length) {
    return 'You missed ' + plural(leaks.length, 'leak', 'leaks') + ': ' + placeWords(cellOf(field, leaks[0])) + ' is not drawn yet, and this network reads it.';
  }
  const at = cells.reduce((deepest, index) => (field.first[index] > field.first[deepest] ? index : deepest));
  return 'You missed ' + plural(cells.length, 'cell', 'cells') + '; ' + placeWords(cellOf(field, at)) +
    ' is reached from L = ' + field.first[at] + ' on, step by step over the layers.';
}
