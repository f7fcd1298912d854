// A picture drowns in noise as its visitor drags t. What arrives is kept; a drag asks for nothing.

let clean = null; // x_0, from −1 to 1
let course = null;
let walk = null; // of any course; shown where it is of the present one
let counted = null;
let t = -1;
let guess = null;
let isVeiled = true;
let text = { picture: null, course: null, walk: null }; // as it arrived last

const wake = oncePerFrame(paint);
// What tests wait for: the state of the last frame, never one that is decided but not painted.
const counters = element.genlab = {
  paints: 0, t: null, steps: 0, walked: null, counted: null, veiled: true, guess: null,
  shown: () => Array.from(jumpTo(course, clean, t)),
  picture: (name) => Array.from(part(name).getContext('2d').getImageData(0, 0, props.cols, props.rows).data),
};

const ofCourse = (each) => (each && course && each.key === course.key ? each : null);
const state = () => ({ course, clean, walk: ofCourse(walk), counted: ofCourse(counted), t });

const charts = [
  makeChart(part('charts'), {
    title: 'What is left, what has come',
    lines: [
      { name: '√ᾱ, amplitude of the picture', colour: BLUE, show: amplitude, at: (at) => Math.sqrt(alphaBar(course, at)) },
      { name: '√(1 − ᾱ), amplitude of the noise', colour: VERMILION, dash: '7 4', show: amplitude, at: (at) => Math.sqrt(1 - alphaBar(course, at)) },
      { name: 'ᾱ, what is left of its variance', colour: GREEN, dash: '2 3', show: amplitude, at: (at) => alphaBar(course, at) },
    ],
    axis: () => linearAxis(0, 1, 1),
  }),
  makeChart(part('charts'), {
    title: 'Variance that one step adds',
    lines: [{ name: 'β', colour: PURPLE, at: (at) => (at < 0 ? 0 : course.betas[at]) }],
    axis: () => betaAxis(Math.max(...course.betas)),
  }),
  makeChart(part('charts'), {
    title: 'Signal to noise, by factors of ten',
    lines: [{ name: 'SNR = ᾱ / (1 − ᾱ)', colour: BLUE, at: snr }],
    axis: () => logAxis(snr(course.steps - 1), snr(0)),
  }),
  momentsChart(state),
];

function snr(at) {
  const share = alphaBar(course, at);
  return share / (1 - share);
}

function betaAxis(largest) {
  const unit = 10 ** Math.floor(Math.log10(largest));
  const high = [1, 2, 5, 10].map((factor) => factor * unit).find((value) => value >= largest * 0.999);
  return { low: 0, high, ticks: [0, high / 2, high].map((value) => ({ value, name: brief(value) })) };
}

// — what arrives —

function receive() {
  const value = props.value ? JSON.parse(props.value) : null;
  const picture = value ? value.picture : null;
  clean = value ? unpackPicture(picture) : null;
  counted = value ? value.counted : null;
  if (picture !== text.picture) guess = null; // it was of the one before
  if (props.course !== text.course) takeCourse(props.course);
  if (props.walk !== text.walk) walk = props.walk ? unpackWalk(props.walk) : null;
  text = { picture, course: props.course, walk: props.walk };
  if (course && clean) for (const chart of charts) drawChart(chart, course.steps, guess);
  wake();
}

function takeCourse(sent) {
  const share = course ? (t + 1) / course.steps : 0; // of the way, which another schedule keeps
  course = sent ? unpackCourse(sent) : null;
  if (!course) return;
  t = Math.round(share * course.steps) - 1;
  guess = null;
  part('time').max = course.steps - 1;
  setText(part('course-name'), course.name);
  drawHeat(course);
}

// — painting —

function paint() {
  if (!course || !clean || !element.clientWidth) return;
  const now = state();
  paintPicture(part('stage'), jumpTo(course, clean, t));
  paintPicture(part('clean'), clean);
  paintPicture(part('noise'), course.noise);
  showNumbers();
  for (const chart of charts) moveCursor(chart, t, course.steps);
  showWalk(now);
  showWaves(course, t);
  Object.assign(counters, { t, steps: course.steps, walked: now.walk ? now.walk.kept.length : null,
    counted: now.counted ? now.counted.draws : null, veiled: isVeiled, guess });
  counters.paints += 1;
}

function showNumbers() {
  const share = alphaBar(course, t);
  const [signal, rest] = [Math.sqrt(share), Math.sqrt(1 - share)];
  const time = part('time');
  time.value = t;
  time.setAttribute('aria-valuetext', sentence());
  setText(part('taken'), String(t + 1));
  setText(part('time-word'), timeWords());
  setText(part('formula'), 'Here, ' + amplitude(signal) + ' · x₀ + ' + amplitude(rest) + ' · ε');
  part('amplitude').style.transform = 'scaleX(' + signal + ')';
  part('variance').style.transform = 'scaleX(' + share + ')';
  setText(part('amplitude-word'), amplitude(signal));
  setText(part('variance-word'), percent(share));
  setText(part('verdict'), verdict());
  setText(part('ending'), ending());
  part('stage').setAttribute('aria-label', props.label + ', ' + sentence());
  part('clean').setAttribute('aria-label', 'The picture without noise');
  part('noise').setAttribute('aria-label', 'The noise, mean 0 and variance 1');
  part('whole').classList.toggle('gl-veiled', isVeiled);
  part('reveal').setAttribute('aria-pressed', String(!isVeiled));
}

function timeWords() {
  return t < 0 ? 'clean, before t = 0' : 't = ' + t + ' of 0 … ' + (course.steps - 1);
}

function sentence() {
  return timeWords() + (isVeiled ? '' : ', amplitude of the picture ' + amplitude(Math.sqrt(alphaBar(course, t))));
}

function verdict() {
  if (guess === null) return isVeiled ? 'Drag t until you can no longer tell what it is.' : '';
  const share = alphaBar(course, guess);
  return 'You lost it at t = ' + guess + ', ' + percent((guess + 1) / course.steps) + ' of the way. There √ᾱ = '
    + amplitude(Math.sqrt(share)) + ': that is the amplitude which is left. Of the picture’s variance, ᾱ = ' + percent(share) + ' is left.';
}

function ending() {
  const share = alphaBar(course, course.steps - 1);
  const { variance } = momentsOf(clean);
  const half = course.alphaBars.findIndex((value) => value * variance < 1 - value);
  const crossing = half < 0 ? 'This picture keeps at least half of the variance to the end. '
    : 'From t = ' + half + ' on, less than half of the variance is this picture’s. ';
  return crossing + 'At the last step √ᾱ = ' + amplitude(Math.sqrt(share))
    + (share > 0.01 ? ': some of the picture is still there, and a sampler that starts from pure noise starts wrong.' : '.');
}

// — the visitor —

function moveTo(place) {
  if (!course) return;
  t = clamp(place, -1, course.steps - 1);
  wake();
}

function redrawCharts() {
  if (course && clean) for (const chart of charts) drawChart(chart, course.steps, guess);
  setText(part('live'), verdict());
  wake();
}

function dragOn(node, place) {
  node.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !course) return;
    node.setPointerCapture(event.pointerId);
    moveTo(place(event));
  });
  node.addEventListener('pointermove', (event) => node.hasPointerCapture(event.pointerId) && moveTo(place(event)));
}

part('time').addEventListener('input', (event) => moveTo(Number(event.target.value)));
part('time').setAttribute('aria-label', props.label + ', t');
part('whole').setAttribute('aria-label', props.label);
part('lost').addEventListener('click', () => {
  if (!course || t < 0) return;
  guess = t;
  isVeiled = false;
  redrawCharts();
});
part('reveal').addEventListener('click', () => { isVeiled = !isVeiled; redrawCharts(); });
part('save').addEventListener('click', () => {
  if (!course || !clean) return;
  const titles = [['x₀', 'clean'], ['ε', 'noise'], ['x at t = ' + t, 'stage']];
  savePictures(titles.map(([title, name]) => [title, part(name)]), 'genlab-' + props.label + '-t' + t + '.png');
});
for (const chart of charts) dragOn(chart.svg, (event) => timeAt(chart.svg, event, course.steps));
dragOn(part('waves'), (event) => {
  const box = part('waves').getBoundingClientRect();
  return Math.round(clamp((event.clientX - box.left) / box.width, 0, 1) * (course.steps - 1));
});
buildWalk();
onAppearance([part('waves'), part('stage')], wake);
watch(['value', 'course', 'walk'], receive);
receive();
