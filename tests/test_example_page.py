"""The page of one training example without a browser."""

import json
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from forward_shelf import CARD, STEPS, declare_pages, forward_store

from genlab.analysis.forward_noise import kept_steps, open_examples
from genlab.core.errors import GenLabError, InputError
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui.diffusion import example, example_views
from genlab.ui.latent import codes

PLACES = [32]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return forward_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def handlers(store):
    return {each.name: each.fn for each in declare_pages(store, example).fns.values() if each.fn}


def ask_example(store, label="any", places=PLACES, seed=3, t=20):
    return example_views.show(store, CARD, label, places, seed, t)


@pytest.mark.parametrize("label", ["any", "2"])
def test_the_panels_are_the_opened_example(store, label):
    model = store.get(CARD)
    images = codes.example_images(store, CARD)[PLACES]
    noise = ImageNoise(model.spec, 3, 1).draw()

    asked, answered, words = ask_example(store, label)

    kind = None if label == "any" else int(label)
    truth = open_examples(model, images, torch.tensor([20]), noise, kind)
    expected = [truth.noise, truth.v, truth.v_hat, truth.v_hat - truth.v, truth.noise_hat]
    shown = [asked[1], asked[3], answered[0], answered[1], answered[2]]
    for panel, tensor in zip(shown, expected, strict=True):
        np.testing.assert_allclose(panel.values, tensor[0, 0].clamp(-7.9, 7.9), atol=1e-6)
    np.testing.assert_allclose(asked[0].values, images[0, 0], atol=1e-6)
    assert f"{truth.loss.item():.3g}" in words and f"{truth.v_error.item():.3g}" in words


def test_the_words_say_which_error_the_loss_is(store):
    assert "error of x₀" in ask_example(store, t=0)[2].rsplit("\n\n", 1)[1]
    assert "error of ε" in ask_example(store, t=STEPS - 1)[2].rsplit("\n\n", 1)[1]


def test_the_curve_begins_with_the_example_itself(store):
    losses = example_views.measure_losses(store, CARD, "1", PLACES, 3)
    times = kept_steps(STEPS, example_views.TIMES)

    place = 7
    words = ask_example(store, "1", t=times[place])[2]

    said = float(re.search(r"Loss at t = \d+: (\S+)\*\*", words)[1])
    assert said == pytest.approx(losses[place][0], rel=0.01)
    assert len(losses) == len(times) and {len(each) for each in losses} == {example_views.NOISES}


def test_the_curve_says_how_much_the_noise_matters():
    losses = [[0.1, 0.3], [0.1, 0.2], [0.1, 0.2]]

    assert "costs 2.0 times the best" in example_views._trust(losses)


def test_the_page_opens_with_what_its_handlers_show(store, handlers):
    *shown, losses = example.opening(store, CARD)
    t = example.time_settings(store, CARD)["value"]
    asked = CARD, "any", json.dumps(example_views.FIRST["mnist"]), 0

    renewed = handlers["renew"](*asked)
    followed = handlers["follow_time"](*asked, t, renewed)

    assert renewed == losses
    assert followed[2:] == tuple(shown[2:])
    for before, after in zip([*shown[0], *shown[1]], [*followed[0], *followed[1]], strict=True):
        np.testing.assert_array_equal(before.values, after.values)


@pytest.mark.parametrize("value", [None, True, "x", math.nan, -1, STEPS, 0.5, [], {}])
def test_a_t_that_is_none_of_the_steps_is_refused(store, value):
    with pytest.raises(InputError, match="whole number"):
        ask_example(store, t=value)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 2**32}, {"label": "3"}, {"label": 1}])
def test_a_seed_or_class_that_is_none_is_refused(store, wrong):
    with pytest.raises(InputError, match="Change it"):
        ask_example(store, **wrong)


def test_an_unknown_model_is_refused(store):
    with pytest.raises(GenLabError):
        example_views.show(store, "nothing", "any", PLACES, 0, 0)


def test_without_a_model_the_example_says_how_to_train_one(tmp_path):
    blocks = declare_pages(ModelStore(tmp_path, ()), example)

    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train ddpm-mnist" in text for text in texts)


def test_the_example_opens_with_panels_and_a_curve(store):
    asked, answered, words, curve, losses = example.opening(store, CARD)

    assert len(asked) == len(answered) == 4 and "Loss at t = 16" in words
    assert "<svg" in curve and len(losses) == example_views.TIMES
