// The numbers of one pixel at one step. What was not sent follows from what was, in float64.

function numbersAt(run, index, image, cell) {
  const step = run.steps[index];
  const at = image * run.rows * run.cols + cell;
  const x = step.x[at];
  const guess = step.guess[at];
  const noise = noiseAt(step, at);
  const before = earlierGuess(run, index, at);
  const [ofX, ofNoise, ofGuess, ofBefore] = step.weights;
  const mean = ofX * x + ofNoise * noise + ofGuess * guess + ofBefore * before;
  const z = step.std > 0 ? luckOf(run, index, at, mean) : null;
  return { x, noise, guess, before, mean, std: step.std, z,
    next: mean + (z === null ? 0 : step.std * z), isClipped: Math.abs(guess) === 1 };
}

function noiseAt(step, at) {
  return (step.x[at] - step.signal * step.guess[at]) / step.rest;
}

function earlierGuess(run, index, at) {
  if (run.extra === 'before') return run.steps[index].extra[at];
  return index && !run.extra ? run.steps[index - 1].guess[at] : 0;
}

function luckOf(run, index, at, mean) {
  if (run.extra === 'z') return run.steps[index].extra[at];
  return (run.steps[index + 1].x[at] - mean) / run.steps[index].std;
}

// — as text —

const DIGITS = 3; // after the point, of every result
const MOST_DIGITS = 12;

function decimal(value, digits = DIGITS) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

function factor(text) {
  return text.startsWith('−') ? '(' + text + ')' : text;
}

function worked(values, compute) {
  // Rounds what goes in to as many digits as it takes for the result to be right to `DIGITS`: who
  // does the sum with the numbers on the screen gets the result on the screen.
  const right = decimal(compute(...values));
  for (let digits = DIGITS; digits < MOST_DIGITS; digits++) {
    const rounded = values.map((value) => Number(value.toFixed(digits)));
    if (decimal(compute(...rounded)) === right) {
      return { texts: values.map((value) => decimal(value, digits)), result: right };
    }
  }
  return { texts: values.map((value) => decimal(value, MOST_DIGITS)), result: right };
}
