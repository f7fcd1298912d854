"""Two buttons below a figure of the page: save it as PNG or as SVG, for slides.

What they do stands in `genlab/ui/figures.js`, which the whole site shares: it takes the SVG as it
looks now, colours of the theme included, and writes the list of its lines below it.
"""

from html import escape


def saveable(drawn: str, name: str) -> str:
    """A drawing as HTML, with the buttons.

    Args:
        drawn: holds one `<svg role="img">`, and may hold a list of its lines.
        name: of the file, without an ending.
    """
    buttons = " ".join(
        f'<button type="button" data-genlab-save="{kind}" aria-label="Save {kind.upper()} of '
        f'{escape(name)}">{kind.upper()}</button>'
        for kind in ("png", "svg")
    )
    return (
        f'<div data-genlab-figure="{escape(name)}">{drawn}'
        f'<p class="genlab-save">Save {buttons}</p></div>'
    )
