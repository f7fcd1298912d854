"""What a visitor may ask of a sampler: the controls, what fits which network, what is refused."""

from dataclasses import dataclass

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Conditional, Incremental
from genlab.inference.autoregressive import MAX_SEED
from genlab.inference.conditions import MAX_SIDE
from genlab.inference.runs import Run, Segment
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.latent import codes
from genlab.ui.pixels import guidance_asked as guiding

COUNTS = (1, 4, 16)
SCALES = (1, 2, 4)  # times the side of the training pictures
COOLEST, HOTTEST = 0.1, 3.0
ANY = "any"  # class
DICE = 9999  # seeds that a visitor can remember

ORDERS = {"raster": "Row by row", "wavefront": "Wavefront"}
CLASS_INFO = "What the picture should show"
ORDER_INFO = "The same picture; the wavefront draws independent pixels together"
TOP_P_INFO = "1 keeps every level; less cuts the unlikely ones off; 0 takes the likeliest: argmax"
SIZE_INFO = "The same weights; they learned from the smallest"


@dataclass(frozen=True)
class Controls:
    """The components, and which of them the sampler reads."""

    card: gr.Dropdown
    label: gr.Dropdown
    images: gr.Radio
    seed: gr.Number
    temperature: gr.Slider
    drawing: gr.Button
    stop: gr.Button
    guidance: gr.Slider
    order: gr.Radio
    top_p: gr.Slider
    scale: gr.Radio

    @property
    def settings(self) -> list[gr.components.Component]:
        """The inputs of `asked_run`, in its order."""
        return [
            *(self.card, self.images, self.seed, self.temperature, self.order),
            *(self.label, self.guidance, self.top_p, self.scale),
        ]


def pick_card(cards: list[ModelCard]) -> gr.Dropdown:
    """A model picker of a page's own."""
    return gr.Dropdown(
        [(each.title, each.name) for each in cards],
        value=cards[0].name if cards else None,
        label="Model",
    )


def declare(store: ModelStore, cards: list[ModelCard]) -> Controls:
    """The column of controls; the first card decides what fits."""
    classes, guidances, orders, scales = fitting(store, cards[0].name if cards else None)
    card = pick_card(cards)
    label = gr.Dropdown(label="Class", **classes)
    images = gr.Radio(COUNTS, value=COUNTS[0], label="Images")
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")
    temperature = gr.Slider(
        COOLEST, HOTTEST, value=1.0, step=0.05, label="Temperature",
        info="1 is the model; lower plays safe",
    )  # fmt: skip
    drawing = gr.Button(
        "Draw", variant="primary", elem_id="pixelcnn-draw", elem_classes="genlab-primary"
    )
    stop = gr.Button(
        "Stop", variant="stop", visible=False,
        elem_id="pixelcnn-stop", elem_classes="genlab-primary",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        guidance = gr.Slider(
            guiding.WEAKEST, guiding.STRONGEST, step=0.1, label="Guidance",
            info="How far towards the class: 0 forgets it, 1 is the model", **guidances,
        )  # fmt: skip
        order = gr.Radio(label="Order of drawing", **orders)
        top_p = gr.Slider(0.0, 1.0, value=1.0, step=0.05, label="Top-p", info=TOP_P_INFO)
        scale = gr.Radio(label="Size in pixels", info=SIZE_INFO, **scales)
    return Controls(
        card, label, images, seed, temperature, drawing, stop, guidance, order, top_p, scale
    )


def fitting(store: ModelStore, name: str | None) -> tuple[dict, dict, dict, dict]:
    """Class, guidance, order and size as the card's network has them; they stay in place."""
    network = skeleton(store.card(name)) if name else None
    classes = codes.named_classes(store, name) if name else []
    orders = network.orders if isinstance(network, Incremental) else tuple(ORDERS)
    label = dict(
        choices=[("Any class", ANY), *classes],
        value=ANY,
        interactive=bool(classes),
        info=CLASS_INFO if classes else "This network was trained without classes",
    )
    order = dict(
        choices=[(title, each) for each, title in ORDERS.items() if each in orders],
        value="raster",
        info=ORDER_INFO if len(orders) > 1 else "This network's cache serves one order",
    )
    side = network.spec.height if network else MAX_SIDE // SCALES[-1]
    sizes = dict(
        choices=[(f"{side * scale}", scale) for scale in SCALES if side * scale <= MAX_SIDE],
        value=SCALES[0],
    )
    return label, {"value": 1.0, "interactive": bool(classes)}, order, sizes


def asked_run(
    store: ModelStore,
    card: object,
    images: object,
    seed: object,
    temperature: object,
    order: object,
    label: object,
    guidance: object,
    top_p: object,
    scale: object,
) -> Run:
    """The run that the settings ask for.

    Raises:
        GenLabError: a setting out of range, or one that the card's network does not have.
    """
    order = _offered_order(store, card, order)
    label = _offered_label(store, card, label)
    count = kit.choice(images, "Images", COUNTS)
    return Run(
        card=card,
        images=count,
        order=order,
        segments=(segment(0, seed, temperature, top_p, count),),
        label=label,
        guidance=guiding.read_guidance(guidance, label),
        size=_offered_size(store, card, count, scale),
    )


def segment(start: int, seed: object, temperature: object, top_p: object, images: int) -> Segment:
    """The settings that may change on the way.

    Raises:
        InputError: one of them is out of range.
    """
    return Segment(
        start,
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - images + 1),
        temperature=kit.number(temperature, "Temperature", COOLEST, HOTTEST),
        top_p=kit.number(top_p, "Top-p", 0.0, 1.0),
    )


def _offered_order(store: ModelStore, card: str, order: object) -> str:
    """The order of drawing, where the card's network has it."""
    chosen = kit.choice(order, "Order", tuple(ORDERS))
    model = store.get(card)
    if not isinstance(model, Incremental) or chosen not in model.orders:
        raise InputError(
            f"{store.card(card).title} cannot draw in the order “{ORDERS[chosen]}”. Choose the "
            "other order under More, or another model."
        )
    return chosen


def _offered_label(store: ModelStore, card: str, label: object) -> int | None:
    """The class to draw, where the card's network knows classes; None for any."""
    if label == ANY:
        return None
    model = store.get(card)
    if not isinstance(model, Conditional):
        raise InputError(
            f"{store.card(card).title} was trained without classes. Choose “Any class”, or "
            "another model."
        )
    return kit.whole_number(label, "Class", 0, model.classes - 1)


def _offered_size(store: ModelStore, card: str, images: int, scale: object) -> int | None:
    """Pixels a side, None for the card's own; a message never holds more than 16 digits' worth."""
    times = kit.choice(scale, "Size", SCALES)
    side = times * store.get(card).spec.height
    most = COUNTS[-1] // times**2
    if images > most:
        raise InputError(
            f"Of {side} × {side} pixels at most {most} {'image is' if most == 1 else 'images are'} "
            "drawn at once. Choose fewer under Images, or a smaller size under More."
        )
    if side > MAX_SIDE and times > 1:
        raise InputError(f"Pictures have at most {MAX_SIDE} pixels a side. Choose a smaller size.")
    return None if times == 1 else side
