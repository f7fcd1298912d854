"""How one pixel came about, in words and with its own numbers: a click on a drawn pixel asks."""

import math

import gradio as gr

from genlab import data
from genlab.analysis.receptive_field import tell_reading
from genlab.core.errors import InputError
from genlab.inference.runs import PixelAccount, Run, account_for, sized
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelPlayer
from genlab.ui.closer import LATEX

INVITATION = "*Click a drawn pixel above: here you read how it came about.*"
LEAST = 2**-24  # of a level that is drawn: random numbers are multiples of it


def build(store: ModelStore, player: PixelPlayer, runs: gr.State) -> None:
    """Declare the text; a click on a pixel of the player fills in its numbers."""
    account = gr.Markdown(INVITATION, latex_delimiters=LATEX, elem_classes="genlab-account")

    @kit.readable_errors
    def tell(runs: dict, event: gr.EventData) -> str:
        return explain(store, *clicked_pixel(store, runs, event._data))

    player.select(tell, runs, account, show_progress="hidden", trigger_mode="multiple",
                  api_visibility="private", **kit.COMPUTE)  # fmt: skip


def explain(store: ModelStore, run: Run, image: int, row: int, column: int) -> str:
    """How a pixel of a run came about, with what its card's masks let it read."""
    model = store.get(run.card)
    account = account_for(model, run, image, row, column)
    side = sized(model, run).spec.width
    reading = tell_reading(store.card(run.card).masked, side, (row, column))
    told = None if run.label is None else data.class_name(store.card(run.card).data, run.label)
    return describe_account(account, row, column, reading, told, run.guidance)


def clicked_pixel(
    store: ModelStore, runs: dict[str, Run], data: object
) -> tuple[Run, int, int, int]:
    """The run, image, row and column that an event of the player names.

    Raises:
        InputError: a run that is not this visitor's, or no pixel of it.
    """
    asked = data if isinstance(data, dict) else {}
    run = runs.get(str(asked.get("run")))
    if run is None:
        raise InputError("This run is no longer known here. Press Draw, then click again.")
    place = asked.get("index")
    if not isinstance(place, list) or len(place) != 3:
        raise InputError("The click did not arrive whole. Click the pixel again.")
    spec = sized(store.get(run.card), run).spec
    limits = {"Image": run.images, "Row": spec.height, "Column": spec.width}
    image, row, column = (
        kit.whole_number(value, name, 0, limit - 1)
        for value, (name, limit) in zip(place, limits.items(), strict=True)
    )
    return run, image, row, column


def describe_account(
    account: PixelAccount,
    row: int,
    column: int,
    reading: str,
    told: str | None = None,
    guidance: float = 1.0,
) -> str:
    """The sampling formula of a pixel of one channel with its own numbers in it.

    Args:
        reading: what the network does with earlier pixels, see `tell_reading`.
        told: the name of its class; None for none.
    """
    probability, surprise = account.probabilities[account.level].item(), abs(account.surprise)
    body = _binary if len(account.logits) == 2 else _of_many_levels
    return rf"""
### Row {row}, column {column}: pixel {account.index + 1} of the picture in raster order

The network {reading}{body(account, told, guidance)}
That costs $-\log_2 {_tex(probability)} = {surprise:.3f}$ bits. {_bill(account)}

$$-\log_2 p(x) = \sum_i -\log_2 p(x_i \mid x_1, \dots, x_{{i-1}}) = {abs(account.model_bits):.1f}
\text{{ bits}}$$
"""


def _bill(account: PixelAccount) -> str:
    """What the bits of the whole picture are, which follow."""
    if account.is_the_models_own:
        return (
            "The product over all pixels is\nthe probability of the picture, so the costs add up:"
        )
    return (
        "All pixels together cost\n"
        f"**{abs(account.image_bits):.1f} bits** under $q$, what this picture was drawn from. The "
        "model itself, without temperature,\ntop-p and guidance, gives the picture another "
        "probability, $p(x)$:"
    )


def _binary(account: PixelAccount, told: str | None, guidance: float) -> str:
    logit = (account.logits[-1] - account.logits[0]).item()
    before_cut = (account.logits / account.temperature).softmax(dim=0)[-1].item()
    uniform, black = _to_digits(account, account.uniform, account.probabilities[0].item())
    drawn = "white" if account.level else "black"
    comparison = r"\ge" if account.level else "<"
    return rf"""{_heard(told)} and gives one logit,
$\ell = {logit:.3f}${_guided(account, guidance)}. With the temperature
$T = {account.temperature:g}$ that is

$${_uncut(account)}(x_{{{account.index + 1}}} = \text{{white}}{_earlier(account)})
= \sigma(\ell / T) = \frac{{1}}{{1 + e^{{-({logit:.3f}) / {account.temperature:g}}}}}
= {_tex(before_cut)}$$

{_cut(account)}This image's seed gave the pixel the random number $u = {uniform}$. Black
takes the interval from 0 to ${_drawn_from(account)}(\text{{black}}) = {black}$, white the rest;
$u {comparison} {black}$, so the pixel is **{drawn}**."""


def _of_many_levels(account: PixelAccount, told: str | None, guidance: float) -> str:
    level, levels = account.level, len(account.logits)
    logit, likeliest = account.logits[level].item(), int(account.probabilities.argmax())
    edges = account.probabilities.cumsum(dim=0)
    below = edges[level - 1].item() if level else 0.0
    uniform, start, end = _to_digits(account, account.uniform, below, edges[level].item())
    guided = "" if account.unguided is None else f", under guidance {guidance:g}"
    return rf"""{_heard(told)} and gives {levels} logits, one
for each level from 0, black, to {levels - 1}, white{guided}. With the temperature
$T = {account.temperature:g}$ the level that was drawn, {level} with its logit
$\ell_{{{level}}} = {logit:.3f}$, has

$${_uncut(account)}(x_{{{account.index + 1}}} = {level}{_earlier(account)})
= \frac{{e^{{\ell_{{{level}}} / T}}}}{{\sum_k e^{{\ell_k / T}}}}
= {_tex((account.logits / account.temperature).softmax(dim=0)[level].item())}$$

{_cut(account)}The likeliest level was {likeliest}, with probability
{account.probabilities[likeliest].item():.4f}. This image's seed gave the pixel the random number
$u = {uniform}$. The levels take intervals one after the other; those below {level} end
at {start}, and {level} ends at {end}. Between these lies $u$, so the pixel
is **{level} of {levels - 1}**."""


def _tex(probability: float) -> str:
    """Four digits that say something, however small it is."""
    return f"{probability:.4f}" if probability >= 0.1 else kit.tex(probability, 4)


def _to_digits(account: PixelAccount, *numbers: float) -> list[str]:
    """Numbers that tell the ends of the drawn level's interval apart; four digits at least."""
    width = max(account.probabilities[account.level].item(), LEAST)
    digits = max(4, 1 + math.ceil(-math.log10(width)))
    return [f"{number:.{digits}f}" for number in numbers]


def _earlier(account: PixelAccount) -> str:
    """The condition on all earlier pixels; the first one has none."""
    names = {0: "", 1: r"\mid x_1"}
    return names.get(account.index, rf"\mid x_1, \dots, x_{{{account.index}}}")


def _uncut(account: PixelAccount) -> str:
    """The letter of the distribution before top-p: p is the model's own, q is drawn from."""
    return "p" if account.temperature == 1 and account.unguided is None else "q"


def _drawn_from(account: PixelAccount) -> str:
    return _uncut(account) if account.top_p == 1 else "q"


def _cut(account: PixelAccount) -> str:
    """What top-p left of the distribution; nothing where it is 1."""
    if account.top_p == 1:
        return ""
    kept = int((account.probabilities > 0).sum())
    left = "the likeliest level alone" if kept == 1 else f"{kept} of {len(account.logits)} levels"
    return (
        f"Top-p {account.top_p:.2g} keeps {left}; what was cut off is shared out in proportion.\n"
    )


def _heard(told: str | None) -> str:
    return "" if told is None else f", hears that the picture is of class {told},"


def _guided(account: PixelAccount, guidance: float) -> str:
    if account.unguided is None:
        return ""
    given, free = (float(each[-1] - each[0]) for each in account.unguided)
    return (
        rf" $= {free:.3f} + {guidance:g} \cdot ({given:.3f} - ({free:.3f}))$, its logit without a "
        "class moved towards the one with it"
    )
