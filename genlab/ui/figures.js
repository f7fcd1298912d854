// Saves a figure of the page as PNG or SVG: a button with data-genlab-save, in an element with
// data-genlab-figure, whose value names the file. See genlab/ui/drawing/saving.py.

(() => {
  if (window.genlabFigures) return; // Gradio may run the head of the page twice
  window.genlabFigures = true;

  const SVG = 'http://www.w3.org/2000/svg';
  const LOOKS = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray',
    'stroke-linecap', 'stroke-linejoin', 'paint-order', 'opacity', 'text-anchor', 'dominant-baseline',
    'font-family', 'font-size', 'font-weight', 'font-style', 'visibility', 'display',
    'vector-effect', 'clip-path', 'shape-rendering'];
  const EDGE = 10; // around the figure
  const LINE = 20; // of a line of text
  const GAP = 6; // between the figure and the list of its lines
  const SAMPLE = 30; // a line's sample is so wide
  const FONT = 'system-ui, sans-serif';
  const SIZE = 12;
  const FINE = 4; // pixels of a PNG for one of the figure

  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('[data-genlab-save]');
    const figure = button && button.closest('[data-genlab-figure]');
    const drawn = figure && figure.querySelector('svg[role="img"]');
    if (!drawn) return;
    const sheet = standing(figure, drawn);
    const name = 'genlab-' + figure.dataset.genlabFigure.replace(/[^A-Za-z0-9._-]+/g, '-');
    if (button.dataset.genlabSave === 'svg') save(sheet.blob, name + '.svg');
    else savePixels(sheet, name + '.png');
  });

  // — an SVG that stands alone —

  function standing(figure, drawn) {
    const colours = getComputedStyle(figure);
    const ink = colours.color;
    const title = textOf(figure.querySelector('figcaption'));
    const lines = [...figure.querySelectorAll('li')].map((item) => ({ sample: item.querySelector('svg'), words: textOf(item) }));
    const size = sizeOf(drawn);
    const longest = Math.max(0, ...[title, ...lines.map((line) => line.words)].map(lengthOf));
    const top = EDGE + (title ? LINE : 0);
    const width = 2 * EDGE + Math.max(size.width, longest + (lines.length ? SAMPLE + 8 : 0));
    const list = top + size.height + (lines.length ? GAP : 0);
    const height = list + LINE * lines.length + EDGE;
    const sheet = make('svg', { xmlns: SVG, width, height, viewBox: '0 0 ' + width + ' ' + height });
    sheet.append(make('title', {}, drawn.getAttribute('aria-label') || title));
    sheet.append(make('rect', { width, height, fill: groundOf(figure) }));
    if (title) sheet.append(words(title, EDGE, EDGE + SIZE, ink));
    const inner = frozen(drawn);
    place(inner, EDGE, top, size);
    sheet.append(inner);
    lines.forEach((line, number) => {
      const y = list + LINE * number;
      if (line.sample) {
        const copy = frozen(line.sample);
        place(copy, EDGE, y + 5, sizeOf(line.sample));
        sheet.append(copy);
      }
      sheet.append(words(line.words, EDGE + SAMPLE + 8, y + 14, ink));
    });
    const blob = new Blob([new XMLSerializer().serializeToString(sheet)], { type: 'image/svg+xml' });
    return { blob, width, height };
  }

  function sizeOf(svg) {
    // In the numbers that its parts are placed in; on the screen it may be larger or smaller.
    const box = svg.viewBox.baseVal;
    if (box && box.width) return { x: box.x, y: box.y, width: box.width, height: box.height };
    // As wide as there is room: its scale may stand outside.
    const seen = svg.getBoundingClientRect();
    const drawn = svg.getBBox();
    const x = Math.min(0, drawn.x);
    const y = Math.min(0, drawn.y);
    const right = Math.max(seen.width, drawn.x + drawn.width);
    const bottom = Math.max(seen.height, drawn.y + drawn.height);
    return { x, y, width: Math.ceil(right - x), height: Math.ceil(bottom - y) };
  }

  function place(svg, x, y, size) {
    svg.removeAttribute('class');
    svg.style.cssText = '';
    svg.setAttribute('overflow', 'visible');
    svg.setAttribute('x', x);
    svg.setAttribute('y', y);
    svg.setAttribute('width', size.width);
    svg.setAttribute('height', size.height);
    svg.setAttribute('viewBox', [size.x, size.y, size.width, size.height].join(' '));
  }

  function frozen(svg) {
    // A copy that looks the same without the page's styles.
    const copy = svg.cloneNode(true);
    freeze(svg, copy);
    return copy;
  }

  function freeze(from, to) {
    const style = getComputedStyle(from);
    const isPart = !['svg', 'title', 'style'].includes(from.localName);
    if (isPart) for (const look of LOOKS) to.setAttribute(look, style.getPropertyValue(look));
    to.removeAttribute('style');
    [...from.children].forEach((child, i) => freeze(child, to.children[i]));
  }

  function groundOf(node) {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour && colour !== 'transparent' && !/, 0\)$/.test(colour)) return colour;
    }
    return '#ffffff';
  }

  function make(name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const key of Object.keys(attributes)) if (key !== 'xmlns') node.setAttribute(key, attributes[key]);
    if (text) node.textContent = text;
    return node;
  }

  function words(text, x, y, fill) {
    return make('text', { x, y, fill, 'font-family': FONT, 'font-size': SIZE }, text);
  }

  function textOf(node) {
    if (!node) return '';
    const parts = [];
    const walk = (each) => {
      if (each.nodeType === Node.TEXT_NODE) parts.push(each.textContent);
      else if (each.localName !== 'svg') each.childNodes.forEach(walk);
    };
    walk(node);
    return parts.join(' ').replace(/\s+/g, ' ').trim();
  }

  function lengthOf(text) {
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = SIZE + 'px ' + FONT;
    return Math.ceil(pen.measureText(text).width);
  }

  // — files —

  function savePixels(sheet, name) {
    const address = URL.createObjectURL(sheet.blob);
    const image = new Image();
    image.addEventListener('load', () => {
      const canvas = document.createElement('canvas');
      canvas.width = FINE * sheet.width;
      canvas.height = FINE * sheet.height;
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((blob) => save(blob, name));
    });
    image.src = address;
  }

  function save(blob, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000); // Firefox reads it after the click
  }
})();
