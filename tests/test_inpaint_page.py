"""Erasing and surroundings: kept pixels stay, every value is checked, the last message is whole."""

import dataclasses
import time

import gradio as gr
import numpy as np
import pytest
import torch
from restoring_shelf import CLASSES, DENOISER, SIDE, SMALL, STEPS, build_page, restoring_store

from genlab.core.errors import InputError
from genlab.core.frames import Frame, last
from genlab.core.images import to_picture
from genlab.inference.image_noise import ImageNoise
from genlab.inference.inpainting import Known, shrink, stream_inpainting
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.grid import to_hex
from genlab.ui.canvas.mask_board import MaskedPicture, read_masked, write_masked
from genlab.ui.diffusion import inpaint, outpaint
from genlab.ui.diffusion import restoring_views as restoring
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.latent import reading
from genlab.ui.latent.codes import example_images

FEW = variants.FEWEST_STEPS
# card, class, [what is erased], steps, rounds, guidance, view, seed
GOOD = [DENOISER, "any", None, FEW, 1, 1.0, variants.NOISY, 0]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return restoring_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def run_inpaint(store):
    return build_page(inpaint.build, store, DENOISER)[1]["inpaint"]


@pytest.fixture(scope="module")
def run_outpaint(store):
    return build_page(outpaint.build, store, DENOISER)[1]["outpaint"]


def half(store):
    return inpaint.lower_half_erased(store, DENOISER)


def sent(store, **changes):
    """What the browser sends for Run: `GOOD` with changes by place."""
    values = [*GOOD]
    values[2] = write_masked(half(store))
    for place, value in changes.items():
        values[int(place.removeprefix("at"))] = value
    return values


def grey(pictures):
    return np.stack([each.values for each in pictures])


def asked(store, **changes):
    found = restoring.read_asked(store, DENOISER, "any", FEW, 1, 1.0, variants.NOISY, 0)
    return dataclasses.replace(found, **changes)


def known_half(store):
    masked = half(store)
    return restoring.as_known(torch.from_numpy(masked.image), torch.from_numpy(masked.kept))


def test_the_page_begins_with_the_lower_half_erased(store):
    masked = half(store)

    assert masked.kept[: SIDE // 2].all()
    assert not masked.kept[SIDE // 2 :].any()


def test_kept_pixels_arrive_byte_for_byte_and_the_page_says_so(store, run_inpaint):
    pictures, words = list(run_inpaint(*sent(store)))[-1]

    masked = half(store)
    shown = np.rint(grey(pictures) * 255)
    before = np.rint(masked.image * 255)
    assert (shown[:, masked.kept] == before[masked.kept]).all()
    assert (shown[:, ~masked.kept] != before[~masked.kept]).any()
    assert "Kept pixels unchanged: **yes**, byte for byte, 392 of 784 in each of 6" in words


def test_the_last_message_is_the_offline_run_whatever_the_view(store, run_inpaint):
    known = known_half(store)
    six = Known(known.images.expand(6, -1, -1, -1), known.kept.expand(6, -1, -1, -1))
    wish = asked(store)
    noise = ImageNoise(wish.model.spec, 7, 6)
    offline = last(stream_inpainting(wish.model, six, noise, wish.settings, rounds=2)).images

    for view in (variants.NOISY, variants.SEEN):
        streamed = list(run_inpaint(*sent(store, at4=2, at6=view, at7=7)))[-1][0]
        assert np.array_equal(grey(streamed), offline[:, 0].numpy())


def test_the_views_differ_while_it_runs(store, monkeypatch):
    monkeypatch.setattr(kit, "MESSAGE_INTERVAL", 0.0)
    noisy, seen = (
        list(
            restoring.fill_in(store, asked(store, view=view), known_half(store), restoring.account)
        )
        for view in (variants.NOISY, variants.SEEN)
    )

    assert len(noisy) == len(seen) == FEW
    assert (grey(noisy[0][0]) != grey(seen[0][0])).any()
    assert "Step 1 of 5" in noisy[0][1]


def test_changed_pixels_would_be_admitted(store):
    known = known_half(store)
    other = known.images.clone()
    other[0, 0, 0, :3] = 1 - other[0, 0, 0, :3]

    assert "**yes**" in restoring.account(known, known.images)
    assert "**no**, 3 differ" in restoring.account(known, other)


def test_a_change_below_half_a_byte_is_none_and_erased_pixels_do_not_count(store):
    known = known_half(store)
    other = torch.where(known.kept, known.images, 0.5)

    assert "**yes**" in restoring.account(known, other)


def test_nothing_kept_and_nothing_erased_are_said(store, run_inpaint):
    image = half(store).image
    nothing = write_masked(MaskedPicture(image, np.zeros(image.shape, bool)))
    everything = write_masked(MaskedPicture(image, np.ones(image.shape, bool)))

    assert "Nothing was kept" in list(run_inpaint(*sent(store, at2=nothing)))[-1][1]
    words = list(run_inpaint(*sent(store, at2=everything)))[-1][1]
    assert "**yes**, byte for byte, 784 of 784" in words
    assert "Nothing was erased" in words


def test_a_note_names_the_seed_and_what_a_judge_of_the_same_data_reads(store):
    pictures, _ = list(
        restoring.fill_in(store, asked(store, seed=5), known_half(store), restoring.account)
    )[-1]

    images = torch.from_numpy(grey(pictures))[:, None]
    found = store.get("judge").classify(images).argmax(dim=1).tolist()
    assert [each.note for each in pictures] == [
        f"seed {5 + i}, read as {label}" for i, label in enumerate(found)
    ]


def test_without_a_judge_the_note_is_the_seed_alone(store):
    images = torch.rand(2, 1, SIDE, SIDE)

    assert reading.read_classes(store, "clothes-noise", images) == []
    assert reading.with_classes(["seed 1", "seed 2"], []) == ["seed 1", "seed 2"]


def test_the_class_reaches_the_network(store, run_inpaint):
    first, second = (
        grey(list(run_inpaint(*sent(store, at1=label)))[-1][0]) for label in ("0", "1")
    )

    assert (first != second).any()


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        *((0, bad, "The model") for bad in (None, "nobody", 3, ["digits-noise"], "judge")),
        *((1, bad, "The class") for bad in (None, 0, str(CLASSES), "-1", ["any"])),
        *((2, bad, "did not arrive whole") for bad in ("00", 5, {}, "zz" * 784 + "|" + "1" * 784)),
        *((3, bad, "Steps") for bad in (0, FEW - 1, 101, float("nan"), "5", None, True)),
        *((4, bad, "Rounds") for bad in (0, 11, 1.5, float("nan"), "1", None)),
        *((5, bad, "Guidance") for bad in (-0.1, 5.1, float("nan"), float("inf"), "1", None)),
        *((6, bad, "What is shown") for bad in ("x", None, 0)),
        *((7, bad, "Seed") for bad in (-1, 2**32, 2**32 - 5, float("nan"), "0", None)),
    ],
)
def test_what_is_not_on_offer_is_refused_readably(store, run_inpaint, place, value, words):
    with pytest.raises(gr.Error, match=words):
        next(run_inpaint(*sent(store, **{f"at{place}": value})))


def test_guidance_without_a_class_and_a_model_of_other_pictures_are_refused(store, run_inpaint):
    with pytest.raises(gr.Error, match="Choose a class"):
        next(run_inpaint(*sent(store, at5=2.0)))
    with pytest.raises(gr.Error, match="another size"):
        next(run_inpaint(*sent(store, at0=SMALL)))


def test_more_steps_than_the_schedule_has_are_refused(store, monkeypatch, run_inpaint):
    monkeypatch.setattr(variants, "MOST_STEPS", 10_000)

    with pytest.raises(gr.Error, match=str(STEPS)):
        next(run_inpaint(*sent(store, at3=STEPS + 1)))


# — pace —


def frames(count):
    for step in range(1, count + 1):
        yield Frame(torch.zeros(1, 1, 2, 2), step, count)


def test_messages_are_few_and_the_last_frame_is_always_among_them(monkeypatch):
    monkeypatch.setattr(kit, "MESSAGE_INTERVAL", 1e9)

    steps = [frame.step for frame, _ in variants.paced(frames(50))]

    assert steps[-1] == 50
    assert len(steps) <= 2


def test_how_far_a_run_is_stays_true_when_it_is_stopped_there():
    first, *_, last = frames(5)

    assert variants.progress(first, 2.0) == "Step 1 of 5, 2.0 s; the rest takes about 8 s."
    assert variants.progress(last, 10.0) == "Step 5 of 5, 10.0 s."


def test_a_run_of_more_than_a_minute_ends_with_what_it_has(monkeypatch):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)
    run = variants.limited(frames(3), time.monotonic())

    assert next(run).step == 1
    with pytest.raises(InputError, match="fewer steps"):
        next(run)
    assert [frame.step for frame in variants.limited(frames(1), 0.0)] == [1]


def test_stopping_ends_the_computation():
    ended = []

    def computing():
        try:
            yield from frames(10)
        finally:
            ended.append(True)

    run = variants.paced(computing())
    next(run)
    run.close()

    assert ended == [True]


# — surroundings —


@pytest.mark.parametrize("size", [outpaint.SMALLEST, 13, outpaint.LARGEST])
def test_the_small_picture_stays_and_what_surrounds_it_is_invented(store, run_outpaint, size):
    image = outpaint.first_image(store, DENOISER)
    values = sent(store)
    values[2:3] = [to_hex(image[0, 0].numpy()), size]

    pictures, words = list(run_outpaint(*values))[-1]

    small = shrink(image, size, size)
    kept = small.kept[0, 0].numpy()
    assert kept.sum() == size**2
    shown = to_picture(torch.from_numpy(grey(pictures))).numpy()
    assert (shown[:, kept] == to_picture(small.images)[0, 0].numpy()[kept]).all()
    assert (shown[:, ~kept] > 0).any()
    assert f"**yes**, byte for byte, {size**2} of 784" in words
    bright = 100 * (grey(pictures)[:, ~kept] > 0.5).mean()
    assert f"{bright:.1f} % became bright" in words


@pytest.mark.parametrize("size", [7, 28, 12.5, float("nan"), "12", None])
def test_a_size_out_of_range_is_refused(store, run_outpaint, size):
    values = sent(store)
    values[2:3] = ["", size]

    with pytest.raises(gr.Error, match="The size of the small picture"):
        next(run_outpaint(*values))


# — without a model —


@pytest.mark.parametrize("page", [inpaint, outpaint])
def test_without_a_model_the_page_says_how_to_train_one(page, tmp_path):
    blocks, handlers = build_page(page.build, ModelStore(tmp_path, ()))

    told = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train" in each for each in told)
    assert handlers == {}


def test_the_board_of_the_page_holds_an_example(store):
    masked = read_masked(write_masked(half(store)), SIDE, SIDE)

    assert np.array_equal(masked.image, example_images(store, DENOISER)[32, 0].numpy())
