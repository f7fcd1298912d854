// What a pixel sees, looked up: the field of any target is one set of offsets, clipped to the
// image. A table says for each offset the first and the last layer at which it is seen.

const CODE = Object.fromEntries([...'#ox?-.!@p'].map((letter) => [letter, letter.charCodeAt(0)]));
const EVER = 255; // "last" of what stays seen at every depth

function unpackTable(packed, rows, cols, keeps) {
  const read = (text) => {
    const bytes = new Uint8Array(rows * cols);
    readHex(text, 0, bytes, 0, bytes.length);
    return bytes;
  };
  const first = read(packed.first);
  const last = packed.last ? read(packed.last) : first.map((layer) => (layer ? EVER : 0));
  return { first, last, cols, reach: (cols - 1) / 2, keeps };
}

function walkedTable(table, masks, size, target) {
  // The same for one target of an image that is too small for the table: where no layer keeps its
  // own position, a path needs room for its steps. One stream; backwards from the target.
  const first = new Uint8Array(table.first.length);
  const last = new Uint8Array(table.last.length);
  const read = (cells, { taps, origin }) => new Set([...cells].flatMap((cell) => {
    const [row, col] = [Math.floor(cell / size), cell % size];
    return taps.flatMap((line, r) => [...line].flatMap((tap, c) => {
      const [up, aside] = [row + r - origin[0], col + c - origin[1]];
      const isInside = up >= 0 && up < size && aside >= 0 && aside < size;
      return tap === '1' && isInside ? [up * size + aside] : [];
    }));
  }));
  let needed = new Set([target.row * size + target.col]);
  for (let layer = 1; needed.size; layer++) {
    for (const cell of read(needed, masks[0][0])) {
      const at = (target.row - Math.floor(cell / size)) * table.cols + (cell % size) - target.col + table.reach;
      first[at] = first[at] || layer;
      last[at] = layer;
    }
    needed = read(needed, masks[masks.length - 1][0]);
  }
  return { ...table, first, last };
}

function layersOf(table, up, aside) {
  // [first, last] at which the pixel `up` rows above and `aside` columns to the right is seen.
  if (up < 0) return [0, 0];
  const at = up * table.cols + aside + table.reach;
  return [table.first[at], table.last[at]];
}

function stateCode(layers, first, last, order) {
  // `order` is negative for earlier pixels, 0 for the target, positive for later ones.
  const isSeen = first > 0 && first <= layers && layers <= last;
  if (order === 0) return isSeen ? CODE['@'] : CODE.o;
  if (order > 0) return isSeen ? CODE['!'] : CODE['.'];
  if (isSeen) return CODE['#'];
  if (first > layers) return CODE['?'];
  return first > 0 ? CODE['-'] : CODE.x;
}

function fieldOf(table, size, target, layers) {
  // The state of every cell, and what the whole picture adds up to.
  const codes = new Uint8Array(size * size);
  const first = new Uint8Array(size * size);
  const last = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) {
      const at = row * size + col;
      [first[at], last[at]] = layersOf(table, target.row - row, col - target.col);
      codes[at] = stateCode(layers, first[at], last[at], at - target.row * size - target.col);
    }
  }
  return { codes, first, last, size, target, layers, counts: countsOf(codes), ...limitsOf(first, last, table.keeps) };
}

function countsOf(codes) {
  const counts = {};
  for (const [letter, code] of Object.entries(CODE)) counts[letter] = 0;
  codes.forEach((code) => { counts[String.fromCharCode(code)] += 1; });
  return counts;
}

function limitsOf(first, last, keeps) {
  // The depth from which nothing changes any more, and the one from which nothing is seen.
  const deepest = first.reduce((most, layer) => Math.max(most, layer), 0);
  const end = last.reduce((most, layer) => Math.max(most, layer), 0);
  return {
    limit: keeps ? Math.max(deepest, 1) : null,
    empty: end === EVER ? null : end + 1,
  };
}

function earlierPixels(size, target) {
  return target.row * size + target.col;
}

function figureOf(field) {
  // The glyphs of the specification, a line a row.
  const letters = String.fromCharCode(...field.codes);
  return Array.from({ length: field.size }, (_, row) => letters.slice(row * field.size, (row + 1) * field.size));
}
