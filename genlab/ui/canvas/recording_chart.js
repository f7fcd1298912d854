// Curves over the steps of a run, as SVG. All charts have the same margins, so that cursors stand
// below one another.

const CHART_LEFT = 34; // CSS px, as in recording.css
const CHART_RIGHT = 54; // for the names of marked levels
const CHART_TOP = 8;
const CHART_BOTTOM = 8;
const CHART_AXIS = 24; // for the epochs below the lowest chart
const TICKS_APART = 40; // CSS px between two epochs

function chartPart(figure, role) {
  return figure.querySelector('[data-role="' + role + '"]');
}

function svgNode(parent, kind, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

function chartBox(svg, hasTimes) {
  return { left: CHART_LEFT, top: CHART_TOP,
    width: svg.clientWidth - CHART_LEFT - CHART_RIGHT,
    height: svg.clientHeight - CHART_TOP - (hasTimes ? CHART_AXIS : CHART_BOTTOM) };
}

function chartX(box, time, step) {
  return box.left + (time.last ? (box.width * step) / time.last : 0);
}

function chartY(box, scale, value) {
  return box.top + box.height * (1 - (value - scale.low) / (scale.high - scale.low));
}

function drawChart(figure, chart, time, shown) {
  // `shown`: { at: step, index: of the moment }, or null for no cursor.
  const svg = chartPart(figure, 'plot');
  const hasTimes = figure.classList.contains('gl-lowest');
  const box = chartBox(svg, hasTimes);
  svg.replaceChildren();
  if (box.width <= 0) return; // folded
  drawTicks(svg, box, chart.scale);
  if (hasTimes) drawEpochs(svg, box, time);
  drawLevels(svg, box, chart);
  for (const line of chart.lines) drawLine(svg, box, chart, time, line);
  if (shown) drawCursor(svg, box, chart, time, shown);
}

function drawTicks(svg, box, scale) {
  for (const tick of scale.ticks) {
    const y = chartY(box, scale, tick);
    svgNode(svg, 'path', { class: 'gl-rule', d: 'M' + box.left + ' ' + y + ' h' + box.width });
    svgNode(svg, 'text', { x: box.left - 6, y: y + 4, 'text-anchor': 'end' }, String(tick));
  }
}

function drawEpochs(svg, box, time) {
  const bottom = box.top + box.height;
  const fitting = Math.max(1, Math.floor(box.width / TICKS_APART));
  const every = Math.ceil(time.ticks.length / fitting);
  time.ticks.forEach((tick, index) => {
    if (index % every) return;
    const x = chartX(box, time, tick.at);
    svgNode(svg, 'path', { class: 'gl-rule', d: 'M' + x + ' ' + bottom + ' v4' });
    svgNode(svg, 'text', { x, y: bottom + 18, 'text-anchor': 'middle' }, tick.text);
  });
  svgNode(svg, 'text', { x: box.left + box.width + CHART_RIGHT, y: bottom + 18, 'text-anchor': 'end' }, 'epoch');
}

function drawLevels(svg, box, chart) {
  for (const rule of chart.rules) {
    const y = chartY(box, chart.scale, rule.value);
    const kind = 'gl-level gl-' + rule.kind;
    svgNode(svg, 'path', { class: kind, d: 'M' + box.left + ' ' + y + ' h' + box.width });
    svgNode(svg, 'text', { x: box.left + box.width + 9, y: y + 4 }, rule.text);
  }
}

function drawLine(svg, box, chart, time, line) {
  const points = line.points.map(([step, value]) => [chartX(box, time, step), chartY(box, chart.scale, value)]);
  if (!points.length) return;
  svgNode(svg, 'path', { class: 'gl-line gl-' + line.kind, d: 'M' + points.map((each) => each.join(' ')).join(' L') });
}

function drawCursor(svg, box, chart, time, shown) {
  const x = chartX(box, time, shown.at);
  svgNode(svg, 'path', { class: 'gl-now', d: 'M' + x + ' ' + box.top + ' v' + box.height });
  for (const line of chart.lines) {
    // A loss is a mean over steps: only what was measured at the moment has a dot there.
    const point = line.points.find(([step]) => step === shown.at);
    if (line.kind !== 'measured' || !point) continue;
    svgNode(svg, 'circle', { class: 'gl-dot', cx: x, cy: chartY(box, chart.scale, point[1]), r: 5 });
  }
}

function showChartWords(figure, chart, shown) {
  setText(chartPart(figure, 'title'), chart.title + (chart.unit ? ', ' + chart.unit : ''));
  const place = chartPart(figure, 'lines');
  if (place.shownFor !== chart) {
    place.shownFor = chart;
    place.replaceChildren(...chart.lines.map((line) => chartKey(line)), realKey(chart));
  }
  chart.lines.forEach((line, index) => {
    setText(place.children[index].lastElementChild, shown ? line.words[shown.index] : '');
  });
}

function chartKey(line) {
  const key = document.createElement('span');
  key.className = 'gl-key';
  const swatch = svgNode(key, 'svg', { width: 22, height: 8, 'aria-hidden': 'true' });
  svgNode(swatch, 'path', { class: 'gl-line gl-' + line.kind, d: 'M0 4 H22' });
  key.append(line.name + ' ', document.createElement('b'));
  return key;
}

function realKey(chart) {
  const key = document.createElement('span');
  key.className = 'gl-key';
  if (chart.real) key.append('real images ' + chart.real);
  return key;
}

function describeChart(figure, chart) {
  // For screen readers: where each line begins and ends.
  const ends = chart.lines.map((line) => {
    const values = line.points.map((point) => point[1]);
    if (!values.length) return line.name + ' unknown';
    return line.name + ' from ' + values[0].toFixed(2) + ' to ' + values[values.length - 1].toFixed(2);
  });
  chartPart(figure, 'plot').setAttribute('aria-label', chart.title + ': ' + ends.join(', '));
}
