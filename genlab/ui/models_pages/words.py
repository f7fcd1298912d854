"""How the parts of the Models page write HTML: escaped, with links, in tables that scroll alone."""

import re
from collections.abc import Iterable, Sequence
from html import escape

ADDRESS = re.compile(r"https?://[^\s<>\"]+")

STYLE = """
.html-container:has(> &) { padding: 0; }
--gl-line: var(--border-color-primary);
--gl-dim: color-mix(in srgb, var(--body-text-color) 72%, var(--background-fill-primary));
color: var(--body-text-color);
font-size: var(--text-md);
line-height: 1.45;
p { margin: 0 0 6px; max-width: 62em; }
h4 { margin: 22px 0 6px; font-size: var(--text-lg); font-weight: 600; }
> h4:first-child, section > h4 { margin-top: 0; }
h4 small { color: var(--gl-dim); font-size: var(--text-sm); font-weight: 400; }
a { color: inherit; text-decoration: underline; text-underline-offset: 3px;
  overflow-wrap: anywhere; }
code { font-family: var(--font-mono); font-size: 0.9em; overflow-wrap: anywhere; }
summary { padding: 10px 0; cursor: pointer; }
a:focus-visible, summary:focus-visible, .gl-scroll:focus-visible
  { outline: 3px solid var(--color-accent); outline-offset: 2px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 6px 20px; margin: 0; }
dt { color: var(--gl-dim); }
dd { margin: 0; overflow-wrap: anywhere; }
.gl-scroll { overflow-x: auto; margin: 4px 0 12px; border: 1px solid var(--gl-line);
  border-radius: var(--radius-md); }
table { padding: 0; border-collapse: collapse; width: 100%; margin: 0; }
th, td { margin: 0; padding: 6px 12px; border-bottom: 1px solid var(--gl-line); text-align: left;
  font-weight: 400; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { font-weight: 600; }
tbody tr:last-child > * { border-bottom: 0; }
.gl-tall { max-height: 460px; overflow-y: auto; }
.gl-tall thead th { position: sticky; top: 0; background: var(--background-fill-primary);
  box-shadow: inset 0 -1px var(--gl-line); }
.gl-number { text-align: right; }
.gl-meanings { display: grid; gap: 18px 36px; margin: 4px 0;
  grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); }
.gl-meanings p { margin-bottom: 4px; }
.gl-loud { padding: 8px 12px; border-left: 4px solid #D55E00; }
@media (max-width: 640px) { dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 8px; } }
"""


def linked(text: str) -> str:
    """Plain text as HTML, its web addresses as links."""
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        address = found.group().rstrip(".,;:)")
        parts.append(escape(text[end : found.start()]))
        parts.append(f'<a href="{escape(address)}" rel="noopener" target="_blank">'
                     f"{escape(address.partition('://')[2])}</a>")  # fmt: skip
        end = found.start() + len(address)
    return "".join(parts) + escape(text[end:])


def with_code(text: str) -> str:
    """Plain text as HTML, what stands between backticks as code."""
    pieces = escape(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if odd % 2 else piece for odd, piece in enumerate(pieces)
    )


def html_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, label: str, is_long: bool = False
) -> str:
    """A table in a frame that scrolls; heads that end in ":" are of numbers, cells are HTML."""
    marks = [' class="gl-number"' if name.endswith(":") else "" for name in head]
    titles = "".join(
        f'<th scope="col"{mark}>{escape(name.rstrip(":"))}</th>'
        for name, mark in zip(head, marks, strict=True)
    )
    lines = "".join(
        f"<tr>{''.join(f'<td{m}>{cell}</td>' for cell, m in zip(row, marks, strict=True))}</tr>"
        for row in rows
    )
    frame = "gl-scroll gl-tall" if is_long else "gl-scroll"
    return (
        f'<div class="{frame}" role="region" tabindex="0" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
