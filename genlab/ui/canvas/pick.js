// A grid to look at and to point at.

function select(place) {
  const index = place.row * props.cols + place.col;
  const colour = colourAt(index);
  trigger('select', {
    index: [place.row, place.col],
    value: colour && (cells.channels === 3 ? colour : colour[0]),
    state: stateAt(index)?.name ?? null,
  });
}

stage.addEventListener('click', (event) => {
  const place = placeAt(measured().layout, stage, event);
  if (!place) return;
  choose(place);
  select(place);
});

stage.addEventListener('keydown', (event) => {
  if (event.key.startsWith('Arrow')) moveChoice(event.key);
  else if ((event.key === 'Enter' || event.key === ' ') && chosen) select(chosen);
  else return;
  event.preventDefault();
});

watchCells();
