"""*Common mistakes* about GANs, each tried on the spot: on the chosen network where that tells."""

import copy
import functools
import itertools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab import data
from genlab.analysis.critic import group_size, training_scores
from genlab.analysis.equalised import DEPTH, RATE, WIDTH, first_step, mean_squares
from genlab.core.protocols import ConditionalDecoder, Critic
from genlab.inference.adversarial_game import Game, Moment, Settings
from genlab.inference.game_targets import ring
from genlab.inference.prior_samples import sample
from genlab.nn.adversarial import LOSSES, group_deviations
from genlab.nn.equalised import he_scale
from genlab.store import ModelStore
from genlab.ui.closer import Claim
from genlab.ui.lessons.gan_recorded import check_recorded

SEED = 0
PICTURES = 256  # generated, of the seeds 0, 1, 2 …
GROUP = 8  # pictures that the minibatch standard deviation compares
FEATURES = (GROUP, 16, 7, 7)  # a batch as a critic's last convolution sees it
RATES = {"rate_d": 5e-3, "rate_g": 2e-3}  # high, so that a short game has a story
ROUNDS = 400
OPENING = 2  # moments of the course, before the losses have settled
ALIKE = 0.03  # losses that differ by no more
NARROW, BROAD = 16, 1024  # inputs of two layers that Adam moves


@dataclass(frozen=True, eq=False)
class Scored:
    """What a card's two networks make and say.

    Attributes:
        generated, real: pictures, (N, C, H, W) in [0, 1].
        generated_scores, real_scores: (N,).
        generated_labels, real_labels: (N,); None for a card without classes.
    """

    generated: Tensor
    real: Tensor
    generated_scores: Tensor
    real_scores: Tensor
    generated_labels: Tensor | None = None
    real_labels: Tensor | None = None


def claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards; their checks take the name of a GAN's card."""
    return (
        Claim(
            "The losses tell when modes collapse.",
            "They add up one score a picture, and a critic that judges each picture alone takes "
            "copies for variety; only one that compares pictures, by minibatch standard deviation, "
            "can notice copies. How many kinds of pictures there are is told by coverage, which "
            "has to be counted.",
            lambda name: "\n\n".join([check_collapse(store, name), check_game(), check_recorded()]),
        ),
        Claim(
            "The minibatch standard deviation is taken over channels.",
            "It is taken over the pictures of a batch, for each feature at each place, and then "
            "averaged to one number: how much the pictures differ.",
            lambda name: check_minibatch(store, name),
        ),
        Claim(
            "The equalised learning rate divides the weights by √(2 · inputs).",
            "It multiplies them by √(2 / inputs), He's factor, and does so whenever they run: then "
            "signals keep their size, and a step of Adam means the same to every layer.",
            lambda _: check_equalised(),
        ),
        Claim(
            "A critic that says ½ to everything means that training failed.",
            "It is what the best critic says once the generator draws as the data do, and also "
            "what one says that has learned nothing. The number alone does not tell these apart.",
            lambda name: check_half(store, name),
        ),
    )


def look_at(store: ModelStore, name: str, *, count: int = PICTURES) -> Scored:
    """Pictures of `count` seeds and the shipped examples, with the card's critic's scores."""
    model = store.get(name)  # outside of inference mode: weights loaded in it allow no gradients
    told = "fashion-mnist" if store.card(name).data.startswith("Fashion") else "mnist"
    found = data.examples(told)
    generated, real = sample(model, seed=SEED, count=count), found.images / 255
    labels = own = None
    if isinstance(model, ConditionalDecoder):
        labels, own = torch.arange(count) % model.classes, found.labels
    with torch.inference_mode():
        scores = model.score(generated, labels), model.score(real, own)
    return Scored(generated, real, *scores, labels, own)


def check_collapse(store: ModelStore, name: str) -> str:
    """The losses of the card's generator, and of one that always draws the same picture."""
    scored, group = look_at(store, name), group_size(store.get(name))
    real, *drawn, only = told_in_groups(store.get(name), scored) if group else told_alone(scored)
    whole, collapsed = (
        (loss_of(real, scores), LOSSES["non-saturating"].generator(scores).item())
        for scores in drawn
    )
    near = nearest(scored.generated, scored.real)
    return (
        f"{PICTURES} pictures of **{store.card(name).title}** and {len(real)} real examples "
        f"give the critic a loss of **{whole[0]:.2f}** and the generator one of **{whole[1]:.2f}**."
        f" A generator that draws nothing but its picture of seed {SEED + only}, again and again, "
        f"has **{collapsed[0]:.2f}** and **{collapsed[1]:.2f}** before this critic. "
        f"{tell_kind(group)} Examples that "
        f"are the nearest one of some picture: **{near.unique().numel()}** for the {PICTURES} "
        "pictures, **1** for that one."
    )


def told_alone(scored: Scored) -> tuple[Tensor, Tensor, Tensor, int]:
    """Scores of real pictures, of generated ones and of copies of one of these, and which it is."""
    only = typical(scored.generated_scores)
    return scored.real_scores, scored.generated_scores, scored.generated_scores[[only]], only


def told_in_groups(model: Critic, scored: Scored) -> tuple[Tensor, Tensor, Tensor, int]:
    """The same of a critic that compares pictures: mixed batches and one group of copies."""
    group, random = group_size(model), torch.Generator().manual_seed(SEED)
    mixed = torch.randperm(len(scored.real), generator=random)  # examples come class by class
    mixed = mixed[: len(mixed) // group * group]

    def scores(pictures: Tensor, labels: Tensor | None, places: Tensor) -> Tensor:
        return training_scores(model, pictures[places], None if labels is None else labels[places])

    generated = scored.generated, scored.generated_labels
    varied = scores(*generated, torch.arange(len(scored.generated)))
    only = typical(varied)
    copies = scores(*generated, torch.full((group,), only))
    return scores(scored.real, scored.real_labels, mixed), varied, copies, only


def tell_kind(group: int) -> str:
    """Whether a critic can notice copies at all."""
    if not group:
        return "It judges each picture alone, so it cannot notice copies."
    return (
        f"It compares {group} pictures at a time in training, as here, so it can notice copies: "
        "the two pairs of losses tell how much it does."
    )


def typical(scores: Tensor) -> int:
    """Which picture's losses are nearest to the mean ones, (N,) → 0 … N − 1."""
    terms = torch.stack([F.softplus(scores), F.softplus(-scores)])  # (2, N)
    return int((terms - terms.mean(dim=1, keepdim=True)).abs().amax(dim=0).argmin())


def nearest(pictures: Tensor, examples: Tensor) -> Tensor:
    """Which example has the smallest squared distance: (B, …) and (N, …) → (B,)."""
    return torch.cdist(pictures.flatten(1), examples.flatten(1)).argmin(dim=1)


@functools.cache
def check_game() -> str:
    """Two moments of one game with the same losses and another coverage; it is always the same."""
    game = Game(Settings(ring(), SEED, **RATES))
    for _ in range(ROUNDS):
        game.play_round()
    modes = len(game.settings.target.regions.shares)
    one, other = same_losses(game.course[OPENING:])
    return (
        f"And a critic that goes on learning? Two small networks play {ROUNDS} rounds over points "
        f"in the plane, where the real ones form {modes} modes. Two moments of it:\n\n"
        f"| step | {one.step} | {other.step} |\n|---|---:|---:|\n"
        f"| critic's mean loss | {one.loss_d:.2f} | {other.loss_d:.2f} |\n"
        f"| generator's | {one.loss_g:.2f} | {other.loss_g:.2f} |\n"
        f"| modes covered | **{one.covered}** | **{other.covered}** |"
    )


def same_losses(course: list[Moment]) -> tuple[Moment, Moment]:
    """The two moments whose coverage differs most, among those with losses that are `ALIKE`."""

    def rank(pair: tuple[Moment, Moment]) -> tuple[bool, int, float]:
        one, other = pair
        apart = max(abs(one.loss_d - other.loss_d), abs(one.loss_g - other.loss_g))
        return apart > ALIKE, -abs(one.covered - other.covered), apart

    return min(itertools.combinations(course, 2), key=rank)


def check_minibatch(store: ModelStore, name: str) -> str:
    """Both standard deviations of a varied batch and of a collapsed one."""
    varied = torch.randn(FEATURES, generator=torch.Generator().manual_seed(SEED))
    copies = varied[:1].expand(FEATURES)
    scored = look_at(store, name, count=GROUP)
    own = scored.generated
    return (
        f"{GROUP} pictures' features, {FEATURES[1]} channels of {FEATURES[2]}×{FEATURES[3]} random "
        f"numbers, and {GROUP} copies of the first:\n\n"
        "| | over pictures, then averaged | over channels |\n|---|---:|---:|\n"
        f"| all different | {over_pictures(varied):.4f} | {over_channels(varied):.4f} |\n"
        f"| copies | **{over_pictures(copies):.4f}** | **{over_channels(copies):.4f}** |\n\n"
        "Over channels a collapsed batch looks like any other. With the right one, the pixels of "
        f"{GROUP} pictures that this card draws have {over_pictures(own):.3f}, those of {GROUP} "
        f"real ones {over_pictures(scored.real[::10][:GROUP]):.3f}, and those of {GROUP} copies "
        f"of one picture {over_pictures(own[:1].expand_as(own)):.4f}."
    )


def over_pictures(x: Tensor) -> float:
    """What minibatch standard deviation tells a critic of one group, (B, C, H, W)."""
    return group_deviations(x, len(x))[0].item()


def over_channels(x: Tensor) -> float:
    """What the mistaken formula would tell."""
    return x.std(dim=1, correction=0).mean().item()


def check_equalised() -> str:
    """How large signals become under three factors, and how far Adam moves two layers."""
    right, wrong = mean_squares(he_scale(WIDTH)), mean_squares(1 / math.sqrt(2 * WIDTH))
    rows = [f"| {at} | {right[at - 1]:.2g} | {wrong[at - 1]:.2g} |" for at in (1, 5, DEPTH)]
    equalised, plain = (
        [first_step(inputs, at_run_time=how) for inputs in (NARROW, BROAD)] for how in (True, False)
    )
    return (
        f"Weights of N(0, 1) in layers of {WIDTH} units, each after a ReLU; the mean square of a "
        f"signal behind them:\n\n| layers | · √(2 / {WIDTH}) | / √(2 · {WIDTH}) |\n"
        "|---:|---:|---:|\n"
        + "\n".join(rows)
        + f"\n\nAnd why at run time: a step of Adam at rate {RATE:g} moves the weights of layers "
        f"with {NARROW} and {BROAD} inputs by **{equalised[0]:.1%}** and **{equalised[1]:.1%}** of "
        f"their size. With the factor in the first weights alone, by {plain[0]:.1%} and "
        f"**{plain[1]:.1%}**."
    )


def check_half(store: ModelStore, name: str) -> str:
    """What the trained critic says, and what one says that never learned."""
    scored, model = look_at(store, name), untrained(store.get(name))
    labels = own = None
    if isinstance(model, ConditionalDecoder):
        labels = torch.arange(PICTURES) % model.classes
        own = torch.arange(len(scored.real)) // data.EXAMPLES
    with torch.inference_mode():
        blank = model.score(scored.real, own), model.score(scored.generated, labels)
    learned = scored.real_scores, scored.generated_scores
    apart = abs(loss_of(*blank) - math.log(4))
    return (
        "Mean opinions, and the critic's loss:\n\n"
        "| | this card | untrained |\n|---|---:|---:|\n"
        f"| real | {mean(learned[0])} | {mean(blank[0])} |\n"
        f"| generated | {mean(learned[1])} | {mean(blank[1])} |\n"
        f"| loss | {loss_of(*learned):.3f} | {loss_of(*blank):.3f} |\n\n"
        f"½ to everything has a loss of ln 4 = {math.log(4):.3f}. The untrained critic, the same "
        f"network with fresh weights, is {apart:.3f} from it and has never seen a picture."
    )


def loss_of(real: Tensor, generated: Tensor) -> float:
    """The critic's cross entropy."""
    return LOSSES["non-saturating"].critic(real, generated).item()


def mean(scores: Tensor) -> str:
    """Of the opinions."""
    return f"{scores.sigmoid().mean().item():.3f}"


def untrained(model: Critic) -> nn.Module:
    """A copy with fresh weights, N(0, 1 / inputs), and biases of 0."""
    generator = torch.Generator().manual_seed(SEED)
    fresh = copy.deepcopy(model)
    with torch.no_grad():
        for weights in fresh.parameters():
            inputs = weights[0].numel()
            if weights.dim() == 1:
                weights.zero_()
            else:
                weights.normal_(0, inputs**-0.5, generator=generator)
    return fresh
