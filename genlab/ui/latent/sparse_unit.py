"""One unit of a sparse code: what it draws, which pictures wake it, how penalties pull at it."""

import functools
import math

import gradio as gr

from genlab.analysis.sparse_codes import CodedImages, penalty_curves, pulls, unit_effect
from genlab.core.protocols import SparseCoder
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.drawing.curves import Axis, Curve, draw_curves, signed

TARGET = 0.1  # of the KL penalty, in training
STRONGEST = 8
BLUE, VERMILION = "#0072B2", "#D55E00"
PULL_HEIGHT = 400  # CSS px, about: nothing below moves when it arrives
POINTS = 160  # of a curve
LEAST, MOST = 1e-3, 1e4  # numbers between them need no power of ten
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

ACTIVITY_AXIS = Axis("mean activity of the unit", 0.0, 1.0, (0, 0.2, 0.4, 0.6, 0.8, 1))
PENALTY_AXIS = Axis("penalty", 0.0, 1.0, (0, 0.25, 0.5, 0.75, 1))


def build() -> list[gr.components.Component]:
    """Declare the views of the chosen unit: words, its effect, its pictures, its penalties."""
    words = gr.Markdown("", elem_id="unit-words", elem_classes="genlab-status")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            effect = PicturePanels(
                label="What the unit draws", size=170,
                panels=[Panel("Unit at 1"), Panel("Unit at 0"), Panel("Difference", signed=True)],
                elem_id="unit-effect",
            )  # fmt: skip
        with gr.Column(scale=2, min_width=300):
            pull = gr.HTML("", min_height=PULL_HEIGHT, elem_id="unit-pull")
    gr.Markdown("**The test pictures that wake it most, with its activity**")
    strongest = PicturePanels(
        label="The pictures that wake the unit most", size=92,
        panels=[Panel(f"{place + 1}.") for place in range(STRONGEST)],
        elem_id="unit-strongest",
    )  # fmt: skip
    return [words, effect, strongest, pull]


def show_unit(
    model: SparseCoder,
    picture: CodedImages,
    examples: CodedImages,
    unit: int,
    *,
    name: str,
    threshold: float,
    captions: tuple[str, ...],
) -> list:
    """Values of the views that `build` declares.

    Args:
        picture: the code of one picture.
        examples: those of the test images.
        name: of the network, for the words.
        captions: of the test images.
    """
    effect = unit_effect(model, picture.codes[0], unit)
    size = effect.difference.abs().max().item()
    pair = [
        ShownPicture(effect.on[0, 0].numpy(), "all other units as they are"),
        ShownPicture(effect.off[0, 0].numpy(), "all other units as they are"),
        ShownPicture(effect.difference[0, 0].numpy(), f"changes a pixel by up to {size:.2f}"),
    ]
    best = examples.strongest(unit, STRONGEST).tolist()
    pictures = [
        ShownPicture(
            examples.images[index, 0].numpy(),
            f"{examples.codes[index, unit]:.2f} {captions[index]}",
        )
        for index in best
    ]
    words = describe_unit(picture, examples, unit, name=name, threshold=threshold)
    return [words, pair, pictures, draw_pull(examples.activity[unit].item())]


def describe_unit(
    picture: CodedImages, examples: CodedImages, unit: int, *, name: str, threshold: float
) -> str:
    """The unit in numbers, and what the pictures below are."""
    awake = int((examples.codes[:, unit] > threshold).sum())
    return (
        f"### Unit {unit} · {name.lower().replace('kl', 'KL').replace('l1', 'L1')}\n\n"
        f"Its activity is **{picture.codes[0, unit].item():.3f}** for this picture. Over the "
        f"{len(examples.codes)} test pictures that are shipped it is **"
        f"{spelled(examples.activity[unit].item(), 3)}** on average, at most "
        f"{examples.codes[:, unit].max().item():.3f}, and above {threshold:g} for **{awake}** of "
        "them. Left and middle: this picture's code, decoded with this unit set to "
        "1 and to 0. Right: the first minus the second."
    )


def draw_pull(activity: float) -> str:
    """Both penalties over the activity, a cursor at this unit's, their values and slopes there."""
    picture = draw_curves(
        _curves(), ACTIVITY_AXIS, PENALTY_AXIS, cursor=activity, mark=(TARGET, "target"),
        label="The KL penalty and the squared one over the activity of a unit",
        name="sparsity-penalties",
    )  # fmt: skip
    at, lowest = pulls(activity, TARGET), pulls(0.0, TARGET)
    kl = at["kl"]
    told = (
        "infinite, and so is its slope"
        if math.isinf(kl.value)
        else f"{spelled(kl.value, 4)} nats and its slope {signed_power(kl.slope)}"
    )
    return (
        f"{picture}<p>This unit's mean activity over the test pictures is {spelled(activity, 3)}. "
        f"There the KL penalty is {told}; the squared one is {at['squared'].value:.4f} and its "
        f"slope {signed(at['squared'].slope)}. The "
        "slope is what training feels: towards 0 the KL's grows without bound, the squared one's "
        f"ends at {signed(lowest['squared'].slope)}.</p>"
    )


def spelled(value: float, digits: int) -> str:
    """So many decimals of a number from 0 on, or its power of ten where they would not do."""
    if value == 0 or LEAST <= value < MOST:
        return f"{value:.{digits}f}"
    number, _, power = f"{value:.1e}".partition("e")
    return f"{number} · 10{str(int(power)).translate(RAISED)}"


def signed_power(value: float) -> str:
    """A slope: with its sign, and a power of ten where it is steep."""
    return f"{'−' if value < 0 else '+'}{spelled(abs(value), 2)}"


@functools.cache
def _curves() -> tuple[Curve, ...]:
    found = penalty_curves(TARGET, POINTS)
    kl, squared = (
        tuple(zip(found.activities, values, strict=True)) for values in (found.kl, found.squared)
    )
    return Curve("KL, in nats", kl, BLUE), Curve("squared", squared, VERMILION, "7 4")
