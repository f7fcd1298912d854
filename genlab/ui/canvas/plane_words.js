// What a map says in words and numbers: readout, legend, notes, table, and its file.

function signed(number) {
  return number.toFixed(2).replace('-', '−');
}

function named(kind) {
  const name = props.classes[kind];
  return (/^[aeiou8]/i.test(name) ? 'an ' : 'a ') + name;
}

function nearestPoint([x, y]) {
  // Of what is shown; by distance in the two numbers of the code, which the map may stretch.
  let best = null;
  for (const point of isOn('marks') ? things.points : []) {
    const distance = Math.hypot(point[0] - x, point[1] - y);
    if (!best || distance < best.distance) best = { point, distance };
  }
  return best;
}

function describeCursor() {
  const place = props.axes.map((name, axis) => name + ' = ' + signed(cursor[axis])).join(', ');
  const nearest = nearestPoint(cursor);
  if (!nearest) return place;
  const where = props.dimensions > 2 ? ' in these two dimensions' : '';
  return place + '; nearest example' + where + ': ' + named(nearest.point[2]) + ', ' + signed(nearest.distance) + ' away';
}

function describeThings() {
  const sentences = things.ellipses.map(({ name, sx, sy }) => (
    'Ellipses: ' + name + ', 1σ solid and 2σ dashed, σ = (' + signed(sx) + ', ' + signed(sy) + ').'));
  if (things.path.length) sentences.push('Path: ' + things.path.length + ' places from A to B.');
  if (things.dots.length) sentences.push('Diamonds: ' + things.dots.length + ' ' + props.dots_name + '.');
  const outside = isOn('marks') ? things.points.filter((each) => !isInside(each)).length : 0;
  if (outside) sentences.push(outside + (outside === 1 ? ' point lies' : ' points lie') + ' beyond the map.');
  return sentences.join(' ');
}

function isInside([x, y]) {
  const { low, high } = props;
  return x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
}

function countOf(kind) {
  return things.points.filter((each) => each[2] === kind).length;
}

function showWords() {
  setText(part('readout'), describeCursor());
  stage.setAttribute('aria-label', props.label + ', cursor at ' + describeCursor());
  setText(part('notes'), describeThings());
}

function showLegend() {
  const legend = part('legend');
  const { classes } = props;
  legend.hidden = !classes.length;
  part('marks-label').hidden = !classes.length;
  classLegend(legend, classes, countOf);
  part('samples-label').classList.toggle('gl-absent', !things.dots.length);
  setText(part('samples-count'), String(things.dots.length));
  setText(part('samples-kind'), props.dots_name);
  showDiamond();
}

function showDiamond() {
  const canvas = part('diamond');
  const scale = fitToScreen(canvas);
  const middle = canvas.width / 2;
  paintDiamond(canvas.getContext('2d'), middle, middle, 5.5 * scale, scale);
}

function fillTable() {
  const table = part('table');
  table.replaceChildren();
  if (!part('details').open) return;
  const row = (owner, texts, isHead) => {
    const entry = owner.insertRow();
    texts.forEach((text, index) => {
      const node = document.createElement(isHead || !index ? 'th' : 'td');
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
      node.textContent = text;
      entry.append(node);
    });
  };
  row(table.createTHead(), ['class', 'points', ...props.axes.map((name) => 'mean ' + name)], true);
  const body = table.createTBody();
  props.classes.forEach((name, kind) => {
    const mine = things.points.filter((each) => each[2] === kind);
    const mean = (axis) => mine.reduce((sum, each) => sum + each[axis], 0) / mine.length;
    row(body, [name, mine.length, ...[0, 1].map((axis) => (mine.length ? signed(mean(axis)) : '–'))]);
  });
}

function savePlane() {
  // At least twice as large as on an ordinary screen, on the page's own colour.
  const scale = Math.max(2, window.devicePixelRatio || 1);
  const picture = document.createElement('canvas');
  picture.width = picture.height = Math.round((stage.clientWidth || props.size + AXES) * scale);
  const brush = picture.getContext('2d');
  const colours = themeColours();
  const layout = layOutPlane(picture.width, scale, props);
  brush.fillStyle = colours.page;
  brush.fillRect(0, 0, picture.width, picture.height);
  paintGround(brush, layout, colours);
  paintThings(brush, layout, colours);
  paintCursor(brush, layout, colours);
  download(picture, 'genlab-' + (props.label || 'map') + '.png');
}
