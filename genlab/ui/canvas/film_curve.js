// The validation curve of a training film, as SVG, which follows the theme by itself.
// The moments are evenly spaced, so that the scrubber below has the same axis.

const LEFT = 44; // CSS px, as in film.css
const RIGHT = 16;
const TOP = 44; // for the unit and what lies above the scale
const ABOVE = 30; // where that lies
const BOTTOM = 24; // for the times
const APART = 64; // between two times

const curve = part('curve');

function curveBox() {
  return { width: curve.clientWidth - LEFT - RIGHT, height: curve.clientHeight - TOP - BOTTOM };
}

function curvePoint(index) {
  const box = curveBox();
  const { low, high } = film.scale;
  const share = (moments()[index].validation - low) / (high - low);
  return [LEFT + (box.width * index) / Math.max(1, moments().length - 1),
    share > 1 ? ABOVE : TOP + box.height * (1 - share)];
}

function placeOnCurve(index) {
  const box = curve.getBoundingClientRect();
  const [x, y] = curvePoint(index);
  return [box.left + x, box.top + y];
}

function momentAt(event) {
  const x = event.clientX - curve.getBoundingClientRect().left - LEFT;
  return Math.round((x * (moments().length - 1)) / curveBox().width);
}

function draw(kind, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  curve.appendChild(node);
}

function drawCurve() {
  curve.replaceChildren();
  drawScale();
  drawTimes();
  const line = (from, to) => 'M' + moments().map((_, index) => curvePoint(index).join(' '))
    .slice(from, to + 1).join(' L');
  draw('path', { class: 'gl-future', d: line(shown, moments().length - 1) });
  draw('path', { class: 'gl-past', d: line(0, shown) });
  drawTowering();
  const [x, y] = curvePoint(shown);
  draw('path', { class: 'gl-now', d: 'M' + x + ' ' + Math.min(y, TOP) + ' V' + (TOP + curveBox().height) });
  draw('circle', { class: 'gl-dot', cx: x, cy: y, r: 6 });
}

function drawScale() {
  const { low, high, ticks } = film.scale;
  const { width, height } = curveBox();
  for (const tick of ticks) {
    const y = TOP + height * (1 - (tick - low) / (high - low));
    draw('path', { class: 'gl-rule', d: 'M' + LEFT + ' ' + y + ' h' + width });
    draw('text', { x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, String(tick));
  }
  draw('text', { x: 0, y: 12 }, film.unit);
}

function drawTowering() {
  // The first values may lie above the scale: a triangle each, and their numbers.
  const above = moments().filter((moment) => moment.validation > film.scale.high);
  above.forEach((_, index) => {
    const [x, y] = curvePoint(index);
    draw('path', { class: 'gl-towering', d: 'M' + x + ' ' + (y - 5) + ' l5 9 h-10 Z' });
  });
  if (!above.length) return;
  const [x, y] = curvePoint(above.length - 1);
  draw('text', { x: x + 12, y: y + 4 }, 'above the scale: ' + above.map((each) => each.value).join(', '));
}

function drawTimes() {
  const { width, height } = curveBox();
  const last = moments().length - 1;
  const every = Math.max(1, Math.ceil(last / Math.max(1, Math.floor(width / APART))));
  for (let index = 0; index <= last; index++) {
    draw('path', { class: 'gl-rule', d: 'M' + curvePoint(index)[0] + ' ' + (TOP + height) + ' v4' });
  }
  for (let index = 0; index <= last; index += every) {
    const near = index + every > last;
    const at = near ? last : index;
    const [x] = curvePoint(at);
    draw('text', { x, y: TOP + height + 18, 'text-anchor': near ? 'end' : 'middle' }, moments()[at].time);
  }
}

function describeCurve() {
  if (!film) return;
  const first = moments()[0];
  const last = moments()[moments().length - 1];
  curve.setAttribute('aria-label', 'Validation curve, from ' + first.value + ' ' + film.unit +
    ' at step ' + first.step + ' to ' + last.value + ' at step ' + last.step + '; lower is better');
}
