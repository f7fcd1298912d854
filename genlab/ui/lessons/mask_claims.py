"""*Common mistakes* of the Masks page: what many texts get wrong, each tried out on the spot."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import nn

from genlab.analysis.channel_masks import COLOURS, visibility
from genlab.analysis.masks import mask_a, mask_b
from genlab.analysis.reachability import States
from genlab.nn.masked import MaskedConv2d
from genlab.ui.closer import Claim

KERNELS = (3, 5, 7)
MOST_LAYERS = 16
DEPTHS = range(1, 9)
PLACE, LATER, SIDE = (3, 3), (5, 5), 8  # of the experiment with BatchNorm


class Shown(Protocol):
    """What the stage shows; its `states` may differ in what is named."""

    kernel: int

    def states(self, **changes: object) -> States: ...


def _centre_of_one(choice: Shown) -> str:
    leaks = choice.states(architecture="b-only").counts["leak"]
    right = choice.states(architecture="a-then-b").counts["leak"]
    return (
        f"Mask B {choice.kernel}×{choice.kernel} reads {int(mask_b(choice.kernel).taps.sum())} "
        f"taps, its own among them, mask A {int(mask_a(choice.kernel).taps.sum())}. With mask B in "
        f"every layer the target of the stage sees **{leaks}** pixel that is not drawn yet: "
        f"itself. With mask A first: **{right}**."
    )


def _growing(choice: Shown) -> str:
    depths = [choice.states(architecture="a-then-b", layers=depth).counts for depth in DEPTHS]
    rows = [
        f"| {depth} | {counts['blind']} | {counts['pending']} |"
        for depth, counts in zip(DEPTHS, depths, strict=True)
    ]
    blind = {counts["blind"] for counts in depths}
    verdict = f"**{len(blind)}** different size" + ("" if len(blind) == 1 else "s")
    return "\n".join(
        [f"From the stage's target, kernel {choice.kernel}×{choice.kernel}, the blind spot has "
         f"{verdict}; what shrinks is pending.", "", "| L | blind | pending |", "|---|---|---|",
         *rows]
    )  # fmt: skip


def _depth_cures(choice: Shown) -> str:
    deep = {
        kernel: choice.states(architecture="a-then-b", kernel=kernel, layers=MOST_LAYERS)
        for kernel in KERNELS
    }
    found = ", ".join(
        f"**{each.counts['blind']}** with {kernel}×{kernel}" for kernel, each in deep.items()
    )
    cured = choice.states(architecture="gated", layers=MOST_LAYERS).counts["blind"]
    return (
        f"After {MOST_LAYERS} layers the stage's target still has so many blind pixels: {found}. "
        f"With two stacks and 3×3: **{cured}**."
    )


def _figure_one(choice: Shown) -> str:
    names = ("a-then-b", "gated-figure-1", "gated")
    one, literal, gated = (
        choice.states(architecture=name, layers=MOST_LAYERS).counts["blind"] for name in names
    )
    return (
        f"Blind pixels of the stage's target: **{literal}** by the figure read literally, {one} "
        f"for a single masked stack, **{gated}** for two stacks as the text means them."
    )


def _every_tap(_: Shown) -> str:
    wrong = visibility(["A", "B", "B"], on_every_tap=True)
    right = visibility(["A", "B", "B"])
    reads = {name: int(sum(matrix[0].sum() for matrix in each.values()))
             for name, each in (("wrong", wrong), ("right", right))}  # fmt: skip
    return (
        f"After three layers {COLOURS[0]} reads **{reads['wrong']}** of the nine colours of its "
        f"own pixel, the left and the upper one with the mask on every tap, **{reads['right']}** "
        "with the mask on the centre tap alone."
    )


@torch.inference_mode()
def batch_norm_effects() -> dict[bool, tuple[float, float]]:
    """How much a masked layer with BatchNorm moves, by whether it is in training mode.

    Returns:
        The largest change at `PLACE` of the first image when a later pixel of it changes, and when
        the second image does.
    """
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 1, SIDE, SIDE, generator=generator)
    later, other = images.clone(), images.clone()
    later[0, :, LATER[0], LATER[1]] += 1
    other[1] += torch.rand(1, SIDE, SIDE, generator=generator)
    network = nn.Sequential(MaskedConv2d(1, 4, 3, mask_type="A"), nn.BatchNorm2d(4))
    for parameter in network[0].parameters():
        nn.init.normal_(parameter, generator=generator)
    found = {}
    for is_training in (True, False):
        network.train(is_training)
        at = [network(each)[0, :, PLACE[0], PLACE[1]] for each in (images, later, other)]
        found[is_training] = tuple((each - at[0]).abs().max().item() for each in at[1:])
    return found


def _batch_norm(_: Shown) -> str:
    effects = batch_norm_effects()
    training, evaluating = effects[True], effects[False]
    return (
        "A masked layer and BatchNorm, run now. In training mode a later pixel moves an earlier "
        f"output by **{training[0]:.3f}**, another image of the batch by **{training[1]:.3f}**. In "
        f"evaluation mode: **{evaluating[0]:g}** and **{evaluating[1]:g}**."
    )


def claims(read: Callable[[str], Shown]) -> tuple[Claim, ...]:
    """The cards.

    Args:
        read: what the stage sends, checked.
    """
    return tuple(
        Claim(said, so, lambda sent, check=check: check(read(sent))) for said, so, check in _CLAIMS
    )


_CLAIMS = (
    (
        "The 5×5 mask hides the pixel. (Drawn with a centre of 1.)",
        "A mask with a centre of 1 is mask B. In the first layer it shows the network the very "
        "pixel that it should predict.",
        _centre_of_one,
    ),
    (
        "The blind spot grows with every layer.",
        "It is the same at every depth. What shrinks with depth is what is pending.",
        _growing,
    ),
    (
        "Enough depth cures the blind spot.",
        "Depth never does. A larger kernel makes it smaller; two stacks make it vanish.",
        _depth_cures,
    ),
    (
        "Figure 1 of the Gated PixelCNN paper is a recipe.",
        "Read literally, its vertical stack sees nothing of its own row but the centre, and "
        "the blind spot returns.",
        _figure_one,
    ),
    (
        "The RGB channel mask applies to every tap of the kernel.",
        "Then R sees nothing at all. It belongs on the centre tap; all colours of earlier "
        "pixels may be read.",
        _every_tap,
    ),
    (
        "BatchNorm is harmless in an autoregressive network.",
        "In training mode its mean and variance come from all pixels of the whole batch, later "
        "ones and other images included.",
        _batch_norm,
    ),
)
