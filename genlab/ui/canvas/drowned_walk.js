// Small steps against one jump: two pictures, and the counts over many of either.

const STEPS_COLOUR = '#56B4E9'; // Okabe–Ito sky blue
const MEAN = 0; // index of the moments' colours
const MOMENTS = [['mean', BLUE], ['variance', VERMILION]];

const histogram = { svg: null };

function buildWalk() {
  const figure = add(part('histogram'), 'figure');
  histogram.title = add(figure, 'figcaption');
  histogram.svg = shape(figure, 'svg', { viewBox: '0 0 ' + WIDE + ' ' + HIGH, role: 'img' });
  const key = add(figure, 'ul', 'gl-key');
  histogram.words = [['walks', 'fill:' + STEPS_COLOUR], ['jumps', '']].map(([name, style], i) => {
    const row = add(key, 'li');
    const sample = shape(row, 'svg', { viewBox: '0 0 30 10', 'aria-hidden': 'true' });
    if (i) shape(sample, 'path', { class: 'e', d: 'M2 9V2H28V9' });
    else shape(sample, 'rect', { x: 2, y: 1, width: 26, height: 8, style });
    add(row, 'span', '', name);
    return add(row, 'b');
  });
  addSaving(figure, 'Pixel values');
}

function nearestPlace(kept, t) {
  let best = 0;
  kept.forEach((each, place) => {
    if (Math.abs(each - t) < Math.abs(kept[best] - t)) best = place;
  });
  return best;
}

function showWalk(state) {
  // `state`: course, clean, walk and counted of this course or null, t.
  const { course, clean, walk, counted } = state;
  const place = walk ? nearestPlace(walk.kept, state.t) : 0;
  const t = walk ? walk.kept[place] : 0;
  const pictures = walk ? [walkTo(course, clean, walk, place), jumpTo(course, clean, t)] : [null, null];
  paintPicture(part('walked'), pictures[0]);
  paintPicture(part('jumped'), pictures[1]);
  part('walked').setAttribute('aria-label', walk ? 'x at t = ' + t + ', reached by steps' : 'not walked yet');
  part('jumped').setAttribute('aria-label', walk ? 'x at t = ' + t + ', reached by one jump' : 'not walked yet');
  setText(part('walk-words'), walkWords(course, walk, counted));
  setText(part('pair-words'), walk ? pairWords(course, walk, place) : '');
  drawHistogram(counted, place, t);
}

function walkWords(course, walk, counted) {
  if (!walk) {
    return 'Press Walk: the server takes the ' + course.steps + ' small steps of this schedule with many noises, '
      + 'and counts where the pixels end.';
  }
  if (!counted) return 'Press Walk to count the pixels of this picture.';
  return 'You see one of ' + counted.draws + ' walks and one of ' + counted.draws + ' jumps. Their pixels differ; '
    + 'counted over all of them, the grey values have the same distribution at every t. So training never walks: '
    + 'it jumps.';
}

function pairWords(course, walk, place) {
  const t = walk.kept[place];
  const size = course.noise.length;
  const likeness = correlation(walk.noise.subarray(place * size, (place + 1) * size), course.noise);
  return 'Both at t = ' + t + (walk.kept.length < course.steps ? ', the nearest of ' + walk.kept.length + ' that were kept' : '')
    + '. Correlation of the two noises: ' + minus(likeness.toFixed(2)) + '.';
}

// — the histogram —

function drawHistogram(counted, place, t) {
  const { svg } = histogram;
  setText(histogram.title, 'Pixel values of x at t = ' + t);
  const shares = counted ? counted.histograms.map((each) => each[place]) : [[], []];
  const top = Math.max(0.001, ...shares.flat());
  const axis = { low: 0, high: top, ticks: [0, top].map((value) => ({ value, name: percent(value).replace(' ', '') })) };
  const [low, high] = counted ? [counted.low, counted.high] : [-4, 4];
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ share, name: minus(String(low + share * (high - low))) }));
  drawGrid(svg, ticks, axis, 'value; images lie from −1 to 1');
  const bins = shares[0].length;
  shares[0].forEach((share, i) => {
    const y = upwards(axis, share);
    shape(svg, 'rect', { x: across(i / bins), y, width: across((i + 1) / bins) - across(i / bins), height: upwards(axis, 0) - y, fill: STEPS_COLOUR });
  });
  if (bins) shape(svg, 'path', { class: 'e', d: outlineOf(shares[1], axis) });
  [0, 1].forEach((i) => setText(histogram.words[i], counted ? momentWords(counted, i, place) : ''));
  svg.setAttribute('aria-label', 'Histogram of the pixel values, steps and jumps overlaid. '
    + (counted ? 'Steps: ' + momentWords(counted, 0, place) + '. Jumps: ' + momentWords(counted, 1, place) : 'Not counted yet'));
}

function outlineOf(shares, axis) {
  const path = shares.map((share, i) => (i ? 'L' : 'M') + across(i / shares.length) + ' ' + upwards(axis, share)
    + 'H' + across((i + 1) / shares.length));
  return path.join('');
}

function momentWords(counted, of, place) {
  return 'mean ' + minus(counted.means[of][place].toFixed(3)) + ', variance ' + counted.variances[of][place].toFixed(3);
}

// — mean and variance over t —

function momentsChart(state) {
  const at = (which) => (t) => interpolated(state(), which, t);
  const names = MOMENTS.map(([name, colour], i) => ({
    name: name + ', expected', colour, dash: i === MEAN ? '' : '7 4', at: at(name + 's'), show: (value) => minus(value.toFixed(3)),
  }));
  const rings = [false, true].map((isRing) => ({
    name: isRing ? 'measured, jumps' : 'measured, walks',
    sample: (svg) => MOMENTS.forEach(([, colour], i) => drawMark(svg, 8 + 14 * i, 5, { colour, isRing })),
  }));
  return makeChart(part('moments'), {
    title: 'Mean goes to 0, variance to 1',
    lines: [...names, ...rings],
    axis: () => linearAxis(-1, 1, 0),
    marks: () => marksOf(state()),
  });
}

function marksOf({ walk, counted }) {
  if (!walk || !counted) return [];
  return MOMENTS.flatMap(([name, colour]) => [0, 1].flatMap((of) =>
    walk.kept.map((t, place) => ({ t, y: counted[name + 's'][of][place], colour, isRing: of === 1 }))));
}

function interpolated({ clean, course }, name, t) {
  // Theory, for the picture on the board: its mean falls as √ᾱ, its own variance as ᾱ.
  if (!clean) return 0;
  const { mean, variance } = momentsOf(clean);
  const share = alphaBar(course, t);
  return name === 'means' ? Math.sqrt(share) * mean : share * variance + 1 - share;
}
