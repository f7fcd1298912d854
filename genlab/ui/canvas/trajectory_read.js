// A run from noise to images, as it arrives: a header, then a line for each kept step. A message
// costs what it brings and not what has come before. The format is in trajectory_payload.py.

const LARGEST_RUN = 4e5; // pixels of all kept steps; a damaged header must not ask for all memory
const UNIT = 2 ** -20; // as in trajectory_payload.py
const EXTRAS = ['', 'z', 'before'];

function emptyRun() {
  return { header: '', id: '', caption: '', sampler: '', eta: 0, rows: props.rows, cols: props.cols,
    images: 1, seed: 0, total: 0, kept: [], times: [], shares: [], extra: '', read: 0, steps: [],
    arrived: 0, broken: false };
}

function brokenRun() {
  return { ...emptyRun(), broken: true };
}

function openRun(header) {
  let content = null;
  try {
    content = JSON.parse(header);
  } catch {
    return brokenRun();
  }
  const whole = (name, low, high) => Number.isInteger(content?.[name]) &&
    content[name] >= low && content[name] <= high;
  const listed = (name) => Array.isArray(content[name]) && content[name].length === content.kept.length &&
    content[name].every((each) => typeof each === 'number');
  if (!whole('rows', 1, 512) || !whole('cols', 1, 512) || !whole('images', 1, 64) ||
      !whole('total', 1, 4000) || !Array.isArray(content.kept) || !content.kept.length ||
      !['kept', 'times', 'alpha_bars'].every(listed) || !EXTRAS.includes(content.extra) ||
      content.rows * content.cols * content.images * content.kept.length > LARGEST_RUN) {
    return brokenRun();
  }
  const { rows, cols, images, seed, total, kept, times, sampler, eta, extra } = content;
  return { ...emptyRun(), header, id: String(content.run), caption: String(content.caption), rows, cols,
    images, seed, total, kept, times, shares: content.alpha_bars, sampler, eta, extra, read: header.length };
}

function receiveRun(known, text) {
  // Returns `known`, grown, or a new run where the text does not go on from it.
  const header = text.slice(0, text.indexOf('\n') + 1);
  if (!header) return text ? brokenRun() : emptyRun();
  const goesOn = header === known.header && text.length >= known.read;
  const run = goesOn ? known : openRun(header);
  if (run.broken) return run;
  for (let end = text.indexOf('\n', run.read); end >= 0; end = text.indexOf('\n', run.read)) {
    const step = readStep(run, text.slice(run.read, end));
    if (!step) return brokenRun();
    run.steps.push(step);
    run.read = end + 1;
  }
  run.arrived = countArrived(run);
  return run;
}

function countArrived(run) {
  // Where z follows from the next x_t, a step is there when the next one is.
  const last = run.steps[run.steps.length - 1];
  return run.steps.length - (last && last.std > 0 && !run.extra ? 1 : 0);
}

function readStep(run, line) {
  const bar = line.indexOf('|');
  const index = run.steps.length;
  try {
    const numbers = JSON.parse(line.slice(0, bar));
    const bytes = Uint8Array.from(atob(line.slice(bar + 1)), (letter) => letter.charCodeAt(0));
    const count = run.images * run.rows * run.cols;
    if (index >= run.kept.length || bytes.length !== count * (run.extra ? 10 : 7)) return null;
    return { ...numbers, share: run.shares[index],
      signal: Math.sqrt(run.shares[index]), rest: Math.sqrt(1 - run.shares[index]),
      x: readFloats(bytes, count), guess: readUnits(bytes, 4 * count, count),
      extra: run.extra ? readUnits(bytes, 7 * count, count) : null };
  } catch {
    return null;
  }
}

function readFloats(bytes, count) {
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
}

function readUnits(bytes, from, count) {
  return Float32Array.from({ length: count }, (_, i) => {
    const at = from + 3 * i;
    return UNIT * (bytes[at] | (bytes[at + 1] << 8) | ((bytes[at + 2] << 24) >> 8));
  });
}
