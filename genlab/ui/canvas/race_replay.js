// All clocks at one moment: the newest while the race goes on, any other by the slider. The scale
// is logarithmic, since a quick lane is done before a slow one has drawn a row.

const FIRST = 0.001; // seconds, the slider's left end
const REPLAY = 8000; // ms from the start to the end
const ENDS = 1000; // the slider's right end

const scrub = part('scrub');
let moment = Infinity; // seconds on all clocks; Infinity for the newest
let playing = 0; // when the replay began; 0 for none
const wake = oncePerFrame(paint);

counters.moment = () => moment;

function longest() {
  return Math.max(FIRST, ...lanes.map((lane) => (latest(lane) || { seconds: 0 }).seconds));
}

function momentOf(place) {
  return place >= ENDS ? Infinity : FIRST * (longest() / FIRST) ** (place / ENDS);
}

function arrived() {
  if (!counters.frames) rest();
  wake();
}

function rest() {
  moment = Infinity;
  playing = 0;
  scrub.value = ENDS;
}

function paint(now) {
  if (!part('lanes').clientWidth) return;
  if (playing) goOn(now);
  counters.paints += 1;
  lanes.forEach((lane, index) => {
    advance(lane, countUntil(lane, moment));
    paintLane(lane, index);
    showLane(lane, index, moment);
  });
  showClock();
  if (playing) wake();
}

function goOn(now) {
  const place = clamp((ENDS * (now - playing)) / REPLAY, 0, ENDS);
  scrub.value = place;
  moment = momentOf(place);
  if (place >= ENDS) playing = 0;
}

function showClock() {
  const isNewest = moment === Infinity;
  const text = !counters.frames ? 'No clock runs yet'
    : isNewest ? (isOver ? 'The end of the race' : 'Now') : 'All clocks at ' + moment.toFixed(3) + ' s';
  setText(part('when'), text);
  setText(part('play'), playing ? 'Pause' : 'Replay');
  part('play').disabled = scrub.disabled = !counters.frames;
  scrub.setAttribute('aria-valuetext', text);
}

function play() {
  if (playing) playing = 0;
  else if (reducedMotion()) rest();
  else playing = performance.now() - (moment === Infinity ? 0 : (REPLAY * scrub.value) / ENDS);
  wake();
}

scrub.addEventListener('input', () => {
  playing = 0;
  moment = momentOf(Number(scrub.value));
  wake();
});
part('play').addEventListener('click', play);
part('save').addEventListener('click', save);
watch('lanes', build);
watch('value', receive);
build();
onAppearance(lanes.map((lane) => lane.canvas), () => {
  for (const lane of lanes) lane.view = null;
  wake();
});
