// Break it: the variants that are wrong on purpose, with what they leak or lose from this target.

let cards = []; // one a variant: { name, button, grid, score }

const counters = element.genlab = {
  paints: 0,
  names: () => cards.map((card) => card.name),
  figure: (name) => figureOf(cards.find((card) => card.name === name).grid.field),
};

const draw = onBench(() => {
  if (!cards.length) buildCards();
  for (const { name, button, grid, score } of cards) {
    const field = fieldNow(name);
    paintField(grid, field);
    setText(score, scoreWords(field));
    button.setAttribute('aria-pressed', String(bench.choice.architecture === name));
    button.setAttribute('aria-label', known(name).title + ' on the stage');
    grid.canvas.setAttribute('aria-label', scoreWords(field));
  }
  keepBreathing(cards.map((card) => card.grid), draw);
  if (part('details').open) gridsTable(part('table'), cards.map((card) => [known(card.name).title, card.grid]));
  counters.paints += 1;
});

function buildCards() {
  cards = bench.tables.architectures.filter((each) => each.wrong).map(({ name, title, wrong }) => {
    const node = document.createElement('div');
    node.innerHTML = '<button type="button"></button><canvas role="img"></canvas><p class="gl-limit"></p><p class="gl-dim"></p>';
    const [button, canvas, score, line] = node.children;
    button.textContent = title;
    line.textContent = wrong;
    button.addEventListener('click', () => change({ architecture: name }));
    part('cards').append(node);
    return { name, button, grid: makeGrid(canvas), score };
  });
}

part('details').addEventListener('toggle', draw);
part('save').addEventListener('click', () => saveGrids(cards.map((card) => card.grid), 'wrong'));
onAppearance([part('cards')], draw);
