// The courses beside the map, over steps of G: coverage above, both losses below.

const COURSE_LEFT = 46; // CSS px, for the numbers
const COURSE_RIGHT = 12;
const COVERAGE_SHARE = 0.4; // of the height
const LOSS_D = '#0072B2'; // blue, solid
const LOSS_G = '#D55E00'; // vermilion, dashed
const COVERED = '#009E73'; // bluish green
const MOST_LINES = 4; // numbers beside an axis
const LEAST_SPAN = 1; // of the losses' axis

const course = part('course');

function paintCourse() {
  const scale = fitToScreen(course);
  const brush = course.getContext('2d');
  brush.clearRect(0, 0, course.width, course.height);
  if (!game || !course.clientWidth) return;
  const colours = themeColours();
  const height = course.height / scale;
  const wide = course.width / scale - COURSE_LEFT - COURSE_RIGHT;
  const upper = { left: COURSE_LEFT, top: 34, width: wide, height: height * COVERAGE_SHARE - 44 };
  const lowerTop = height * COVERAGE_SHARE + 34;
  const lower = { left: COURSE_LEFT, top: lowerTop, width: wide, height: height - lowerTop - 38 };
  brush.save();
  brush.scale(scale, scale);
  paintCoverage(brush, upper, colours);
  paintLosses(brush, lower, colours);
  paintSteps(brush, lower, colours);
  brush.restore();
}

function acrossOf(box, step) {
  return box.left + (box.width * step) / Math.max(1, game.steps[1]);
}

function paintPanel(brush, box, colours, title, [low, high], ticks) {
  const heightOf = (value) => box.top + (box.height * (high - value)) / (high - low);
  brush.fillStyle = brush.strokeStyle = colours.ink;
  brush.lineWidth = 1;
  brush.font = '600 13px system-ui, sans-serif';
  brush.textAlign = 'left';
  brush.textBaseline = 'alphabetic';
  brush.fillText(title, 0, box.top - 16);
  brush.font = '12px system-ui, sans-serif';
  brush.textAlign = 'right';
  brush.textBaseline = 'middle';
  for (const { at, text } of ticks) {
    brush.fillText(text, box.left - 6, heightOf(at));
    ruleAcross(brush, box, heightOf(at), 0.16, []);
  }
  return heightOf;
}

function ruleAcross(brush, box, y, alpha, dash) {
  brush.globalAlpha = alpha;
  brush.setLineDash(dash);
  brush.beginPath();
  line(brush, box.left, y, box.left + box.width, y);
  brush.stroke();
  brush.setLineDash([]);
  brush.globalAlpha = 1;
}

function paintCoverage(brush, box, colours) {
  const total = game.places.length;
  const ticks = [0, total / 2, total].filter(Number.isInteger).map((at) => ({ at, text: String(at) }));
  const title = 'Covered ' + game.regions.name + ' of ' + total;
  const heightOf = paintPanel(brush, box, colours, title, [0, total], ticks);
  paintCurve(brush, box, game.coverage, heightOf, COVERED, [], 2.5);
}

function lossSpan() {
  // With the losses of the equilibrium in view, and never so narrow that noise looks like news.
  const known = [...game.lossRange, ...game.rests.filter((each) => each !== null)];
  const hasLosses = [...game.lossesD, ...game.lossesG].some((each) => each !== null);
  const some = hasLosses ? known : known.slice(2);
  const low = Math.min(...some);
  const high = Math.max(...some, low + LEAST_SPAN);
  const margin = 0.06 * (high - low);
  return [low - margin, high + margin];
}

function paintLosses(brush, box, colours) {
  const span = lossSpan();
  const ticks = ticksBetween(...span).filter((_, index, all) => index % Math.ceil(all.length / MOST_LINES) === 0);
  const heightOf = paintPanel(brush, box, colours, 'Losses of D and G', span, ticks);
  brush.strokeStyle = colours.ink;
  game.rests.forEach((rest) => {
    if (rest !== null) ruleAcross(brush, box, heightOf(rest), 0.75, [2, 4]);
  });
  paintCurve(brush, box, game.lossesD, heightOf, LOSS_D, [], 2);
  paintCurve(brush, box, game.lossesG, heightOf, LOSS_G, [6, 3], 2);
  brush.fillStyle = colours.ink;
  brush.textAlign = 'right';
  brush.textBaseline = 'bottom';
  game.restNames.forEach((name, index) => {
    if (!name) return;
    const at = [box.left + box.width, heightOf(game.rests[index]) - 2];
    brush.lineWidth = 4;
    brush.strokeStyle = colours.page;
    brush.strokeText(name, ...at);
    brush.fillText(name, ...at);
  });
}

function paintCurve(brush, box, values, heightOf, colour, dash, width) {
  brush.strokeStyle = brush.fillStyle = colour;
  brush.lineWidth = width;
  brush.lineJoin = 'round';
  brush.setLineDash(dash);
  brush.beginPath();
  let last = null;
  values.forEach((value, index) => {
    if (value === null) return;
    last = [acrossOf(box, momentStep(game, index)), heightOf(value)];
    brush.lineTo(...last);
  });
  brush.stroke();
  brush.setLineDash([]);
  if (!last) return;
  brush.beginPath();
  brush.arc(...last, 3.5, 0, 2 * Math.PI);
  brush.fill();
}

function paintSteps(brush, box, colours) {
  brush.fillStyle = colours.ink;
  brush.textBaseline = 'top';
  brush.textAlign = 'left';
  brush.fillText('0', box.left, box.top + box.height + 6);
  brush.textAlign = 'right';
  if (game.steps[1]) brush.fillText(thousands(game.steps[1]), box.left + box.width, box.top + box.height + 6);
  brush.textAlign = 'center';
  brush.fillText('steps of G', box.left + box.width / 2, box.top + box.height + 6);
}
