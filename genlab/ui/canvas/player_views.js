// What the model thinks: the distribution at one pixel, the map of doubt, the bits spent, the table.
// All of them are of the law that a pixel was drawn from. Where temperature, top-p or guidance made
// that another one than the model's, every heading and sentence says so.

const FEW_LEVELS = 8; // above it bars would be hairlines, so a histogram is painted instead
const HISTOGRAM = { low: 0.02 }; // the least full height, so that a flat distribution looks flat
const TABLE_PAUSE = 250; // ms between two fillings while a run plays

const bars = { levels: 0, rows: [] };

function percent(share, digits = 1, isCut = false) {
  // No model is ever certain, so the ends of the scale are not written as numbers; but what top-p
  // left alone is certain, and what it cut off is impossible.
  if (isCut && (share === 0 || share === 1)) return 100 * share + ' %';
  const text = (100 * share).toFixed(digits);
  const least = (10 ** -digits).toFixed(digits);
  if (Number(text) === 0) return '< ' + least + ' %';
  if (Number(text) === 100) return '> ' + (100 - least).toFixed(digits) + ' %';
  return text + ' %';
}

function sharePercent(run, share, isCut) {
  // A probability that was sent in one byte is known to 0.4 %.
  return percent(share, 'p1' in run.fields && run.fields.p1.bits > 8 ? 1 : 0, isCut);
}

function isCutAt(run, position) {
  return lawAt(run, position).includes('top-p');
}

function bitsText(bits) {
  return (bits < 100 ? bits.toFixed(2) : bits.toFixed(1)) + (bits.toFixed(2) === '1.00' ? ' bit' : ' bits');
}

function placeText(place) {
  return 'row ' + place.row + ', column ' + place.col;
}

function makeBars(levels) {
  // Rows are made once per number of levels; a frame only changes their widths and numbers.
  bars.levels = levels;
  const box = part('bars');
  box.replaceChildren();
  box.classList.toggle('gl-two', levels <= 3);
  bars.rows = levels > FEW_LEVELS ? [] : Array.from({ length: levels }, (_, level) => {
    const row = document.createElement('div');
    row.className = 'gl-bar';
    const pieces = ['name', 'track', 'share', 'drawn'].map((name) => {
      const piece = document.createElement('span');
      piece.className = 'gl-bar-' + name;
      row.append(piece);
      return piece;
    });
    const swatch = document.createElement('i');
    const fill = document.createElement('i');
    const name = document.createElement('span');
    const grey = greyOf({ levels }, level);
    swatch.style.background = 'rgb(' + [grey, grey, grey] + ')';
    name.textContent = levelName({ levels }, level);
    pieces[0].append(swatch, name);
    pieces[1].append(fill);
    box.append(row);
    return { level, row, fill, share: pieces[2], drawn: pieces[3] };
  });
  part('histogram').hidden = levels <= FEW_LEVELS;
  box.hidden = levels > FEW_LEVELS;
}

function showDistribution(run, place, position) {
  if (bars.levels !== run.levels) makeBars(run.levels);
  const known = position >= 0 && hasDistribution(run);
  const drawn = known ? valueOf(run, 'level', place.image, position) : -1;
  const isCut = isCutAt(run, position);
  for (const { level, row, fill, share, drawn: mark } of bars.rows) {
    const chance = known ? probabilityOf(run, level, place.image, position) : 0;
    fill.style.transform = 'scaleX(' + chance + ')';
    setText(share, known ? sharePercent(run, chance, isCut) : '–');
    setText(mark, level === drawn ? 'drawn' : '');
    row.classList.toggle('gl-drawn', level === drawn);
  }
  if (run.levels > FEW_LEVELS) paintHistogram(run, place, known ? position : -1, drawn);
}

function paintHistogram(run, place, position, drawn) {
  const canvas = part('histogram-canvas');
  const scale = fitToScreen(canvas);
  const pen = canvas.getContext('2d');
  const { ink, accent } = view.colours;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = ink;
  pen.fillRect(0, canvas.height - scale, canvas.width, scale);
  setText(part('histogram-top'), hasDistribution(run) || !run.id ? ''
    : 'Draw one image alone to see all its probabilities.');
  if (position < 0) return;
  const chances = Array.from({ length: run.levels },
    (_, level) => probabilityOf(run, level, place.image, position));
  const highest = Math.max(HISTOGRAM.low, ...chances);
  const width = canvas.width / run.levels;
  const head = 10 * scale; // room for the mark of what was drawn
  chances.forEach((chance, level) => {
    const height = ((canvas.height - head) * chance) / highest;
    const left = Math.round(level * width);
    pen.globalAlpha = level === drawn ? 1 : 0.6;
    pen.fillStyle = level === drawn ? accent : ink;
    pen.fillRect(left, canvas.height - height, Math.round((level + 1) * width) - left, height);
  });
  pen.globalAlpha = 1;
  const x = (drawn + 0.5) * width;
  pen.fillStyle = accent;
  pen.beginPath();
  pen.moveTo(x - 4 * scale, 0);
  pen.lineTo(x + 4 * scale, 0);
  pen.lineTo(x, 7 * scale);
  pen.fill();
  setText(part('histogram-top'), 'tallest bar ' + sharePercent(run, Math.max(...chances), isCutAt(run, position)));
}

function showLaws(run, position) {
  // The title is about one pixel, the words below the map about all that is shown.
  const law = lawAt(run, position < 0 ? Math.min(shown, run.total - 1) : position);
  const title = law ? 'What it draws from, at ' + law : 'What the model thinks';
  setText(part('title'), title);
  part('views').setAttribute('aria-label', title);
  setText(part('laws'), lawsOf(run, shown));
}

function showWords(run, place, position) {
  const which = run.images > 1 ? ', image ' + (place.image + 1) : '';
  if (position < 0) {
    setText(part('when'), place.row < 0 ? 'Nothing is drawn yet' : 'Not drawn yet: ' + placeText(place) + which);
    setText(part('surprise'), '');
    return;
  }
  setText(part('when'), 'Before drawing ' + placeText(place) + which);
  const level = valueOf(run, 'level', place.image, position);
  const surprise = valueOf(run, 'surprise', place.image, position);
  setText(part('surprise'), 'Then ' + levelName(run, level) + ' was drawn (' +
    percent(chanceOfDrawn(run, place.image, position), 1, isCutAt(run, position)) + '): ' + bitsText(surprise) + ' of surprise');
}

function showBits(run, image, shown) {
  const spent = shown ? run.spent[shown * run.images + image] : 0;
  setText(part('bits'), spent.toFixed(1) + ' bits');
  setText(part('bits-of'), 'spent on ' + shown + ' of ' + run.total + ' pixels' +
    (run.images > 1 ? ' of image ' + (image + 1) : ''));
  const highest = Math.log2(run.levels);
  setText(part('scale-end'), (Number.isInteger(highest) ? highest : highest.toFixed(1)) +
    (highest === 1 ? ' bit' : ' bits'));
}

function chanceOfDrawn(run, image, position) {
  // As its bar has it, where bars are known to a tenth of a percent; else from the surprise.
  const level = valueOf(run, 'level', image, position);
  return 'p1' in run.fields && run.fields.p1.bits > 8 ? probabilityOf(run, level, image, position)
    : 2 ** -valueOf(run, 'surprise', image, position);
}

function sentence(run, place, position) {
  // For screen readers, and for the chosen pixel only.
  const where = (run.images > 1 ? 'image ' + (place.image + 1) + ', ' : '') + placeText(place);
  if (position < 0) return where + ': not drawn yet';
  const name = levelName(run, valueOf(run, 'level', place.image, position));
  const chance = chanceOfDrawn(run, place.image, position);
  const doubt = valueOf(run, 'entropy', place.image, position);
  const law = lawAt(run, position);
  return where + ': ' + name + (law ? ', drawn with ' : ', the model gave it ') +
    percent(chance, 1, isCutAt(run, position)) + (law ? ' at ' + law : '') + ', ' + bitsText(doubt) + ' of doubt';
}

function tableRows(run, place, shown) {
  const levels = hasDistribution(run) && run.levels <= FEW_LEVELS ? run.levels : 0;
  const head = ['column', 'drawn', 'doubt, bits', 'surprise, bits'];
  for (let level = 0; level < levels; level++) head.push('p(' + levelName(run, level) + ')');
  const rows = [head];
  for (let col = 0; col < run.cols; col++) {
    const position = positionOf(run, { row: place.row, col });
    if (position >= shown) continue;
    const read = (name) => valueOf(run, name, place.image, position);
    const row = [col, levelName(run, read('level')), read('entropy').toFixed(2), read('surprise').toFixed(2)];
    for (let level = 0; level < levels; level++) {
      const chance = probabilityOf(run, level, place.image, position);
      row.push(sharePercent(run, chance, isCutAt(run, position)));
    }
    rows.push(row);
  }
  return rows;
}

function fillTable(run, place, shown) {
  const drawnRow = place.row >= 0;
  const which = run.images > 1 ? ' of image ' + (place.image + 1) : '';
  const caption = document.createElement('caption');
  const laws = lawsOf(run, shown);
  caption.textContent = drawnRow
    ? 'Row ' + place.row + which + (laws && ', ' + laws) : 'Nothing is drawn yet';
  const table = part('table');
  table.replaceChildren(caption);
  if (!drawnRow) return;
  const [head, ...rows] = tableRows(run, place, shown);
  const line = (cells, tag, owner) => {
    const row = owner.insertRow();
    cells.forEach((cell, i) => {
      const node = document.createElement(i ? tag : 'th');
      node.textContent = cell;
      if (node.tagName === 'TH') node.scope = owner === table.tHead ? 'col' : 'row';
      row.append(node);
    });
  };
  line(head, 'th', table.createTHead());
  const body = table.createTBody();
  rows.forEach((row) => line(row, 'td', body));
}
