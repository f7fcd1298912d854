// Under each slider, pictures of where it leads: what the code would give with this number set to
// some values between its ends, and the others as they are.

const FRAMES = 5; // empty ones, until pictures say how many

let ahead = null; // what the server sent, with the sheet decoded

async function receiveSheet() {
  const sent = props.thumbnails;
  const picture = new Image();
  if (sent?.sheet) {
    picture.src = sent.sheet;
    await picture.decode();
    if (props.thumbnails?.sheet !== sent.sheet) return; // another one came meanwhile
  }
  ahead = sent?.sheet ? { ...sent, picture } : null;
  paintThumbnails(rows);
}

function paintThumbnails(shown) {
  for (const row of shown) {
    const at = ahead && row.dimension ? ahead.rows.indexOf(row.dimension.index) : -1;
    const values = at < 0 ? row.thumbnails.map(() => null) : ahead.values[at];
    if (values.length !== row.thumbnails.length) buildThumbnails(row, values);
    row.thumbnails.forEach((thumbnail, column) => setThumbnail(row, thumbnail, values[column], at, column));
    markThumbnails(row);
  }
  counters.painted += 1;
}

function buildThumbnails(row, values) {
  row.strip.replaceChildren();
  row.thumbnails = values.map((_, column) => {
    const button = add(row.strip, 'button', 'gl-thumbnail');
    button.type = 'button';
    button.tabIndex = -1; // the slider and the number are the keyboard's ways: 250 stops are none
    const thumbnail = { button, canvas: add(button, 'canvas'), value: null };
    button.style.setProperty('--at', column / Math.max(values.length - 1, 1));
    button.addEventListener('click', () => thumbnail.value !== null && choose(row, thumbnail.value));
    return thumbnail;
  });
}

function setThumbnail(row, thumbnail, value, line, column) {
  const { button, canvas } = thumbnail;
  thumbnail.value = value;
  button.disabled = value === null;
  canvas.hidden = value === null;
  const label = value === null ? row.name + ', no picture yet' : row.name + ' at ' + show(value, row.digits);
  button.setAttribute('aria-label', label);
  button.title = value === null ? '' : 'Set to ' + show(value, row.digits);
  if (value === null) return;
  const { low, high } = row.dimension;
  button.style.setProperty('--at', clamp((value - low) / (high - low), 0, 1));
  const { width, height, picture } = ahead;
  Object.assign(canvas, { width, height }); // which also empties it
  canvas.getContext('2d').drawImage(picture, column * width, line * height, width, height, 0, 0, width, height);
}

function markThumbnails(row) {
  for (const { button, value } of row.thumbnails) {
    const isHere = value !== null && Math.abs(value - row.number) < row.step / 2;
    button.setAttribute('aria-pressed', String(isHere));
  }
}
