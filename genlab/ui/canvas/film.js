// A training film: its pictures, its words, its curve. It arrives whole; from then on the browser
// asks nothing of the server, but for the GIF.

const HINT = 'The marks below the curve are training times, closer together early on.';

Object.assign(counters, {
  place: (moment) => placeOnCurve(moment),
  dots: 0, dot: (moment, index) => placeOfDot(moment, index),
});

async function receive() {
  stop();
  const content = sentContent();
  showCloudFrame(content);
  const found = await withSheet(content);
  if (found === undefined) return;
  film = found;
  shown = film ? film.moments.length - 1 : 0;
  fillTable();
  describeCurve();
  wake();
}

function paint() {
  if (!film || !stage.clientWidth) return; // in a part that is folded there is nothing to paint on
  paintStage();
  showWords();
  drawCurve();
  paintCloud();
  countPaint({ dots: film.cloud ? film.cloud.kinds.length : 0 });
}

function showWords() {
  const moment = moments()[shown];
  for (const name of ['step', 'time', 'value']) setText(part(name), moment[name]);
  setText(part('unit'), film.unit);
  setText(part('figure'), film.figure + ' ' + HINT);
  stage.setAttribute('aria-label', props.label + ', ' + sentence(shown));
  showPlace(shown, moments().length - 1);
}

function sentence(index) {
  const moment = moments()[index];
  return 'moment ' + (index + 1) + ' of ' + moments().length + ': step ' + moment.step + ', ' +
    moment.time + ' of training, ' + moment.value + ' ' + film.unit;
}

function fillTable() {
  const spread = () => film.cloud?.spread;
  fillMoments(
    () => ['step', 'training time', film.unit, ...(spread() ? ['spread of the codes'] : [])],
    (moment, index) => [moment.step, moment.time, moment.value, ...(spread() ? [spread()[index]] : [])],
  );
}

function saveMoment(picture, name) {
  if (film.cloud) saveWithCloud(picture, name);
  else saveSheet(picture, name);
}

function gifName(key) {
  return 'genlab-' + key + '-training.gif';
}

scrub.addEventListener('input', () => moveTo(Number(scrub.value), false));
part('curve').addEventListener('click', (event) => moveTo(momentAt(event), true));
onAppearance([stage, cloudStage], wake);
connectMoments(receive);
