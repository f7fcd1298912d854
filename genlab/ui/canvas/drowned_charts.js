// Charts over t: lines, marks of what was measured, and a cursor that moves without a redraw.

const WIDE = 340;
const HIGH = 214;
const PLOT = { left: 46, right: 12, top: 10, bottom: 36 };
const SAMPLES = 241; // points of a line
const SMALLEST = 1e-10; // of a logarithmic axis
const BLUE = '#0072B2'; // Okabe–Ito
const VERMILION = '#D55E00';
const GREEN = '#009E73';
const PURPLE = '#CC79A7';

function shape(parent, name, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key of Object.keys(attributes || {})) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function makeChart(host, chart) {
  // `chart`: title, lines (name, colour, dash, at(t), show(y)), axis() and marks(), if any.
  const figure = add(host, 'figure');
  add(figure, 'figcaption', '', chart.title);
  chart.svg = shape(figure, 'svg', { viewBox: '0 0 ' + WIDE + ' ' + HIGH, role: 'img', 'aria-label': chart.title });
  const key = add(figure, 'ul', 'gl-key');
  chart.words = chart.lines.map((line) => {
    const row = add(key, 'li');
    const sample = shape(row, 'svg', { viewBox: '0 0 30 10', 'aria-hidden': 'true' });
    drawSample(sample, line);
    add(row, 'span', '', line.name);
    return add(row, 'b');
  });
  addSaving(figure, chart.title);
  return chart;
}

function addSaving(figure, name) {
  // Buttons as of genlab/ui/drawing/saving.py.
  figure.dataset.genlabFigure = name;
  const line = add(figure, 'p', 'genlab-save', 'Save ');
  for (const kind of ['png', 'svg']) {
    const button = add(line, 'button', '', kind.toUpperCase());
    button.type = 'button';
    button.dataset.genlabSave = kind;
    button.setAttribute('aria-label', 'Save ' + kind.toUpperCase() + ' of ' + name);
  }
}

function drawSample(sample, line) {
  if (line.sample) line.sample(sample);
  else shape(sample, 'path', { d: 'M0 5H30', class: 'l', stroke: line.colour, 'stroke-dasharray': line.dash || '' });
}

function across(share) {
  return PLOT.left + clamp(share, 0, 1) * (WIDE - PLOT.left - PLOT.right);
}

function upwards(axis, value) {
  const share = axis.isLog
    ? Math.log(Math.max(value, SMALLEST / 10) / axis.low) / Math.log(axis.high / axis.low)
    : (value - axis.low) / (axis.high - axis.low);
  return HIGH - PLOT.bottom - clamp(share, 0, 1) * (HIGH - PLOT.top - PLOT.bottom);
}

function drawGrid(svg, ticks, axis, name) {
  svg.replaceChildren();
  for (const tick of ticks) {
    const x = across(tick.share);
    shape(svg, 'path', { class: 'g', d: 'M' + x + ' ' + PLOT.top + 'V' + (HIGH - PLOT.bottom) });
    shape(svg, 'text', { x, y: HIGH - 20, 'text-anchor': 'middle' }, tick.name);
  }
  for (const tick of axis.ticks) {
    const y = upwards(axis, tick.value);
    shape(svg, 'path', { class: 'g', d: 'M' + PLOT.left + ' ' + y + 'H' + (WIDE - PLOT.right) });
    shape(svg, 'text', { x: PLOT.left - 6, y: y + 4, 'text-anchor': 'end' }, tick.name);
  }
  shape(svg, 'text', { x: across(0.5), y: HIGH - 4, 'text-anchor': 'middle' }, name);
}

function drawChart(chart, steps, guess) {
  const axis = chart.drawn = chart.axis();
  const last = steps - 1;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ share: Math.round(share * last) / last, name: Math.round(share * last) }));
  drawGrid(chart.svg, ticks, axis, 't');
  for (const line of chart.lines) {
    if (!line.at) continue;
    const count = Math.min(steps, SAMPLES);
    const points = Array.from({ length: count }, (_, i) => {
      const t = Math.round((i / (count - 1)) * last);
      return across(t / last).toFixed(1) + ',' + upwards(axis, line.at(t)).toFixed(1);
    });
    shape(chart.svg, 'polyline', { class: 'l', points: points.join(' '), stroke: line.colour, 'stroke-dasharray': line.dash || '' });
  }
  (chart.marks ? chart.marks() : []).forEach((mark) => drawMark(chart.svg, across(mark.t / last), upwards(axis, mark.y), mark));
  if (guess !== null) shape(chart.svg, 'path', { class: 'u', d: 'M' + across(guess / last) + ' ' + PLOT.top + 'V' + (HIGH - PLOT.bottom) });
  chart.cursor = shape(chart.svg, 'path', { class: 'x' });
  chart.dots = chart.lines.map((line) => (line.at ? shape(chart.svg, 'circle', { class: 'd', r: 4.5, fill: line.colour }) : null));
}

function drawMark(svg, cx, cy, { colour, isRing }) {
  const look = isRing ? { r: 4, fill: 'none', stroke: colour, 'stroke-width': 1.2 } : { r: 2, fill: colour };
  shape(svg, 'circle', { cx, cy, ...look });
}

function moveCursor(chart, t, steps) {
  const x = across(Math.max(t, 0) / (steps - 1));
  chart.cursor.setAttribute('d', 'M' + x + ' ' + PLOT.top + 'V' + (HIGH - PLOT.bottom));
  chart.lines.forEach((line, i) => {
    if (!line.at) return;
    const value = line.at(t);
    chart.dots[i].setAttribute('cx', x);
    chart.dots[i].setAttribute('cy', upwards(chart.drawn, value));
    setText(chart.words[i], line.show ? line.show(value) : brief(value));
  });
}

function timeAt(svg, event, steps) {
  const box = svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * WIDE;
  const share = (x - PLOT.left) / (WIDE - PLOT.left - PLOT.right);
  return Math.round(clamp(share, 0, 1) * (steps - 1));
}

function linearAxis(low, high, places) {
  const middle = (low + high) / 2;
  return { low, high, ticks: [low, middle, high].map((value) => ({ value, name: minus(value.toFixed(places)) })) };
}

function logAxis(smallest, largest) {
  const low = Math.floor(Math.log10(Math.max(smallest, SMALLEST)));
  const high = Math.max(Math.ceil(Math.log10(largest)), low + 1);
  const stride = Math.ceil((high - low) / 6);
  const ticks = [];
  for (let power = low; power <= high; power += stride) ticks.push({ value: 10 ** power, name: tenTo(power) });
  return { low: 10 ** low, high: 10 ** high, ticks, isLog: true };
}

// — numbers in words —

function minus(text) {
  return text.replace('-', '−');
}

function tenTo(power) {
  if (power === 0) return '1';
  return '10' + String(power).replace(/./g, (sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[sign]));
}

function brief(value) {
  if (!Number.isFinite(value)) return '∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 0.001 && size < 1000) return minus(Number(value.toPrecision(3)).toString());
  const [digits, power] = value.toExponential(1).split('e');
  return minus(digits) + ' · ' + tenTo(Number(power));
}

function amplitude(value) {
  return value >= 0.001 || value === 0 ? value.toFixed(3) : brief(value);
}

function percent(share) {
  const text = (100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0);
  return (share > 0 && Number(text) === 0 ? 'below 0.1' : text) + ' %';
}
