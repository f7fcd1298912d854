// What follows the shown step beside the pictures, and what is saved of it.

const PLAY_SHAPE = 'M2 1 L11 6 L2 11 Z';
const PAUSE_SHAPE = 'M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z';

function showWords() {
  const text = progressText(run, shown);
  const isWaiting = playing && stalled && shown === run.arrived - 1;
  setText(part('progress'), isWaiting ? text + ', waiting' : text);
  setText(part('bill'), billText(run));
  write(part('share'), shareText(run, shown));
  setText(part('where'), whereText(run, image, pixel));
  const n = shown < 0 ? null : counters.numbers();
  showNumbers(n);
  showFormulas(n ? openStep(run, shown, n) : []);
  showScrub(text);
  setText(part('play-word'), playing ? 'Pause' : 'Play');
  part('play-shape').setAttribute('d', playing ? PAUSE_SHAPE : PLAY_SHAPE);
  for (const kind of KINDS) {
    part(kind.large).setAttribute('aria-label', props.label + ', ' + kind.name + ', ' + (text || 'empty'));
    part(kind.strip).setAttribute('aria-label', kind.name + ' at up to ' + CELLS + ' steps of the run');
  }
  part('curve').setAttribute('aria-label', 'How much of the image’s variance is left, from noise to the image');
}

function showScrub(text) {
  const last = Math.max(1, run.kept.length - 1);
  if (Number(scrub.max) !== last) scrub.max = last;
  scrub.value = Math.max(0, shown);
  scrub.style.setProperty('--shown', (100 * Math.max(0, shown)) / last + '%');
  scrub.style.setProperty('--arrived', (100 * Math.max(0, run.arrived - 1)) / last + '%');
  scrub.setAttribute('aria-valuetext', text || 'nothing has arrived');
  // Not `disabled`: a button must not lose the keyboard's focus when the run reaches an end.
  const useful = { play: run.header !== '', save: shown >= 0, back: shown > 0, next: shown < run.arrived - 1 };
  for (const name of Object.keys(useful)) part(name).setAttribute('aria-disabled', String(!useful[name]));
}

function savePng() {
  if (shown < 0) return;
  const sheet = pixelBuffer(run.cols, 3 * run.rows); // side by side in the file
  KINDS.forEach((kind, i) => sheet.pen.drawImage(pictureOf(run, kind, shown, image), 0, i * run.rows));
  savePicture(sheet.canvas, { columns: 3, images: 3, rows: run.rows, cols: run.cols },
    'genlab-backward-' + run.id + '-image-' + (image + 1) + '-step-' + run.steps[shown].step + '.png');
}
