"""The pixel grid for the whole site: a run to watch, a grid to look at, a grid to draw on."""

from genlab.ui.canvas.grid import PixelCanvas
from genlab.ui.canvas.pen import DrawingCanvas
from genlab.ui.canvas.player import PixelPlayer

__all__ = ["DrawingCanvas", "PixelCanvas", "PixelPlayer"]
