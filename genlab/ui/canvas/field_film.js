// The depth film: the same target after 1, 2, 3 … layers, and what each layer's kernel may read.

const strip = part('strip');
let frames = []; // one a layer: { button, grid, score, masks }
let shownFor = ''; // the architecture and kernel whose masks stand there
let shownLayer = 0;

const counters = element.genlab = {
  paints: 0,
  figure: (layers) => figureOf(frames[layers - 1].grid.field),
  masks: (layers) => frames[layers - 1].masks.textContent,
};

const draw = onBench(() => {
  if (frames.length !== bench.tables.layers) buildFrames();
  showMasks();
  const grids = frames.map((frame) => frame.grid);
  frames.forEach((frame, i) => {
    const field = fieldNow(bench.choice.architecture, { layers: i + 1 });
    paintField(frame.grid, field);
    setText(frame.score, field.counts['#'] + ' seen');
    frame.button.setAttribute('aria-label', 'Layer ' + (i + 1) + ': ' + scoreWords(field));
    frame.button.setAttribute('aria-pressed', String(i + 1 === bench.choice.layers));
  });
  keepBreathing(grids, draw);
  followLayer();
  fillFilmTable();
  counters.paints += 1;
});

function buildFrames() {
  frames = Array.from({ length: bench.tables.layers }, (_, i) => {
    const node = document.createElement('div');
    node.className = 'gl-shot';
    node.innerHTML = '<button type="button"><span class="gl-shot-name"></span><canvas></canvas><span class="gl-dim"></span></button><div class="gl-masks"></div>';
    const [button, masks] = node.children;
    button.firstChild.textContent = 'L = ' + (i + 1);
    button.addEventListener('click', () => change({ layers: i + 1 }));
    strip.append(node);
    return { node, button, grid: makeGrid(button.children[1]), score: button.lastChild, masks };
  });
}

function showMasks() {
  const { architecture, kernel } = bench.choice;
  const key = architecture + ' ' + kernel;
  if (shownFor === key) return;
  shownFor = key;
  const { masks } = packOf(architecture, kernel);
  frames.forEach((frame, i) => frame.masks.replaceChildren(...masks[Math.min(i, masks.length - 1)].map(maskNode)));
}

function followLayer() {
  // The chosen layer's frame comes into sight when it changes, without moving the page.
  if (shownLayer === bench.choice.layers) return;
  shownLayer = bench.choice.layers;
  const { node } = frames[shownLayer - 1];
  const left = node.offsetLeft - strip.offsetLeft;
  if (left < strip.scrollLeft || left + node.offsetWidth > strip.scrollLeft + strip.clientWidth) {
    strip.scrollTo({ left: left - 8, behavior: reducedMotion() ? 'auto' : 'smooth' });
  }
}

function fillFilmTable() {
  if (!part('details').open) return;
  const rows = frames.map(({ grid }, i) => [i + 1, ...'#?x-!@'.split('').map((letter) => grid.field.counts[letter]), frames[i].masks.textContent]);
  fillRows(part('table'), ['L', 'seen', 'pending', 'blind', 'lost', 'leaks', 'target seen', 'masks of the layer'], rows);
}

part('save').addEventListener('click', () => saveGrids(frames.map((frame) => frame.grid), 'film'));
part('details').addEventListener('toggle', draw);
onAppearance([strip], draw);
