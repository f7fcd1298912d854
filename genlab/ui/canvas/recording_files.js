// What a visitor takes along: the pictures of a moment as PNG, the whole run as GIF.

const gifs = new Map(); // by recording: a second click asks nothing

function savePng() {
  if (!film) return;
  const { rows, cols } = film;
  const picture = pixelBuffer(cols, rows);
  picture.pen.drawImage(film.sheet, 0, shown * rows, cols, rows, 0, 0, cols, rows);
  const step = moments()[shown].step.replace(/,/g, '');
  savePicture(picture.canvas, { columns: 1, images: 1, rows, cols },
    'genlab-' + film.key + '-step-' + step + '.png');
}

function saveGif() {
  if (!film) return;
  if (gifs.has(film.key)) downloadGif(film.key);
  else trigger('save_gif', { film: film.key });
}

function receiveGif(isAsked) {
  // The recording's key, a bar, base64.
  const [key, content] = (props.gif_file || '').split('|');
  if (!content) return;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  gifs.set(key, new Blob([bytes], { type: 'image/gif' }));
  if (isAsked) downloadGif(key);
}

function downloadGif(key) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(gifs.get(key));
  link.download = 'genlab-' + key + '.gif';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000); // Firefox reads it after the click
}
