"""One class of a conditional generator is a generator of its own to every page of codes."""

import gradio as gr
import pytest
import torch
from adversarial_shelf import CLASSES, DIM, PLAIN, TOLD, gan_store

from genlab.analysis.latent_codes import (
    CODES,
    GREY_LEVELS,
    LEAST_EFFECT,
    measure_effects,
)
from genlab.core.errors import GenLabError, InputError
from genlab.core.images import ImageSpec
from genlab.inference.code_sums import combine_codes
from genlab.inference.latent import decode_points, prior_codes
from genlab.ui.adversarial import arithmetic, classes
from genlab.ui.canvas.grid import to_hex
from genlab.ui.latent import between, codes, sliders

LABEL = 2
KEY = f"{TOLD}/{LABEL}"
BAD_KEYS = [f"{TOLD}/{CLASSES}", f"{TOLD}/-1", f"{TOLD}/", f"{TOLD}/x", f"{TOLD}/1/1"]
BAD_KEYS += [f"{TOLD}/²", f"{TOLD}/99999999", f"{PLAIN}/1", "codeless/1", "nobody/1", None, 3, []]


class Ramp:
    """A generator whose picture is its code, each number times a weight, in one row."""

    def __init__(self, *weights):
        self.spec, self.latent_dim = ImageSpec(1, 1, len(weights)), len(weights)
        self.weights = torch.tensor(weights)

    def decode(self, z, labels=None):
        """See `LatentDecoder`; leaves [0, 1], which no measure minds."""
        return (z * self.weights)[:, None, None]

    def sample_prior(self, count, generator):
        """Standard normal."""
        return torch.randn(count, self.latent_dim, generator=generator)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return gan_store(tmp_path_factory.mktemp("cards"))


def labels_of(count, label=LABEL):
    return torch.full((count,), label)


def test_a_key_with_a_class_decodes_that_class(store):
    z = prior_codes(store.get(TOLD), 3, 4)

    found = decode_points(codes.decoder_of(store, KEY), z)

    assert torch.equal(found, store.get(TOLD).decode(z, labels_of(4)))
    assert not torch.equal(found, store.get(TOLD).decode(z, labels_of(4, 0)))


def test_the_slider_page_shows_the_chosen_class_and_says_which(store):
    code = codes.random_code(store, KEY, 5)[0]

    _, picture, words = sliders.show_code(store, KEY, code)

    expected = store.get(TOLD).decode(code[None], labels_of(1))[0]
    assert picture == to_hex(sliders.cells(expected))
    assert f"class {LABEL}" in words


def test_paths_run_through_the_chosen_class(store):
    ends = prior_codes(store.get(TOLD), 0, 2)

    strip, words = between.walk(store, KEY, ends, between.Way(between.STRAIGHT, 0, 3))

    expected = store.get(TOLD).decode(ends, labels_of(2))
    torch.testing.assert_close(strip.rows[0].pictures[[0, -1]], expected)
    assert f"class {LABEL}" in words and "reconstruction" not in words


@pytest.mark.parametrize("key", BAD_KEYS, ids=str)
def test_a_key_that_names_no_generator_is_refused_with_a_remedy(store, key):
    with pytest.raises(GenLabError, match=r"\. [A-Z]|Choose"):
        codes.decoder_of(store, key)


def test_a_conditional_generator_without_a_class_decodes_nothing(store):
    with pytest.raises(ValueError, match="labels"):
        decode_points(codes.decoder_of(store, TOLD), torch.zeros(1, DIM))


@pytest.mark.parametrize(
    ("card", "sent", "expected"),
    [
        (PLAIN, classes.ALL, (PLAIN, PLAIN)),
        (TOLD, classes.ALL, (TOLD, f"{TOLD}/0")),
        (TOLD, LABEL, (KEY, KEY)),
    ],
)
def test_the_pages_of_one_code_get_a_class_and_the_others_what_was_chosen(
    store, card, sent, expected
):
    assert classes.names_of(store, card, sent) == expected


@pytest.mark.parametrize("sent", [CLASSES, -1, 1.5, True, None, "1", [], {}])
def test_a_class_that_does_not_exist_is_refused(store, sent):
    with pytest.raises(InputError, match="Class"):
        classes.names_of(store, TOLD, sent)


def test_a_generator_s_dimensions_are_ordered_by_what_they_do_to_the_picture():
    weights = (0.1, 0.5, 0.0, 0.2)

    found = measure_effects(Ramp(*weights))

    expected = GREY_LEVELS * torch.tensor(weights) / len(weights) ** 0.5
    torch.testing.assert_close(found.use, expected)
    assert (found.unit, found.least) == ("grey levels", LEAST_EFFECT)
    assert found.order.tolist() == [1, 3, 0, 2]
    assert found.is_used.tolist() == [True, True, False, True]


def test_an_effect_is_measured_on_the_codes_of_the_class(store):
    model = codes.decoder_of(store, KEY)
    z = model.sample_prior(CODES, torch.Generator().manual_seed(0))
    moved = z.clone()
    moved[:, 1] += 1

    found = codes.measured(store, KEY)

    change = (model.decode(moved) - model.decode(z)).square().mean().sqrt()
    torch.testing.assert_close(found.use[1], GREY_LEVELS * change)
    assert not torch.equal(found.use, codes.measured(store, f"{TOLD}/0").use)


def test_sums_average_codes_before_they_are_decoded_and_pixels_after(store):
    model = codes.decoder_of(store, KEY)
    dealt = arithmetic.dealt_codes(store, KEY, 4)
    groups = [dealt[places] for places in arithmetic.FIRST.values()]

    result = combine_codes(model, groups)

    a, b, c = (group.mean(dim=0) for group in groups)
    torch.testing.assert_close(result.codes, torch.stack([a, b, c, a - b + c]))
    torch.testing.assert_close(result.decoded, model.decode(result.codes))
    pixels = [model.decode(group).mean(dim=0) for group in groups]
    torch.testing.assert_close(result.pixels[:3], torch.stack(pixels))
    expected = (pixels[0] - pixels[1] + pixels[2]).clamp(0, 1)
    torch.testing.assert_close(result.pixels[3], expected)


def test_a_picture_less_itself_leaves_the_third(store):
    same = {"A": [4], "B": [4], "C": [9]}
    with pytest.raises(InputError):
        combine_codes(codes.decoder_of(store, KEY), [torch.zeros(0, DIM)] * 3)

    dealt = arithmetic.dealt_codes(store, KEY, 0)
    result = combine_codes(
        codes.decoder_of(store, KEY), [dealt[same[group]] for group in ("A", "B", "C")]
    )

    torch.testing.assert_close(result.decoded[3], result.decoded[2])
    torch.testing.assert_close(result.pixels[3], result.pixels[2])


def test_neighbours_of_a_sum_come_from_the_seed_and_without_noise_are_the_sum(store):
    decoded, _, still, _ = arithmetic.sum_up(store, KEY, arithmetic.FIRST, 1, 0.0)
    *_, first, _ = arithmetic.sum_up(store, KEY, arithmetic.FIRST, 1, 0.5)
    *_, again, _ = arithmetic.sum_up(store, KEY, arithmetic.FIRST, 1, 0.5)

    for near in still:
        torch.testing.assert_close(
            torch.from_numpy(near.values), torch.from_numpy(decoded[3].values)
        )
    assert all((a.values == b.values).all() for a, b in zip(first, again, strict=True))
    assert (first[0].values != first[1].values).any()


def test_an_empty_group_says_what_to_do_and_the_sums_stay(store):
    *sums, words = arithmetic.sum_up(store, KEY, {"A": [1], "B": [], "C": [2]}, 0, 0.3)

    assert all(each == gr.skip() for each in sums)
    assert "Nothing in B" in words


@pytest.mark.parametrize("sent", [None, "x", -1, 2**32, 0.5, float("nan"), True])
def test_bad_seeds_and_noises_of_sums_are_refused(store, sent):
    with pytest.raises(InputError, match="Seed"):
        arithmetic.show_sheet(store, KEY, sent)
    if sent != 0.5 and sent is not True:
        with pytest.raises(InputError, match="Noise"):
            arithmetic.sum_up(store, KEY, arithmetic.FIRST, 0, sent)
