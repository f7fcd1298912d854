"""What a visitor can set in the live game, the settings that were tried, and how they are read."""

from dataclasses import dataclass

import gradio as gr

from genlab.inference.adversarial_game import PLAYED
from genlab.inference.game_targets import Stroke
from genlab.ui import kit
from genlab.ui.adversarial.game_views import POINTS, sizes
from genlab.ui.adversarial.rooms import Asked

SEED = 1  # its place among the settings
MAX_SEED = 9999
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
MOST_STEPS_D = 5


@dataclass(frozen=True)
class Preset:
    """Settings that were tried, and what was seen."""

    title: str
    values: tuple  # loss, rate of D, rate of G, steps of D, minibatch std, replay
    seen: str


PRESETS = (
    Preset(
        "Covers the ring",
        ("non-saturating", 0.001, 0.001, 1, True, False),
        "Seen with six seeds, 3,000 rounds each: all eight modes were covered after 560 to 1,360 "
        "rounds; from then on five of the six games kept at least six; one fell to two for a "
        "while.",
    ),
    Preset(
        "Falls onto few modes",
        ("non-saturating", 0.0001, 0.001, 1, False, False),
        "Seen with six seeds, 3,000 rounds each: after the first thousand, no mode to four at a "
        "time, about one on average. The losses were at least as near to the equilibrium as where "
        "all modes are covered.",
    ),
)
OPENING = PRESETS[0]


@dataclass(frozen=True)
class Controls:
    """What the side panel holds.

    Attributes:
        settings: in the order of `read_settings`, without the strokes.
        seen: what was seen with the chosen preset.
    """

    preset: gr.Radio
    seen: gr.Markdown
    settings: list[gr.components.Component]
    dice: gr.Button
    train: gr.Button
    stop: gr.Button


@dataclass(frozen=True)
class Steps:
    """What goes by hand, under the map."""

    of_d: gr.Button
    of_g: gr.Button
    again: gr.Button


def declare_steps() -> Steps:
    """The buttons under the map."""
    with gr.Row():
        return Steps(
            gr.Button("One step of D", min_width=100, elem_id="game-step-d"),
            gr.Button("One step of G", min_width=100, elem_id="game-step-g"),
            gr.Button("Start over", min_width=100, elem_id="game-again"),
        )


def declare_controls() -> Controls:
    """The side panel."""
    preset = gr.Radio(
        [(each.title, index) for index, each in enumerate(PRESETS)],
        value=0, label="Settings that were tried", elem_id="game-preset",
    )  # fmt: skip
    seen = gr.Markdown(OPENING.seen, elem_classes="genlab-seen")
    points = gr.Radio(
        [(title, name) for name, title in POINTS.items()],
        value="ring", label="Points to learn", elem_id="game-points",
    )  # fmt: skip
    loss = gr.Dropdown(list(PLAYED), value=OPENING.values[0], label="Loss", elem_id="game-loss")
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    train = gr.Button(
        "Train", variant="primary", elem_id="game-train", elem_classes="genlab-primary"
    )
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id="game-stop", elem_classes="genlab-primary"
    )
    with gr.Accordion("More", open=False):
        more = _declare_more()
    return Controls(preset, seen, [points, seed, loss, *more], dice, train, stop)


def _declare_more() -> list[gr.components.Component]:
    _, rate_d, rate_g, steps_d, minibatch_std, replay = OPENING.values
    rates = [(f"{rate:g}", rate) for rate in RATES]
    more = [
        gr.Dropdown(rates, value=rate_d, label="Learning rate of D"),
        gr.Dropdown(rates, value=rate_g, label="Learning rate of G"),
        gr.Slider(1, MOST_STEPS_D, value=steps_d, step=1, label="Steps of D per step of G"),
        gr.Checkbox(
            minibatch_std, label="Minibatch std", info="D also sees how varied a group of points is"
        ),
        gr.Checkbox(replay, label="Replay", info="D also sees points that G made earlier"),
    ]
    gr.Markdown(sizes())
    return more


def read_settings(
    points: object,
    seed: object,
    loss: object,
    rate_d: object,
    rate_g: object,
    steps_d: object,
    minibatch_std: object,
    replay: object,
    strokes: tuple[Stroke, ...],
) -> Asked:
    """A visitor's settings; the strokes were checked when they were drawn.

    Raises:
        InputError: one of them is none that the page offers.
    """
    points = kit.choice(points, "Points to learn", tuple(POINTS))
    return Asked(
        points,
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED),
        loss=kit.choice(loss, "Loss", PLAYED),
        rate_d=kit.choice(rate_d, "Learning rate of D", RATES),
        rate_g=kit.choice(rate_g, "Learning rate of G", RATES),
        steps_d=kit.whole_number(steps_d, "Steps of D per step of G", 1, MOST_STEPS_D),
        minibatch_std=kit.choice(minibatch_std, "Minibatch std", (True, False)),
        replay=kit.choice(replay, "Replay", (True, False)),
        strokes=strokes if points == "drawing" else (),
    )


def apply_preset(index: object) -> tuple:
    """The ring, the preset's settings, and what was seen with them."""
    chosen = PRESETS[kit.whole_number(index, "Settings that were tried", 0, len(PRESETS) - 1)]
    return "ring", *chosen.values, chosen.seen
