"""Receptive fields by derivatives: the second method, and the fields of the shipped cards."""

import copy
import json
import threading
import time

import numpy as np
import pytest
import torch
from lively import enliven, tiny_pixelcnn

from genlab import data
from genlab.analysis import receptive_field
from genlab.analysis.causality import flip_effect
from genlab.analysis.reachability import ARCHITECTURES, field, states
from genlab.analysis.receptive_field import (
    EffectiveFields,
    declared_field,
    effective_field,
    gradient_field,
    gradient_fields,
    logit_gradients,
)
from genlab.core.cards import MaskedArchitecture
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.nn.gated import GatedLayer
from genlab.nn.masked import MaskedConv2d
from genlab.store import ModelStore

DEPTHS = (1, 2, 3, 4, 5, 6, 9, 16)
TARGETS = [(0, 0), (0, 27), (14, 14), (20, 3), (27, 27)]
MASKED = [card for card in ModelStore().cards if card.masked is not None]
every_masked_card = pytest.mark.parametrize("card", MASKED, ids=lambda card: card.name)


def choices():
    """Every architecture with each of its kernels."""
    return [
        (name, kernel)
        for name, each in ARCHITECTURES.items()
        for kernel in ((3, 5, 7) if each.fixed_kernels is None else (3,))
    ]


@pytest.mark.parametrize("size", [7, 9])
@pytest.mark.parametrize(("name", "kernel"), choices())
def test_propagation_and_the_real_layers_derivatives_agree_at_every_target(name, kernel, size):
    for layers in DEPTHS:
        by_gradient = gradient_fields(name, kernel=kernel, layers=layers, size=size)
        by_propagation = [
            field(name, kernel=kernel, layers=layers, size=size, target=divmod(place, size))
            for place in range(size * size)
        ]
        assert np.array_equal(by_gradient, by_propagation), layers


@pytest.mark.parametrize(("name", "kernel"), choices())
def test_both_methods_agree_on_a_large_image(name, kernel):
    for target in [(14, 14), (27, 2)]:
        options = {"kernel": kernel, "layers": 8, "size": 28, "target": target}
        assert np.array_equal(field(name, **options), gradient_field(name, **options))


def test_a_network_without_layers_is_refused():
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        gradient_field("gated", kernel=3, layers=0, size=5, target=(3, 1))


def test_one_target_s_field_is_its_row_of_all_targets_fields():
    fields = gradient_fields("gated", kernel=3, layers=2, size=5)

    one = gradient_field("gated", kernel=3, layers=2, size=5, target=(3, 1))

    assert np.array_equal(one, fields[3 * 5 + 1])


@pytest.fixture
def model(card, store):
    """The card's network with its weights where they are here, else with lively ones; float64."""
    if store.has_weights(card.name):
        return copy.deepcopy(store.get(card.name)).double()
    return enliven(card.build()).double().requires_grad_(False)


def digits(count):
    """(count, 1, 28, 28) binary."""
    images = data.examples("mnist").images[:: 100 // count][:count]
    return data.binarise_thresholded(images)


def support(model, pixels, target):
    """(H, W) bool: where any image's derivative is not exactly 0."""
    return (logit_gradients(model, pixels, target=target) != 0).any(dim=0)[0].numpy()


@every_masked_card
def test_a_card_s_own_derivatives_lie_within_its_declared_field(card, model):
    for target in TARGETS:
        declared = declared_field(card.masked, 28, target)
        assert not (support(model, digits(2), target) & ~declared).any(), target


@torch.no_grad()
def make_positive(model):
    """A copy whose paths cannot cancel: every weight is the mean of its fan-in, biases 0.

    The weights of a level's logit grow with the level, so that the ends of the scale differ.
    """
    model = copy.deepcopy(model)
    for parameter in model.parameters():
        parameter.fill_(0 if parameter.dim() == 1 else 1 / parameter[0].numel())
    output = model.output.weight
    output.mul_(torch.arange(1, len(output) + 1).view(-1, 1, 1, 1))
    return model


@every_masked_card
def test_a_positive_copy_of_a_card_sees_its_whole_declared_field(card, model):
    white = torch.full((1, *model.spec.shape), model.spec.levels - 1)
    positive = make_positive(model)

    for target in TARGETS:
        declared = declared_field(card.masked, 28, target)
        assert np.array_equal(support(positive, white, target), declared), target


@every_masked_card
def test_a_card_declares_an_architecture_that_leaks_exactly_if_it_says_so(card):
    masked = card.masked
    found = states(
        masked.name, kernel=masked.kernels[0], layers=masked.layers, size=28, target=(14, 14)
    )

    fixed = ARCHITECTURES[masked.name].fixed_kernels
    assert masked.kernels == (fixed[0],) + (fixed[1],) * (masked.layers - 1)
    assert (found.counts["leak"] > 0) == masked.leaks


def unseen_places(declared, count):
    """Places outside of the field: blind ones first, then the nearest of the future."""
    rows, columns = np.nonzero(~declared)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))[:count]


@every_masked_card
def test_a_flip_of_an_unseen_pixel_moves_nothing_at_all_in_float64(card, model):
    target = (4, 10)
    declared = declared_field(card.masked, 28, target)
    pixels = digits(1)

    blind = unseen_places(declared, 6)
    future = [(4, 11), (5, 10), (27, 27)]
    for flipped in [*blind, *future]:
        before, after = flip_effect(model, pixels, target, flipped)
        assert torch.equal(before, after), flipped


@every_masked_card
def test_a_flip_outside_of_the_field_is_one_and_the_same_distribution(card, model):
    target = (4, 10)
    declared = declared_field(card.masked, 28, target)
    pixels = digits(1)

    measured = flip_effect(model, pixels, target, (4, 9))
    for flipped, effect in [
        ((4, 9), flip_effect(model, pixels, target, (4, 9), field=declared)),
        ((5, 0), flip_effect(model, pixels, target, (5, 0), field=declared)),
    ]:
        assert torch.equal(effect[0], measured[0])
        assert torch.equal(*effect) == (not declared[flipped])


def test_the_exact_field_overrules_rounding(tiny):
    """A network that does depend on the pixel, and a field that says that it does not."""
    pixels = torch.zeros(1, 1, 6, 6, dtype=torch.int64)
    nothing = np.zeros((6, 6), bool)

    assert not torch.equal(*flip_effect(tiny, pixels, (3, 2), (3, 1)))
    assert torch.equal(*flip_effect(tiny, pixels, (3, 2), (3, 1), field=nothing))


def by_differences(model, pixels, target, place, step=1e-5):
    """∂ logit / ∂ x of one pixel by a central difference, float64."""
    ahead, behind = pixels.double(), pixels.double()
    ahead[..., place[0], place[1]] += step * (model.spec.levels - 1)
    behind[..., place[0], place[1]] -= step * (model.spec.levels - 1)
    logits = [model.logits(each)[..., target[0], target[1]] for each in (ahead, behind)]
    rise = [each[:, -1] - each[:, 0] for each in logits]
    return (rise[0] - rise[1]) / (2 * step)


def small_gated():
    spec = ImageSpec(1, 6, 6, levels=2)
    return enliven(GatedPixelCNN(spec, features=4, layers=3, head=8)).requires_grad_(False)


@pytest.mark.parametrize(
    "build",
    [tiny_pixelcnn, lambda: tiny_pixelcnn(levels=4), small_gated],
    ids=["binary", "levels", "gated"],
)
def test_logit_gradients_are_the_slopes_of_the_logit(build):
    model = build().double()
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(model.spec.levels, (3, 1, 6, 6), generator=generator)

    found = logit_gradients(model, pixels, target=(3, 2))

    for place in [(3, 1), (2, 2), (0, 0), (3, 2), (5, 5)]:
        expected = by_differences(model, pixels, (3, 2), place)[:, 0]
        torch.testing.assert_close(found[:, 0, place[0], place[1]], expected, rtol=1e-4, atol=1e-7)


@every_masked_card
def test_cutting_an_image_to_the_field_s_box_changes_no_weight(card, model, monkeypatch):
    monkeypatch.setattr(receptive_field, "BATCH", 1)
    pixels = digits(2)

    for target in [(0, 9), (7, 20)]:
        within = declared_field(card.masked, 28, target)
        found = effective_field(model, pixels, target=target, within=within)
        whole = logit_gradients(model, pixels, target=target).abs().mean(dim=0)[0]
        torch.testing.assert_close(found, whole.float(), rtol=1e-5, atol=1e-9)


def test_the_first_pixel_s_effective_field_is_empty(tiny):
    pixels = torch.ones(2, 1, 6, 6, dtype=torch.int64)

    found = effective_field(tiny, pixels, target=(0, 0), within=np.zeros((6, 6), bool))

    assert torch.equal(found, torch.zeros(6, 6))


class Card:
    """What `EffectiveFields` asks of a card."""

    def __init__(self, name, masked):
        self.name, self.masked = name, masked


A7_B3 = MaskedArchitecture("a7-then-b3", (7, 3, 3))


def test_an_effective_field_is_computed_once_for_each_card_and_target(tiny, monkeypatch):
    calls = []

    def slowly(model, pixels, *, target, within):
        calls.append(target)
        time.sleep(0.01)  # both threads ask meanwhile
        return effective_field(model, pixels, target=target, within=within)

    monkeypatch.setattr(receptive_field, "effective_field", slowly)
    fields = EffectiveFields(torch.ones(2, 1, 6, 6, dtype=torch.int64))
    first, second = Card("first", A7_B3), Card("second", A7_B3)

    askers = [threading.Thread(target=fields.of, args=(first, tiny, (3, 2))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    again = fields.of(first, tiny, (3, 2))

    assert calls == [(3, 2)]
    assert again is fields.of(first, tiny, (3, 2))
    fields.of(first, tiny, (3, 3))
    fields.of(second, tiny, (3, 2))
    assert calls == [(3, 2), (3, 3), (3, 2)]


def test_a_card_without_masks_has_no_effective_field(tiny):
    fields = EffectiveFields(torch.ones(2, 1, 6, 6, dtype=torch.int64))

    with pytest.raises(ValueError, match="card must declare what it masks, got 'vae'"):
        fields.of(Card("vae", None), tiny, (3, 2))


def disagreements(name):
    """At how many of a few depths the two methods differ."""
    return sum(
        not np.array_equal(
            gradient_field(name, kernel=3, layers=layers, size=7, target=(3, 3)),
            field(name, kernel=3, layers=layers, size=7, target=(3, 3)),
        )
        for layers in (1, 2, 3)
    )


def test_a_planted_error_in_a_mask_is_found(monkeypatch):
    whole = MaskedConv2d.masked_weight

    def without_a_tap(layer):
        weight = whole(layer).clone()
        weight[..., 0, -1] = 0
        return weight

    monkeypatch.setattr(MaskedConv2d, "masked_weight", without_a_tap)

    assert disagreements("a-then-b") > 0


def test_a_planted_missing_shift_is_found(monkeypatch):
    def without_shift(layer, v, h, labels=None):
        v = layer.vertical(v)
        return v, layer.horizontal(h) + layer.link(v)

    monkeypatch.setattr(GatedLayer, "before_gates", without_shift)

    assert disagreements("gated") == 3


def command(*more, architecture="gated", kernel=("--kernel", 3)):
    """The arguments of a right command line, and what is added."""
    start = ["receptive-field", "--architecture", architecture, *kernel, "--layers", 3]
    return [*start, "--size", 7, "--target", 3, 3, *more]


def test_the_command_line_prints_grid_counts_and_limits_as_json(run_cli):
    code, output, errors = run_cli(*command("--json"))

    assert (code, errors) == (0, "")
    assert json.loads(output) == {
        "grid": ["#######"] * 3 + ["###o..."] + ["......."] * 3,
        "counts": {
            "seen": 24, "blind": 0, "pending": 0, "lost": 0, "future": 24, "leak": 0, "target": 1,
        },
        "limit_layer": 3,
        "empty_layer": None,
    }  # fmt: skip


def test_the_command_line_says_what_never_comes(run_cli):
    result = json.loads(run_cli(*command("--json", architecture="a-only"))[1])

    assert (result["limit_layer"], result["empty_layer"]) == (None, 10)


def test_the_command_line_draws_the_grid_and_explains_it(run_cli):
    code, output, _ = run_cli(*command(architecture="a-only"))

    assert code == 0
    assert output.splitlines()[:4] == ["#######", "#####-x", "###--xx", "#--o..."]
    assert "seen 16, blind 3, pending 0, lost 5, future 24, leak 0, target 1" in output
    assert "- lost" in output
    assert "empty: with 10 layers" in output


@pytest.mark.parametrize("architecture", ["a7-then-b3", "gated7-then-3", "b7-then-b3"])
def test_a_mixed_architecture_needs_no_kernel(run_cli, architecture):
    code, output, _ = run_cli(*command("--json", architecture=architecture, kernel=()))

    assert code == 0
    assert json.loads(output)["limit_layer"] == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            ("--target", 7, 0),
            "The target 7 0 lies outside of 7×7 pixels. Choose a row and a column",
        ),
        (("--target", 0, -1), "The target 0 -1 lies outside of 7×7 pixels."),
        (("--kernel", 4), "Choose an odd --kernel from 3 to 27."),
        (("--kernel", -3), "Choose an odd --kernel from 3 to 27."),
        (("--layers", 0), "--layers cannot be 0. Choose a number from 1 to 255."),
        (("--size", 0), "--size cannot be 0. Choose a number from 1 to 28."),
        (("--size", 29), "--size cannot be 29. Choose a number from 1 to 28."),
        (
            ("--architecture", "pixelrnn"),
            "There is no architecture 'pixelrnn'. Choose one of: a-th",
        ),
    ],
)
def test_the_command_line_refuses_what_no_network_has(run_cli, more, sentence):
    code, output, errors = run_cli(*command(*more, "--json"))

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert sentence in errors


def test_the_command_line_asks_for_a_kernel_where_one_is_needed(run_cli):
    code, _, errors = run_cli(*command(kernel=()))

    assert (code, errors) == (2, "error: gated needs a kernel. Say one, such as --kernel 3.\n")
