// The map's ground: what a discriminator thinks in every place, and where it says ½.

const BEST = part('show-best').title;
const NO_BEST = 'Wasserstein’s best D is no probability: it is an unbounded score of slope 1, and there is no '
  + 'formula of the two densities for it.';

let tile = null; // a picture of one pixel a cell, kept between frames

function allowBest() {
  // p(data) / (p(data) + p(generated)) is the best D of losses whose D is a probability.
  const button = part('show-best');
  if (button.disabled === game.hasScores) return;
  button.disabled = game.hasScores;
  button.title = game.hasScores ? NO_BEST : BEST;
  if (button.disabled && button.getAttribute('aria-pressed') === 'true') chooseMap('opinion');
}

function shownMap() {
  const chosen = ['opinion', 'best'].find((name) => part('show-' + name).getAttribute('aria-pressed') === 'true');
  return chosen && game ? { values: game[chosen], isScore: chosen === 'opinion' && game.hasScores } : null;
}

function paintGround(brush, layout, colours) {
  const { left, top, side } = layout;
  brush.globalAlpha = 0.05;
  brush.fillStyle = colours.ink;
  brush.fillRect(left, top, side, side);
  brush.globalAlpha = 1;
  const shown = shownMap();
  if (shown) paintHeat(brush, layout, shown.values);
  paintAxes(brush, layout, colours, shown !== null);
  if (shown && !shown.isScore) inside(brush, layout, () => paintHalf(brush, layout, shown.values));
}

function paintHeat(brush, { left, top, side }, values) {
  const cells = game.side;
  if (tile?.image.width !== cells) tile = pixelBuffer(cells, cells);
  for (let i = 0; i < values.length; i++) {
    const colour = values[i] === NOTHING ? [0, 0, 0] : cividis(values[i] / LEVELS);
    tile.image.data.set([...colour, values[i] === NOTHING ? 0 : 255], 4 * i);
  }
  tile.pen.putImageData(tile.image, 0, 0);
  // Smooth between the cells' middles, but not where some have no value.
  brush.imageSmoothingEnabled = !values.includes(NOTHING);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(tile.canvas, left, top, side, side);
}

function inside(brush, { left, top, side }, paint) {
  brush.save();
  brush.beginPath();
  brush.rect(left, top, side, side);
  brush.clip();
  paint();
  brush.restore();
}

function haloed(brush, scale, colour, width, trace) {
  // Once dark and wide, once in its colour: visible on every colour of the map.
  for (const [more, style] of [[2, DARK_EDGE], [0, colour]]) {
    brush.lineWidth = (width + more) * scale;
    brush.strokeStyle = style;
    brush.beginPath();
    trace();
    brush.stroke();
  }
}

function paintHalf(brush, layout, values) {
  const segments = halfSegments(values, game.side);
  const cell = layout.side / game.side;
  const at = ([col, row]) => [layout.left + (col + 0.5) * cell, layout.top + (row + 0.5) * cell];
  haloed(brush, layout.scale, '#ffffff', 1.5, () => {
    for (const [from, to] of segments) line(brush, ...at(from), ...at(to));
  });
}

function halfSegments(values, cells) {
  // Marching squares between the cells' middles; a square with a missing value has no line.
  const segments = [];
  for (let row = 0; row + 1 < cells; row++) {
    for (let col = 0; col + 1 < cells; col++) {
      const corners = [[col, row], [col + 1, row], [col + 1, row + 1], [col, row + 1]];
      const heights = corners.map(([x, y]) => values[y * cells + x]);
      if (heights.includes(NOTHING)) continue;
      const crossed = [];
      for (let edge = 0; edge < 4; edge++) {
        const next = (edge + 1) % 4;
        const rise = [heights[edge] - LEVELS / 2, heights[next] - LEVELS / 2];
        if (rise[0] > 0 === rise[1] > 0) continue;
        const share = rise[0] / (rise[0] - rise[1]);
        crossed.push(corners[edge].map((from, axis) => from + share * (corners[next][axis] - from)));
      }
      for (let i = 0; i + 1 < crossed.length; i += 2) segments.push([crossed[i], crossed[i + 1]]);
    }
  }
  return segments;
}
