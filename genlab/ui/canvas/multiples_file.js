// All rows as one file, on white whatever the theme: for a slide.

const SHOWN = 84; // px of a picture in the file, three of the file's to one of its own
const BETWEEN = 10;
const LEFT = 150; // px for the title
const RIGHT = 260; // px for the figures

async function save() {
  const sheets = await Promise.all(rows.map((row) => decoded(row.said.sheet)));
  download(drawn(sheets), 'genlab-' + props.label.toLowerCase() + '.png');
}

async function decoded(address) {
  if (!address) return null;
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  return picture;
}

function drawn(sheets) {
  const lines = Math.ceil(props.pictures / props.across);
  const step = SHOWN + BETWEEN;
  const tall = Math.max(lines * step, 20 * props.figures.length) + BETWEEN;
  const flat = document.createElement('canvas');
  flat.width = LEFT + props.across * step + RIGHT;
  flat.height = BETWEEN + rows.length * tall;
  const pen = flat.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.imageSmoothingEnabled = false;
  rows.forEach((row, index) => drawRow(pen, row, sheets[index], BETWEEN + index * tall));
  return flat;
}

function drawRow(pen, row, sheet, top) {
  const step = SHOWN + BETWEEN;
  pen.fillStyle = DARK_EDGE;
  pen.font = '600 15px system-ui, sans-serif';
  pen.fillText(row.title.textContent, BETWEEN, top + 18, LEFT - 2 * BETWEEN);
  pen.font = '13px system-ui, sans-serif';
  row.figures.forEach((node, place) => {
    const text = props.figures[place] + ': ' + node.textContent;
    pen.fillText(text, LEFT + props.across * step + BETWEEN, top + 16 + 20 * place, RIGHT - 2 * BETWEEN);
  });
  if (!sheet) return;
  const width = sheet.naturalWidth / props.pictures;
  row.tiles.forEach((_, col) => pen.drawImage(sheet, col * width, 0, width, sheet.naturalHeight,
    LEFT + (col % props.across) * step, top + Math.floor(col / props.across) * step, SHOWN, SHOWN));
}

part('help').id = element.id + '-help';
part('lines').setAttribute('aria-describedby', part('help').id);
part('lines').addEventListener('keydown', onKey);
part('lines').addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && unpoint());
part('save').addEventListener('click', save);
watch(['titles', 'pictures', 'figures', 'plain'], build);
watch('value', receive);
build();
unpoint();
