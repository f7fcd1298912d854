// How a lane is painted: a random number where nothing is drawn, grey where it is, and hatched
// where a guess may still move.

const WAITING = 0.45; // how much of the random number's colour is seen
const GUESSED = 0.6; // how much of a guess; the rest is mid-grey, unlike any drawn black or white
const HATCHED = 0.6;
const MID_GREY = [128, 128, 128];
const HATCH = '#8a8a8a'; // is seen on a dark guess and on a bright one

function measured(lane, index) {
  const scale = fitToScreen(lane.canvas);
  const key = lane.canvas.width + ',' + scale + ',' + race.run;
  if (lane.view && lane.view.key === key) return lane.view;
  const layout = layOut(lane.canvas, scale, { ...race, images: race.reasons[index] ? 1 : race.images });
  const colours = themeColours();
  const page = parsed(colours.page);
  lane.view = {
    key, layout,
    buffer: pixelBuffer(race.cols, race.rows * race.images),
    waiting: Array.from(race.uniforms, (byte) => mixed(cividis(byte / 255), page, WAITING)),
    empty: emptyGrid(lane.canvas, layout, colours),
    pattern: hatch(lane.canvas.getContext('2d'), scale, HATCH),
  };
  return lane.view;
}

function parsed(colour) {
  // Any CSS colour as red, green, blue.
  const { pen } = pixelBuffer(1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data;
}

function mixed(colour, page, share) {
  return colour.map((value, i) => Math.round(page[i] + (value - page[i]) * share));
}

function fillBuffer(lane, { buffer, waiting }) {
  const frame = lane.frames[lane.at - 1];
  const all = race.rows * race.cols;
  for (let i = 0; i < race.uniforms.length; i++) {
    const level = lane.levels[i];
    const isGuess = frame && frame.final && i % all >= frame.final[Math.floor(i / all)];
    const colour = level < 0
      ? waiting[i]
      : mixed(Array(3).fill((255 * level) / (race.levels - 1)), MID_GREY, isGuess ? GUESSED : 1);
    buffer.image.data.set([...colour, 255], 4 * i);
  }
  buffer.pen.putImageData(buffer.image, 0, 0);
}

function paintLane(lane, index) {
  const pen = lane.canvas.getContext('2d');
  if (!race) { fitToScreen(lane.canvas); return; }
  const view = measured(lane, index);
  const { layout } = view;
  pen.clearRect(0, 0, lane.canvas.width, lane.canvas.height);
  pen.drawImage(view.empty, 0, 0);
  if (race.reasons[index]) return;
  fillBuffer(lane, view);
  paintPictures(pen, layout, view.buffer.canvas);
  hatchGuesses(pen, lane, view);
}

function paintPictures(pen, layout, source) {
  pen.imageSmoothingEnabled = false;
  const { rows, cols, cell } = layout;
  for (let image = 0; image < layout.images; image++) {
    const [x, y] = imageCorner(layout, image);
    pen.drawImage(source, 0, image * rows, cols, rows, x, y, cols * cell, rows * cell);
  }
}

function hatchGuesses(pen, lane, { layout, pattern }) {
  // All pixels from the first one that is not final on: a piece of a row, and the rows below it.
  const frame = lane.frames[lane.at - 1];
  if (!frame || !frame.final) return;
  const { rows, cols, cell } = layout;
  pen.globalAlpha = HATCHED;
  pen.fillStyle = pattern;
  frame.final.forEach((count, image) => {
    const [x, y] = imageCorner(layout, image);
    const row = Math.floor(count / cols);
    const col = count % cols;
    const below = col ? row + 1 : row;
    if (col) pen.fillRect(x + col * cell, y + row * cell, (cols - col) * cell, cell);
    pen.fillRect(x, y + below * cell, cols * cell, (rows - below) * cell);
  });
  pen.globalAlpha = 1;
}

// — a file for a slide: on white with dark words, whatever the theme —

const SHOWN = 280; // px of a lane's pictures
const MARGIN = 24;

function save() {
  const flat = document.createElement('canvas');
  flat.width = MARGIN + lanes.length * (SHOWN + MARGIN);
  flat.height = SHOWN + 124;
  const pen = flat.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, flat.width, flat.height);
  lanes.forEach((lane, index) => saveLane(pen, lane, MARGIN + index * (SHOWN + MARGIN)));
  download(flat, 'genlab-' + props.label.toLowerCase() + '.png');
}

function saveLane(pen, lane, x) {
  pen.fillStyle = DARK_EDGE;
  pen.font = '600 20px system-ui, sans-serif';
  pen.fillText(lane.words.title, x, 32, SHOWN);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(lane.canvas, x, 46, SHOWN, SHOWN);
  pen.fillText(lane.clock.textContent, x, SHOWN + 74, SHOWN);
  pen.font = '15px system-ui, sans-serif';
  pen.fillText(lane.told.textContent, x, SHOWN + 98, SHOWN);
}
