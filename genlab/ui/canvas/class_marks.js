// A class is shown by a disc in its colour with its mark in it, never by the colour alone.

// Okabe and Ito's seven, and three between them; neighbours in lightness carry different digits.
const CLASS_COLOURS = ['#E69F00', '#56B4E9', '#009E73', '#F0E442', '#0072B2',
  '#D55E00', '#CC79A7', '#BBBBBB', '#882255', '#332288'];
const LIGHT_INK = '#ffffff';

function areShort(names) {
  return names.every((name) => name.length === 1);
}

function classMark(names, index) {
  // A name of one letter or digit is its own mark, if all are that short; else its number is.
  return areShort(names) ? names[index] : String(index);
}

function inkOn(colour) {
  // Whichever of the two inks has more contrast, after the formula of WCAG 2.
  const [red, green, blue] = rgbOfHex(colour.slice(1)).map((byte) => {
    const share = byte / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.19 ? DARK_EDGE : LIGHT_INK;
}

function paintClassMark(brush, mark, colour, x, y, side, scale) {
  // A white rim keeps it apart from black pictures and a dark one from a white page.
  const disc = (radius, fill) => {
    brush.fillStyle = fill;
    brush.beginPath();
    brush.arc(x, y, radius, 0, 2 * Math.PI);
    brush.fill();
  };
  disc(side / 2 + 1.5 * scale, DARK_EDGE);
  disc(side / 2 + scale, LIGHT_INK);
  disc(side / 2, colour);
  brush.fillStyle = inkOn(colour);
  brush.font = '700 ' + Math.round(side * 0.8) + 'px system-ui, sans-serif';
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  brush.fillText(mark, x, y + side * 0.05);
}

function classStamps(names, side, scale) {
  // Each class once; many points are copies of them.
  const width = Math.ceil(side + 4 * scale);
  return names.map((_, index) => {
    const stamp = document.createElement('canvas');
    stamp.width = stamp.height = width;
    const brush = stamp.getContext('2d');
    paintClassMark(brush, classMark(names, index), CLASS_COLOURS[index], width / 2, width / 2, side, scale);
    return stamp;
  });
}

function stampAt(brush, stamp, x, y) {
  brush.drawImage(stamp, Math.round(x - stamp.width / 2), Math.round(y - stamp.height / 2));
}

function spreadOrder(count) {
  // A fixed mixed order: painted class by class, the last one would hide the others.
  const step = count % 7919 ? 7919 : 1; // a prime, so that every place comes once
  return Array.from({ length: count }, (_, index) => (index * step) % count);
}

function classLegend(list, names, countOf) {
  const scale = window.devicePixelRatio || 1;
  const stamps = classStamps(names, 15 * scale, scale);
  list.classList.toggle('gl-short', areShort(names));
  list.replaceChildren(...names.map((text, index) => {
    const item = document.createElement('li');
    const name = document.createElement('span');
    const number = document.createElement('b');
    stamps[index].className = 'gl-stamp';
    name.textContent = text;
    number.textContent = countOf(index);
    item.append(stamps[index], name, number);
    return item;
  }));
}
