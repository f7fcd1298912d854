"""The scribble's page: what is drowned is what a run starts from, and every value is checked."""

import dataclasses
import math

import gradio as gr
import numpy as np
import pytest
import torch
from restoring_shelf import CLASSES, DENOISER, SIDE, SMALL, STEPS, build_page, restoring_store

from genlab.core.errors import InputError
from genlab.core.frames import last
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise
from genlab.inference.sdedit import stream_sdedit
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.grid import to_hex
from genlab.ui.diffusion import scribble
from genlab.ui.diffusion import scribble_views as views
from genlab.ui.diffusion import variants_views as variants

FEW = variants.FEWEST_STEPS
T = 54  # 0.55 of the way


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return restoring_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def handlers(store):
    return build_page(scribble.build, store, DENOISER)[1]


def image():
    return torch.from_numpy(scribble.scribble())[None, None]


def sent(**changes):
    """Card, class, drawing, share, steps, guidance, view, seed; changes by place."""
    values = [DENOISER, "any", to_hex(scribble.scribble()), 0.55, FEW, 1.0, variants.NOISY, 0]
    for place, value in changes.items():
        values[int(place.removeprefix("at"))] = value
    return values


def asked(store, **changes):
    found = views.read_asked(store, DENOISER, "any", FEW, 1.0, variants.NOISY, 0)
    return dataclasses.replace(found, **changes)


def offline(store, t, count, seed=0):
    wish = asked(store)
    noise = ImageNoise(wish.model.spec, seed, count)
    frames = stream_sdedit(wish.model, image().expand(count, -1, -1, -1), noise, wish.settings, t=t)
    return last(frames).images


def grey(pictures):
    return np.stack([each.values for each in pictures])


def test_the_last_message_is_the_offline_run(store, handlers):
    pictures, words = list(handlers["sdedit"](*sent(at7=3)))[-1]

    assert np.array_equal(grey(pictures), offline(store, T, 6, seed=3)[:, 0].numpy())
    assert f"t = {T} of {STEPS - 1}" in words
    left = math.sqrt(store.get(DENOISER).schedule.alpha_bar(T))
    assert f"√ᾱ = {left:.2f}" in words


def test_the_drowned_scribble_is_where_variant_1_starts(store):
    wish = asked(store)
    frames = stream_sdedit(
        wish.model, image(), ImageNoise(wish.model.spec, 4, 1), wish.settings, t=T
    )

    assert torch.equal(views.drown(wish.model, image(), T, 4), to_images(next(frames).x_t))


def test_the_strip_holds_the_same_noise_at_every_t(store, handlers):
    strip, words = list(handlers["sdedit_strip"](*sent()[:3], *sent()[4:]))[-1]

    assert len(strip.rows) == 1 + views.STRIP_VARIANTS
    assert f"{len(views.SHARES)} of {len(views.SHARES)}" in words
    for place, share in enumerate(views.SHARES):
        t = round(share * (STEPS - 1))
        made = torch.stack([row.pictures[place] for row in strip.rows[1:]])
        assert torch.equal(made, offline(store, t, views.STRIP_VARIANTS))
        drowned = views.drown(store.get(DENOISER), image(), t, 0)
        assert torch.equal(strip.rows[0].pictures[place], drowned[0])
        assert strip.captions[place].startswith(f"t = {t},")


def test_the_strip_grows_by_one_t_a_message(store, handlers):
    lengths = [
        len(strip.captions) for strip, _ in handlers["sdedit_strip"](*sent()[:3], *sent()[4:])
    ]

    assert lengths == list(range(1, len(views.SHARES) + 1))


def test_the_words_measure_the_distance_to_the_scribble(store, handlers):
    pictures, words = list(handlers["sdedit"](*sent()))[-1]

    share = 100 * np.abs(grey(pictures) - scribble.scribble()).mean()
    assert f"differ from the scribble by {share:.1f} %" in words


def test_the_class_reaches_the_network(handlers):
    first, second = (
        grey(list(handlers["sdedit"](*sent(at1=label)))[-1][0]) for label in ("0", "1")
    )

    assert (first != second).any()


def test_shares_reach_from_the_first_step_to_the_last(store):
    schedule = store.get(DENOISER).schedule

    assert [views.step_of(schedule, share) for share in (0.0, 0.5, 1.0)] == [0, 50, STEPS - 1]


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        *((0, bad, "The model") for bad in (None, "nobody", 3, "judge")),
        *((1, bad, "The class") for bad in (None, 0, str(CLASSES))),
        *((2, bad, "did not arrive whole") for bad in ("00", 5, {}, "zz" * 784)),
        *((3, bad, "The share") for bad in (-0.1, 1.1, float("nan"), "0.5", None, True)),
        *((4, bad, "Steps") for bad in (0, 101, float("nan"), "5", None)),
        *((5, bad, "Guidance") for bad in (-0.1, 5.1, float("nan"), "1")),
        *((6, bad, "What is shown") for bad in ("x", None)),
        *((7, bad, "Seed") for bad in (-1, 2**32 - 5, float("nan"), "0")),
    ],
)
def test_what_is_not_on_offer_is_refused_readably(handlers, place, value, words):
    values = sent(**{f"at{place}": value})

    with pytest.raises(gr.Error, match=words):
        next(handlers["sdedit"](*values))
    if place != 3:
        with pytest.raises(gr.Error, match=words):
            next(handlers["sdedit_strip"](*values[:3], *values[4:]))


def test_a_model_of_other_pictures_is_refused(store, handlers):
    with pytest.raises(gr.Error, match="another size"):
        next(handlers["sdedit"](*sent(at0=SMALL)))
    with pytest.raises(InputError, match="another size"):
        views.drown(store.get(SMALL), image(), 0, 0)


def test_a_strip_of_more_than_a_minute_ends(store, monkeypatch):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(InputError, match="fewer steps"):
        list(views.stream_strip(store, asked(store), image()))


def test_without_a_model_the_page_says_how_to_train_one(tmp_path):
    blocks, handlers = build_page(scribble.build, ModelStore(tmp_path, ()))

    told = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train" in each for each in told)
    assert handlers == {}


def test_the_first_scribble_is_white_on_black():
    drawn = scribble.scribble()

    assert drawn.shape == (SIDE, SIDE)
    assert set(np.unique(drawn)) == {0.0, 1.0}
