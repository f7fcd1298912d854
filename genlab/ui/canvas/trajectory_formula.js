// One step, opened: what its rule says, and the same with this pixel's numbers in it. In a text,
// _{…} is a subscript.

function openStep(run, index, n) {
  const step = run.steps[index];
  return [...openGuess(step, n), ...MEANS[run.sampler](run, index, n), openLuck(run, step, n)];
}

function sum(lead, symbols, values, compute, write) {
  const { texts, result } = worked(values, compute);
  return { lead, symbols, numbers: write(...texts.map((text, i) => (i ? factor(text) : text))), result };
}

function openGuess(step, n) {
  const { signal, rest } = step;
  if (n.isClipped) {
    return [sum(
      'The network’s own guess of the image leaves [−1, 1] here. It is clipped to x̂_{0} = ' +
        decimal(n.guess, 0) + ', and the noise is what is then left of x_{t}.',
      'ε̂ = (x_{t} − √ᾱ_{t} · x̂_{0}) / √(1 − ᾱ_{t})',
      [n.x, signal, n.guess, rest], (x, a, guess, b) => (x - a * guess) / b,
      (x, a, guess, b) => '(' + x + ' − ' + a + ' · ' + guess + ') / ' + b)];
  }
  return [sum(
    'The network says how much of x_{t} is noise. Take that away, and the image is left.',
    'x̂_{0} = (x_{t} − √(1 − ᾱ_{t}) · ε̂) / √ᾱ_{t}',
    [n.x, rest, n.noise, signal], (x, b, noise, a) => (x - b * noise) / a,
    (x, b, noise, a) => '(' + x + ' − ' + b + ' · ' + noise + ') / ' + a)];
}

const addTwo = (a, x, b, y) => a * x + b * y;
const writeTwo = (a, x, b, y) => a + ' · ' + x + ' + ' + b + ' · ' + y;

function openDdim(run, index, n) {
  const [, ofNoise, ofGuess] = run.steps[index].weights;
  return [sum(
    'DDIM takes the guessed image and puts noise back, less than before: the noise that was found' +
      (n.std ? ', and a share of fresh one below.' : '.'),
    'μ = √ᾱ_{t′} · x̂_{0} + √(1 − ᾱ_{t′} − σ²) · ε̂',
    [ofGuess, n.guess, ofNoise, n.noise], addTwo, writeTwo)];
}

function openDdpm(run, index, n) {
  const [ofX, , ofGuess] = run.steps[index].weights;
  return [sum(
    'DDPM goes where x_{t′} lies on average, given x_{t} and the guessed image: the mean of the ' +
      'posterior, with α = ᾱ_{t} / ᾱ_{t′} of this step. Its two weights are ' +
      '√ᾱ_{t′} · (1 − α) / (1 − ᾱ_{t}) = ' + decimal(ofGuess, 4) + ' and √α · (1 − ᾱ_{t′}) / (1 − ᾱ_{t}) = ' +
      decimal(ofX, 4) + '.',
    'μ = √ᾱ_{t′} · (1 − α) / (1 − ᾱ_{t}) · x̂_{0} + √α · (1 − ᾱ_{t′}) / (1 − ᾱ_{t}) · x_{t}',
    [ofGuess, n.guess, ofX, n.x], addTwo, writeTwo)];
}

function openSolver(run, index, n) {
  const [ofX, , ofGuess, ofBefore] = run.steps[index].weights;
  const ofAhead = ofGuess + ofBefore;
  const r = -ofBefore / ofAhead;
  const ahead = n.guess + r * (n.guess - n.before);
  const move = sum(
    ofX ? 'x_{t} shrinks as its noise does, and the image takes the freed place. λ = ln(√ᾱ / √(1 − ᾱ)) is ' +
      'the solver’s time, h what this step adds to it.'
      : 'The last step lands on the guessed image itself.',
    'μ = √(1 − ᾱ_{t′}) / √(1 − ᾱ_{t}) · x_{t} + √ᾱ_{t′} · (1 − exp(−h)) · D',
    [ofX, n.x, ofAhead, ahead], addTwo, writeTwo);
  if (!ofBefore) {
    const why = index ? 'D = x̂_{0} in the last step.' : 'D = x̂_{0}: there is no earlier guess yet.';
    return [{ ...move, lead: why + ' ' + move.lead }];
  }
  return [sum(
    'The guess has a course. DPM-Solver++ goes on along the line through the last two guesses: r ' +
      'is half of this step’s h over the last one’s.',
    'D = x̂_{0} + r · (x̂_{0} − x̂_{0} before)',
    [n.guess, r, n.before], (guess, r, before) => guess + r * (guess - before),
    (guess, r, before) => guess + ' + ' + r + ' · (' + guess + ' − ' + before + ')'), move];
}

const MEANS = { ddim: openDdim, ddpm: openDdpm, 'dpm-solver++': openSolver };

function openLuck(run, step, n) {
  if (n.z === null) {
    return { lead: step.t_next < 0 ? 'No luck in the last step: it ends with the image itself.'
      : 'No luck in this step: σ = 0.', symbols: 'x_{t′} = μ', numbers: '', result: decimal(n.mean) };
  }
  const std = run.sampler === 'ddim' ? 'η · ' : '';
  return sum(
    'Last, luck: z is drawn from N(0, 1), and σ = ' + std +
      '√((1 − ᾱ_{t′}) / (1 − ᾱ_{t}) · (1 − ᾱ_{t} / ᾱ_{t′})).',
    'x_{t′} = μ + σ · z', [n.mean, n.std, n.z], (mean, std, z) => mean + std * z,
    (mean, std, z) => mean + ' + ' + std + ' · ' + z);
}

// — on the page —

function write(node, text) {
  // Plain text but for subscripts; nothing of it is ever markup.
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  node.replaceChildren(...text.split(/(_\{[^}]*\})/).map((piece) => {
    if (!piece.startsWith('_{')) return document.createTextNode(piece);
    const sub = document.createElement('sub');
    sub.textContent = piece.slice(2, -1);
    return sub;
  }));
}
