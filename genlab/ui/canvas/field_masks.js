// A kernel's mask with its ones and zeros; the tap that stands on the pixel itself has a ring.

function maskNode(mask) {
  const node = document.createElement('figure');
  node.className = 'gl-mask';
  const name = document.createElement('figcaption');
  name.textContent = mask.name;
  const taps = document.createElement('div');
  taps.style.gridTemplateColumns = 'repeat(' + mask.taps[0].length + ', 1fr)';
  taps.style.width = 'min(100%, ' + 18 * mask.taps[0].length + 'px)';
  taps.setAttribute('role', 'img');
  taps.setAttribute('aria-label', mask.name + ', rows: ' + mask.taps.join(' / '));
  mask.taps.forEach((row, i) => [...row].forEach((tap, j) => {
    const cell = document.createElement('i');
    cell.textContent = tap;
    cell.classList.toggle('gl-open', tap === '1');
    cell.classList.toggle('gl-self', i === mask.origin[0] && j === mask.origin[1]);
    taps.append(cell);
  }));
  node.append(name, taps);
  return node;
}
