"""What the page of the live game shows: a game as a picture, and its words."""

import math

import torch

from genlab.inference.adversarial_game import BATCH, PENALTY, RESTS, Game
from genlab.inference.game_networks import GROUP, build_generator
from genlab.inference.game_play import KERNEL, Snapshot, take_snapshot
from genlab.inference.game_targets import ENOUGH, MODES, Regions
from genlab.ui.adversarial.rooms import Asked
from genlab.ui.canvas.game_payload import GamePicture

REAL_SHOWN = 192
POINTS = {"ring": "Ring of 8", "line": "Line", "drawing": "Your drawing"}
REST_NAMES = {
    "minimax": ("D: log 4", "G: −log 2"),
    "non-saturating": ("D: log 4", "G: log 2"),
    "least squares": ("D: ¼", "G: ⅛"),
    "Wasserstein": ("D: 0", None),
}
EXAMPLE = (
    ((-1.2, 0.2), (-0.9, 0.8), (-0.4, 0.9), (0.0, 0.4), (0.4, 0.9), (0.9, 0.8), (1.2, 0.2))
    + ((0.9, -0.4), (0.0, -1.2), (-0.9, -0.4), (-1.2, 0.2)),
)
"""Strokes that the drawing board begins with."""


def picture(
    game: Game,
    asked: Asked,
    turn: int = 0,
    snapshot: Snapshot | None = None,
    *,
    with_strokes: bool = False,
) -> GamePicture:
    """What the map shows of a game.

    Args:
        turn: of the room, that it was taken in.
        with_strokes: also tell the pen what was drawn.
    """
    shown = snapshot or take_snapshot(game)
    target, course = game.settings.target, shown.course
    return GamePicture(
        samples=shown.samples,
        real=target.sample(REAL_SHOWN, torch.Generator().manual_seed(0)),
        pull=shown.pull,
        opinion=shown.opinion,
        best=shown.best,
        regions=target.regions.centres,
        covered=shown.covered,
        losses_d=torch.tensor([moment.loss_d for moment in course]),
        losses_g=torch.tensor([moment.loss_g for moment in course]),
        coverage=torch.tensor([moment.covered for moment in course]),
        words={"turn": turn}
        | _words(shown, asked, target.regions)
        | ({"strokes": asked.strokes} if with_strokes else {}),
        has_scores=asked.loss == "Wasserstein",
    )


def _words(shown: Snapshot, asked: Asked, regions: Regions) -> dict[str, object]:
    losses = [_finite(shown.losses[who]) for who in "DG"]
    return {
        "target": asked.points,
        "loss": asked.loss,
        "caption": caption(asked),
        "steps": [shown.steps[who] for who in "DG"],
        "losses": losses,
        "rests": RESTS[asked.loss],
        "restNames": REST_NAMES[asked.loss],
        "every": shown.every,
        "regions": {
            "name": regions.name,
            "reach": regions.reach,
            "isRound": regions.order == 2,
            "definition": definition(regions),
        },
    }


def caption(asked: Asked) -> str:
    """What the game on the screen is made of."""
    parts = [
        POINTS[asked.points],
        asked.loss,
        f"rates D {asked.rate_d:g}, G {asked.rate_g:g}",
        f"{asked.steps_d} of D per G",
        *(["minibatch std"] if asked.minibatch_std else []),
        *(["replay"] if asked.replay else []),
        f"seed {asked.seed}",
    ]
    return " · ".join(parts)


def definition(regions: Regions) -> str:
    """When a region counts as covered."""
    if regions.name == "modes":
        return (
            f"A mode is covered where at least {ENOUGH / MODES:.1%} of the generated points, a "
            f"quarter of its share, lie within 3σ of its middle."
        )
    return (
        "A cell is covered where the generated points hold at least a quarter of the share that "
        "the real points hold."
    )


def sizes() -> str:
    """What the networks are, and what the maps mean, for those who look closer."""
    count = sum(each.numel() for each in build_generator(torch.Generator()).parameters())
    return (
        f"G turns 2 random numbers into a point: 2 → 64 → 64 → 2, {count:,} parameters. D turns a "
        f"point into a score: 2 → 64 → 64 → 1. A step shows each {BATCH} points; Adam, β₁ = 0.5. "
        f"Wasserstein adds {PENALTY:g} times the gradient penalty. Minibatch std compares groups "
        f"of {GROUP} points; the map then shows what D says of a point in a group as varied as the "
        f"generated ones. *Best possible D*, which the losses with a probability have, estimates "
        f"the density of generated points with a Gaussian kernel of σ = {KERNEL:g} and blurs the "
        f"real density, which is known, with the same kernel."
    )


def _finite(number: float) -> float | None:
    return round(number, 6) if math.isfinite(number) else None
