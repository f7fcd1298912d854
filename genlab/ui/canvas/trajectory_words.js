// What stands beside the pictures: the step, the bill, the pixel's numbers, the formulas, the table.

const NUMBERS = [
  ['x', 'x_{t}', 'what the network sees'], ['noise', 'ε̂', 'the noise it finds'],
  ['guess', 'x̂_{0}', 'the image it guesses'], ['mean', 'μ', 'where the step leads'],
  ['std', 'σ', 'how much luck'], ['z', 'z', 'the luck'], ['next', 'x_{t′}', 'what x becomes'],
];

function progressText(run, shown) {
  if (shown < 0) return run.header ? 'The first step is on its way' : '';
  const step = run.steps[shown];
  return 'Step ' + step.step + ' of ' + run.total + ': from t = ' + step.t +
    (step.t_next < 0 ? ' to the image' : ' to t′ = ' + step.t_next);
}

function keptText(run) {
  // How far the kept steps are apart; the last one comes on top.
  const apart = run.kept.length > 1 ? run.kept[1] - run.kept[0] : 1;
  const ending = apart % 10 === 1 && apart !== 11 ? 'st' : apart % 10 === 2 && apart !== 12 ? 'nd'
    : apart % 10 === 3 && apart !== 13 ? 'rd' : 'th';
  return apart > 1 ? ' Of the ' + run.total + ' steps, every ' + apart + ending +
    ' and the last one can be seen here, each with its own numbers.' : '';
}

function billText(run) {
  const last = run.steps[run.steps.length - 1];
  if (!last) return '';
  const each = last.judged / last.passes;
  const isDone = last.step === run.total;
  return (isDone ? '' : 'So far: ') + (last.passes === 1 ? '1 pass' : last.passes + ' passes') +
    ' of the network over ' + (each === 1 ? 'one image' : each + ' images each') +
    (each > run.images ? ', with the class and without, as guidance asks' : '') + '; ' +
    last.seconds.toFixed(2) + ' s of computing on the server.' + keptText(run);
}

function shareText(run, shown) {
  if (shown < 0) return '';
  const share = 100 * run.shares[shown];
  const text = share < 0.1 ? '< 0.1' : share > 99.9 ? '> 99.9' : share.toFixed(1);
  const rest = share < 0.1 ? '> 99.9' : share > 99.9 ? '< 0.1' : (100 - Number(text)).toFixed(1);
  return 'ᾱ_{t}: at t = ' + run.steps[shown].t + ', x_{t} keeps ' + text + ' % of the image’s variance and has ' +
    rest + ' % of pure noise’s.';
}

function whereText(run, image, pixel) {
  return 'Pixel in row ' + pixel.row + ', column ' + pixel.col +
    (run.images > 1 ? ' of image ' + (image + 1) : '') +
    '; click another one in the pictures above. Black is −1, white is 1.';
}

function makeNumbers() {
  part('numbers').replaceChildren(...NUMBERS.map(([name, symbol, words]) => {
    const box = document.createElement('div');
    const [term, value] = ['dt', 'dd'].map((tag) => box.appendChild(document.createElement(tag)));
    const lead = term.appendChild(document.createElement('b'));
    write(lead, symbol);
    term.append(' ' + words);
    value.dataset.number = name;
    return box;
  }));
}

function numberText(name, n) {
  return n[name] === null ? '–' : decimal(n[name]) + (name === 'guess' && n.isClipped ? ', clipped' : '');
}

function showNumbers(n) {
  for (const node of part('numbers').querySelectorAll('dd')) {
    setText(node, n ? numberText(node.dataset.number, n) : '–');
  }
}

function showFormulas(lines) {
  const list = part('formulas');
  list.dataset.sampler = run.sampler;
  while (list.children.length < lines.length) {
    const item = list.appendChild(document.createElement('li'));
    for (const tag of ['p', 'p', 'p']) item.appendChild(document.createElement(tag));
  }
  while (list.children.length > lines.length) list.lastChild.remove();
  lines.forEach((line, i) => {
    const [lead, symbols, numbers] = list.children[i].children;
    write(lead, line.lead);
    write(symbols, line.symbols);
    write(numbers, (line.numbers ? '= ' + line.numbers + ' ' : '') + '= ' + line.result);
  });
}

function sentence(run, shown, image, pixel) {
  // For screen readers.
  const n = numbersAt(run, shown, image, pixel.row * run.cols + pixel.col);
  return 'row ' + pixel.row + ', column ' + pixel.col + ': x ' + numberText('x', n) + ', noise ' +
    numberText('noise', n) + ', guess ' + numberText('guess', n) + ', becomes ' + numberText('next', n);
}

function fillTable(run, image, pixel) {
  const table = part('table');
  const caption = document.createElement('caption');
  caption.textContent = 'Row ' + pixel.row + ', column ' + pixel.col + ' of image ' + (image + 1);
  table.replaceChildren(caption);
  const row = (owner, cells, tag) => {
    const line = owner.insertRow();
    cells.forEach((cell, i) => {
      const node = line.appendChild(document.createElement(i ? tag : 'th'));
      if (node.tagName === 'TH') node.scope = tag === 'th' ? 'col' : 'row';
      write(node, cell);
    });
  };
  row(table.createTHead(), ['step', 't', 'ᾱ_{t}', ...NUMBERS.map(([, symbol]) => symbol)], 'th');
  const body = table.createTBody();
  for (let index = 0; index < run.arrived; index++) {
    const n = numbersAt(run, index, image, pixel.row * run.cols + pixel.col);
    const step = run.steps[index];
    row(body, [String(step.step), String(step.t), decimal(step.share, 4),
      ...NUMBERS.map(([name]) => numberText(name, n))], 'td');
  }
}
