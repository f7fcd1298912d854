// The pictures and what stands under them as one file, on white whatever the theme: for a slide.

const SHOWN = 112; // px of a picture in the file
const BETWEEN = 16;
const BELOW = 66; // px under a picture: title, note, bar

function save() {
  const image = new Image();
  image.addEventListener('load', () => download(drawn(image), 'genlab-' + props.label + '.png'));
  if (props.sheet) image.src = props.sheet;
}

function drawn(image) {
  const flat = document.createElement('canvas');
  flat.width = BETWEEN + props.cols * (SHOWN + BETWEEN);
  flat.height = BETWEEN + props.rows * (SHOWN + BELOW);
  const pen = flat.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.imageSmoothingEnabled = false;
  const width = image.naturalWidth / props.cols;
  const height = image.naturalHeight / props.rows;
  places.forEach((_, index) => {
    const col = index % props.cols;
    const row = Math.floor(index / props.cols);
    const x = BETWEEN + col * (SHOWN + BETWEEN);
    const y = BETWEEN + row * (SHOWN + BELOW);
    pen.drawImage(image, col * width, row * height, width, height, x, y, SHOWN, SHOWN);
    drawOpinion(pen, props.opinions[index], x, y + SHOWN);
  });
  return flat;
}

function drawOpinion(pen, opinion, x, y) {
  if (!opinion) return;
  const sign = SIGNS[opinion.mark];
  pen.fillStyle = DARK_EDGE;
  pen.textAlign = 'center';
  pen.font = '600 13px system-ui, sans-serif';
  pen.fillText((sign ? sign + ' ' : '') + opinion.title, x + SHOWN / 2, y + 16, SHOWN);
  pen.font = '12px system-ui, sans-serif';
  pen.fillText(opinion.note, x + SHOWN / 2, y + 32, SHOWN + BETWEEN - 2);
  if (opinion.share === null) return;
  pen.strokeStyle = DARK_EDGE;
  pen.strokeRect(x + 0.5, y + 38.5, SHOWN - 1, 7);
  pen.fillStyle = '#0072B2';
  pen.fillRect(x + 1, y + 39, (SHOWN - 2) * clamp(opinion.share, 0, 1), 6);
  pen.fillStyle = DARK_EDGE;
  pen.fillRect(x + SHOWN / 2 - 1, y + 36, 2, 12);
}

part('help').id = element.id + '-help';
if (canMark()) part('pictures').setAttribute('aria-describedby', part('help').id);
part('pictures').addEventListener('keydown', onKey);
part('save').addEventListener('click', save);
watch(['rows', 'cols', 'verb'], build);
watch(['sheet', 'opinions', 'lines'], show);
watch('value', () => { setText(part('readout'), ''); read(); });
build();
