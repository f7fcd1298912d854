"""The GAN lesson's numbers are those of the card on the page, and its checks can say otherwise."""

import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from lively import tiny_conditional_gan, tiny_gan
from shelved import write_checkpoint
from tiny_recording import tiny_recording, write_recording

from genlab import data
from genlab.analysis import equalised
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.inference.adversarial_game import Moment
from genlab.inference.latent import decode_points, prior_codes
from genlab.inference.prior_samples import OfClass
from genlab.models.gan import CARDS
from genlab.store import ModelStore, skeleton
from genlab.ui.lessons import gan, gan_claims
from genlab.ui.lessons.gan_recorded import check_recorded

LOG_4 = math.log(4)


class OneModel:
    """A store with one card."""

    def __init__(self, model, told="Fashion-MNIST, grey"):
        self.model = model
        self.made = ModelCard("tiny", "Tiny", "GAN", told, CARDS[0].build, "nobody")

    def card(self, name):
        return self.made

    def get(self, name):
        return self.model


@pytest.fixture
def model():
    return tiny_gan(size=(28, 28))


@pytest.fixture
def store(model):
    return OneModel(model)


@pytest.fixture
def conditional():
    network = tiny_conditional_gan(size=(28, 28))
    network.classes = 10  # as the shipped data have
    for part in (network.generator.with_label, network.critic):
        name = "embedding" if hasattr(part, "embedding") else "projection"
        old = getattr(part, name)
        wider = torch.nn.Embedding(10, old.embedding_dim, _weight=old.weight.repeat(4, 1)[:10])
        setattr(part, name, wider.requires_grad_(False))
    return OneModel(network, "MNIST, grey")


# — look closer —


def test_the_pair_is_the_seed_s_picture_and_the_example(store, model):
    pair = gan.score_pair(store, "tiny", 7, 42)

    example = data.examples("fashion-mnist").images[42:43] / 255
    generated = decode_points(model, prior_codes(model, 7, 1))
    torch.testing.assert_close(pair.pictures[0], generated[0, 0])
    torch.testing.assert_close(pair.pictures[1], example[0, 0])
    assert pair.generated == pytest.approx(model.score(generated).item())
    assert pair.real == pytest.approx(model.score(example).item())
    assert pair.told == ("seed 7", "class Coat")


def test_a_conditional_card_draws_and_judges_the_example_s_class(conditional):
    pair = gan.score_pair(conditional, "tiny", 7, 42)

    model, four = conditional.model, torch.tensor([4])
    generated = decode_points(OfClass(model, 4), prior_codes(model, 7, 1))
    torch.testing.assert_close(pair.pictures[0], generated[0, 0])
    assert pair.generated == pytest.approx(model.score(generated, four).item())
    assert pair.generated != pytest.approx(model.score(generated, four + 1).item())
    assert pair.told == ("seed 7, class 4", "class 4")


def test_the_squared_slope_is_that_of_finite_differences(store, model):
    pair = gan.score_pair(store, "tiny", 0, 30)
    image = data.examples("fashion-mnist").images[30:31] / 255
    pixels = image.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model.score(pixels).sum(), pixels)
    direction = slope / slope.norm()
    step = 1e-2
    ahead, behind = (model.score(image + way * direction).item() for way in (step, -step))

    found = ((ahead - behind) / (2 * step)) ** 2 / 2

    assert pair.squared_slope == pytest.approx(found, rel=0.05)


@pytest.mark.parametrize("score", [-9.0, -1.5, 0.0, 3.0])
def test_slopes_are_the_closed_forms(score):
    opinion = 1 / (1 + math.exp(-score))

    assert gan.slope("minimax", score) == pytest.approx(-opinion)
    assert gan.slope("non-saturating", score) == pytest.approx(opinion - 1)


def pair(generated, real):
    blank = torch.zeros(28, 28)
    return gan.ScoredPair((blank, blank), generated, real, 0.0123, ("seed 0", "class Bag"))


def test_the_account_has_the_losses_of_our_own_functions():
    generated, real = torch.tensor([-0.7]), torch.tensor([1.9])

    text = gan.describe_pair(pair(-0.7, 1.9))

    both = {name: gan.LOSSES[name] for name in ("minimax", "non-saturating")}
    assert f"= {both['minimax'].critic(real, generated).item():.3f}$$" in text
    for loss in both.values():
        assert f"= {loss.generator(generated).item():.3f}, " in text
    assert f"{1 / (1 + math.exp(0.7)):.4f}" in text
    assert f"e^{{-s}} = {math.exp(0.7):.3g}$" in text
    assert "0.0123" in text


def test_the_account_of_a_critic_that_knows_nothing_is_ln_4():
    text = gan.describe_pair(pair(0.0, 0.0))

    assert f"= 0.693 + 0.693 = {LOG_4:.3f}$$" in text
    assert "e^{-s} = 1$" in text


@pytest.mark.parametrize("score", [-300.0, 300.0])
def test_a_critic_that_is_very_sure_breaks_no_formula(score):
    text = gan.describe_pair(pair(score, -score))

    assert "nan" not in text
    assert "inf" not in text
    assert "600.000" in text or "0.000" in text


def test_the_pictures_carry_their_scores():
    found = gan.shown(pair(-0.7, 1.9))

    assert [each.note for each in found] == ["seed 0: score −0.70", "class Bag: score 1.90"]
    assert all(each.values.shape == (28, 28) for each in found)


@pytest.mark.parametrize("seed", [None, -1, 2**32, 0.5, "1", math.nan, True])
def test_a_seed_that_is_none_is_refused(store, seed):
    with pytest.raises(InputError, match="Seed"):
        gan.score_pair(store, "tiny", seed, 0)


@pytest.mark.parametrize("example", [None, -1, 100, 0.5, "1", math.nan])
def test_an_example_that_does_not_exist_is_refused(store, example):
    with pytest.raises(InputError, match="Real picture"):
        gan.score_pair(store, "tiny", 0, example)


def test_the_code_is_what_runs():
    text = gan.code()

    for line in (
        "F.softplus(-real).mean() + F.softplus(generated).mean()",
        '"minimax": AdversarialLoss(cross_entropy, lambda scores: -F.softplus(scores)',
        '"non-saturating": AdversarialLoss(cross_entropy, lambda scores: F.softplus(-scores)',
        "def r1_penalty",
        "groups.var(dim=1",
    ):
        assert line in text
    assert "least squares" not in text


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_both_tables_of_layers_add_up_to_the_network_s_parameters(card):
    tables = gan.describe_layers(card).split("**The critic**")

    network = skeleton(card)
    for table, part in zip(tables, (network.generator, network.critic), strict=True):
        total = sum(each.numel() for each in part.parameters())
        assert f"**{total:,}**" in table
    assert "1 × 1 × 28 × 28" in tables[0]
    assert "| 1 × 1 |" in tables[1]


def built(store, name):
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown(["tiny"], value=name)
        gan.build(store, card)
    return blocks


def test_the_page_stands_without_a_trained_card_and_says_so(store):
    explain = next(fn for fn in built(store, None).fns.values() if len(fn.outputs) == 2)

    assert explain.fn(None, 0, 0) == (None, gan.UNTRAINED)


def test_the_page_answers_a_visitor(store):
    explain = next(fn for fn in built(store, "tiny").fns.values() if len(fn.outputs) == 2)

    pictures, text = explain.fn("tiny", 0, 0)
    assert len(pictures) == 2
    assert "non-saturating" in text
    with pytest.raises(gr.Error, match="Seed"):
        explain.fn("tiny", "x", 0)


# — common mistakes —


def test_a_check_that_loads_the_card_leaves_it_fit_for_gradients(tmp_path):
    dense = CARDS[-1]
    write_checkpoint(tmp_path, dense)
    shelf = ModelStore(tmp_path, CARDS)

    gan_claims.check_minibatch(shelf, dense.name)

    assert gan.score_pair(shelf, dense.name, 0, 0).squared_slope > 0  # autograd's


def bold(text):
    """The numbers in bold type."""
    return [float(each.rstrip("%")) for each in re.findall(r"\*\*([\d.]+%?)\*\*", text)]


def test_the_collapsed_generator_has_the_same_losses_and_one_picture(store, monkeypatch):
    images = data.examples("fashion-mnist").images / 255
    drawn = images[torch.arange(gan_claims.PICTURES) % 60]  # as if by a generator of six classes
    monkeypatch.setattr(gan_claims, "sample", lambda *_, **__: drawn)

    found = bold(gan_claims.check_collapse(store, "tiny"))

    critic, generator, critic_after, generator_after, kinds, one = found
    assert critic_after == pytest.approx(critic, abs=0.03)
    assert generator_after == pytest.approx(generator, abs=0.03)
    assert (kinds, one) == (60, 1)


def test_the_losses_named_are_those_of_the_card(store, model):
    text = gan_claims.check_collapse(store, "tiny")

    pictures = decode_points(model, prior_codes(model, 0, gan_claims.PICTURES))
    real = data.examples("fashion-mnist").images / 255
    loss = gan.LOSSES["non-saturating"].critic(model.score(real), model.score(pictures)).item()
    assert f"a loss of **{loss:.2f}**" in text


def test_the_typical_picture_has_the_mean_losses():
    assert gan_claims.typical(torch.tensor([-5.0, 5.0, 0.1, 4.9])) == 2


def test_a_picture_s_nearest_example_is_itself():
    images = torch.rand(5, 1, 4, 4)

    assert gan_claims.nearest(images[[3, 1]], images).tolist() == [3, 1]


def moment(step, loss_d, loss_g, covered):
    return Moment(step, loss_d, loss_g, covered)


def test_the_two_moments_have_the_same_losses_and_the_most_different_coverage():
    course = [
        moment(0, 1.00, 0.70, 8),
        moment(1, 1.30, 0.70, 0),  # another loss of D
        moment(2, 1.01, 0.90, 1),  # another loss of G
        moment(3, 1.02, 0.71, 3),
        moment(4, 1.00, 0.70, 7),
    ]

    one, other = gan_claims.same_losses(course)

    assert (one.step, other.step) == (0, 3)


def test_without_equal_losses_the_nearest_are_taken():
    course = [moment(0, 1.0, 1.0, 0), moment(1, 1.2, 1.0, 1), moment(2, 2.0, 1.0, 8)]

    assert [each.step for each in gan_claims.same_losses(course[:2])] == [0, 1]


@pytest.mark.slow
def test_in_the_game_the_same_losses_go_with_very_different_coverages():
    text = gan_claims.check_game()

    pairs = re.findall(r"\| \**([\d.]+)\** \| \**([\d.]+)\** \|", text)
    critic, generator, (few, many) = np.array(pairs, float)[-3:]
    assert abs(np.diff(critic)) <= gan_claims.ALIKE + 0.01
    assert abs(np.diff(generator)) <= gan_claims.ALIKE + 0.01
    assert abs(few - many) >= 4


def test_every_recorded_run_is_told_with_its_own_end_but_for_damaged_ones(tmp_path):
    assert check_recorded(tmp_path) == ""
    runs = [
        tiny_recording("gan-healthy", covered=9),
        tiny_recording("gan-collapse", seed=3, covered=1),
        tiny_recording("gan-replay", covered=5),
    ]
    for run in runs:
        write_recording(tmp_path, run)
    damaged = next(tmp_path.glob("gan-replay/*.png"))
    damaged.write_bytes(damaged.read_bytes()[:100])

    told = [line for line in check_recorded(tmp_path).splitlines() if line.startswith("- ")]

    assert len(told) == 2
    for run in runs[:2]:
        (line,) = [line for line in told if f"**{run.title}**, seed {run.seed}:" in line]
        last = run.moments[-1].values
        assert f"covers {last['coverage']:g} of" in line


def test_only_the_deviation_over_pictures_sees_a_collapsed_batch():
    varied = torch.randn(8, 16, 7, 7, generator=torch.Generator().manual_seed(1))
    copies = varied[:1].expand_as(varied)

    assert gan_claims.over_pictures(varied) == pytest.approx(0.93, abs=0.03)
    assert gan_claims.over_pictures(copies) < 1e-3
    assert gan_claims.over_channels(copies) == pytest.approx(
        gan_claims.over_channels(varied), rel=0.1
    )


def test_the_minibatch_check_measures_the_card_s_own_pictures(store, model):
    text = gan_claims.check_minibatch(store, "tiny")

    pictures = decode_points(model, prior_codes(model, 0, gan_claims.GROUP))
    expected = pictures.std(dim=0, correction=0).mean().item()
    assert f"this card draws have {expected:.3f}" in text


def test_he_s_factor_keeps_a_signal_and_the_mistaken_one_loses_it():
    right = equalised.mean_squares(math.sqrt(2 / equalised.WIDTH))
    wrong = equalised.mean_squares(1 / math.sqrt(2 * equalised.WIDTH))

    assert right[-1] == pytest.approx(1, abs=0.5)
    assert wrong[-1] == pytest.approx(right[-1] / 4**equalised.DEPTH, rel=1e-3)  # exactly a 4th


def test_adam_moves_all_layers_alike_only_with_the_factor_at_run_time():
    narrow, broad = (equalised.first_step(inputs, at_run_time=True) for inputs in (16, 1024))
    early, late = (equalised.first_step(inputs, at_run_time=False) for inputs in (16, 1024))

    assert broad == pytest.approx(narrow, rel=0.1)
    assert late == pytest.approx(8 * early, rel=0.1)  # √(1024 / 16)
    assert "1.0%" in gan_claims.check_equalised()


def test_an_untrained_critic_says_a_half_and_leaves_the_card_s_own_alone(store, model):
    before = {name: weights.clone() for name, weights in model.state_dict().items()}

    fresh = gan_claims.untrained(model)

    real = data.examples("fashion-mnist").images / 255
    assert (fresh.score(real).sigmoid() - 0.5).abs().mean() < 0.25
    for name, weights in model.state_dict().items():
        assert torch.equal(weights, before[name])
    assert not torch.equal(fresh.critic.output.weight, model.critic.output.weight)


@pytest.mark.parametrize("kind", ["store", "conditional"])
def test_every_check_runs_on_cards_with_and_without_classes(kind, request, monkeypatch):
    monkeypatch.setattr(gan_claims, "check_game", lambda: "")
    shelf = request.getfixturevalue(kind)

    found = [claim.check("tiny") for claim in gan_claims.claims(shelf)]

    assert len(found) == 4
    assert all(re.search(r"\d", each) for each in found)
    assert not any("nan" in each for each in found)


def test_the_half_check_has_the_card_s_own_opinions(store, model):
    text = gan_claims.check_half(store, "tiny")

    real = data.examples("fashion-mnist").images / 255
    mean = model.score(real).sigmoid().mean().item()
    assert f"| real | {mean:.3f} |" in text
    assert f"{LOG_4:.3f}" in text
