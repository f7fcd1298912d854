// A recorded run: its pictures, its charts with one cursor. It arrives whole when it is first seen;
// from then on the browser asks nothing of the server, but for the GIF.

const figures = [0, 1, 2].map((index) => part('chart-' + index));

let asked = false;

counters.place = (moment) => placeOfMoment(moment);

function askOnce() {
  // Gradio builds a tab's components when it is opened: only who looks gets the pictures.
  if (props.value || asked || !stage.clientWidth) return;
  asked = true;
  trigger('ask', {});
}

async function receive() {
  stop();
  const found = await withSheet(sentContent());
  if (found === undefined) return;
  film = found;
  shown = film ? film.moments.length - 1 : 0;
  part('empty').hidden = Boolean(film);
  fillTable();
  if (film) figures.forEach((figure, index) => describeFigure(figure, film.charts[index]));
  wake();
}

function describeFigure(figure, chart) {
  figure.hidden = !chart;
  if (chart) describeChart(figure, chart);
}

function paint() {
  askOnce();
  if (!film || !stage.clientWidth) return;
  paintStage();
  const now = { at: moments()[shown].at, index: shown };
  film.charts.forEach((chart, index) => {
    showChartWords(figures[index], chart, now);
    drawChart(figures[index], chart, film.time, now);
  });
  showWords();
  countPaint();
}

function showWords() {
  const moment = moments()[shown];
  for (const name of ['step', 'epoch']) setText(part(name), moment[name]);
  setText(part('explained'), film.charts[0].note);
  setText(part('others'), film.others.map(otherWords).join(' '));
  stage.setAttribute('aria-label', props.label + ', ' + film.title + ', ' + sentence(shown));
  showPlace(moment.at, film.time.last);
}

function otherWords(other) {
  const real = other.real ? ', of real images ' + other.real : '';
  return other.name + ': ' + other.words[shown] + (other.unit ? ' ' + other.unit : '') + real + '.';
}

function sentence(index) {
  const moment = moments()[index];
  return 'moment ' + (index + 1) + ' of ' + moments().length + ': epoch ' + moment.epoch +
    ', step ' + moment.step;
}

function fillTable() {
  fillMoments(
    () => ['epoch', 'step', ...film.table.map((column) => column.head)],
    (moment, index) => [moment.epoch, moment.step, ...film.table.map((column) => column.words[index])],
  );
}

function saveMoment(picture, name) {
  saveSheet(picture, name);
}

function gifName(key) {
  return 'genlab-' + key + '.gif';
}

// — the scrubber and the charts: steps, not moments —

function nearest(step) {
  const far = moments().map((moment) => Math.abs(moment.at - step));
  return far.indexOf(Math.min(...far));
}

function placeOfMoment(index) {
  // On the screen, in the first chart.
  const svg = chartPart(figures[0], 'plot');
  const edge = svg.getBoundingClientRect();
  const box = chartBox(svg, false);
  return [edge.left + chartX(box, film.time, moments()[index].at), edge.top + box.top + box.height / 2];
}

function clickChart(event) {
  if (!film) return;
  const svg = event.currentTarget;
  const box = chartBox(svg, false);
  const share = (event.clientX - svg.getBoundingClientRect().left - box.left) / box.width;
  moveTo(nearest(share * film.time.last), true);
}

function onScrubKey(event) {
  // From moment to moment, where the browser would go a fraction of a step.
  const same = { ArrowDown: 'ArrowLeft', ArrowUp: 'ArrowRight' };
  const key = same[event.key] || event.key;
  if (key === ' ') return;
  onStageKey({ key, preventDefault: () => event.preventDefault() });
}

scrub.addEventListener('input', () => moveTo(nearest(Number(scrub.value)), false));
scrub.addEventListener('keydown', onScrubKey);
for (const figure of figures) chartPart(figure, 'plot').addEventListener('click', clickChart);
onAppearance([stage, chartPart(figures[0], 'plot')], wake);
connectMoments(receive);
