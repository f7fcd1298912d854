// What the components of one page share in the browser: the tables, the choice of the side panel
// and the target under the pointer. A change wakes every view of the bench; no server is asked.

const bench = joinBench(props.bench);

function joinBench(name) {
  const benches = window.genlabBenches = window.genlabBenches || {};
  benches[name] = benches[name] || { tables: null, choice: null, hover: null, views: new Set(), setters: new Set() };
  return benches[name];
}

function onBench(paint) {
  // Paints once a frame, while the view is on the screen, whenever the bench changes; the first
  // time in any case, so that nothing below it moves when a visitor comes to it.
  let isVisible = false;
  let wasPainted = false;
  const draw = oncePerFrame(() => {
    if (!bench.choice || (wasPainted && !isVisible)) return;
    wasPainted = true;
    paint();
  });
  const sight = new IntersectionObserver((entries) => {
    isVisible = entries[entries.length - 1].isIntersecting;
    draw();
  }, { rootMargin: '200px' });
  sight.observe(element);
  bench.views.add({ element, draw });
  return draw;
}

function announceBench() {
  for (const view of bench.views) {
    if (view.element.isConnected) view.draw();
    else bench.views.delete(view);
  }
}

function change(patch) {
  // Only the stage keeps the choice; its side panel and all views follow.
  for (const setter of bench.setters) {
    if (setter.element.isConnected) setter.set(patch);
    else bench.setters.delete(setter);
  }
}

function targetNow() {
  return bench.hover || bench.choice.target;
}

function known(name) {
  return bench.tables.architectures.find((each) => each.name === name);
}

function packOf(name, kernel) {
  // What was sent for this architecture; one with fixed kernels has a single entry.
  const packs = known(name).kernels;
  return packs[kernel] || packs[Object.keys(packs)[0]];
}

function tableOf(name, kernel, stream) {
  const pack = packOf(name, kernel);
  const packed = stream ? pack.streams[stream] : pack;
  packed.table = packed.table || unpackTable(packed, bench.tables.rows, bench.tables.cols, known(name).keeps);
  return packed.table;
}

function fieldNow(name, options) {
  const { kernel, layers, size } = { ...bench.choice, ...options };
  const target = (options && options.target) || targetNow();
  const table = tableOf(name, kernel, options && options.stream);
  const isTooSmall = !known(name).keeps && size < bench.tables.smallest[kernel];
  return fieldOf(isTooSmall ? walkedTable(table, packOf(name, kernel).masks, size, target) : table,
    size, target, layers);
}
