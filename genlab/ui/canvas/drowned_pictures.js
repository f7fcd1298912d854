// The sum x_t = √ᾱ · x_0 + √(1 − ᾱ) · ε in pictures, and how what arrives is unpacked.

const SENT_FINE = 1 / 4096; // of the one noise, as drowned.py writes it
const SENT_COARSE = 1 / 20; // of a walk's noise
const SHOWN = 280; // px of a picture in the saved file

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function unpackCourse(text) {
  const sent = JSON.parse(text);
  const numbers = (each) => new Float64Array(bytesOf(each).buffer);
  return {
    ...sent,
    betas: numbers(sent.betas),
    alphaBars: numbers(sent.alphaBars),
    noise: Float64Array.from(new Int16Array(bytesOf(sent.noise).buffer), (value) => value * SENT_FINE),
    waves: Float64Array.from(new Int8Array(bytesOf(sent.waves).buffer), (value) => value / 127),
  };
}

function unpackWalk(text) {
  const sent = JSON.parse(text);
  return { ...sent, noise: Float64Array.from(new Int8Array(bytesOf(sent.noise).buffer), (value) => value * SENT_COARSE) };
}

function unpackPicture(hex) {
  // In the range of the networks, from −1 to 1, centred like the noise.
  const bytes = new Uint8Array(hex.length / 2);
  readHex(hex, 0, bytes, 0, bytes.length);
  return Float64Array.from(bytes, (byte) => (2 * byte) / 255 - 1);
}

function momentsOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

function alphaBar(course, t) {
  return t < 0 ? 1 : course.alphaBars[t];
}

function jumpTo(course, clean, t) {
  const share = alphaBar(course, t);
  const signal = Math.sqrt(share);
  const rest = Math.sqrt(1 - share);
  return clean.map((value, i) => signal * value + rest * course.noise[i]);
}

function walkTo(course, clean, walk, place) {
  // The small steps take x_0 along linearly, so the noise that they add is added here.
  const share = alphaBar(course, walk.kept[place]);
  const signal = Math.sqrt(share);
  const rest = Math.sqrt(1 - share);
  return clean.map((value, i) => signal * value + rest * walk.noise[place * clean.length + i]);
}

function paintPicture(canvas, values) {
  // −1 is black, 1 is white; what lies outside is clipped, as in every picture of noise.
  if (canvas.width !== props.cols) canvas.width = props.cols;
  if (canvas.height !== props.rows) canvas.height = props.rows;
  const pen = canvas.getContext('2d');
  if (!values) {
    pen.clearRect(0, 0, props.cols, props.rows);
    return;
  }
  const image = new ImageData(props.cols, props.rows);
  values.forEach((value, i) => {
    const grey = clamp(Math.round((value + 1) * 127.5), 0, 255);
    image.data.set([grey, grey, grey, 255], 4 * i);
  });
  pen.putImageData(image, 0, 0);
}

function correlation(a, b) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleA, middleB] = [mean(a), mean(b)];
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  a.forEach((value, i) => {
    product += (value - middleA) * (b[i] - middleB);
    squareA += (value - middleA) ** 2;
    squareB += (b[i] - middleB) ** 2;
  });
  return product / Math.sqrt(squareA * squareB);
}

function savePictures(pictures, name) {
  // On white with dark words whatever the theme: it is for a slide.
  const flat = document.createElement('canvas');
  flat.width = 20 + pictures.length * (SHOWN + 20);
  flat.height = SHOWN + 60;
  const pen = flat.getContext('2d');
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.fillStyle = DARK_EDGE;
  pen.textAlign = 'center';
  pen.font = '600 16px system-ui, sans-serif';
  pen.imageSmoothingEnabled = false;
  pictures.forEach(([title, canvas], i) => {
    const x = 20 + i * (SHOWN + 20);
    pen.fillText(title, x + SHOWN / 2, 26, SHOWN);
    pen.drawImage(canvas, x, 40, SHOWN, SHOWN);
  });
  download(flat, name);
}
