// How a state looks in a cell, for every component that shows states.

const SMALLEST_MARK = 7; // CSS px; smaller cells show a hatching instead
const SMALL_HATCH = { '×': 'cross', '!': 'level', '?': 'rising', '–': 'falling', '·': 'dots', ':': 'dots' };

function paintState(brush, state, x, y, side, scale, alpha) {
  const isSmall = side / scale < SMALLEST_MARK;
  brush.globalAlpha = alpha;
  brush.fillStyle = state.colour;
  brush.fillRect(x, y, side, side);
  brush.globalAlpha = 1;
  if (state.hatch || isSmall) paintHatch(brush, SMALL_HATCH[state.mark], x, y, side, scale, isSmall);
  if (state.mark === '○' || state.mark === '◎') paintRing(brush, state.mark, x, y, side, scale);
  else if (state.mark && !isSmall) paintMark(brush, state, x, y, side);
  if (!isSmall) {
    brush.strokeStyle = DARK_EDGE;
    brush.globalAlpha = 0.18;
    brush.lineWidth = scale;
    brush.strokeRect(x + scale / 2, y + scale / 2, side - scale, side - scale);
    brush.globalAlpha = 1;
  }
}

function paintHatch(brush, kind, x, y, side, scale, isSmall) {
  // Lines are placed by the canvas, not by the cell, so that neighbours join to one surface.
  if (!kind) return;
  const step = 4 * scale;
  brush.save();
  brush.beginPath();
  brush.rect(x, y, side, side);
  brush.clip();
  brush.strokeStyle = brush.fillStyle = DARK_EDGE;
  brush.globalAlpha = isSmall ? 0.5 : 0.3; // a mark stands on the larger ones
  brush.lineWidth = scale;
  brush.beginPath();
  const first = (from) => Math.floor(from / step) * step;
  if (kind === 'rising' || kind === 'cross') {
    for (let c = first(x + y); c <= x + y + 2 * side; c += step) line(brush, c - y - side, y + side, c - y, y);
  }
  if (kind === 'falling' || kind === 'cross') {
    for (let c = first(x - y - side); c <= x - y + side; c += step) line(brush, c + y, y, c + y + side, y + side);
  }
  if (kind === 'level') {
    for (let c = first(y); c <= y + side; c += step) line(brush, x, c, x + side, c);
  }
  brush.stroke();
  if (kind === 'dots') brush.fillRect(x + side / 2 - scale / 2, y + side / 2 - scale / 2, scale, scale);
  brush.restore();
}

function line(brush, x0, y0, x1, y1) {
  brush.moveTo(x0, y0);
  brush.lineTo(x1, y1);
}

function paintRing(brush, mark, x, y, side, scale) {
  brush.strokeStyle = brush.fillStyle = DARK_EDGE;
  brush.lineWidth = Math.max(scale, side / 9);
  brush.beginPath();
  brush.arc(x + side / 2, y + side / 2, Math.max(scale, side * 0.3), 0, 2 * Math.PI);
  brush.stroke();
  if (mark === '○') return;
  brush.beginPath();
  brush.arc(x + side / 2, y + side / 2, Math.max(scale / 2, side * 0.1), 0, 2 * Math.PI);
  brush.fill();
}

function paintMark(brush, state, x, y, side) {
  brush.fillStyle = DARK_EDGE; // on all nine colours above 4.5 : 1 but on blue, whose cells have no mark
  brush.font = '600 ' + Math.round(side * 0.78) + 'px system-ui, sans-serif';
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  brush.globalAlpha = state.mark === '·' ? 0.5 : 1; // there are many of them, and nothing to see
  brush.fillText(state.mark, x + side / 2, y + side * 0.54);
  brush.globalAlpha = 1;
}
