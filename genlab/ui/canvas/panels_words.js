// What pictures side by side say in words and numbers: notes, the chosen pixel, the table, the file.

const SHOWN_SIDE = 280; // px of a picture in the saved file
const MARGIN = 20;

function showValue(value, signed) {
  const text = Math.abs(value).toFixed(2);
  if (Number(text) === 0) return text;
  return (value < 0 ? '−' : signed ? '+' : '') + text;
}

function showWords(place, picture) {
  setText(place.note, picture?.note || '');
  place.canvas.setAttribute('aria-label', place.panel.title + '. ' + (picture?.note || ''));
  if (!place.ends) return;
  if (place.panel.unit) {
    setText(place.ends[2], picture ? endOf(picture.limit) + ' ' + place.panel.unit : '');
    return;
  }
  setText(place.ends[0], picture ? '−' + endOf(picture.limit) : '');
  setText(place.ends[2], picture ? '+' + endOf(picture.limit) : '');
}

function endOf(limit) {
  return String(Math.round(limit * 100) / 100);
}

function describe(at) {
  const index = at.row * props.cols + at.col;
  const values = pictures.map((picture, i) => props.panels[i].title.toLowerCase() + ' ' +
    showValue(picture.values[index], props.panels[i].signed));
  return 'Row ' + at.row + ', column ' + at.col + ': ' + (values.join(' · ') || 'nothing yet');
}

function showReadout() {
  const at = hovered || chosen;
  setText(part('readout'), at ? describe(at) : '');
}

function moveChoice(key) {
  const { layout } = measured(places[0]);
  chosen = chosen ? stepPlace(layout, chosen, key) : { image: 0, row: 0, col: 0 };
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
      const node = add(cells, isHead || i === 0 ? 'th' : 'td', '', text);
      if (node.tagName === 'TH') node.scope = isHead ? 'col' : 'row';
    });
  };
  table.replaceChildren();
  line(table.createTHead(), ['picture', 'note', 'lowest', 'mean', 'highest'], true);
  const body = table.createTBody();
  pictures.forEach((picture, i) => {
    const { title, signed } = props.panels[i];
    const mean = picture.values.reduce((sum, value) => sum + value, 0) / picture.values.length;
    const numbers = [Math.min(...picture.values), mean, Math.max(...picture.values)];
    line(body, [title, picture.note, ...numbers.map((each) => showValue(each, signed))]);
  });
}

function save() {
  // On white with dark words whatever the theme: it is for a slide.
  const scale = Math.max(1, Math.round(SHOWN_SIDE / props.cols));
  const width = props.cols * scale;
  const height = props.rows * scale;
  const flat = document.createElement('canvas');
  flat.width = MARGIN + places.length * (width + MARGIN);
  flat.height = height + 96;
  const pen = flat.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.imageSmoothingEnabled = false;
  places.forEach((place, i) => savePanel(pen, place, MARGIN + i * (width + MARGIN), width, height));
  download(flat, 'genlab-' + props.label + '.png');
}

function savePanel(pen, place, x, width, height) {
  const { source } = measured(place);
  const picture = pictures[places.indexOf(place)];
  const middle = x + width / 2;
  pen.fillStyle = DARK_EDGE;
  pen.textAlign = 'center';
  pen.font = '600 16px system-ui, sans-serif';
  pen.fillText(place.panel.title, middle, 26, width);
  if (!source) return;
  pen.drawImage(source, x, 38, width, height);
  pen.strokeStyle = DARK_EDGE;
  pen.strokeRect(x - 0.5, 37.5, width + 1, height + 1);
  pen.font = '14px system-ui, sans-serif';
  pen.fillText(picture.note, middle, height + 60, width);
  if (place.ends) pen.fillText(scaleWords(place, picture), middle, height + 82, width);
}

function scaleWords(place, picture) {
  if (place.panel.unit) return 'dark 0, bright ' + endOf(picture.limit) + ' ' + place.panel.unit;
  return 'blue −' + endOf(picture.limit) + ', white 0, orange +' + endOf(picture.limit);
}

build();
part('help').id = element.id + '-help';
if (props.selectable) part('help').append(' Enter selects it.');
row.setAttribute('aria-describedby', part('help').id);
row.setAttribute('aria-label', props.label || '');
row.addEventListener('keydown', (event) => {
  if (event.key.startsWith('Arrow')) moveChoice(event.key);
  else if (['Enter', ' '].includes(event.key) && chosen && props.selectable) select(chosen);
  else return;
  event.preventDefault();
});
row.addEventListener('blur', () => { chosen = null; wake(); });
part('save').addEventListener('click', save);
part('details').addEventListener('toggle', fillTable);
onAppearance(places.map((place) => place.canvas), () => {
  places.forEach((place) => { place.view = null; });
  wake();
});
watch(['value'], receive);
receive();
