// What the board says in words and numbers, what it is saved as, and how it comes to life.

const HELP = 'Arrow keys choose a pixel';
// A board without tools shows what somebody else left out.
const MISSING = props.editable ? 'erased' : 'not kept';
const HELP_TOOLS = ', Enter or space erases or restores it with the chosen brush, Control and Z undoes';

function describe({ row, col }) {
  const index = row * props.cols + col;
  const what = kept[index] ? 'kept, grey ' + bytes[index] : MISSING;
  return 'row ' + row + ', column ' + col + ': ' + what;
}

function summary() {
  return erasedCount() + ' of ' + kept.length + ' pixels ' + MISSING;
}

function showReadout() {
  const at = hovered || chosen;
  setText(part('readout'), at ? describe(at) : summary());
}

function moveChoice(key) {
  chosen = chosen ? stepPlace(measured().layout, chosen, key) : { image: 0, row: 0, col: 0 };
  hovered = null;
  setText(part('live'), describe(chosen));
  wake();
}

function fillTable() {
  if (!part('details').open) return;
  const table = part('table');
  const line = (owner, texts, isHead) => {
    const cells = owner.insertRow();
    texts.forEach((text, i) => {
      const node = document.createElement(isHead || i === 0 ? 'th' : 'td');
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
      node.textContent = text;
      cells.append(node);
    });
  };
  table.replaceChildren();
  line(table.createTHead(), ['', ...Array(props.cols).keys()], true);
  const body = table.createTBody();
  for (let row = 0; row < props.rows; row++) {
    const texts = Array.from({ length: props.cols }, (_, col) => {
      const index = row * props.cols + col;
      return kept[index] ? String(bytes[index]) : MISSING;
    });
    line(body, [row, ...texts]);
  }
}

function save() {
  // As the screen shows it: what is erased has no colour of its own.
  const flat = document.createElement('canvas');
  flat.width = stage.width;
  flat.height = stage.height;
  paintBoard(flat.getContext('2d'));
  download(flat, 'genlab-' + props.label + '.png');
}

function receive() {
  const before = kept;
  stroke = null;
  readBoard();
  if (!isSame(before)) past = []; // another mask came; another picture under this one changes nothing
  showTools();
  fillTable();
}

function dress() {
  part('tools').hidden = part('presets').hidden = !props.editable;
  setText(part('help'), HELP + (props.editable ? HELP_TOOLS : '') + '.');
  part('help').id = element.id + '-help';
  stage.setAttribute('aria-describedby', element.id + '-help');
  stage.setAttribute('aria-label', props.label || '');
  if (!props.editable) stage.style.touchAction = 'auto';
}

dress();
if (props.editable) offerTools();
stage.addEventListener('keydown', onKey);
stage.addEventListener('pointermove', (event) => {
  if (event.pointerType !== 'mouse') return;
  hovered = placeAt(measured().layout, stage, event);
  wake();
});
stage.addEventListener('pointerleave', () => { hovered = null; wake(); });
part('save').addEventListener('click', save);
part('details').addEventListener('toggle', fillTable);
onAppearance([stage], () => { view = null; wake(); });
watch(['value', 'rows', 'cols'], receive);
receive();
