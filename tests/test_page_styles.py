"""Styles written into a page's words hold for the whole site, so they name only classes of ours."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMENT, RULE = re.compile(r"/\*.*?\*/", re.DOTALL), re.compile(r"([^{}]+)\{[^{}]*\}")


def strangers(css):
    """The selectors that do not begin with a class."""
    rules = RULE.findall(COMMENT.sub("", css))
    selectors = [one.strip() for rule in rules for one in rule.split(",")]
    return [one for one in selectors if not one.startswith(".")]


def written():
    """(module, the name of its styles) of all that write a style element."""
    for path in sorted((ROOT / "genlab").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        text = path.read_text()
        names = {*re.findall(r"<style>\{(\w+)\}", text), *re.findall(r'(\w+) = """<style>', text)}
        yield from ((module, name) for name in sorted(names))


@pytest.mark.parametrize(("module", "name"), list(written()))
def test_a_style_reaches_its_own_elements_alone(module, name):
    css = getattr(importlib.import_module(module), name)

    assert strangers(re.sub("</?style>", "", css)) == []


def test_a_bare_element_is_found():
    assert strangers(".a { x: y }\nsvg, .b p { x: y } /* .c */ details { x: y }") == [
        "svg",
        "details",
    ]
