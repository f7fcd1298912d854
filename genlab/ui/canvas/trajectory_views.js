// The pictures: three large ones, three strips on the axis of the slider, the curve of ᾱ below them.

const REACH = 2.5; // of x_t and ε̂ as shown; the markup says it, too
const CELLS = 10; // of a strip
const EDGE = 0.5 / CELLS; // share of the width before the first step: half a cell
const CURVE_TOP = 8; // CSS px
const KINDS = [
  { large: 'stage', strip: 'strip-x', name: 'x_t', reach: REACH, read: (step, at) => step.x[at] },
  { large: 'noise', strip: 'strip-noise', name: 'noise', reach: REACH, read: noiseAt },
  { large: 'guess', strip: 'strip-guess', name: 'guess', reach: 1, read: (step, at) => step.guess[at] },
];

const pictures = { run: null, made: new Map() }; // of one run, made when they are first seen

function pictureOf(run, kind, index, image) {
  if (pictures.run !== run) Object.assign(pictures, { run, made: new Map() });
  const key = [kind.name, index, image].join();
  if (!pictures.made.has(key)) pictures.made.set(key, makePicture(run, kind, index, image));
  return pictures.made.get(key);
}

function makePicture(run, kind, index, image) {
  const { canvas, pen, image: content } = pixelBuffer(run.cols, run.rows);
  const cells = run.rows * run.cols;
  for (let cell = 0; cell < cells; cell++) {
    const value = kind.read(run.steps[index], image * cells + cell);
    const grey = Math.round((255 * (clamp(value, -kind.reach, kind.reach) + kind.reach)) / (2 * kind.reach));
    content.data.set([grey, grey, grey, 255], 4 * cell);
  }
  pen.putImageData(content, 0, 0);
  return canvas;
}

function largeLayout(run, canvas) {
  const shape = { rows: run.rows, cols: run.cols, images: 1 };
  return layOut(canvas, fitToScreen(canvas), shape);
}

function paintLarge(run, kind, shown, image, pixel) {
  const canvas = part(kind.large);
  const layout = largeLayout(run, canvas);
  const pen = canvas.getContext('2d');
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (shown < 0) {
    pen.drawImage(emptyGrid(canvas, layout, themeColours()), 0, 0);
    return;
  }
  const [x, y] = imageCorner(layout, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(pictureOf(run, kind, shown, image), x, y, run.cols * layout.cell, run.rows * layout.cell);
  outlineCell(pen, layout, { image: 0, ...pixel }, SELECTION);
}

// — the axis that slider, strips and curve share —

function shareOfWidth(run, index) {
  return EDGE + ((1 - 2 * EDGE) * index) / Math.max(1, run.kept.length - 1);
}

function cellSteps(run) {
  // The kept steps that the cells of a strip show.
  const cells = Math.min(CELLS, run.kept.length);
  return Array.from({ length: cells },
    (_, cell) => Math.round((cell * (run.kept.length - 1)) / Math.max(1, cells - 1)));
}

function cellPlaces(cells) {
  // Their middles, as shares of the width: even, where their steps are so up to rounding.
  return Array.from({ length: cells },
    (_, cell) => EDGE + ((1 - 2 * EDGE) * cell) / Math.max(1, cells - 1));
}

function nearestCell(run, canvas, event) {
  const box = canvas.getBoundingClientRect();
  const share = (event.clientX - box.left) / box.width;
  const steps = cellSteps(run);
  const far = cellPlaces(steps.length).map((place) => Math.abs(place - share));
  return steps[far.indexOf(Math.min(...far))];
}

function paintStrip(run, kind, shown, image) {
  const canvas = part(kind.strip);
  const scale = fitToScreen(canvas);
  const pen = canvas.getContext('2d');
  const { ink } = themeColours();
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = false;
  const side = Math.floor(Math.min(canvas.width / CELLS - 4 * scale, canvas.height - 4 * scale));
  const top = Math.round((canvas.height - side) / 2);
  const steps = run.kept.length ? cellSteps(run) : [];
  const near = [...steps].sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown))[0];
  cellPlaces(steps.length || CELLS).forEach((share, cell) => {
    const left = Math.round(share * canvas.width - side / 2);
    if (cell < steps.length && steps[cell] < run.arrived) {
      pen.drawImage(pictureOf(run, kind, steps[cell], image), left, top, side, side);
    } else {
      pen.globalAlpha = 0.12;
      pen.fillStyle = ink;
      pen.fillRect(left, top, side, side);
      pen.globalAlpha = 1;
    }
    if (shown >= 0 && steps[cell] === near) outline(pen, left, top, side, side, SELECTION, scale);
  });
}

function paintCurve(run, shown) {
  const svg = part('curve');
  const width = svg.clientWidth;
  const height = svg.clientHeight - 2 * CURVE_TOP;
  const x = (index) => shareOfWidth(run, index) * width;
  const y = (share) => CURVE_TOP + height * (1 - share);
  svg.replaceChildren();
  for (const level of [0, 1]) {
    svgNode(svg, 'path', { class: 'gl-rule', d: 'M' + EDGE * width + ' ' + y(level) + ' H' + (1 - EDGE) * width });
    svgNode(svg, 'text', { x: EDGE * width - 5, y: y(level) + 4, 'text-anchor': 'end' }, String(level));
  }
  if (!run.kept.length) return;
  const line = run.shares.map((share, index) => x(index) + ' ' + y(share)).join(' L');
  svgNode(svg, 'path', { class: 'gl-course', d: 'M' + line });
  if (shown < 0) return;
  svgNode(svg, 'path', { class: 'gl-cursor', d: 'M' + x(shown) + ' ' + y(1) + ' V' + y(0) });
  svgNode(svg, 'circle', { class: 'gl-dot', cx: x(shown), cy: y(run.shares[shown]), r: 5 });
}

function svgNode(parent, kind, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
}

// — which image —

function makeThumbnails(run, choose) {
  const box = part('thumbnails');
  box.replaceChildren(...Array.from({ length: run.images }, (_, image) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(document.createElement('canvas'));
    button.setAttribute('aria-label', 'Image ' + (image + 1) + ', seed ' + (run.seed + image));
    button.addEventListener('click', () => choose(image));
    return button;
  }));
}

function paintThumbnails(run, shown, image) {
  [...part('thumbnails').children].forEach((button, at) => {
    const canvas = button.firstChild;
    button.setAttribute('aria-pressed', String(at === image));
    if (canvas.width !== run.cols) canvas.width = run.cols;
    if (canvas.height !== run.rows) canvas.height = run.rows;
    const pen = canvas.getContext('2d');
    if (shown < 0) pen.clearRect(0, 0, run.cols, run.rows);
    else pen.drawImage(pictureOf(run, KINDS[2], shown, at), 0, 0);
  });
}
