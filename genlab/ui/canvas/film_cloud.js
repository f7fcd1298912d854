// Where the network puts images that never change: a dot each, on one scale at all moments.

const DOT = 13; // CSS px

const cloudStage = part('cloud');

function showCloudFrame(content) {
  // Before the pictures are decoded, so that nothing jumps when they are.
  const cloud = content && content.cloud;
  element.querySelector('.gl-training').classList.toggle('gl-clouded', Boolean(cloud));
  part('cloud-figure').hidden = !cloud;
}

function dotsAt(index) {
  // Its farthest dots stand on the edge, where the words count them.
  const { reach } = film.cloud;
  return moments()[index].cloud.map((dot) => dot.map((number) => clamp(number, -reach, reach)));
}

function paintCloud() {
  if (!film || !film.cloud || !cloudStage.clientWidth) return;
  const scale = fitToScreen(cloudStage);
  const brush = cloudStage.getContext('2d');
  brush.clearRect(0, 0, cloudStage.width, cloudStage.height);
  paintCloudOn(brush, cloudStage.width, scale);
  const words = cloudWords(shown);
  setText(part('cloud-words'), words);
  cloudStage.setAttribute('aria-label', words);
  const legend = part('cloud-legend');
  if (legend.shownFor === film) return;
  legend.shownFor = film;
  const { classes, kinds } = film.cloud;
  classLegend(legend, classes, (kind) => kinds.filter((each) => each === kind).length);
}

function layOutCloud(width, scale) {
  const { reach } = film.cloud;
  return layOutPlane(width, scale, { low: [-reach, -reach], high: [reach, reach], axes: ['z₀', 'z₁'] });
}

function placeOfDot(moment, index) {
  // On the screen, for tests.
  const box = cloudStage.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  const [x, y] = toScreen(layOutCloud(cloudStage.width, scale), dotsAt(moment)[index]);
  return [box.left + x / scale, box.top + y / scale];
}

function paintCloudOn(brush, width, scale) {
  const { classes, kinds } = film.cloud;
  const layout = layOutCloud(width, scale);
  paintAxes(brush, layout, themeColours(), false);
  const stamps = classStamps(classes, DOT * scale, scale);
  const dots = dotsAt(shown);
  for (const index of spreadOrder(dots.length)) {
    stampAt(brush, stamps[kinds[index]], ...toScreen(layout, dots[index]));
  }
}

function cloudWords(index) {
  const { beyond, spread, kinds } = film.cloud;
  const outside = beyond[index];
  return 'The codes of the same ' + kinds.length + ' images at step ' + moments()[index].step +
    ', spread by ' + spread[index] + ' (σ). The scale stays the same.' +
    (outside ? ' ' + outside + (outside === 1 ? ' lies' : ' lie') + ' beyond the edge.' : '');
}

function saveWithCloud(pictures, name) {
  // Side by side on the page's own colour, twice as large as on an ordinary screen.
  const side = PNG_SIDE;
  const whole = document.createElement('canvas');
  whole.width = 2 * side;
  whole.height = side;
  const brush = whole.getContext('2d');
  brush.fillStyle = themeColours().page;
  brush.fillRect(0, 0, whole.width, side);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(pictures, 0, 0, side, (side * film.rows) / film.cols);
  brush.translate(side, 0);
  paintCloudOn(brush, side, 2);
  download(whole, name);
}
