// A run as it arrives. The header is read once, and of the cells only ever the new tail, so a
// message costs what it brings and not what has come before. The format is in payload.py.

const LARGEST_RUN = 4e6; // bytes of cells; a damaged header must not ask for all memory

function emptyRun() {
  return { header: '', id: '', rows: props.rows, cols: props.cols, images: 1, levels: 2,
    skew: props.cols, total: props.rows * props.cols, start: 0, caption: '', laws: [], arrived: 0,
    fields: {}, cellBytes: 0, bytes: new Uint8Array(0), bytesRead: 0, broken: false,
    ...orderOf(props.rows, props.cols, props.cols) };
}

function brokenRun() {
  return { ...emptyRun(), broken: true };
}

function openRun(header) {
  let content = null;
  try {
    content = JSON.parse(header.slice(0, -1));
  } catch {
    return brokenRun();
  }
  const whole = (name, low, high) => Number.isInteger(content[name]) &&
    content[name] >= low && content[name] <= high;
  if (!whole('rows', 1, 512) || !whole('cols', 1, 512) || !whole('images', 1, 64) ||
      !whole('levels', 2, 256) || !whole('skew', 1, content.cols) ||
      !whole('start', 0, content.rows * content.cols) || !Array.isArray(content.fields) ||
      !Array.isArray(content.laws)) {
    return brokenRun();
  }
  const { rows, cols, images, levels, skew, start } = content;
  const fields = {};
  let cellBits = 0;
  for (const [name, bits, unit] of content.fields) {
    fields[name] = { at: cellBits, bits, unit };
    cellBits += bits;
  }
  const cellBytes = Math.ceil(cellBits / 8);
  const total = rows * cols;
  if (!fields.level || !fields.entropy || !fields.surprise ||
      !(total * images * cellBytes <= LARGEST_RUN)) return brokenRun();
  return { header, id: String(content.run), rows, cols, images, levels, skew, total, start,
    caption: String(content.caption), laws: content.laws, arrived: 0, fields, cellBytes,
    bytes: new Uint8Array(total * images * cellBytes), bytesRead: 0, broken: false,
    spent: new Float64Array((total + 1) * images), ...orderOf(rows, cols, skew) };
}

function orderOf(rows, cols, skew) {
  // order: position → cell in raster order; place: the way back.
  // stops: where "one row" ends, which is the end of a front where fronts are more than a pixel.
  const order = Array.from({ length: rows * cols }, (_, cell) => cell);
  const rank = (cell) => (cell % cols) + skew * Math.floor(cell / cols);
  if (skew < cols) order.sort((a, b) => rank(a) - rank(b) || a - b);
  const place = new Int32Array(order.length);
  const stops = [];
  order.forEach((cell, position) => {
    place[cell] = position;
    const next = order[position + 1];
    const inOneStop = skew < cols ? rank(next) === rank(cell) : (position + 1) % cols !== 0;
    if (next === undefined || !inOneStop) stops.push(position + 1);
  });
  return { order, place, stops };
}

function receiveRun(known, text) {
  // Returns `known`, grown, or a new run where the text does not go on from it.
  const header = text.slice(0, text.indexOf('|') + 1);
  if (!header) return text ? brokenRun() : emptyRun();
  const goesOn = header === known.header && text.length >= header.length + 2 * known.bytesRead;
  const run = goesOn ? known : openRun(header);
  if (run.broken) return run;
  const had = run.bytesRead;
  run.bytesRead = Math.min((text.length - header.length) >> 1, run.bytes.length);
  readHex(text, header.length + 2 * had, run.bytes, had, run.bytesRead - had);
  const before = run.arrived;
  run.arrived = Math.floor(run.bytesRead / (run.cellBytes * run.images));
  addUpSurprise(run, before);
  return run;
}

function addUpSurprise(run, from) {
  for (let position = from; position < run.arrived; position++) {
    for (let image = 0; image < run.images; image++) {
      const at = position * run.images + image;
      run.spent[at + run.images] = run.spent[at] + valueOf(run, 'surprise', image, position);
    }
  }
}

function valueOf(run, name, image, position) {
  const field = run.fields[name];
  const from = (position * run.images + image) * run.cellBytes * 8 + field.at; // in bits
  const end = from + field.bits;
  let integer = 0;
  for (let at = from >> 3; at * 8 < end; at++) integer = integer * 256 + run.bytes[at];
  integer = (integer >>> (-end & 7)) & (2 ** field.bits - 1); // without what shares its bytes
  return integer * field.unit;
}

function hasDistribution(run) {
  return 'p1' in run.fields;
}

function probabilityOf(run, level, image, position) {
  const name = 'p' + level;
  const whole = 'tallest' in run.fields ? valueOf(run, 'tallest', image, position) : 1;
  if (name in run.fields) return whole * valueOf(run, name, image, position);
  let rest = 1; // the one level that is not sent: what the others leave
  for (let other = 0; other < run.levels; other++) {
    if (other !== level) rest -= valueOf(run, 'p' + other, image, position);
  }
  return Math.max(0, rest); // subtraction may end below zero by a rounding error
}

function lawAt(run, position) {
  // What this position is drawn from, in words; '' for the model's own distribution.
  const law = run.laws.findLast(([start]) => start <= position);
  return law ? law[1] : '';
}

function lawsOf(run, shown) {
  // The same for all that is shown, or for what comes first where nothing is shown yet.
  const laws = run.laws.filter(([start]) => start < Math.max(shown, 1)).map(([, words]) => words)
    .filter((words, i, all) => !i || words !== all[i - 1]);
  if (laws.every((words) => !words)) return '';
  if (laws.length > 2) return 'drawn at changing settings';
  return laws.map((words) => (words ? 'drawn at ' + words : 'drawn from the model itself')).join(', then ');
}

function placeOf(run, image, position) {
  const cell = run.order[position];
  return { image, row: Math.floor(cell / run.cols), col: cell % run.cols };
}

function positionOf(run, place) {
  return run.place[place.row * run.cols + place.col];
}

function stopAfter(run, position) {
  return run.stops.find((stop) => stop > position) ?? run.total;
}

function stopBefore(run, position) {
  return run.stops.findLast((stop) => stop < position) ?? 0;
}

function greyOf(run, level) {
  return Math.round((level * 255) / (run.levels - 1));
}

function levelName(run, level) {
  if (run.levels === 2) return level ? 'white' : 'black';
  return 'level ' + level;
}
