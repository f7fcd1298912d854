"""The pixel grid for the whole site: a run to watch, a grid to look at or draw on, a film."""

from genlab.ui.canvas.film import FilmPlayer
from genlab.ui.canvas.grid import PixelCanvas
from genlab.ui.canvas.pen import DrawingCanvas
from genlab.ui.canvas.player import PixelPlayer

__all__ = ["DrawingCanvas", "FilmPlayer", "PixelCanvas", "PixelPlayer"]
