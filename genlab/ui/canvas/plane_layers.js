// What lies on the map, from below: pictures, axes, points, path, random dots, ellipses. It changes
// seldom and the cursor often, so it is painted once and copied.

const PATH = '#ffffff';
const SPREAD = '#7CE0C3'; // bluish green, light enough for a black picture

function hasPictures() {
  return isOn('pictures') && things.sheet !== null;
}

function paintGround(brush, layout, colours) {
  const { left, top, side, scale } = layout;
  const isPictured = hasPictures();
  brush.fillStyle = colours.ink;
  brush.globalAlpha = 0.05;
  brush.fillRect(left, top, side, side);
  brush.globalAlpha = 1;
  if (isPictured) {
    brush.imageSmoothingEnabled = true;
    brush.imageSmoothingQuality = 'high';
    brush.drawImage(things.sheet, left, top, side, side);
  }
  paintAxes(brush, layout, colours, isPictured);
}

function paintThings(brush, layout, colours) {
  const { left, top, side } = layout;
  brush.save();
  brush.beginPath();
  brush.rect(left, top, side, side);
  brush.clip();
  if (isOn('marks')) paintPoints(brush, layout);
  paintPath(brush, layout);
  if (isOn('samples')) {
    for (const dot of things.dots) paintDiamond(brush, ...toScreen(layout, dot), 4.5 * layout.scale, layout.scale);
  }
  for (const each of things.ellipses) paintEllipse(brush, layout, colours, each);
  brush.restore();
}

function markSide({ side, scale }) {
  // CSS px; a crowd, and a phone's map, get smaller ones, which still show their digit.
  const count = things.points.length;
  const most = side / scale < 360 ? 11 : 14;
  return count <= 150 ? most : count <= 500 ? Math.min(most, 11) : 9;
}

function paintPoints(brush, layout) {
  const stamps = classStamps(props.classes, markSide(layout) * layout.scale, layout.scale);
  for (const index of spreadOrder(things.points.length)) {
    const [x, y, kind] = things.points[index];
    if (stamps[kind]) stampAt(brush, stamps[kind], ...toScreen(layout, [x, y]));
  }
}

function twice(brush, scale, colour, trace) {
  // Once dark and wide, once in its colour: visible on black and on white.
  for (const [width, style] of [[4, DARK_EDGE], [2, colour]]) {
    brush.lineWidth = width * scale;
    brush.strokeStyle = style;
    brush.beginPath();
    trace();
    brush.stroke();
  }
}

function paintPath(brush, layout) {
  const { scale } = layout;
  const places = things.path.map((each) => toScreen(layout, each));
  if (!places.length) return;
  twice(brush, scale, PATH, () => places.forEach(([x, y]) => brush.lineTo(x, y)));
  for (const [x, y] of places) {
    for (const [radius, fill] of [[4, DARK_EDGE], [3, PATH]]) {
      brush.fillStyle = fill;
      brush.beginPath();
      brush.arc(x, y, radius * scale, 0, 2 * Math.PI);
      brush.fill();
    }
  }
  paintClassMark(brush, 'A', PATH, ...places[0], 15 * scale, scale);
  paintClassMark(brush, 'B', PATH, ...places[places.length - 1], 15 * scale, scale);
}

function paintDiamond(brush, x, y, radius, scale) {
  brush.beginPath();
  brush.moveTo(x, y - radius);
  for (const [dx, dy] of [[1, 0], [0, 1], [-1, 0]]) brush.lineTo(x + dx * radius, y + dy * radius);
  brush.closePath();
  brush.fillStyle = LIGHT_INK;
  brush.strokeStyle = DARK_EDGE;
  brush.lineWidth = 1.5 * scale;
  brush.fill();
  brush.stroke();
}

function paintEllipse(brush, layout, colours, { x, y, sx, sy, name }) {
  const { scale, side } = layout;
  const [across, down] = toScreen(layout, [x, y]);
  const width = (side * sx) / (props.high[0] - props.low[0]);
  const height = (side * sy) / (props.high[1] - props.low[1]);
  for (const sigmas of [1, 2]) {
    brush.setLineDash(sigmas === 1 ? [] : [5 * scale, 4 * scale]);
    twice(brush, scale, SPREAD, () => {
      brush.ellipse(across, down, sigmas * width, sigmas * height, 0, 0, 2 * Math.PI);
    });
  }
  brush.setLineDash([]);
  twice(brush, scale, SPREAD, () => {
    line(brush, across - 4 * scale, down, across + 4 * scale, down);
    line(brush, across, down - 4 * scale, across, down + 4 * scale);
  });
  paintEllipseName(brush, layout, colours, name, [across, down - 2 * height - 5 * scale]);
}

function paintEllipseName(brush, { scale, side, left, top }, colours, name, [x, y]) {
  brush.font = '600 ' + Math.round(12 * scale) + 'px system-ui, sans-serif';
  brush.textAlign = 'center';
  brush.textBaseline = 'bottom';
  const half = brush.measureText(name).width / 2 + 4 * scale;
  const at = [clamp(x, left + half, left + side - half), Math.max(y, top + 18 * scale)];
  brush.lineJoin = 'round';
  brush.lineWidth = 4 * scale;
  brush.strokeStyle = hasPictures() ? DARK_EDGE : colours.page;
  brush.strokeText(name, ...at);
  brush.fillStyle = hasPictures() ? SPREAD : colours.ink;
  brush.fillText(name, ...at);
}
