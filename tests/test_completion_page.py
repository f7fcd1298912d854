"""The page of completion without a browser: what is kept, what is said, what is refused."""

import gradio as gr
import numpy as np
import pytest
import torch
from completion_shelf import GATED, LEAKY, PLAIN, SIDE, SMALL, build_page, completion_store

from genlab.core.images import dequantise, quantise
from genlab.inference.completion import complete, keep_rows, stream_completions
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.mask_board import MaskedPicture, write_masked
from genlab.ui.pixels import completion
from genlab.ui.pixels import completion_asked as asking
from genlab.ui.pixels import completion_lost as lost
from genlab.ui.pixels import completion_stage as stages
from genlab.ui.pixels import completion_views as views

GOOD = {"card": PLAIN, "sent": None, "label": "any", "guidance": 1.0, "temperature": 1.0, "seed": 0}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return completion_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def page(store):
    return build_page(completion.build, store, PLAIN, GATED)


@pytest.fixture(scope="module")
def run(page):
    return page[1]["complete"]


@pytest.fixture(scope="module")
def follow_hand(page):
    return next(each.fn for each in page[0].fns.values() if each.name == "follow_hand")


def grey_picture():
    """All greys, (28, 28) float32 in [0, 1]."""
    return (np.arange(SIDE * SIDE) % 256).astype(np.float32).reshape(SIDE, SIDE) / 255


def masked(kept):
    return MaskedPicture(grey_picture(), kept)


def top_kept(rows=14):
    kept = np.zeros((SIDE, SIDE), bool)
    kept[:rows] = True
    return kept


def middle_erased():
    kept = np.ones((SIDE, SIDE), bool)
    kept[10:12, 5:8] = False
    return kept


def values(kept=None, **changes):
    """What the browser sends for Run."""
    sent = write_masked(masked(top_kept() if kept is None else kept))
    return list(({**GOOD, "sent": sent} | changes).values())


def grey(pictures):
    return np.stack([each.values for each in pictures])


def finished(run, *sent):
    return list(run(*sent))[-1]


def asked(store, kept, **changes):
    settings = {name: GOOD[name] for name in ("label", "guidance", "temperature", "seed")}
    card = changes.pop("card", PLAIN)
    return asking.read_asked(store, card, masked(kept), **(settings | changes))


@pytest.mark.parametrize("card", [PLAIN, GATED])
@pytest.mark.parametrize("kept", [top_kept(), middle_erased()])
def test_kept_pixels_arrive_in_the_models_levels_and_the_page_says_so(store, run, card, kept):
    pictures, words = finished(run, *values(kept, card=card))

    levels = store.get(card).spec.levels
    seen = dequantise(quantise(torch.from_numpy(grey_picture()), levels), levels).numpy()
    assert (grey(pictures)[:, kept] == seen[kept]).all()
    assert len(np.unique(grey(pictures)[:, ~kept], axis=0)) > 2
    assert f"**yes**, byte for byte, {kept.sum()} of 784 in each of 6 variants" in words


def test_the_last_message_is_the_offline_completion(store, run):
    label, guidance, temperature, seed = "3", 2.0, 0.7, 11
    pictures, _ = finished(run, *values(card=GATED, label=label, guidance=guidance,
                                        temperature=temperature, seed=seed))  # fmt: skip

    model = store.get(GATED)
    expected = complete(
        model, asking.as_levels(model, masked(top_kept())), keep_rows(model.spec, 14), seed=seed,
        count=6, temperature=temperature, label=int(label), guidance=guidance,
    )  # fmt: skip
    assert np.array_equal(grey(pictures), expected[:, 0].numpy())
    assert [each.note.split(",")[0] for each in pictures] == [f"seed {11 + i}" for i in range(6)]
    assert all(", read as " in each.note for each in pictures)


def test_a_message_before_the_last_shows_what_is_not_drawn_as_neither(store):
    kept = middle_erased()
    messages = list(views.fill_in(store, asked(store, kept, card=GATED), interval=0.0))

    waiting = [(grey(pictures)[:, ~kept] == views.NOT_DRAWN) for pictures, _ in messages]

    assert waiting[0].all()
    counts = [each[0].sum() for each in waiting]
    assert sorted(set(counts), reverse=True) == [6, 5, 4, 3, 2, 1, 0]
    assert counts == sorted(counts, reverse=True)
    assert (grey(messages[0][0])[:, kept] != views.NOT_DRAWN).all()
    assert messages[0][1].startswith("Pixel 0 of 6")


def test_a_run_ends_with_the_last_erased_pixel(store):
    kept, wish = middle_erased(), asked(store, middle_erased(), card=GATED)
    frames = stream_completions(wish.model, wish.pixels, wish.kept, seed=0, count=2)

    seen = list(views.follow(frames, torch.from_numpy(kept), interval=0.0))

    last_erased = int(np.flatnonzero(~kept).max())
    rows = kept.all(axis=1)[: last_erased // kept.shape[1] + 1]
    assert len(seen) == last_erased + 1 - rows.sum() * (kept.shape[1] - 1)  # a kept row is one
    assert seen[-1].is_last
    assert next(frames, None) is None


def test_what_is_left_is_told_by_the_drawn_pixels_and_not_by_the_rows_that_are_passed(
    store, monkeypatch
):
    """A passed row takes 0.1 s, a drawn pixel 0.01 s: of the 14 rows that are left, 3.92 s."""
    wish, clock = asked(store, top_kept(), card=GATED), [0.0]
    monkeypatch.setattr(views.time, "monotonic", lambda: clock[0])

    def timed():
        for frame in stream_completions(wish.model, wish.pixels, wish.kept, seed=0, count=2):
            clock[0] += 0.1 if len(frame.front) > 1 else 0.01
            yield frame

    seen = list(views.follow(timed(), wish.kept, interval=0.0))

    assert [each.left for each in seen[:14]] == [None] * 14
    for each in seen[14:]:
        assert each.left == pytest.approx(seen[-1].seconds - each.seconds)
    assert "; the rest takes at most 4 s." in views.tell_progress(seen[14])
    assert "rest" not in views.tell_progress(seen[13])


def test_messages_are_few_and_the_last_is_among_them(store, monkeypatch):
    monkeypatch.setattr(views.time, "monotonic", lambda: 2e9)

    assert len(list(views.fill_in(store, asked(store, top_kept()), interval=1e9))) == 2


def test_a_run_of_more_than_a_minute_ends_readably(store, run, monkeypatch):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(gr.Error, match="after a minute"):
        list(run(*values()))


def test_a_changed_pixel_would_be_admitted(store):
    wish = asked(store, top_kept())
    same = dequantise(wish.pixels, 2).repeat(6, 1, 1, 1)
    other = same.clone()
    other[2, 0, 0, :3] = 1 - other[2, 0, 0, :3]
    erased = same.clone()
    erased[:, :, 14:] = 0.5

    assert "**yes**, byte for byte" in views.account(wish, same)
    assert "**yes**, byte for byte" in views.account(wish, erased)
    assert "**no**, 3 differ" in views.account(wish, other)


def test_nothing_kept_and_nothing_erased_are_said(run):
    assert "Nothing was kept" in finished(run, *values(np.zeros((SIDE, SIDE), bool)))[1]

    pictures, words = finished(run, *values(np.ones((SIDE, SIDE), bool)))
    assert "Nothing is erased" in words
    assert (grey(pictures) == np.rint(grey_picture())).all()


# — what the order loses —


@pytest.mark.parametrize("kept", [top_kept(), middle_erased(), top_kept(0), ~middle_erased()])
def test_marks_and_words_count_what_comes_later(kept):
    flat = kept.ravel()
    later = [int(flat[i + 1 :].sum()) for i in range(len(flat))]
    losing = [i for i in range(len(flat)) if not flat[i] and later[i]]
    last_erased = max(i for i in range(len(flat)) if not flat[i])
    expected = [
        ord(lost.UNUSED) if flat[i] and i > last_erased
        else 0 if flat[i]
        else ord(lost.LOSING) if later[i]
        else ord(lost.INFORMED)
        for i in range(len(flat))
    ]  # fmt: skip

    words = lost.tell_lost(torch.from_numpy(kept))

    assert list(bytes.fromhex(lost.overlay(torch.from_numpy(kept)))) == expected
    assert words.startswith(f"**{len(losing)} of {(~kept).sum()}** erased pixels")
    if losing:
        least, most = min(later[i] for i in losing), max(later[i] for i in losing)
        assert (f"{least} to {most} of the" if least < most else f": {most} of the") in words
        assert f"**{sum(flat[last_erased + 1 :])}** kept pixels come after the last" in words


def test_a_picture_of_which_nothing_is_erased_loses_nothing():
    assert lost.tell_lost(torch.ones(4, 4, dtype=torch.bool)) == "Nothing is erased."


def test_the_rule_of_rounding_is_the_one_that_is_applied(store):
    model = store.get(PLAIN)
    words = views.tell_rounding(model)
    pixels = asking.as_levels(model, masked(top_kept())).flatten()

    first = int(words.split("grey from ")[1].split()[0])
    bytes_of = torch.arange(SIDE * SIDE) % 256
    assert torch.equal(pixels, (bytes_of >= first).long())
    assert "4 greys" in views.tell_rounding(store.get(GATED))


# — what is refused —


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(("card", bad, "The model") for bad in (None, "nobody", 3, [PLAIN], "judge", LEAKY)),
        *(("sent", bad, "did not arrive whole") for bad in ("00", 5, {}, "z" * 1569)),
        *(("label", bad, "The class") for bad in (None, 0, "0", "-1", ["any"])),
        *(("guidance", bad, "Guidance") for bad in (-0.1, 5.1, float("nan"), "1", None, 2.0)),
        *(("temperature", bad, "Temperature") for bad in (0, 3.1, float("nan"), "1", None)),
        *(("seed", bad, "Seed") for bad in (-1, 2**32 - 5, 0.5, float("inf"), "0", None)),
    ],
)
def test_what_is_not_on_offer_is_refused_readably(run, follow_hand, name, value, words):
    for handler, first in ((run, []), (follow_hand, [True])):
        with pytest.raises(gr.Error, match=words):
            next(handler(*first, *values(**{name: value})))


def test_guidance_without_a_class_is_refused_with_both_remedies(run):
    with pytest.raises(gr.Error, match="Choose a class, or set Guidance to 1 under More"):
        finished(run, *values(card=GATED, guidance=3.0))


def test_a_class_that_the_model_does_not_have_and_other_sizes_are_refused(run):
    with pytest.raises(gr.Error, match="The class"):
        next(run(*values(card=GATED, label="10")))
    with pytest.raises(gr.Error, match="another size"):
        next(run(*values(card=SMALL)))


def test_live_does_nothing_while_it_is_off_and_what_run_does_when_on(run, follow_hand):
    for off in (False, None, 1, "true"):
        assert list(follow_hand(off, *values())) == []

    pictures, _ = finished(follow_hand, True, *values())
    assert np.array_equal(grey(pictures), grey(finished(run, *values())[0]))


def test_live_refuses_a_model_without_a_cache(store):
    class Naive:
        """Only `Autoregressive`."""

        spec, logits = store.get(PLAIN).spec, None

    wish = asked(store, top_kept())

    asking.must_be_quick(wish)
    with pytest.raises(Exception, match="keeps no cache"):
        asking.must_be_quick(asking.Asked(**vars(wish) | {"model": Naive()}))


# — the page —


def test_the_page_opens_with_six_completions_of_what_its_board_shows(store):
    pictures, words = completion.draw_opening(store, PLAIN)

    shown = stages.first_picture(store, PLAIN)
    assert shown.kept[:14].all()
    assert not shown.kept[14:].any()
    assert set(np.unique(shown.image)) == {0.0, 1.0}
    assert (grey(pictures)[:, :14] == shown.image[:14]).all()
    assert "**yes**" in words


def test_class_and_guidance_are_offered_where_the_network_has_classes(store):
    for card, count in ((PLAIN, 0), (GATED, 10)):
        label, guidance = stages.fitting(store, card)
        assert [value for _, value in label["choices"]] == ["any", *(str(k) for k in range(count))]
        assert label["interactive"] == guidance["interactive"] == (count > 0)


def test_without_a_model_the_page_says_how_to_train_one(tmp_path):
    blocks, handlers = build_page(completion.build, ModelStore(tmp_path, ()))

    told = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train" in each for each in told)
    assert handlers == {}
