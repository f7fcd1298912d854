// What lies on the map: regions, real points, generated points, arrows, and the drawing.

const REAL = '#56B4E9'; // Okabe–Ito sky blue, squares
const MADE = '#D55E00'; // vermilion, discs
const INK_COLOUR = '#009E73'; // bluish green: the visitor's own drawing
const MOST_SHOWN = 256; // generated points; all of them are counted
const ARROW = 26; // CSS px, of a gradient without end
const LEAST_ARROW = 3; // CSS px; shorter ones are the dot alone

function paintPoints(brush, layout) {
  const isCleared = isBoard() && isTouched && !strokes.length;
  inside(brush, layout, () => {
    if (isOn('regions') && !isCleared) paintRegions(brush, layout);
    if (isOn('real') && !isCleared) paintReal(brush, layout);
    if (isOn('arrows')) paintArrows(brush, layout);
    for (const point of game.samples.slice(0, MOST_SHOWN)) paintMade(brush, layout, point);
  });
}

function paintRegions(brush, layout) {
  // A covered region has a solid outline, another a dashed one.
  const { scale, side } = layout;
  const reach = (game.regions.reach * side) / (2 * props.extent);
  for (const isCovered of [0, 1]) {
    brush.setLineDash(isCovered ? [] : [3 * scale, 4 * scale]);
    haloed(brush, scale, SELECTION, 1.2, () => game.places.forEach((place, index) => {
      if (game.covered[index] !== isCovered) return;
      const [x, y] = toScreen(layout, place);
      if (!game.regions.isRound) return brush.rect(x - reach + scale, y - reach + scale, 2 * (reach - scale), 2 * (reach - scale));
      brush.moveTo(x + reach, y);
      brush.arc(x, y, reach, 0, 2 * Math.PI);
    }));
  }
  brush.setLineDash([]);
}

function paintReal(brush, layout) {
  for (const point of game.real) paintSquare(brush, ...toScreen(layout, point), layout.scale);
}

function paintSquare(brush, x, y, scale) {
  brush.fillStyle = DARK_EDGE;
  brush.fillRect(x - 2.5 * scale, y - 2.5 * scale, 5 * scale, 5 * scale);
  brush.fillStyle = REAL;
  brush.fillRect(x - 1.5 * scale, y - 1.5 * scale, 3 * scale, 3 * scale);
}

function paintMade(brush, layout, point) {
  paintDisc(brush, ...toScreen(layout, point), layout.scale);
}

function paintDisc(brush, x, y, scale) {
  for (const [radius, colour] of [[3.6, '#ffffff'], [2.6, MADE]]) {
    brush.fillStyle = colour;
    brush.beginPath();
    brush.arc(x, y, radius * scale, 0, 2 * Math.PI);
    brush.fill();
  }
}

function paintArrows(brush, layout) {
  const { scale } = layout;
  haloed(brush, scale, '#ffffff', 1.4, () => game.arrows.forEach(([dx, dy], index) => {
    const length = ARROW * scale * Math.hypot(dx, dy);
    if (length < LEAST_ARROW * scale) return;
    traceArrow(brush, ...toScreen(layout, game.samples[index]), Math.atan2(-dy, dx), length, 4 * scale);
  }));
}

function traceArrow(brush, x, y, angle, length, head) {
  const tip = [x + length * Math.cos(angle), y + length * Math.sin(angle)];
  line(brush, x, y, ...tip);
  for (const turn of [2.5, -2.5]) {
    line(brush, ...tip, tip[0] + head * Math.cos(angle + turn), tip[1] + head * Math.sin(angle + turn));
  }
}

function paintStrokes(brush, layout) {
  brush.save();
  brush.lineJoin = brush.lineCap = 'round';
  haloed(brush, layout.scale, INK_COLOUR, 3, () => {
    for (const stroke of strokes) {
      const [first, ...rest] = stroke.map((corner) => toScreen(layout, corner));
      line(brush, ...first, first[0] + 0.1, first[1]); // a dot is a stroke, too
      rest.forEach((corner) => brush.lineTo(...corner));
    }
  });
  brush.restore();
}

const STAMPS = {
  'stamp-made': (brush, middle, scale) => paintDisc(brush, middle, middle, scale),
  'stamp-real': (brush, middle, scale) => paintSquare(brush, middle, middle, scale),
  'stamp-arrow': (brush, middle, scale) => haloed(brush, scale, '#ffffff', 1.4, () => (
    traceArrow(brush, 2 * scale, middle, 0, 2 * middle - 4 * scale, 4 * scale))),
  'stamp-half': (brush, middle, scale) => haloed(brush, scale, '#ffffff', 1.5, () => (
    line(brush, 0, middle, 2 * middle, middle))),
  'stamp-covered': (brush, middle, scale) => paintStampRing(brush, middle, scale, []),
  'stamp-bare': (brush, middle, scale) => paintStampRing(brush, middle, scale, [3 * scale, 4 * scale]),
};

function paintStampRing(brush, middle, scale, dash) {
  brush.setLineDash(dash);
  haloed(brush, scale, SELECTION, 1.2, () => brush.arc(middle, middle, Math.max(0, middle - 2 * scale), 0, 2 * Math.PI));
}

function paintStamps() {
  for (const [name, stamp] of Object.entries(STAMPS)) {
    const canvas = part(name);
    const scale = fitToScreen(canvas);
    const brush = canvas.getContext('2d');
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.save();
    stamp(brush, canvas.width / 2, scale);
    brush.restore();
  }
}
