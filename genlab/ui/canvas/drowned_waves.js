// The time encoding: a heat map with a column a time, and the column of the present t as bars.

const SIGNED = [rgbOfHex('0072b2'), rgbOfHex('ffffff'), rgbOfHex('d55e00')];

let heat = null; // the whole map, a pixel a number

function signedColour(value) {
  const end = value < 0 ? SIGNED[0] : SIGNED[2];
  return SIGNED[1].map((white, i) => Math.round(white + (end[i] - white) * Math.min(Math.abs(value), 1)));
}

function drawHeat(course) {
  const count = course.waves.length / course.rows;
  heat = pixelBuffer(count, course.rows);
  course.waves.forEach((value, i) => {
    const column = Math.floor(i / course.rows);
    const row = i % course.rows;
    heat.image.data.set([...signedColour(value), 255], 4 * (row * count + column));
  });
  heat.pen.putImageData(heat.image, 0, 0);
  setText(part('waves-last'), 't = ' + (course.steps - 1));
  part('waves').setAttribute('aria-label', 'Time encoding: ' + course.rows / 2 + ' sines above ' + course.rows / 2
    + ' cosines, from fast to slow, for each t');
}

function showWaves(course, t) {
  const canvas = part('waves');
  if (!canvas.clientWidth || !heat) return;
  const scale = fitToScreen(canvas);
  const pen = canvas.getContext('2d');
  pen.imageSmoothingEnabled = false;
  pen.drawImage(heat.canvas, 0, 0, canvas.width, canvas.height);
  const column = columnOf(course, t);
  const width = canvas.width / heat.canvas.width;
  outline(pen, Math.round(column * width), 2 * scale, Math.max(Math.round(width), scale), canvas.height - 4 * scale, SELECTION, scale);
  showHands(course, column);
}

function columnOf(course, t) {
  return Math.min(Math.round(Math.max(t, 0) / course.stride), course.waves.length / course.rows - 1);
}

function showHands(course, column) {
  const host = part('hands');
  if (!host.firstChild) {
    const figure = add(host, 'figure');
    add(figure, 'figcaption');
    shape(figure, 'svg', { viewBox: '0 0 ' + WIDE + ' ' + HIGH, role: 'img' });
    addSaving(figure, 'Time encoding');
  }
  const [caption, svg] = host.firstChild.children;
  const t = column * course.stride;
  setText(caption, 'The ' + course.rows + ' numbers of t = ' + t);
  const half = course.rows / 2;
  const axis = linearAxis(-1, 1, 0);
  drawGrid(svg, [{ share: 0.25, name: half + ' sines' }, { share: 0.75, name: half + ' cosines' }], axis, 'each from fast to slow');
  for (let row = 0; row < course.rows; row++) {
    const value = course.waves[column * course.rows + row];
    const y = Math.min(upwards(axis, value), upwards(axis, 0));
    shape(svg, 'rect', { x: across(row / course.rows) + 1, y, width: across(1 / course.rows) - across(0) - 2,
      height: Math.abs(upwards(axis, value) - upwards(axis, 0)), fill: value < 0 ? BLUE : VERMILION });
  }
  svg.setAttribute('aria-label', 'The numbers of t = ' + t + ' as bars from −1 to 1');
}
