"""*Look closer*: the formula of each page with the numbers of the chosen card, and the shapes."""

import math

import torch

from genlab import data
from genlab.analysis.likelihood import image_nats, pixel_nats
from genlab.analysis.likelihood_lens import score_picture
from genlab.core.frames import last
from genlab.core.protocols import Autoregressive, Conditional
from genlab.inference.autoregressive import draw_uniforms, make_stepper
from genlab.inference.completion import count_ignored, keep_rows
from genlab.inference.fixed_point import stream_fixed_point
from genlab.inference.top_p import keep_top_p
from genlab.store import ModelStore
from genlab.ui.lessons.pixels_drawing_claims import COOL, SEED, TOP_P, doubtful_logits
from genlab.ui.lessons.pixels_examples import first_example, model_of, told

ROWS = 14  # kept of the example


def _shapes(*rows: tuple[str, str, str]) -> str:
    """Tensors as a table: name, shape, what it is."""
    body = "\n".join(f"| `{name}` | {shape} | {tells} |" for name, shape, tells in rows)
    return f"\n\n| tensor | shape | |\n|---|---|---|\n{body}"


def _fronts(model: Autoregressive) -> int:
    return len(make_stepper(model, 1).fronts)


def tell_completion(store: ModelStore, name: str) -> str:
    """What is kept, what is drawn, and what the kept part itself costs."""
    model, (pixels, _) = model_of(store, name), first_example(store, name)
    kept = keep_rows(model.spec, ROWS)
    nats = pixel_nats(model, pixels[None])[0, 0]
    known, missing = nats[kept].sum().item(), nats[~kept].sum().item()
    free, lost = int((~kept).sum()), int((count_ignored(kept) > 0).sum())
    _, height, width = model.spec.shape
    return (
        r"The chain rule is cut where the kept part ends:"
        r" $$p(x) = \underbrace{\prod_{i \le k} p(x_i \mid x_{<i})}_{\text{kept}} \cdot"
        r" \underbrace{\prod_{i > k} p(x_i \mid x_{<i})}_{\text{drawn}}$$"
        f"\n\nOf a test picture, the first {ROWS} rows cost ${known:.1f}$ nats and the true rest "
        f"${missing:.1f}$ nats more: that rest is one of many that could follow. Drawing "
        f"{free} pixels from the second product is exact, since no erased pixel comes before a "
        f"kept one ({lost} of them lose anything). With a kept pixel *behind* an erased one it "
        "would not be: $p(x_{\\text{erased}} \\mid x_{\\text{kept}})$ is then no such product, and "
        "what is kept there is not heard."
        + _shapes(
            ("kept", f"{height} × {width}", "bool"),
            ("given", f"6 × 1 × {height} × {width}", "level to keep, −1 where the model is free"),
            ("uniforms", f"6 × 1 × {height} × {width}", "one random number a value"),
            ("logits", f"6 × n × 1 × {model.spec.levels}", f"of a front; {_fronts(model)} fronts"),
        )
    )


def tell_likelihood(store: ModelStore, name: str) -> str:
    """A test picture's likelihood; of a model with classes by the mixture and by Bayes' rule."""
    model, (pixels, label) = model_of(store, name), first_example(store, name)
    _, height, width = model.spec.shape
    score = score_picture(model, pixels)
    tries = 1 if score.classes is None else len(score.classes)
    own = data.class_name(store.card(name).data, label)
    told_classes = "" if score.classes is None else _by_class(model, pixels, score, label, own)
    return (
        r"$$-\ln p(x) = \sum_{i} -\ln p(x_i \mid x_{<i})"
        rf" = {score.nats:.2f}\ \text{{nats}}, \qquad"
        rf"\frac{{{score.nats:.2f}}}{{{score.values} \cdot \ln 2}} = {score.bits_per_dim:.3f}"
        r"\ \text{bits/dim}$$"
        f"\n\nfor a test picture of {score.values} pixels. The model expected to pay "
        f"${score.expected_bits.sum().item() * math.log(2):.2f}$ nats, the sum of the entropies."
        + told_classes
        + _shapes(
            ("pixels", f"1 × {height} × {width}", f"int64 in [0, {model.spec.levels})"),
            ("logits", f"{tries} × {model.spec.levels} × 1 × {height} × {width}",
             "all pixels at once, a pass a class" if tries > 1 else "all pixels at once, one pass"),
            ("bits", f"{height} × {width}", "what each pixel costs"),
        )
    )  # fmt: skip


def _by_class(model: Conditional, pixels: torch.Tensor, score: object, label: int, own: str) -> str:
    """p(x) as a mixture, and what follows for the example's own class, called `own`."""
    given = image_nats(model, pixels[None], told(model, label)).item()
    chance = score.classes[label].item() if label < len(score.classes) else 0.0
    return (
        "\n\nThe model knows p(x | y). Without a class it is a mixture of equally frequent ones, "
        rf"$$p(x) = \tfrac{{1}}{{{len(score.classes)}}} \sum_y p(x \mid y), \qquad"
        r" p(y \mid x) = \frac{p(x \mid y)}{\sum_{y'} p(x \mid y')}$$"
        f"\n\nGiven its own class, {own}, the picture costs ${given:.2f}$ nats, so "
        rf"$p(y \mid x) = e^{{{score.nats:.5f} - {given:.5f}}} / {len(score.classes)} = "
        f"{chance:.4f}$."
    )


def tell_training(store: ModelStore, name: str) -> str:
    """The loss of a test picture as the sum over its pixels, and its gradient."""
    model, (pixels, label) = model_of(store, name), first_example(store, name)
    nats = pixel_nats(model, pixels[None], told(model, label))[0, 0]
    _, height, width = model.spec.shape
    return (
        r"$$L = -\ln p(x) = \sum_{r, c} -\ln\, \mathrm{softmax}(\ell_{:, r, c})_{x_{r, c}}"
        rf" = {nats.sum().item():.2f}\ \text{{nats}}$$"
        f"\n\nfor a test picture, {nats.numel()} terms of one pass; the largest is "
        f"${nats.max().item():.2f}$, the median ${nats.median().item():.5f}$. Its gradient on a "
        r"pixel's logits is $\mathrm{softmax}(\ell) - \mathrm{onehot}(x)$, and all "
        f"{nats.numel()} of them go back through the same layers together."
        + _shapes(
            ("pixels", f"B × 1 × {height} × {width}", "input and target are the same tensor"),
            ("logits", f"B × {model.spec.levels} × 1 × {height} × {width}", "from one pass"),
            ("loss", f"B × 1 × {height} × {width}", "summed over a picture, averaged over B"),
        )
    )


def tell_fixed_point(store: ModelStore, name: str) -> str:
    """How many passes one picture takes."""
    model = model_of(store, name)
    uniforms = draw_uniforms(model.spec, SEED, 1)
    end = last(stream_fixed_point(model, uniforms))
    _, height, width = model.spec.shape
    return (
        r"With its random numbers $u$ fixed, a picture answers an equation: each pixel is the level"
        r" at which the distribution that the others give it passes $u_i$,"
        r" $$x_i = F_i(x) = \mathrm{cdf}^{-1}_{p(\cdot \mid x_{<i})}(u_i)$$"
        r" and $x \leftarrow F(x)$ is one pass of the network for all pixels. $F_i$ reads earlier"
        r" pixels alone, so pass $m$ settles pixel $m$ at the latest: at most"
        f" {height * width} passes, and for seed {SEED} of this card **{end.step}**."
        + _shapes(
            ("pixels", f"1 × 1 × {height} × {width}", "the guess; all 0 before the first pass"),
            ("logits", f"1 × {model.spec.levels} × 1 × {height} × {width}", "of every pixel"),
            ("uniforms", f"1 × 1 × {height} × {width}", "the same in every pass"),
            ("final", "1", "how many pixels cannot move any more"),
        )
    )


@torch.inference_mode()
def tell_controls(store: ModelStore, name: str) -> str:
    """Temperature and top-p at one pixel."""
    logits, (row, column) = doubtful_logits(store, name)
    plain, cool = logits.softmax(dim=0), (logits / COOL).softmax(dim=0)
    cut = keep_top_p(cool, torch.tensor(TOP_P, dtype=cool.dtype))
    best = [each.max().item() for each in (plain, cool, cut)]
    kept = int((cut > 0).sum())
    return (
        r"$$q = \mathrm{softmax}(\ell / T), \qquad q' \propto q \cdot [\text{among the likeliest"
        r" that reach } p_{\text{top}}]$$"
        f"\n\nAt row {row}, column {column} of a test picture the likeliest level has p = "
        f"{best[0]:.4f}. With $T = {COOL:g}$ it has {best[1]:.4f}, and with top-p = {TOP_P:g} "
        f"behind that {best[2]:.4f}: {kept} of {len(logits)} levels are left."
        + _shapes(
            ("logits", f"B × n × 1 × {len(logits)}", "of a front of n pixels"),
            ("temperature, top_p", "n × 1", "each pixel has its own, so a run can branch"),
        )
    )
