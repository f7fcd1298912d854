"""Why many grey levels are harder: counted in the pictures, then seen in a trained model.

A softmax knows no order among its levels: 199 and 201 are as foreign to 200 as 3 is. And the cost
of a fine grey has two parts that add up exactly, ln p(grey) = ln p(its coarse level) + ln p(grey
given the coarse level): which of 8 levels, and which grey within it.
"""

import math
from html import escape

import torch
from torch import Tensor

from genlab import data
from genlab.core.images import dequantise, quantise
from genlab.core.protocols import Autoregressive, Conditional
from genlab.store import ModelStore, skeleton
from genlab.ui.canvas.panels import Panel, ShownPicture
from genlab.ui.drawing.saving import saveable
from genlab.ui.pixels.lens_tables import percent
from genlab.ui.pixels.levels_views import title_of

COARSE, FINE = 8, 256  # levels
EXAMPLE = 32  # of the shipped ones: a three
MOST = 7.9  # bits of a pixel in a map
PANELS = (
    Panel("The picture"),
    Panel("All 256 greys", unit="bits"),
    Panel(f"Which of {COARSE} levels", unit="bits"),
    Panel("Which grey within it", unit="bits"),
)
WIDTH, HEIGHT, LEFT, TOP = 520, 82, 10, 4  # of a bar chart
FILLED = 0.86  # by a bar, of its place; the rest is the gap
STYLE = """<style>.gl-greys { display: grid; grid-template-columns: minmax(0, 620px);
justify-content: center; width: 100%; margin: 0; }
.gl-greys figcaption { font-size: var(--text-sm); } .gl-greys svg { display: block; width: 100%; }
.gl-greys .b { fill: #0072B2; } .gl-greys .t, .gl-greys .m { fill: #D55E00; }</style>"""


def coarse_of(levels: int = FINE) -> Tensor:
    """Of each fine level, (levels,), the coarse one that it is rounded to."""
    return quantise(dequantise(torch.arange(levels), levels), COARSE)


# — without a model —


def explain_counts() -> str:
    """How many examples a level has, and what the gradient says to its neighbours; computed."""
    images = data.examples("mnist").images
    rows = []
    for levels in (2, COARSE, FINE):
        counts = data.to_levels(images, levels).flatten().bincount(minlength=levels)
        between = counts[1:-1].double()
        middle = f"{between.median().item():,.0f}" if len(between) else "–"
        rows.append(f"| {levels} | {_bits(levels)} | {middle} |")
    push = 1 / FINE
    return (
        f"**Fewer examples for each.** The {len(images)} shipped digits have {images.numel():,} "
        "pixels. Most are black; of the greys between black and white, a level has typically:\n\n"
        "| levels | knowing nothing costs, a pixel | pixels of a middle "
        "level |\n|---:|---:|---:|\n" + "\n".join(rows) + "\n\n"
        "So figures of different rows are not comparable: a model that knows nothing pays 3 "
        "bits/dim for 8 levels and 8 bits/dim for 256, and rounding to 8 threw away what a model "
        "of 256 must tell.\n\n"
        "**No neighbours.** A softmax has a number for each level and no order among them. Where "
        "all 256 are equally likely and 200 is right, the gradient pushes 200 up by "
        f"{1 - push:.4f}, and every other level down by {push:.4f}: 201 just as much as 3. That "
        "near greys are alike the network must learn level by level."
    )


def _bits(levels: int) -> str:
    return "1 bit" if levels == 2 else f"{math.log2(levels):g} bits"


# — what a model says —


@torch.inference_mode()
def split_cost(model: Autoregressive, pixels: Tensor, label: int | None = None) -> Tensor:
    """What each pixel costs in bits, (3, H, W): in all, its coarse level, and the grey within it.

    Args:
        pixels: (1, H, W) int64.
    """
    labels = None if label is None else torch.tensor([label])
    logs = model.logits(pixels[None], labels)[0, :, 0].double().log_softmax(dim=0)  # (levels, H, W)
    belongs = coarse_of(len(logs))[:, None, None] == coarse_of(len(logs))[pixels]  # (levels, H, W)
    whole = -logs.gather(0, pixels)[0]
    coarse = -logs.masked_fill(~belongs, -math.inf).logsumexp(dim=0)
    return torch.stack([whole, coarse, whole - coarse]) / math.log(2)


def introduce(store: ModelStore, name: str) -> str:
    """Whose opinion is shown, and what the network was told."""
    untold = ", told no class" if isinstance(skeleton(store.card(name)), Conditional) else ""
    return f"**{title_of(store, name)}**{untold}, about a test picture:"


def show_cost(store: ModelStore, name: str) -> tuple[list[ShownPicture], str]:
    """The cost of an example in two parts, and the distribution at its most doubtful pixel."""
    model = store.get(name)
    examples = data.examples("mnist")
    pixels = data.to_levels(examples.images[EXAMPLE], model.spec.levels)  # (1, H, W)
    costs = split_cost(model, pixels)
    maps = [
        ShownPicture(each.clamp(max=MOST).numpy(), f"{each.mean().item():.3f} bits/dim")
        for each in costs
    ]
    shown = ShownPicture(dequantise(pixels[0], model.spec.levels).numpy(), "the target")
    return [shown, *maps], draw_doubt(model, pixels, costs)


@torch.inference_mode()
def draw_doubt(model: Autoregressive, pixels: Tensor, costs: Tensor) -> str:
    """The distribution at the pixel whose grey costs most for its coarse level, fine and coarse."""
    row, column = divmod(int(costs[2].argmax()), pixels.shape[-1])
    chances = model.logits(pixels[None])[0, :, 0, row, column].double().softmax(dim=0)
    there, merged = int(pixels[0, row, column]), torch.zeros(COARSE).double()
    merged.index_add_(0, coarse_of(len(chances)), chances)
    coarse = int(coarse_of(len(chances))[there])
    whole, rough, rest = costs[:, row, column].tolist()
    return (
        f"{STYLE}{_bars(chances, there, f'p of {len(chances)} greys')}"
        f"{_bars(merged, coarse, f'the same, summed to {COARSE} levels')}"
        f"<p>Row {row}, column {column}, where the grey {there} stands (vermilion mark). "
        f"The model says {100 * merged[coarse].item():.0f} % for its coarse level, which costs "
        f"{rough:.2f} bits. "
        f"Which of the greys within it cost {rest:.2f} bits more: together {whole:.2f}. Neighbours "
        "of the right grey get no credit for being near.</p>"
    )


def _bars(chances: Tensor, there: int, title: str) -> str:
    """A distribution as bars with the right level in another colour, and a mark below it."""
    top, wide = chances.max().item(), (WIDTH - 2 * LEFT) / len(chances)
    bars = "".join(
        f'<rect class="{"t" if level == there else "b"}" x="{LEFT + level * wide:.2f}" '
        f'y="{HEIGHT - chance / top * (HEIGHT - TOP):.2f}" width="{max(wide * FILLED, 0.6):.2f}" '
        f'height="{chance / top * (HEIGHT - TOP):.2f}"/>'
        for level, chance in enumerate(chances.tolist())
    )
    right = LEFT + (there + FILLED / 2) * wide  # its bar may be too low to be seen
    mark = f'<path class="m" d="M{right:.2f} {HEIGHT + 2}l5 9h-10z"/>'
    highest, right_one = percent(top), percent(chances[there].item())
    words = escape(f"{title}; the highest is {highest}, the right one {right_one}")
    drawing = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 12}" role="img" aria-label="{words}">'
        f"{bars}{mark}</svg>"
    )
    chart = f'<figure class="gl-greys"><figcaption>{words}</figcaption>{drawing}</figure>'
    return saveable(chart, f"levels-{len(chances)}")
