// What a grid says in words and numbers: the legend with its counts, the chosen cell, the table.

function describe(place) {
  const index = place.row * props.cols + place.col;
  const state = stateAt(index);
  const colour = colourAt(index);
  const level = colour && (cells.channels === 3 ? 'colour ' + colour.join(' ') : 'grey ' + colour[0]);
  const words = [state && state.name, level].filter(Boolean).join(', ');
  return 'row ' + place.row + ', column ' + place.col + ': ' + (words || 'blank');
}

function showLegend() {
  const legend = part('legend');
  legend.hidden = !cells.overlay;
  if (!cells.overlay || legend.shownFor === view) return;
  legend.shownFor = view;
  const counts = new Map();
  cells.overlay.forEach((code) => counts.set(code, (counts.get(code) || 0) + 1));
  legend.replaceChildren(...[...cells.states.values()].map((state) => {
    const count = counts.get(state.code) || 0;
    const item = document.createElement('li');
    const name = document.createElement('span');
    const number = document.createElement('b');
    name.textContent = state.name;
    number.textContent = count;
    item.classList.toggle('gl-none', !count);
    item.append(swatch(state), name, number);
    return item;
  }));
}

function swatch(state) {
  const { scale } = view.layout;
  const side = 18 * Math.round(scale);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  canvas.className = 'gl-swatch';
  paintState(canvas.getContext('2d'), state, 0, 0, side, scale, 1);
  return canvas;
}

function choose(place) {
  chosen = place;
  setText(part('live'), describe(place));
  wake();
}

function moveChoice(key) {
  choose(chosen ? stepPlace(measured().layout, chosen, key) : { image: 0, row: 0, col: 0 });
}

function fillTable() {
  if (!part('details').open) return;
  const table = part('table');
  const row = (owner, texts, isHead) => {
    const line = owner.insertRow();
    texts.forEach((text, i) => {
      const node = document.createElement(isHead || i === 0 ? 'th' : 'td');
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
      node.textContent = text;
      line.append(node);
    });
  };
  table.replaceChildren();
  row(table.createTHead(), ['', ...Array(props.cols).keys()], true);
  const body = table.createTBody();
  for (let r = 0; r < props.rows; r++) {
    row(body, [r, ...Array.from({ length: props.cols }, (_, c) => cellText(r * props.cols + c))]);
  }
}

function cellText(index) {
  const state = stateAt(index);
  const colour = colourAt(index);
  const level = colour ? (cells.channels === 3 ? colour.join(' ') : String(colour[0])) : '';
  return state ? (level ? state.name + ' ' + level : state.name) : level;
}

function saveCells() {
  // With its states as the screen shows them, or else the picture alone, a square per cell.
  const { layout, picture, marks, empty } = measured();
  const name = 'genlab-' + (props.label || 'picture') + '.png';
  if (!marks) {
    savePicture(picture.canvas, layout, name);
    return;
  }
  const flat = document.createElement('canvas');
  flat.width = stage.width;
  flat.height = stage.height;
  const brush = flat.getContext('2d');
  const [x, y] = imageCorner(layout, 0);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(empty, 0, 0);
  brush.drawImage(picture.canvas, x, y, layout.cols * layout.cell, layout.rows * layout.cell);
  brush.drawImage(marks, 0, 0);
  download(flat, name);
}

function watchCells() {
  part('help').id = element.id + '-help';
  stage.setAttribute('aria-describedby', part('help').id);
  stage.setAttribute('aria-label', props.label || '');
  part('save').addEventListener('click', saveCells);
  part('details').addEventListener('toggle', fillTable);
  stage.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'mouse') return;
    hovered = placeAt(measured().layout, stage, event);
    wake();
  });
  stage.addEventListener('pointerleave', () => { hovered = null; wake(); });
  onAppearance([stage], () => { view = null; wake(); });
  watch(['value', 'overlay', 'rows', 'cols', 'channels', 'states'], () => {
    readCells();
    fillTable();
  });
  readCells();
}
