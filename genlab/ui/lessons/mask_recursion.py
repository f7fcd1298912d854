"""The recursion that finds a target's field backwards, as a formula of any architecture.

It is written from the architecture's links, so a network of two streams has a set for each of
them, by that stream's own masks, and a line for what one stream reads of the other.
"""

from genlab.analysis.architectures import ARCHITECTURES, OLD, Architecture, Layer, Link

LETTERS = {
    "x": "F",
    "vertical": "V",
    "horizontal": "H",
    "heard": "T",
    "downward": "D",
    "down-right": "R",
    "unshifted": "U",
    "row": "W",
    "column": "C",
    "downward inside": "I",
    "down-right inside": "J",
}
_NAMES = {
    "vertical": "the vertical stack",
    "horizontal": "the horizontal stack",
    "heard": "what the horizontal stack would hear",
    "downward": "the downward stream",
    "down-right": "the down-right stream",
    "unshifted": "the downward stream before its shift",
    "row": "the convolution along the row",
    "column": "the convolution along the column",
    "downward inside": "the downward stream between its two convolutions",
    "down-right inside": "the down-right stream between its two convolutions",
}


def describe_recursion(architecture: str, layers: int, target: tuple[int, int]) -> str:
    """The formula, from the target in layer `layers` down to the image."""
    chosen = ARCHITECTURES[architecture]
    layer_1, later = chosen.layer(1, 3), chosen.layer(2, 3)  # its form is that of every kernel
    blocks = [("And through layer 1" if layers > 1 else "Through layer 1", layer_1, "1", "0")]
    if layers > 1:
        which = "layer 2" if layers == 2 else f"each layer from $l = {layers}$ down to 2"
        blocks.insert(0, (f"Through {which}", later, "l", "{l-1}"))
    lines = "\n\n".join(
        f"{head}:\n\n$${_aligned(_equations(chosen, links, here, below))}$$"
        for head, links, here, below in blocks
    )
    images = [each for each in _sources(layer_1) if each.startswith(OLD)]
    seen = r" \cup ".join(f"{_letter(each)}_0" for each in images)
    goal = "$F_0$" if seen == "F_0" else f"${seen}$"
    return (
        f"$${LETTERS[chosen.output]}_{{{layers}}} = \\{{({target[0]}, {target[1]})\\}}$$\n\n"
        f"{_key(chosen, [links for _, links, _, _ in blocks])}{lines}\n\n"
        f"What leaves the image is dropped. {goal} is what the target sees."
    )


def _key(chosen: Architecture, blocks: list[Layer]) -> str:
    """What the letters stand for; nothing where there is one stream."""
    used = dict.fromkeys(
        name.removeprefix(OLD) for links in blocks for link in links
        for name in (link.into, link.source)
    )  # fmt: skip
    if list(used) == ["x"]:
        return ""
    told = ", ".join(f"${LETTERS[name]}$ {_NAMES[name]}" for name in LETTERS if name in used)
    prime = ""
    if any(_is_primed(chosen, links, name) for links in blocks for name in used):
        prime = " A prime adds what another stream of the same layer reads of it."
    return (
        f"Each stream has a set of its own: {told}.{prime} Other sets of the last layer are "
        "empty.\n\n"
    )


def _equations(chosen: Architecture, links: Layer, here: str, below: str) -> list[tuple[str, str]]:
    """A set and what it is, in the order in which they can be computed."""
    told = []
    for source in _sources(links):
        terms = [_term(chosen, links, link, here) for link in links if link.source == source]
        if source.startswith(OLD):
            told.append((f"{_letter(source)}_{below}", _union(terms)))
            continue
        carried = [f"{_letter(source)}_{here}"] if _is_carried(chosen, source) else []
        told.append((_symbol(chosen, links, source, here), _union(carried + terms)))
    return told


def _sources(links: Layer) -> list[str]:
    """What the links read, each behind all that is computed from it."""
    order = [link.source for link in reversed(links)]
    return sorted(set(order), key=lambda source: len(order) - order[::-1].index(source))


def _term(chosen: Architecture, links: Layer, link: Link, here: str) -> str:
    needed = _symbol(chosen, links, link.into, here)
    if link.mask.offsets == [(0, 0)]:
        return needed
    return rf"{needed} \oplus \text{{{link.mask.name}}}"


def _union(terms: list[str]) -> str:
    if len(terms) == 1:
        return terms[0]
    return r" \cup ".join(f"({term})" if r"\oplus" in term else term for term in terms)


def _symbol(chosen: Architecture, links: Layer, stream: str, here: str) -> str:
    prime = "'" if _is_primed(chosen, links, stream) else ""
    return f"{_letter(stream)}{prime}_{here}"


def _is_primed(chosen: Architecture, links: Layer, stream: str) -> bool:
    """Whether another stream of this layer reads one that later layers read, too."""
    read = any(link.source == stream for link in links)
    return read and _is_carried(chosen, stream)


def _is_carried(chosen: Architecture, stream: str) -> bool:
    return any(link.source == OLD + stream for link in chosen.later(3))


def _letter(stream: str) -> str:
    return LETTERS[stream.removeprefix(OLD)]


def _aligned(equations: list[tuple[str, str]]) -> str:
    lines = " \\\\\n".join(f"{name} &= {told}" for name, told in equations)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"
