// A field as a grid on a canvas. Every state's look is painted once, over a whole grid; a cell is
// then a copy of its piece, so that a moving pointer costs little.

const STATES = new Map((props.states || []).map((state) => [state.code, state]));
const VEIL = 0.5; // of the states over a picture
const PULSE = 1600; // ms
const PULSE_FRAME = 80; // ms

function makeGrid(canvas) {
  return { canvas, pen: canvas.getContext('2d'), key: '', layout: null, surfaces: new Map(), field: null };
}

function measureGrid(grid, size) {
  const scale = fitToScreen(grid.canvas);
  const colours = themeColours();
  const key = [grid.canvas.width, grid.canvas.height, scale, size, colours.ink, colours.page].join();
  if (grid.key === key) return;
  grid.key = key;
  grid.layout = layOut(grid.canvas, scale, { rows: size, cols: size, images: 1 });
  grid.ink = colours.ink;
  grid.empty = emptyGrid(grid.canvas, grid.layout, colours);
  grid.surfaces = new Map();
}

function surfaceOf(grid, code) {
  if (!grid.surfaces.has(code)) grid.surfaces.set(code, paintSurface(grid, code));
  return grid.surfaces.get(code);
}

function paintSurface(grid, code) {
  const { layout } = grid;
  const canvas = document.createElement('canvas');
  canvas.width = grid.canvas.width;
  canvas.height = grid.canvas.height;
  const brush = canvas.getContext('2d');
  for (let index = 0; index < layout.rows * layout.cols; index++) {
    const [x, y] = cellCorner(layout, placeOf(index, layout.cols));
    paintState(brush, STATES.get(code), x, y, layout.cell, layout.scale, 1);
  }
  return canvas;
}

function placeOf(index, cols) {
  return { image: 0, row: Math.floor(index / cols), col: index % cols };
}

function paintField(grid, field, under) {
  // `under` is a picture of black and white that stays visible below the states.
  if (!grid.canvas.clientWidth) return;
  measureGrid(grid, field.size);
  grid.field = field;
  const { pen, layout } = grid;
  pen.clearRect(0, 0, grid.canvas.width, grid.canvas.height);
  pen.drawImage(grid.empty, 0, 0);
  field.codes.forEach((code, index) => {
    const [x, y] = cellCorner(layout, placeOf(index, layout.cols));
    if (!STATES.has(code)) {
      paintBlank(grid, x, y);
      return;
    }
    if (under) {
      pen.fillStyle = under[index] ? '#ffffff' : '#000000';
      pen.fillRect(x, y, layout.cell, layout.cell);
    }
    pen.globalAlpha = under ? VEIL : 1;
    pen.drawImage(surfaceOf(grid, code), x, y, layout.cell, layout.cell, x, y, layout.cell, layout.cell);
    pen.globalAlpha = 1;
  });
  paintAlarm(grid);
}

function paintBlank({ pen, layout, ink }, x, y) {
  // Only its edges, so that it can be aimed at.
  pen.strokeStyle = ink;
  pen.globalAlpha = layout.cell / layout.scale < 16 ? 0.12 : 0.35;
  pen.lineWidth = layout.scale;
  pen.strokeRect(x + layout.scale / 2, y + layout.scale / 2, layout.cell, layout.cell);
  pen.globalAlpha = 1;
}

function alarming(field) {
  return [...field.codes.keys()].filter((index) => STATES.get(field.codes[index])?.pulse);
}

function paintAlarm(grid) {
  // Leaks have a breathing outline, which reduced motion stills.
  const phase = (performance.now() % PULSE) / PULSE;
  grid.pen.globalAlpha = reducedMotion() ? 1 : 0.35 + 0.65 * (0.5 + 0.5 * Math.cos(2 * Math.PI * phase));
  const colour = STATES.get(CODE['!']).colour;
  for (const index of alarming(grid.field)) outlineCell(grid.pen, grid.layout, placeOf(index, grid.layout.cols), colour);
  grid.pen.globalAlpha = 1;
}

function keepBreathing(grids, draw) {
  // One clock for all leaks of a component; it stops when there is none.
  clearTimeout(keepBreathing.timer);
  const isAlarming = grids.some((grid) => grid.field && alarming(grid.field).length);
  if (isAlarming && !reducedMotion()) keepBreathing.timer = setTimeout(draw, PULSE_FRAME);
}

function markCells(grid, indices, colour, dash) {
  const { pen, layout } = grid;
  const inset = Math.max(layout.scale, Math.round(layout.cell * 0.08));
  pen.save();
  for (const [line, stroke] of [[3 * layout.scale + 2, DARK_EDGE], [2 * layout.scale, colour]]) {
    pen.strokeStyle = stroke;
    pen.lineWidth = line;
    pen.setLineDash(dash.map((length) => length * layout.cell));
    for (const index of indices) {
      const [x, y] = cellCorner(layout, placeOf(index, layout.cols));
      pen.strokeRect(x + inset, y + inset, layout.cell - 2 * inset, layout.cell - 2 * inset);
    }
  }
  pen.restore();
}

function cellUnder(grid, event) {
  const place = grid.layout && placeAt(grid.layout, grid.canvas, event);
  return place && { row: place.row, col: place.col };
}

function stepCell(cell, key, size) {
  const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  return { row: clamp(cell.row + down, 0, size - 1), col: clamp(cell.col + right, 0, size - 1) };
}

function swatchOf(code, side) {
  const scale = Math.round(window.devicePixelRatio || 1);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side * scale;
  canvas.className = 'gl-swatch';
  paintState(canvas.getContext('2d'), STATES.get(code), 0, 0, side * scale, scale, 1);
  return canvas;
}

function saveGrids(grids, name) {
  // Side by side, as they stand on the screen.
  const gap = Math.round(16 * (window.devicePixelRatio || 1));
  const picture = document.createElement('canvas');
  picture.width = grids.reduce((width, grid) => width + grid.canvas.width + gap, -gap);
  picture.height = Math.max(...grids.map((grid) => grid.canvas.height));
  let x = 0;
  for (const grid of grids) {
    picture.getContext('2d').drawImage(grid.canvas, x, 0);
    x += grid.canvas.width + gap;
  }
  download(picture, 'genlab-' + name + '.png');
}
