"""Sends the page compressed.

Gradio 6.31 compresses what has a file name, such as its scripts, but not the page itself, whose
configuration repeats the script and style of every canvas: some megabytes, of which a tenth is
left. The streams of events stay as they are, for each of their messages must leave at once.
"""

from gradio.brotli_middleware import BrotliMiddleware
from starlette.middleware import Middleware
from starlette.types import Scope

PAGES = {"/", "/config"}


class PageCompression(BrotliMiddleware):
    """Gradio's own compression, Brotli or else gzip as the browser can, for the page alone."""

    def _is_compressible_file_type(self, scope: Scope) -> bool:
        return scope["path"] in PAGES


COMPRESSED = Middleware(PageCompression)
