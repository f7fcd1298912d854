"""*Look closer* and *Common mistakes* below the pages of what else a PixelCNN can be asked.

Each page has its own: the formula with the numbers of the chosen card in it, the lines of our code,
the shapes; then the mistakes that belong there.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from genlab.analysis.likelihood import class_nats, mixture_nats, pixel_nats
from genlab.analysis.likelihood_lens import classify_by_bayes, score_picture
from genlab.inference import completion, fixed_point, top_p
from genlab.inference.autoregressive import inverse_cdf
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.closer import LATEX, Claim, common_mistakes
from genlab.ui.lessons import pixels_accounts as accounts
from genlab.ui.lessons import pixels_drawing_claims as drawing
from genlab.ui.lessons import pixels_scoring_claims as scoring

UNTRAINED = "No PixelCNN is trained yet: run `python -m train pixelcnn-mnist`."


@dataclass(frozen=True)
class Depth:
    """What lies below a page.

    Attributes:
        account: of a card by its name: the formula with its numbers, and the shapes; Markdown.
        code: our functions that do it.
        claims: the mistakes, of a store.
        tall: pixels that the account takes; what is below stands still while it comes.
    """

    account: Callable[[ModelStore, str], str]
    code: tuple[Callable, ...]
    claims: Callable[[ModelStore], tuple[Claim, ...]]
    tall: int


PAGES = {
    "Completion": Depth(
        accounts.tell_completion,
        (completion.stream_completions, completion.count_ignored, inverse_cdf),
        scoring.completion_claims,
        tall=380,
    ),
    "Likelihood": Depth(
        accounts.tell_likelihood,
        (score_picture, mixture_nats, classify_by_bayes, class_nats),
        scoring.likelihood_claims,
        tall=390,
    ),
    "Training pass": Depth(
        accounts.tell_training, (pixel_nats,), scoring.training_claims, tall=270
    ),
    "Race": Depth(
        accounts.tell_fixed_point,
        (fixed_point.stream_fixed_point, inverse_cdf),
        drawing.fixed_point_claims,
        tall=360,
    ),
    "Sampling": Depth(
        accounts.tell_controls, (top_p.keep_top_p, inverse_cdf), drawing.sampling_claims, tall=270
    ),
}  # fmt: skip
"""By the title of the page."""


def build(store: ModelStore, card: gr.Dropdown, page: str) -> None:
    """Declare both folded parts of a page; nothing for a page that has none.

    Args:
        card: the page's model picker.
        page: its title, see `PAGES`.
    """
    if page not in PAGES or card.value is None:
        return
    with gr.Accordion("Look closer", open=False) as section:
        account = gr.Markdown(
            "", latex_delimiters=LATEX, min_height=PAGES[page].tall, elem_classes="genlab-account"
        )
        gr.Markdown("### The lines of our code that did this")
        gr.Code(code(page), language="python", show_label=False, interactive=False)
    common_mistakes(claims(store, page), card)
    gr.on(
        [section.expand, card.change],
        kit.readable_errors(lambda name: account_for(store, page, name)), card, account,
        show_progress="minimal", show_progress_on=account, trigger_mode="always_last",
        api_visibility="private", preprocess=False, **kit.COMPUTE,
    )  # fmt: skip


def claims(store: ModelStore, page: str) -> tuple[Claim, ...]:
    """The mistakes that belong to a page; their checks take the name of a card."""
    return PAGES[page].claims(store)


def account_for(store: ModelStore, page: str, name: str | None) -> str:
    """The formula of a page with a card's numbers in it.

    Raises:
        GenLabError: see `ModelStore.get`.
    """
    return UNTRAINED if name is None else PAGES[page].account(store, name)


def code(page: str) -> str:
    """Our functions, as they run."""
    return "\n\n\n".join(inspect.cleandoc("\n" + inspect.getsource(each)) for each in
                         PAGES[page].code)  # fmt: skip
