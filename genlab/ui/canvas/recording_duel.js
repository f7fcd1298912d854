// Two runs beside one another: their losses, two buttons to accuse one, and then the truth, in a
// place that was kept for it.

const sections = { A: part('run-A'), B: part('run-B') };

let duel = null; // what the server sent
let asked = false;

const wake = oncePerFrame(paint);
const counters = element.genlab = { paints: 0, isDealt: false, isTold: false, sent: () => props.value };

function receive() {
  duel = props.value ? JSON.parse(props.value) : null;
  wake();
}

function askOnce() {
  if (props.value || asked || !part('duel').clientWidth) return;
  asked = true;
  trigger('deal', {});
}

function paint() {
  askOnce();
  if (!duel || !part('duel').clientWidth) return;
  Object.keys(sections).forEach((letter, index) => showRun(letter, duel.runs[index]));
  part('duel').setAttribute('aria-label', props.label || '');
  Object.assign(counters, { isDealt: true, isTold: Boolean(duel.guess) });
  counters.paints += 1;
}

function showRun(letter, run) {
  const section = sections[letter];
  const losses = chartPart(section, 'losses');
  showChartWords(losses, run.losses, null);
  drawChart(losses, run.losses, run.time, null);
  describeChart(losses, run.losses);
  showButton(letter);
  const truth = run.truth;
  setText(chartPart(section, 'name'), 'Run ' + letter + (truth ? ': ' + truth.title : ''));
  setText(chartPart(section, 'end'), truth ? truth.end : '');
  showPicture(section, truth);
  showCovered(chartPart(section, 'covered'), run);
}

function showButton(letter) {
  const button = chartPart(sections[letter], 'accuse');
  const isOver = Boolean(duel.guess);
  button.setAttribute('aria-pressed', String(duel.guess === letter));
  button.setAttribute('aria-disabled', String(isOver));
}

function showPicture(section, truth) {
  const picture = chartPart(section, 'picture');
  picture.hidden = !truth;
  chartPart(section, 'hint').hidden = Boolean(truth);
  if (!truth) return;
  picture.src = truth.picture;
  picture.alt = 'What ' + truth.title + ' draws at the end: ' + truth.covered + ' classes';
}

function showCovered(figure, run) {
  if (run.truth) {
    const { chart } = run.truth;
    const last = { at: run.time.last, index: chart.lines[0].words.length - 1 };
    showChartWords(figure, chart, last);
    drawChart(figure, chart, run.time, last);
    describeChart(figure, chart);
    return;
  }
  for (const role of ['title', 'lines', 'plot']) chartPart(figure, role).replaceChildren();
  chartPart(figure, 'lines').shownFor = null;
  chartPart(figure, 'plot').setAttribute('aria-label', 'Shown after your guess');
}

function accuse(letter) {
  if (!duel || duel.guess) return;
  trigger('accuse', { run: letter });
}

for (const letter of Object.keys(sections)) {
  chartPart(sections[letter], 'accuse').addEventListener('click', () => accuse(letter));
}
onAppearance([part('duel')], wake);
watch('value', receive);
receive();
