// The geometry of a square map with two axes, and the axes themselves.

const AXIS_LEFT = 44; // CSS px, for the numbers of the upright axis
const AXIS_TOP = 12; // CSS px
const AXES = 54; // CSS px; left and right together, and top and bottom: the map stays square
const MOST_TICKS = 7;

function layOutPlane(width, scale, { low, high, axes }) {
  return {
    scale, low, high, axes, left: Math.round(AXIS_LEFT * scale), top: Math.round(AXIS_TOP * scale),
    side: width - Math.round(AXES * scale),
  };
}

function toScreen(layout, [x, y]) {
  const { low, high } = layout;
  return [
    layout.left + (layout.side * (x - low[0])) / (high[0] - low[0]),
    layout.top + (layout.side * (high[1] - y)) / (high[1] - low[1]),
  ];
}

function toCode(layout, [across, down]) {
  const { low, high } = layout;
  const share = (place, from) => clamp((place - from) / layout.side, 0, 1);
  return [
    low[0] + share(across, layout.left) * (high[0] - low[0]),
    high[1] - share(down, layout.top) * (high[1] - low[1]),
  ];
}

function ticksBetween(low, high) {
  const least = (high - low) / MOST_TICKS;
  const unit = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((each) => each >= least);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    ticks.push({ at: index * step, text: (index * step).toFixed(digits).replace('-', '−') });
  }
  return ticks;
}

function paintAxes(brush, layout, colours, isPictured) {
  const { left, top, side, scale } = layout;
  brush.fillStyle = brush.strokeStyle = colours.ink;
  brush.lineWidth = scale;
  brush.font = Math.round(12 * scale) + 'px system-ui, sans-serif';
  const rule = (x0, y0, x1, y1, alpha) => {
    brush.globalAlpha = alpha;
    brush.beginPath();
    line(brush, x0, y0, x1, y1);
    brush.stroke();
    brush.globalAlpha = 1;
  };
  const faint = (tick) => (isPictured ? 0 : tick.at ? 0.1 : 0.35);
  for (const tick of ticksBetween(layout.low[0], layout.high[0])) {
    const x = Math.round(toScreen(layout, [tick.at, 0])[0]) + scale / 2;
    rule(x, top, x, top + side, faint(tick));
    rule(x, top + side, x, top + side + 4 * scale, 0.6);
    brush.textAlign = 'center';
    brush.textBaseline = 'alphabetic';
    const half = brush.measureText(tick.text).width / 2;
    brush.fillText(tick.text, Math.min(x, left + side + 9 * scale - half), top + side + 17 * scale);
  }
  for (const tick of ticksBetween(layout.low[1], layout.high[1])) {
    const y = Math.round(toScreen(layout, [0, tick.at])[1]) + scale / 2;
    rule(left, y, left + side, y, faint(tick));
    rule(left - 4 * scale, y, left, y, 0.6);
    brush.textAlign = 'right';
    brush.textBaseline = 'middle';
    brush.fillText(tick.text, left - 7 * scale, y);
  }
  paintAxisNames(brush, layout);
  paintFrame(brush, layout);
}

function paintFrame(brush, { left, top, side, scale }) {
  brush.globalAlpha = 0.4;
  brush.lineWidth = scale;
  brush.strokeRect(left - scale / 2, top - scale / 2, side + scale, side + scale);
  brush.globalAlpha = 1;
}

function paintAxisNames(brush, { left, top, side, scale, axes }) {
  brush.font = 'italic 600 ' + Math.round(14 * scale) + 'px system-ui, sans-serif';
  brush.textAlign = 'center';
  brush.textBaseline = 'alphabetic';
  brush.fillText(axes[0], left + side / 2, top + side + 36 * scale);
  brush.textAlign = 'left';
  brush.textBaseline = 'middle';
  brush.fillText(axes[1], scale, top + side / 2);
}
