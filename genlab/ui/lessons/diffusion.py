"""*Look closer* of the diffusion page: one training example and one step back, in numbers."""

import inspect
from collections.abc import Iterator

import gradio as gr

from genlab.analysis.diffusion_figures import about, is_of_a_walk, multiples
from genlab.analysis.figures import describe, name_of
from genlab.core.cards import CardFile
from genlab.core.errors import CheckpointError
from genlab.core.noise_schedule import NoiseSchedule, cosine_schedule
from genlab.inference.diffusion_steps import ddim_step, ddpm_step, dpm_solver_step, predict
from genlab.inference.forward_diffusion import add_noise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.panels import PicturePanels
from genlab.ui.closer import LATEX
from genlab.ui.lessons import diffusion_network as network
from genlab.ui.lessons.diffusion_example import PANELS, describe_example, open_example, shown
from genlab.ui.lessons.diffusion_step import describe_step, open_step

FIRST_EXAMPLE, FIRST_STEP = 30, 500  # a three, or a dress; half drowned
LARGEST_STEP = 999  # of the shipped cards; for fewer steps, the visitor is told
DICE = 9999  # seeds that a visitor can remember
TALL = 1250  # pixels that the two accounts take: what is below stands still while they come
UNTRAINED = "No diffusion model is trained yet: run `python -m train ddpm-mnist`."
IDEA = r"""
### The idea

Drowning a picture in noise needs no knowledge: each small step fades it a little and adds a little
noise,

$$x_t = \sqrt{1 - \beta_t}\, x_{t-1} + \sqrt{\beta_t}\, z, \qquad z \sim N(0, I)$$

and after the last step nothing but noise is left. The way back is what is hard: most of what can be
seen in $x_t$ is noise, and many pictures could lie behind it. A network learns to say which one,
on average, from $x_t$ and $t$. With its answer a sampler takes a step towards less noise, and asks
again; so a picture comes out of noise.

Because Gaussian noises add up, all steps up to $t$, counted from 0, are one jump, with
$\bar\alpha_t = (1 - \beta_0) \cdots (1 - \beta_t)$. That is what training uses.
"""


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the folded part; it follows the page's choice of card."""
    with gr.Accordion("Look closer", open=False) as section:
        gr.Markdown(IDEA, latex_delimiters=LATEX, elem_classes="genlab-account")
        with gr.Row():
            example = gr.Slider(
                0, 99, value=FIRST_EXAMPLE, step=1, label="Picture", min_width=220,
                info="One of the 100 shipped test images, ten of each class",
            )  # fmt: skip
            t = gr.Slider(
                0, LARGEST_STEP, value=FIRST_STEP, step=1, label="Step t", min_width=220,
                info="0 is hardly any noise; training draws one at random",
            )  # fmt: skip
            with gr.Column(min_width=220), gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(
                    0, label="Seed of the noise", precision=0, minimum=0, maximum=MAX_SEED
                )
                dice = gr.Button("Roll", scale=0, min_width=96, elem_classes="genlab-dice")
        pictures = PicturePanels(
            label="One training example", panels=PANELS, size=168, elem_id="diffusion-example"
        )
        account = gr.Markdown(
            "", latex_delimiters=LATEX, min_height=TALL, elem_classes="genlab-account"
        )
        with gr.Accordion("The lines of our code that did this", open=False):
            lines = gr.Code(code(store, card.value), language="python", show_label=False,
                            interactive=False)  # fmt: skip
        network.build(store, card)
        with gr.Accordion("How it was trained", open=False):
            facts = gr.Markdown(training(store, card.value), elem_classes="genlab-account")

    def explain(name: str | None, *asked: object) -> tuple[object, str]:
        return (None, UNTRAINED) if name is None else account_for(store, name, *asked)

    gr.on(
        [section.expand, card.change, seed.change, example.change, t.change],
        kit.quick(explain), [card, example, t, seed], [pictures, account],
        preprocess=False, **kit.QUICK,
    )  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")
    follow = kit.readable_errors(lambda name: (code(store, name), training(store, name)))
    card.change(follow, card, [lines, facts], show_progress="hidden",
                api_visibility="private", preprocess=False)  # fmt: skip


def account_for(
    store: ModelStore, name: str, example: object, t: object, seed: object
) -> tuple[object, str]:
    """The pictures of one training example, and all formulas with its numbers.

    Raises:
        InputError: a value out of range.
        GenLabError: see `ModelStore.get`.
    """
    opened, model = open_example(store, name, example, t, seed), store.get(name)
    parts = describe_example(opened, model.schedule), describe_step(open_step(model, opened))
    return shown(opened), "\n".join(parts)


def code(store: ModelStore, name: str | None) -> str:
    """Our functions, as they run; the network's own is that of the chosen card."""
    parts = [cosine_schedule, NoiseSchedule.alpha_bars.func, add_noise]
    if name is not None:
        parts.append(type(skeleton(store.card(name))).predict_noise)
    parts += [predict, ddpm_step, ddim_step, dpm_solver_step]
    return "\n\n\n".join(inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts)


def training(store: ModelStore, name: str | None) -> str:
    """What the card file knows of the training, and the card's figures."""
    if name is None:
        return UNTRAINED
    try:
        recorded = store.card_file(name)
    except CheckpointError as error:
        return str(error)
    return describe_training(recorded, skeleton(store.card(name)).schedule)


def describe_training(recorded: CardFile, schedule: NoiseSchedule) -> str:
    """Both tables, as Markdown."""
    facts = (
        ("Data", recorded.data),
        ("Parameters", f"{recorded.parameters:,}"),
        ("Steps of its schedule, T", f"{schedule.steps:,}"),
        ("Amplitude left at the last one", f"{schedule.alpha_bars[-1].sqrt().item():.2g}"),
        ("Steps of training", f"{recorded.steps:,}"),
        ("Time", f"{recorded.minutes:g} minutes"),
        ("On", recorded.device),
        ("Trained by", f"`{recorded.command}`"),
        ("Seed", str(recorded.seed)),
        ("Created", recorded.created),
    )
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts)
    return f"| | |\n|---|---|\n{rows}\n\n{_figures(recorded)}"


def _figures(recorded: CardFile) -> str:
    if not recorded.figures:
        return f"Nothing is measured yet: run `python -m train.evaluate {recorded.card}`."
    rows = "\n".join(
        f"| {name_of(key)} | {describe(figure)} | {figure.n:,} |"
        for key, figure in recorded.figures.items()
        if not is_of_a_walk(key)
    )
    table = f"| Figure | Value ± standard error | Images |\n|---|---:|---:|\n{rows}"
    return "\n\n".join([*([table] if rows else []), *_walks(recorded), *about(recorded.figures)])


def _walks(recorded: CardFile) -> Iterator[str]:
    """A table of the ways back for each number of pictures; the rest of it stands on Models."""
    for count, ways in multiples(recorded.figures).items():
        steps = sorted({each for found in ways.values() for each in found})
        rows = "\n".join(
            f"| {way} | "
            + " | ".join(describe(found[each]) if each in found else "–" for each in steps)
            + " |"
            for way, found in ways.items()
        )
        head = " | ".join(map(str, steps))
        yield f"**FID × floor by number of steps**, {count:,} pictures:"
        yield f"| Steps | {head} |\n|---|{'---:|' * len(steps)}\n{rows}"
