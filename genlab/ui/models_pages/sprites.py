"""Rows of small pictures in HTML, cut out of one sheet each.

A figure's picture is a window on the sheet, whose address stands once on the page, as a CSS
variable of the frame around all of them.
"""

from html import escape

SPRITES = """
i { display: block; width: 100%; aspect-ratio: 1; background-size: var(--columns) var(--rows);
  background-color: color-mix(in srgb, var(--body-text-color) 12%,
  var(--background-fill-primary)); image-rendering: pixelated; }
"""
"""Style of the pictures; their frame must set --columns and --rows, such as 1600% and 100%."""


def window(sheet: str, place: int, columns: int, rows: int = 1, *, label: str) -> str:
    """One picture of a sheet, as HTML.

    Args:
        sheet: name of the frame's CSS variable, without the hyphens.
        place: in the sheet, row by row.
        label: says what is seen.
    """
    across, down = place % columns, place // columns
    x = 100 * across / max(columns - 1, 1)
    y = 100 * down / max(rows - 1, 1)
    return (
        f'<i role="img" aria-label="{escape(label)}" style="background-image: var(--{sheet}); '
        f'background-position: {x:.4g}% {y:.4g}%"></i>'
    )


def frame_style(columns: int, rows: int = 1, **sheets: str) -> str:
    """The `style` of the frame; sheets are data URLs by name, "" for none yet."""
    parts = [f"--{name}: url({sheet})" if sheet else f"--{name}: none"
             for name, sheet in sheets.items()]  # fmt: skip
    return "; ".join([f"--columns: {100 * columns}%", f"--rows: {100 * rows}%", *parts])
