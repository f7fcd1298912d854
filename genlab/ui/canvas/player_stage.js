// The stage and the map of doubt. Both are painted from small pictures with a pixel per cell, of
// which a frame only changes what was drawn since the last one.

function measured() {
  const scale = fitToScreen(stage);
  fitToScreen(map);
  const key = [stage.width, stage.height, map.width, scale].join();
  if (view && view.key === key) return view;
  const { rows, cols, images } = run;
  const colours = themeColours();
  const layouts = {
    stage: layOut(stage, scale, { rows, cols, images }),
    map: layOut(map, scale, { rows, cols, images: 1 }),
  };
  view = {
    key, colours, ...layouts,
    emptyStage: emptyGrid(stage, layouts.stage, colours),
    emptyMap: emptyGrid(map, layouts.map, colours),
    picture: pixelBuffer(cols, rows * images),
    doubt: pixelBuffer(cols, rows),
    painted: 0, doubted: 0, doubtImage: -1,
  };
  return view;
}

function paint() {
  const { stage: onStage, map: onMap } = measured();
  counters.paints += 1;
  updatePicture();
  updateDoubt();
  paintGrid(stagePen, view.emptyStage, view.picture.canvas, onStage);
  paintGrid(mapPen, view.emptyMap, view.doubt.canvas, onMap);
  outlineCursor(onStage, onMap);
  const focus = focused();
  const position = drawnPosition(focus);
  showLaws(run, position);
  showWords(run, focus, position);
  showDistribution(run, focus, position);
  showBits(run, chosenImage, shown);
  showProgress();
  askForTable();
}

function updatePicture() {
  // Only the pixels between the last painted position and this one change, whichever way.
  const { picture, painted } = view;
  for (let position = Math.min(painted, shown); position < Math.max(painted, shown); position++) {
    for (let image = 0; image < run.images; image++) {
      const at = 4 * (image * run.total + run.order[position]);
      const grey = greyOf(run, valueOf(run, 'level', image, position));
      picture.image.data.fill(grey, at, at + 3);
      picture.image.data[at + 3] = position < shown ? 255 : 0;
    }
  }
  view.painted = shown;
  picture.pen.putImageData(picture.image, 0, 0);
}

function updateDoubt() {
  const { doubt } = view;
  if (view.doubtImage !== chosenImage) {
    doubt.image.data.fill(0);
    view.doubted = 0;
    view.doubtImage = chosenImage;
  }
  const most = Math.log2(run.levels);
  const { doubted } = view;
  for (let position = Math.min(doubted, shown); position < Math.max(doubted, shown); position++) {
    const at = 4 * run.order[position];
    const share = valueOf(run, 'entropy', chosenImage, position) / most;
    doubt.image.data.set(cividis(share), at);
    doubt.image.data[at + 3] = position < shown ? 255 : 0;
  }
  view.doubted = shown;
  doubt.pen.putImageData(doubt.image, 0, 0);
}

function paintGrid(pen, empty, source, layout) {
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  pen.drawImage(empty, 0, 0);
  pen.imageSmoothingEnabled = false;
  for (let image = 0; image < layout.images; image++) {
    const [x, y] = imageCorner(layout, image);
    pen.drawImage(source, 0, image * layout.rows, layout.cols, layout.rows,
      x, y, layout.cols * layout.cell, layout.rows * layout.cell);
  }
}

function outlineCursor(onStage, onMap) {
  const { accent } = view.colours;
  if (run.images > 1) outlineImage(stagePen, onStage, chosenImage, SELECTION);
  const isDone = shown === run.total && !playing;
  const first = run.skew < run.cols ? stopBefore(run, shown) : shown - 1;
  for (let position = Math.max(first, 0); position < shown && !isDone; position++) {
    for (let image = 0; image < run.images; image++) {
      outlineCell(stagePen, onStage, placeOf(run, image, position), accent);
    }
    outlineCell(mapPen, onMap, placeOf(run, 0, position), accent);
  }
  const chosen = hovered || pinned;
  if (!chosen) return;
  outlineCell(stagePen, onStage, chosen, SELECTION);
  outlineCell(mapPen, onMap, { ...chosen, image: 0 }, SELECTION);
}

function focused() {
  if (hovered || pinned) return hovered || pinned;
  return shown ? placeOf(run, chosenImage, shown - 1) : { image: chosenImage, row: -1, col: -1 };
}

function drawnPosition(place) {
  if (place.row < 0) return -1;
  const position = positionOf(run, place);
  return position < shown ? position : -1;
}

