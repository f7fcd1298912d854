// A frame of the game, from its text: a JSON header, a bar, and base64 of numbers.
// The header: turn (grows; see rooms.py), caption, target, loss, steps and losses of D and G, rests (the losses at
// the equilibrium), every (steps of G between two entries of the courses), regions {name, reach,
// isRound, definition}; and what game_payload.py adds.

const NOTHING = 255; // in a map
const LEVELS = 254;
const NO_LOSS = 65535;
const LOSS_LEVELS = 65534;

function readGame(text) {
  const bar = text.indexOf('|');
  if (bar < 0) return null;
  const game = JSON.parse(text.slice(0, bar));
  const bytes = Uint8Array.from(atob(text.slice(bar + 1)), (each) => each.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const [samples, real, arrows, regions, places, moments] = game.counts;
  let at = 0;
  const shorts = (count) => Array.from({ length: count }, (_, i) => view.getUint16(at + 2 * i, true));
  const take = (count, size, read) => {
    const found = read(count);
    at += count * size;
    return found;
  };
  const pairs = (count) => inPairs(take(2 * count, 2, shorts).map((each) => (
    (each / 65535) * 2 * game.farthest - game.farthest)));
  game.samples = pairs(samples);
  game.real = pairs(real);
  game.places = pairs(regions);
  const [low, high] = game.lossRange;
  const losses = () => take(moments, 2, shorts).map((each) => (
    each === NO_LOSS ? null : low + (each / LOSS_LEVELS) * (high - low)));
  game.lossesD = losses();
  game.lossesG = losses();
  game.coverage = take(moments, 2, shorts);
  const slice = (count) => take(count, 1, () => bytes.subarray(at, at + count));
  game.covered = slice(regions);
  game.arrows = inPairs(Array.from(slice(2 * arrows), (each) => (each > 127 ? each - 256 : each) / 127));
  game.opinion = slice(places);
  game.best = slice(places);
  game.side = Math.round(Math.sqrt(places));
  game.hit = game.covered.reduce((sum, each) => sum + each, 0);
  return game;
}

function inPairs(numbers) {
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
}

function momentStep(game, index) {
  // The last entry is how it stands; the others are evenly spaced.
  return index === game.coverage.length - 1 ? game.steps[1] : index * game.every;
}
