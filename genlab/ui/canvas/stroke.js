// A hand on a grid: a stroke from where the pointer went down to where it came up, tools, widths,
// and the way back. The script after it has `current()`, `strokeTo(from, to)` and `commit()`.

const MOST_UNDO = 50;

let past = []; // what there was before each change; 784 bytes each
let tool = null; // the name of its button
let width = 0; // of the brush, in cells
let stroke = null; // where the pointer was last, in cells

function remember() {
  past.push(current().slice());
  if (past.length > MOST_UNDO) past.shift();
}

function redraw() {
  measured();
  updatePicture();
  wake();
}

function pointOf(event) {
  const { layout } = measured();
  const box = stage.getBoundingClientRect();
  const [left, top] = imageCorner(layout, 0);
  return {
    x: ((event.clientX - box.left) * layout.scale - left) / layout.cell,
    y: ((event.clientY - box.top) * layout.scale - top) / layout.cell,
  };
}

function beginStroke(event) {
  if (event.button !== 0 || stroke) return;
  stage.setPointerCapture(event.pointerId);
  remember();
  chosen = null;
  stroke = { id: event.pointerId, at: pointOf(event) };
  strokeTo(stroke.at, stroke.at);
}

function goOnStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  const to = pointOf(event);
  strokeTo(stroke.at, to);
  stroke.at = to;
}

function endStroke(event) {
  if (stroke?.id !== event.pointerId) return;
  stroke = null;
  commit();
}

function showStrokeTools(tools, widths) {
  for (const name of tools) part(name).setAttribute('aria-pressed', String(tool === name));
  for (const each of widths) part('size-' + each).setAttribute('aria-pressed', String(width === each));
  part('undo').setAttribute('aria-disabled', String(!past.length));
}

function offerStrokeTools(tools, widths, show) {
  stage.addEventListener('pointerdown', beginStroke);
  stage.addEventListener('pointermove', goOnStroke);
  stage.addEventListener('pointerup', endStroke);
  stage.addEventListener('pointercancel', endStroke);
  for (const name of tools) part(name).addEventListener('click', () => { tool = name; show(); });
  for (const each of widths) {
    part('size-' + each).addEventListener('click', () => { width = each; show(); });
  }
  part('undo').addEventListener('click', undo);
}
