// What the game says in words and numbers: readout, legend, table, and its file.

const TABLE_ROWS = 24; // of the courses; evenly picked

function thousands(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

function signed(number) {
  return number === null ? '–' : number.toFixed(2).replace('-', '−');
}

function describeSteps() {
  const [d, g] = game.steps;
  return 'D ' + thousands(d) + (d === 1 ? ' step' : ' steps') + ', G ' + thousands(g) + (g === 1 ? ' step' : ' steps');
}

function describeCoverage() {
  return game.hit + ' of ' + game.places.length + ' ' + game.regions.name + ' covered';
}

function describeBeyond() {
  const beyond = game.samples.filter((each) => each.some((at) => Math.abs(at) > props.extent)).length;
  if (!beyond) return '';
  return beyond + ' of ' + game.samples.length + ' generated points lie beyond the map. ';
}

function describeGame() {
  return describeSteps() + '; ' + describeCoverage() + '; losses ' + signed(game.losses[0]) + ' and ' + signed(game.losses[1]);
}

function showWords() {
  if (!game) return;
  setText(part('steps'), describeSteps());
  setText(part('coverage'), describeCoverage());
  setText(part('loss-d'), signed(game.losses[0]));
  setText(part('loss-g'), signed(game.losses[1]));
  setText(part('gradient'), game.gradient === null ? '–' : game.gradient.toPrecision(2));
  const best = game.hasScores ? ' Best possible D is off: ' + NO_BEST : '';
  setText(part('notes'), describeBeyond() + game.regions.definition + best);
  setText(part('caption'), game.caption);
  showScale();
  stage.setAttribute('aria-label', props.label + ': ' + describeGame());
  course.setAttribute('aria-label', 'Courses of coverage and of both losses: ' + describeGame());
}

function showScale() {
  const shown = shownMap();
  part('scale').classList.toggle('gl-absent', !shown);
  const [low, high] = shown?.isScore ? game.range.map(signed) : ['0', '1'];
  setText(part('scale-low'), (shown?.isScore ? 'score ' : 'generated ') + low);
  setText(part('scale-high'), high + (shown?.isScore ? '' : ' real'));
  part('half-item').classList.toggle('gl-absent', !shown || shown.isScore);
}

function announce() {
  // Not every frame: a screen reader has to finish its sentence.
  const now = performance.now();
  if (!game || now - announced < ANNOUNCE_EVERY) return;
  announced = now;
  setText(part('live'), describeGame());
}

function fillTable() {
  const table = part('table');
  table.replaceChildren();
  if (!game || !part('details').open) return;
  const row = (owner, texts, isHead) => {
    const entry = owner.insertRow();
    texts.forEach((text, index) => {
      const node = document.createElement(isHead || !index ? 'th' : 'td');
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
      node.textContent = text;
      entry.append(node);
    });
  };
  row(table.createTHead(), ['steps of G', 'covered', 'loss of D', 'loss of G'], true);
  const body = table.createTBody();
  const last = game.coverage.length - 1;
  const count = Math.min(TABLE_ROWS, last + 1);
  for (let i = 0; i < count; i++) {
    const index = count === 1 ? last : Math.round((i * last) / (count - 1));
    row(body, [thousands(momentStep(game, index)), game.coverage[index],
      signed(game.lossesD[index]), signed(game.lossesG[index])]);
  }
}

function saveGame() {
  // Map and courses beside each other, at least twice as large as on an ordinary screen.
  const picture = document.createElement('canvas');
  const scale = Math.max(2, window.devicePixelRatio || 1);
  const side = Math.round((stage.clientWidth || props.size + AXES) * scale);
  const share = course.width / Math.max(1, course.height);
  picture.height = side;
  picture.width = Math.round(side * (1 + share));
  const brush = picture.getContext('2d');
  const colours = themeColours();
  brush.fillStyle = colours.page;
  brush.fillRect(0, 0, picture.width, picture.height);
  paintMap(brush, layOutPlane(side, scale, axesOfMap()), colours);
  brush.imageSmoothingEnabled = true;
  brush.drawImage(course, side, 0, picture.width - side, side);
  download(picture, 'genlab-' + (props.label || 'game') + '.png');
}
