"""*Look closer* and *Common mistakes* of the VAE page: the bound with one picture's own numbers."""

import inspect

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.analysis.bounds import binarised, picture_cost
from genlab.analysis.elbo import elbo, gaussian_kl, reparameterise
from genlab.analysis.latent_codes import measure_dimensions
from genlab.analysis.layers import coder_layers
from genlab.core.errors import CheckpointError
from genlab.core.protocols import LatentVariableModel
from genlab.inference.latent import (
    aggregated_codes,
    decode_encoded,
    decode_points,
    encode_images,
    prior_codes,
)
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.closer import LATEX, Claim, common_mistakes, layer_rows

CODE = "\n\n".join(inspect.getsource(part) for part in (gaussian_kl, reparameterise, elbo))
FIRST_EXAMPLE = 30  # a three, or a dress
DRAWS = 1000  # of codes
AVERAGED = 64  # codes of one picture, as on the page of the loss
PICTURES = 16
WITHIN_GAUSSIAN, WITHIN_UNIFORM = 0.683, 0.577  # share of a law within one standard deviation
PIXELS = 784


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare both folded parts; they follow the page's choice of card."""
    with gr.Accordion("Look closer", open=False):
        example = gr.Slider(
            0, 99, value=FIRST_EXAMPLE, step=1, label="Example",
            info="One of the 100 shipped test images, ten of each class",
        )  # fmt: skip
        account = gr.Markdown(
            _account(store, card.value, FIRST_EXAMPLE),
            latex_delimiters=LATEX,
            elem_classes="genlab-account",
        )
        gr.Markdown("### The lines of our code that did this")
        gr.Code(CODE, language="python", show_label=False, interactive=False)
        with gr.Accordion("Layer by layer", open=False):
            layers = gr.Markdown(_layers(store, card.value), elem_classes="genlab-layers")
    common_mistakes(_claims(store), card)

    def explain(name: str, index: float) -> str:
        return _account(store, name, kit.whole_number(index, "Example", 0, 99))

    example.input(kit.quick(explain), [card, example], account, preprocess=False, **kit.QUICK)
    card.change(kit.readable_errors(explain), [card, example], account, show_progress="hidden",
                api_visibility="private", preprocess=False)  # fmt: skip
    card.change(kit.readable_errors(lambda name: _layers(store, name)), card, layers,
                show_progress="hidden", api_visibility="private", preprocess=False)  # fmt: skip


def examples_of(store: ModelStore, name: str) -> tuple[data.DataSet, Tensor]:
    """The shipped examples of what a card was trained on, and their images in [0, 1]."""
    fashion = store.card(name).data.startswith("Fashion")
    found = data.examples("fashion-mnist" if fashion else "mnist")
    return found, found.images / 255


def _account(store: ModelStore, name: str | None, index: int) -> str:
    if name is None:
        return "No VAE is trained yet: run `python -m train vae-plane-mnist`."
    try:
        model = store.get(name)
    except CheckpointError as error:  # while the page is built, it would stop the whole site
        return str(error)
    found, images = examples_of(store, name)
    title = found.classes[int(found.labels[index])]
    return describe_bound(model, images[index : index + 1], title)


@torch.inference_mode()
def describe_bound(model: LatentVariableModel, image: Tensor, title: str) -> str:
    """The bound of one picture with its own numbers in it, in black and white as on *Loss*.

    Args:
        image: (1, C, H, W) in [0, 1].
        title: its class.
    """
    picture = binarised(image)
    seen = image if model.sees_grey else picture
    cost = picture_cost(model, picture, AVERAGED, torch.Generator().manual_seed(0), seen=seen)
    mean, std = model.encode(seen)
    noise = torch.randn(AVERAGED, model.latent_dim, generator=torch.Generator().manual_seed(0))[:1]
    first = -float(model.log_likelihood(picture, reparameterise(mean, std, noise)))
    kl = cost.kl
    most = int(kl.argmax())
    mu, sigma, epsilon = (float(each[0, most]) for each in (mean, std, noise))
    reconstruction, total = cost.reconstruction, float(kl.sum())
    return rf"""
### A picture of class {title}, in the dimension that it uses most: number {most}

{_treatment(model)}

The encoder gives a Gaussian: mean $\mu = {mu:.3f}$ and, as $\gamma = \ln \sigma^2$, the standard
deviation $\sigma = {sigma:.3f}$. A code is drawn from it with a random number $\epsilon$ that
comes from outside, so that gradients reach $\mu$ and $\sigma$:

$$z = \mu + \sigma \epsilon = {mu:.3f} + {sigma:.3f} \cdot ({epsilon:.3f})
= {mu + sigma * epsilon:.3f}$$

How much this dimension costs is the divergence of that Gaussian from the prior $N(0, 1)$:

$$\mathrm{{KL}} = \tfrac12 (\mu^2 + \sigma^2 - 1 - \ln \sigma^2)
= \tfrac12 ({mu**2:.3f} + {sigma**2:.3g} - 1 - ({2 * float(std[0, most].log()):.3f}))
= {float(kl[most]):.3f} \text{{ nats}}$$

All {len(kl)} dimensions together cost {total:.2f} nats. The decoder's pixels, each a coin with its
own probability of white, cost $-\ln p(x \mid z) = {first:.2f}$ nats for this code, and
${reconstruction:.2f} \pm {cost.standard_error:.2f}$ on average over {AVERAGED} codes that are drawn
so. Only the average over all codes bounds the picture's likelihood, as one code may be lucky:

$$-\ln p(x) \le \mathbb{{E}}_q[-\ln p(x \mid z)] + \mathrm{{KL}}
\approx \underbrace{{{reconstruction:.2f}}}_{{\text{{reconstruction}}}}
+ \underbrace{{{total:.2f}}}_{{\text{{KL}}}} = {cost.total:.2f} \text{{ nats}}$$
"""


def _treatment(model: LatentVariableModel) -> str:
    """What x is, and what the encoder looks at."""
    looks = "it" if not model.sees_grey else "the grey one, as in training"
    return (
        "The picture $x$ is taken in black and white, as *Loss* takes it at first; the encoder "
        f"looks at {looks}."
    )


def _layers(store: ModelStore, name: str | None) -> str:
    return "" if name is None else layer_rows(coder_layers(store.card(name).build))


def _claims(store: ModelStore) -> tuple[Claim, ...]:
    return (
        Claim(
            "The codes are evenly distributed in some range.",
            "A picture has one Gaussian, and all pictures' Gaussians together are pressed towards "
            "the prior, which is a Gaussian too: dense in the middle, thin outside.",
            lambda name: check_distribution(store, name),
        ),
        Claim(
            "Samples from the prior are the wrong ones; take those from q(z given x).",
            "Codes of q(z given x) are reconstructions of a picture that was given. Only codes of "
            "the prior show what the model makes by itself.",
            lambda name: check_posterior(store, name),
        ),
        Claim(
            "Whether the KL is divided by 784 is a detail.",
            "The bound adds both terms over all pixels and dimensions. Dividing one of them alone "
            "is a β of 1/784 or of 784.",
            lambda name: check_weight(store, name),
        ),
    )


@torch.inference_mode()
def check_distribution(store: ModelStore, name: str) -> str:
    """The share of codes within one standard deviation, against two laws."""
    model, (_, images) = store.get(name), examples_of(store, name)
    mean, std = encode_images(model, images)
    codes = aggregated_codes(mean, std, DRAWS, torch.Generator().manual_seed(0))
    dimensions = measure_dimensions(model, images)
    used = codes[:, dimensions.is_used]  # (DRAWS, U)
    within = ((used - used.mean(dim=0)).abs() <= used.std(dim=0)).float().mean().item()
    return (
        f"{DRAWS:,} codes of the 100 examples, in the {used.shape[1]} used dimensions of "
        f"{model.latent_dim}: **{within:.1%}** lie within one standard deviation of their mean. A "
        f"Gaussian has {WITHIN_GAUSSIAN:.1%} there, an even spread {WITHIN_UNIFORM:.1%}. The "
        f"standard deviations of single pictures go from {std[:, dimensions.is_used].min():.2f} to "
        f"{std[:, dimensions.is_used].max():.2f}."
    )


@torch.inference_mode()
def check_posterior(store: ModelStore, name: str) -> str:
    """How often a draw's nearest example is the very picture that was encoded."""
    model, (_, images) = store.get(name), examples_of(store, name)
    chosen = torch.linspace(0, len(images) - 1, PICTURES).round().long()  # of every class
    mean, std = encode_images(model, images[chosen])
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    posterior = nearest(decode_encoded(model, mean + std * noise), images)
    own = (posterior == chosen).sum().item()
    prior = decode_points(model, prior_codes(model, 0, PICTURES))
    copies = nearest(prior, images).unique().numel()
    return (
        f"One code was drawn of q(z given x) for each of {PICTURES} examples, of every class: "
        f"**{own}** of the "
        "decoded pictures are nearer to their own example than to the 99 others. "
        f"{PICTURES} codes of the prior were given no example, and their pictures lie nearest to "
        f"{copies} different ones."
    )


def nearest(pictures: Tensor, examples: Tensor) -> Tensor:
    """Which example has the smallest squared distance: (B, …) and (N, …) → (B,)."""
    return torch.cdist(pictures.flatten(1), examples.flatten(1)).argmin(dim=1)


@torch.inference_mode()
def check_weight(store: ModelStore, name: str) -> str:
    """What share of the loss the KL is, as it is and divided."""
    model, (_, images) = store.get(name), examples_of(store, name)
    noise = torch.randn(len(images), model.latent_dim, generator=torch.Generator().manual_seed(0))
    bound = elbo(model, images, noise)
    reconstruction = bound.reconstruction.mean().item()
    kl = bound.kl.sum(dim=1).mean().item()
    divided = kl / PIXELS
    return (
        "On the 100 examples, grey as they are, the reconstruction costs "
        f"{reconstruction:.1f} nats and the KL {kl:.1f}: **{kl / (kl + reconstruction):.1%}** of "
        f"the bound. Divided by {PIXELS} it would be {divided:.3f}, "
        f"**{divided / (divided + reconstruction):.3%}**: hardly anything would hold the codes "
        "near the prior."
    )
