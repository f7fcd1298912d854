"""Reads the scripts, styles and markup beside this file for the components' constructors.

Gradio sends these with every instance, so indentation and lines that are only a comment stay at
home. Markup and styles pass through Handlebars and a JavaScript template literal at every update:
what those would take for code is refused here.
"""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_CODE_IN_TEMPLATES = ("`", "{{", "\\")


@cache
def script(*names: str) -> str:
    """The named .js files after one another, as the body of one function."""
    lines = [line for name in names for line in _lines(f"{name}.js")]
    return "\n".join(line for line in lines if not line.startswith("//"))


@cache
def markup(name: str) -> str:
    """The named .html file. It names no prop, so that an update never touches the canvas."""
    text = _template(f"{name}.html")
    if "${" in text:
        raise ValueError(f"{name}.html must be constant, found a prop")
    return text


@cache
def stylesheet(*more: str) -> str:
    """canvas.css, shared by all components, and the named .css files of one kind of them."""
    return "\n".join(_template(f"{name}.css") for name in ("canvas", *more))


def _template(file: str) -> str:
    text = "\n".join(_lines(file))
    for code in _CODE_IN_TEMPLATES:
        if code in text:
            raise ValueError(f"{file} must not contain {code!r}: templates take it for code")
    return text


def _lines(file: str) -> list[str]:
    lines = (_HERE / file).read_text(encoding="utf8").splitlines()
    return [line.strip() for line in lines if line.strip()]
