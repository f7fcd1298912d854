"""The PixelCNN page without a browser: captions, bills, payloads, handlers and lessons."""

import dataclasses
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from shelved import tiny_card, write_checkpoint

from genlab import data
from genlab.analysis.likelihood_lens import score_picture
from genlab.analysis.receptive_field import gradient_field, gradient_fields
from genlab.core.cards import MaskedArchitecture
from genlab.core.errors import GenLabError
from genlab.core.images import ImageSpec, quantise
from genlab.inference.autoregressive import sample
from genlab.inference.cost import RunCost
from genlab.inference.runs import PixelAccount, Run, Segment, account_for, stream_run
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore
from genlab.ui import shown_runs
from genlab.ui.canvas.payload import decode
from genlab.ui.lessons import pixel_account
from genlab.ui.lessons import pixelcnn as lessons
from genlab.ui.pixels import completion_stage as stages
from genlab.ui.pixels import sampling as tab
from genlab.ui.pixels import sizes
from genlab.ui.tabs import pixelcnn

CARD = "tiny"
ORDERS = ("raster", "wavefront")
FREE = "any", 1.0, 1.0, 1  # class, guidance, top-p, size
READING = "reads earlier pixels"
WITHOUT_CLASS = "none is chosen. Choose a class, or set Guidance to 1 under More"


def tiny_gated():
    spec = ImageSpec(1, 6, 6, levels=2)
    return GatedPixelCNN(spec, features=4, layers=2, head=8)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A shelf with a PixelCNN, a gated one, and a card without weights."""
    folder = tmp_path_factory.mktemp("checkpoints")
    cards = tiny_card(CARD), tiny_card("gated", build=tiny_gated), tiny_card("untrained")
    for card in cards[:2]:
        write_checkpoint(folder, card)
    return ModelStore(folder, cards)


@pytest.fixture
def empty_store(tmp_path):
    return ModelStore(tmp_path, (tiny_card("untrained"),))


@pytest.fixture
def draw(store):
    return tab._handlers(store)[0]


@pytest.fixture
def branch_off(store):
    return tab._handlers(store)[1]


def run_of(*segments, images=1, order="raster", card=CARD):
    return Run(card, images, order, tuple(Segment(*each) for each in segments))


def levels_of(store, *, card=CARD, **options):
    """(count, H, W) that `sample` draws."""
    model = store.get(card)
    return quantise(sample(model, **options), model.spec.levels)[:, 0].numpy()


def messages(handler, *arguments):
    """What a handler sends: (payloads, statuses, runs), skipped values left out."""
    columns = zip(*handler(*arguments), strict=True)
    return [[value for value in column if value != gr.skip()] for column in columns]


def build_page(store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        pixelcnn.build(store)
    return blocks


# — words and bills —


@pytest.mark.parametrize(
    ("run", "caption"),
    [
        (run_of((0, 0, 1.0)), "Tiny tiny · seed 0"),
        (run_of((0, 7, 0.5)), "Tiny tiny · seed 7, temperature 0.5"),
        (run_of((0, 7, 1.0), images=4), "Tiny tiny · seeds 7–10"),
        (
            run_of((0, 7, 1.0), (12, 3, 2.25), images=16),
            "Tiny tiny · seeds 7–22 · from pixel 12: seeds 3–18, temperature 2.25",
        ),
    ],
)
def test_a_caption_names_card_seeds_branches_and_temperatures(store, run, caption):
    assert shown_runs.describe(store, run) == caption


def test_a_bill_names_what_was_measured_and_counted():
    told = tab.describe_cost(RunCost(16, 136, 0.5, 784, 0.0125))

    numbers = re.findall(r"\d+(?:\.\d+)?", told)
    assert numbers == ["0.50", "136", "16", "784", "12.5", "9.8", "20"]
    assert "one image" in tab.describe_cost(RunCost(1, 784, 0.5, 784, 0.0125))


@pytest.mark.parametrize("images", [1, 4])
def test_a_finished_run_is_billed_with_its_own_steps_and_its_own_rate(store, images, monkeypatch):
    monkeypatch.setattr(shown_runs, "full_pass_seconds", lambda model, count, size: 0.25 * count)

    raster = tab.measure(store, run_of((0, 0, 1.0), images=images), 2.0)
    wavefront = tab.measure(store, run_of((0, 0, 1.0), images=images, order="wavefront"), 2.0)

    assert raster == RunCost(images, 36, 2.0, 36, 0.25 * images)
    assert wavefront == RunCost(images, 26, 2.0, 36, 0.25 * images)  # 6 + 5·4 fronts


def test_guidance_costs_a_naive_sampler_two_passes_a_pixel(store, monkeypatch):
    monkeypatch.setattr(shown_runs, "full_pass_seconds", lambda model, count, size: 0.25)
    run = Run("gated", 1, "raster", (Segment(0, 0, 1.0),), label=7, guidance=2.0)

    assert tab.measure(store, run, 2.0).full_passes == 72
    assert tab.measure(store, dataclasses.replace(run, guidance=1.0), 2.0).full_passes == 36


# — payloads —


@pytest.mark.parametrize("images", [1, 4, 16])
@pytest.mark.parametrize("order", ORDERS)
def test_a_payload_holds_exactly_what_sample_draws(store, order, images):
    run = run_of((0, 42, 0.9), images=images, order=order)

    decoded = decode("".join(tab.draw_run(store, run, "abc")))

    expected = levels_of(store, seed=42, count=images, temperature=0.9, order=order)
    assert decoded.is_complete
    assert (decoded.pictures() == expected).all()
    assert decoded.settings.run == "abc"
    assert decoded.settings.caption == shown_runs.describe(store, run)
    assert decoded.settings.skew == {"raster": 6, "wavefront": 4}[order]


def test_a_payload_s_doubts_and_surprises_are_the_frames_own(store):
    run = run_of((0, 3, 1.0), images=4)
    frames = list(stream_run(store.get(CARD), run))

    decoded = decode("".join(tab.draw_run(store, run, "abc")))

    def told(values):
        return pytest.approx(torch.cat(values, dim=1).numpy(), abs=0.01)

    assert decoded.entropies == told([frame.entropy for frame in frames])
    assert decoded.surprises == told([frame.surprise for frame in frames])
    assert decoded.probabilities == told([frame.probabilities[:, :, 0] for frame in frames])


def laid_out(decoded, values):
    """(B, rows, cols): what arrived in the order of drawing, where the page paints it."""
    settings = decoded.settings
    painted = np.zeros((settings.images, settings.rows, settings.cols))
    painted[:, decoded.positions[:, 0], decoded.positions[:, 1]] = values
    return painted


def five_levels():
    spec = ImageSpec(1, 4, 5, levels=5)
    return PixelCNN(spec, features=8, blocks=2, head=8)


@pytest.mark.parametrize("order", ORDERS)
def test_the_doubt_that_the_page_paints_is_what_the_lens_expects_of_its_picture(tmp_path, order):
    card = tiny_card(build=five_levels)
    write_checkpoint(tmp_path, card)
    store = ModelStore(tmp_path, (card,))

    decoded = decode("".join(tab.draw_run(store, run_of((0, 3, 1.0), images=4, order=order), "x")))

    pictures = torch.from_numpy(decoded.pictures())[:, None]  # (B, 1, H, W)
    scores = [score_picture(store.get(CARD), each) for each in pictures]
    expected = torch.stack([each.expected_bits for each in scores]).numpy()
    bits = torch.stack([each.bits for each in scores]).numpy()
    assert expected.std() > 0.05  # or a map turned round would look the same
    assert laid_out(decoded, decoded.entropies) == pytest.approx(expected, abs=0.01)
    assert laid_out(decoded, decoded.surprises) == pytest.approx(bits, abs=0.01)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("wish", [(1.0, 1.0), (0.5, 1.0), (1.7, 0.6)])
def test_the_payload_of_a_branch_keeps_the_prefix_and_says_where_it_starts(store, order, wish):
    run = run_of((0, 3, 1.0), images=16, order=order)
    branch = run.branch(Segment(17, 100, *wish))  # temperature and top-p

    before, after = (decode("".join(tab.draw_run(store, each, "abc"))) for each in (run, branch))

    assert after.settings.start == 17
    assert (before.levels[:, :17] == after.levels[:, :17]).all()
    assert (before.probabilities[:, :17] == after.probabilities[:, :17]).all()
    assert (before.levels[:, 17:] != after.levels[:, 17:]).any()


# — the first picture —


def test_the_page_opens_with_seed_0_of_its_first_card(store):
    payload = tab.draw_opening(store)

    decoded = decode(payload)
    assert decoded.is_complete
    assert (decoded.pictures() == levels_of(store, seed=0, count=1)).all()
    assert decoded.settings.caption == "Tiny tiny · seed 0"
    assert decoded.settings.run in tab.opening(store), "it can be branched from"


def test_the_first_picture_is_drawn_once_for_all_visitors(store, monkeypatch):
    first = tab.draw_opening(store)
    monkeypatch.setattr(tab, "draw_run", None)

    assert tab.draw_opening(store) is first


def test_the_naive_rates_are_measured_with_the_first_picture(store, monkeypatch):
    tab.draw_opening(store)
    monkeypatch.setattr("genlab.inference.cost.time", None)

    for count in tab.COUNTS:
        tab.measure(store, run_of((0, 0, 1.0), images=count), 1.0)


def test_a_shelf_without_weights_says_how_to_get_some(empty_store):
    assert tab.opening(empty_store) == {}
    with pytest.raises(GenLabError, match=r"python -m train pixelcnn-mnist.*reload"):
        tab.draw_opening(empty_store)


def test_the_page_can_be_built_without_weights(empty_store):
    blocks = build_page(empty_store)

    boxes = (each for each in blocks.blocks.values() if isinstance(each, gr.Dropdown))
    models = [(each.choices, each.value) for each in boxes if each.label == "Model"]
    assert models == [([], None)] * (1 + len(pixelcnn.PAGES))


# — drawing —


def test_drawing_sends_a_growing_payload_then_the_bill(store, draw):
    payloads, statuses, told = messages(draw, CARD, 4, 42, 0.9, "wavefront", *FREE, {})

    pairs = zip(payloads, payloads[1:], strict=False)
    assert all(later.startswith(before) for before, later in pairs)
    expected = levels_of(store, seed=42, count=4, temperature=0.9)
    assert (decode(payloads[-1]).pictures() == expected).all()
    before, bill = statuses
    assert len(told) == 1 and before == ""
    assert "26 steps" in bill and "4 images" in bill


def test_a_run_that_is_stopped_leaves_no_bill_of_the_run_before_it(draw):
    stream = draw(CARD, 4, 42, 0.9, "wavefront", *FREE, {})

    assert next(stream)[1] == ""


def test_a_run_can_be_branched_from_as_soon_as_anything_is_seen(draw):
    stream = draw(CARD, 4, 42, 0.9, "wavefront", *FREE, {})

    payload, _, told = next(stream)

    name = decode(payload).settings.run
    assert told == {name: run_of((0, 42, 0.9), images=4, order="wavefront")}


def test_two_visitors_with_one_seed_get_one_picture_under_two_names(draw):
    runs = [decode(messages(draw, CARD, 1, 5, 1.0, "raster", *FREE, {})[0][-1]) for _ in range(2)]

    assert (runs[0].pictures() == runs[1].pictures()).all()
    assert runs[0].settings.run != runs[1].settings.run


def test_only_the_last_runs_of_a_visitor_are_kept(draw):
    runs = {}
    names = []
    for seed in range(tab.KEPT_RUNS + 5):
        payload, _, runs = next(draw(CARD, 1, seed, 1.0, "raster", *FREE, runs))
        names.append(decode(payload).settings.run)

    assert list(runs) == names[-tab.KEPT_RUNS :]
    assert [run.segments[0].seed for run in runs.values()] == list(range(5, 25))


def test_a_handler_never_writes_to_the_runs_that_it_was_given(store, draw, branch_off):
    given = tab.opening(store)
    kept = dict(given)

    list(draw(CARD, 1, 5, 1.0, "raster", *FREE, given))
    list(branch_off(9, 1.0, 1.0, given, asked("opening", 10)))

    assert given == kept


def test_every_visitor_starts_with_runs_of_their_own(store):
    blocks = build_page(store)
    states = (each for each in blocks.blocks.values() if isinstance(each, gr.State))
    (state,) = (each for each in states if each.value)
    one, other = blocks.state_holder["one"], blocks.state_holder["other"]

    one[state._id]["mine"] = run_of((0, 1, 1.0))

    assert set(other[state._id]) == {"opening"}


def test_closing_a_draw_ends_the_sampler(store, draw, monkeypatch):
    ended = []
    real = tab.draw_run

    def watched(*arguments):
        try:
            yield from real(*arguments)
        finally:
            ended.append(arguments)

    monkeypatch.setattr(tab, "draw_run", watched)
    stream = draw(CARD, 16, 0, 1.0, "raster", *FREE, {})
    next(stream)

    stream.close()

    assert len(ended) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"card": "../x"}, r"no model called '\.\./x'\. Choose one of: tiny, gated"),
        ({"card": None}, "no model called 'None'"),
        ({"card": "x" * 10_000}, r"no model called '.{60,70}Choose"),
        ({"card": ["tiny"]}, "no model called"),
        ({"card": "untrained"}, r"card untrained\.json is missing\. Restore it with"),
        (
            {"card": "gated", "order": "wavefront"},
            "Tiny gated cannot draw in the order “Wavefront”",
        ),
        ({"images": 7}, "Images must be one of 1, 4, 16"),
        ({"images": True}, "Images must be one of 1, 4, 16"),
        ({"seed": -1}, "Seed must be a whole number from 0 to 4294967280"),
        ({"seed": 2**32 - 15}, "Seed must be a whole number from 0 to 4294967280"),
        ({"seed": 0.5}, "Seed must be"),
        ({"seed": None}, "Seed must be"),
        ({"seed": float("nan")}, "Seed must be"),
        ({"temperature": 0}, r"Temperature must be a number from 0\.1 to 3"),
        ({"temperature": float("nan")}, "Temperature must be"),
        ({"temperature": "1"}, "Temperature must be"),
        ({"order": "column"}, "Order must be one of raster, wavefront"),
        ({"order": "naive"}, "Order must be one of raster, wavefront"),
        ({"label": 1}, "Tiny tiny was trained without classes. Choose “Any class”"),
        ({"card": "gated", "label": 10}, "Class must be a whole number from 0 to 9"),
        ({"card": "gated", "label": -1}, "Class must be a whole number from 0 to 9"),
        ({"card": "gated", "label": "7"}, "Class must be"),
        ({"card": "gated", "label": None}, "Class must be"),
        ({"guidance": 5.5}, "Guidance must be a number from 0 to 5"),
        ({"guidance": float("nan")}, "Guidance must be"),
        ({"card": "gated", "guidance": 3.0}, WITHOUT_CLASS),
        ({"card": "gated", "guidance": 0}, WITHOUT_CLASS),
        ({"guidance": 1.1}, WITHOUT_CLASS),
        ({"top_p": 1.5}, "Top-p must be a number from 0 to 1"),
        ({"top_p": float("nan")}, "Top-p must be"),
        ({"scale": 3}, "Size must be one of 1, 2, 4"),
        ({"scale": 2}, "Of 12 × 12 pixels at most 4 images are drawn at once. Choose fewer"),
        ({"scale": 4, "images": 4}, "Of 24 × 24 pixels at most 1 image is drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(draw, change, told):
    asked = {"card": CARD, "images": 16, "seed": 0, "temperature": 1.0, "order": "raster"}
    asked |= {"label": "any", "guidance": 1.0, "top_p": 1.0, "scale": 1}

    with pytest.raises(gr.Error) as caught:
        list(draw(*(asked | change).values(), {}))

    assert re.search(told, caught.value.message)
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("images", [1, 4, 16])
def test_the_highest_seed_on_offer_can_be_drawn(draw, images):
    payloads, *_ = messages(draw, CARD, images, 2**32 - images, 1.0, "wavefront", *FREE, {})

    assert decode(payloads[-1]).is_complete


@pytest.mark.parametrize(("label", "guidance"), [(7, 1.0), (3, 2.5)])
def test_a_class_is_drawn_under_its_guidance(store, draw, label, guidance):
    payloads, *_ = messages(draw, "gated", 4, 3, 1.0, "raster", label, guidance, 1.0, 1, {})

    expected = levels_of(store, card="gated", seed=3, count=4, label=label, guidance=guidance)
    drawn = decode(payloads[-1])
    assert (drawn.pictures() == expected).all()
    assert f"class {label}" in drawn.settings.caption


def test_class_guidance_and_order_fit_the_card(store):
    without, classless_guidance, two_orders, _ = tab.fitting(store, CARD)
    classes, guidance, one_order, _ = tab.fitting(store, "gated")

    assert [value for _, value in without["choices"]] == ["any"]
    assert [value for _, value in classes["choices"]] == ["any", *range(10)]
    assert not without["interactive"] and not classless_guidance["interactive"]
    assert classes["interactive"] and guidance["interactive"]
    assert [value for _, value in two_orders["choices"]] == ["raster", "wavefront"]
    assert [value for _, value in one_order["choices"]] == ["raster"]


def test_classes_have_the_same_names_in_every_picker_and_in_what_is_told(tmp_path):
    card = dataclasses.replace(tiny_card("bags", build=tiny_gated), data="Fashion-MNIST, rounded")
    write_checkpoint(tmp_path, card)
    store = ModelStore(tmp_path, (card,))
    names = list(data.examples("fashion-mnist").classes)
    run = Run("bags", 1, "raster", (Segment(0, 3, 1.0),), label=8)

    sampling, completion = tab.fitting(store, "bags")[0], stages.fitting(store, "bags")[0]

    assert [title for title, _ in sampling["choices"]] == ["Any class", *names]
    assert [title for title, _ in completion["choices"]] == ["Any class", *names]
    assert shown_runs.describe(store, run) == "Tiny bags · class Bag · seed 3"
    assert "of class Bag," in pixel_account.explain(store, run, 0, 2, 4)


def test_a_guided_pixel_s_account_holds_the_two_logits_that_were_mixed(store):
    run = Run("gated", 1, "raster", (Segment(0, 3, 1.0),), label=7, guidance=2.0)

    account = account_for(store.get("gated"), run, 0, 3, 3)

    given, free = account.unguided
    torch.testing.assert_close(account.logits, free + 2.0 * (given - free))
    told = pixel_account.describe_account(account, 3, 3, READING, "7", run.guidance)
    assert f"+ 2 \\cdot ({given[1] - given[0]:.3f} - ({free[1] - free[0]:.3f}))" in told
    assert "of class 7" in told


@pytest.mark.parametrize(
    ("card", "shown", "others"),
    [(CARD, "causal_mask", "down_shift"), ("gated", "down_shift", "causal_mask")],
)
def test_the_code_on_show_is_that_of_the_card_s_network(store, card, shown, others):
    code = lessons._code(store, card)

    assert f"def {shown}" in code
    assert f"def {others}" not in code


def test_a_gated_network_draws_row_by_row(store, draw):
    payloads, *_ = messages(draw, "gated", 4, 3, 1.0, "raster", *FREE, {})

    expected = levels_of(store, card="gated", seed=3, count=4)
    assert (decode(payloads[-1]).pictures() == expected).all()


# — branching —


def asked(run, position):
    return gr.EventData(None, {"run": run, "position": position})


def test_a_branch_draws_on_with_the_visitor_s_seed_and_temperature(store, branch_off):
    payloads, _, told, seeds = messages(
        branch_off, 9, 0.5, 1.0, tab.opening(store), asked("opening", 10)
    )

    after = decode(payloads[-1])
    expected = run_of((0, 0, 1.0)).branch(Segment(10, 9, 0.5))
    assert told == [tab.opening(store) | {after.settings.run: expected}]
    assert set(seeds) == {9}
    assert after.settings.start == 10
    assert (after.pictures() == decode(
        "".join(tab.draw_run(store, expected, "x"))
    ).pictures()).all()  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 9999, 123_456])
@pytest.mark.parametrize("rolled", [1, 5000, tab.DICE])
def test_a_branch_with_unchanged_numbers_takes_another_seed_and_says_so(
    branch_off, seed, rolled, monkeypatch
):
    monkeypatch.setattr("random.randint", lambda low, high: min(max(rolled, low), high))
    runs = {"mine": run_of((0, seed, 0.7))}

    payloads, _, told, seeds = messages(branch_off, seed, 0.7, 1.0, runs, asked("mine", 10))

    (new,) = set(seeds)
    assert new != seed and 0 <= new <= tab.DICE
    (branch,) = [run for name, run in told[0].items() if name != "mine"]
    assert branch.segments == (Segment(0, seed, 0.7), Segment(10, new, 0.7))
    assert f"from pixel 10: seed {new}," in decode(payloads[-1]).settings.caption


def test_a_branch_with_another_temperature_keeps_the_seed(branch_off):
    *_, seeds = messages(branch_off, 3, 2.0, 1.0, {"mine": run_of((0, 3, 1.0))}, asked("mine", 10))

    assert set(seeds) == {3}


FORGED = [
    *(None, "x", 3, [], ["run"], {}, {"run": None}, {"run": {"a": 1}}, {"position": 3}),
    *({"run": "other", "position": 3}, {"run": [["opening"]], "position": 3}),
]


@pytest.mark.parametrize("event", FORGED)
def test_a_branch_of_a_run_that_is_not_known_is_refused(store, branch_off, event):
    with pytest.raises(gr.Error, match="no longer known here. Press Draw"):
        list(branch_off(9, 1.0, 1.0, tab.opening(store), gr.EventData(None, event)))


@pytest.mark.parametrize(
    "position", [0, 36, -1, 1e9, 10**400, 3.5, "3", None, [3], float("nan"), True]
)
def test_a_branch_outside_the_picture_is_refused(store, branch_off, position):
    with pytest.raises(
        gr.Error, match="The pixel to branch at must be a whole number from 1 to 35"
    ):
        list(branch_off(9, 1.0, 1.0, tab.opening(store), asked("opening", position)))


# — top-p and sizes —


def test_top_p_0_draws_the_argmax_of_each_pixel(store, draw):
    payloads, statuses, told = messages(draw, CARD, 4, 3, 1.0, "wavefront", "any", 1.0, 0.0, 1, {})

    drawn = decode(payloads[-1])
    assert (drawn.entropies == 0).all() and (drawn.surprises == 0).all()
    assert (drawn.pictures() == drawn.pictures()[:1]).all(), "no luck, so no difference"
    assert drawn.settings.caption.endswith("argmax")
    (run,) = told[0].values()
    logits = store.get(CARD).logits(torch.from_numpy(drawn.pictures())[:, None].long())
    assert (logits.argmax(dim=1)[:, 0].numpy() == drawn.pictures()).all()


def test_top_p_between_is_told_and_drawn_as_sample_draws_it(store, draw):
    payloads, *_ = messages(draw, CARD, 4, 3, 1.0, "raster", "any", 1.0, 0.6, 1, {})

    expected = levels_of(store, seed=3, count=4, top_p=0.6)
    drawn = decode(payloads[-1])
    assert (drawn.pictures() == expected).all()
    assert drawn.settings.caption == "Tiny tiny · seeds 3–6, top-p 0.6"


@pytest.mark.parametrize(("scale", "images", "side"), [(2, 4, 12), (4, 1, 24)])
def test_a_larger_picture_comes_with_a_bill_of_its_size(store, draw, scale, images, side):
    payloads, statuses, told = messages(
        draw, CARD, images, 3, 1.0, "raster", "any", 1.0, 1.0, scale, {}
    )

    drawn = decode(payloads[-1])
    assert drawn.is_complete and drawn.pictures().shape == (images, side, side)
    assert f"{side} × {side} pixels" in drawn.settings.caption
    assert f"whole network {side**2} times" in statuses[-1]
    (run,) = told[0].values()
    assert run.size == side


def test_a_larger_picture_can_be_branched_at_its_own_last_pixel(store, branch_off):
    run = dataclasses.replace(run_of((0, 3, 1.0)), size=12)

    payloads, *_ = messages(branch_off, 9, 1.0, 1.0, {"mine": run}, asked("mine", 143))

    assert decode(payloads[-1]).settings.start == 143
    with pytest.raises(gr.Error, match="whole number from 1 to 143"):
        list(branch_off(9, 1.0, 1.0, {"mine": run}, asked("mine", 144)))


def test_a_branch_with_another_top_p_keeps_the_seed(branch_off):
    runs = {"mine": run_of((0, 3, 1.0))}

    *_, seeds = messages(branch_off, 3, 1.0, 0.5, runs, asked("mine", 10))

    assert set(seeds) == {3}


@pytest.mark.parametrize("name", ["a7-then-b3", "gated7-then-3"])
@pytest.mark.parametrize("layers", [1, 4])
def test_the_told_reach_is_the_farthest_pixel_that_moves_the_logit(name, layers):
    masked = MaskedArchitecture(name, (7, *[3] * (layers - 1)))
    field = gradient_field(name, kernel=7, layers=layers, size=33, target=(32, 16))

    up, aside = sizes.reach(masked)

    rows, columns = field.nonzero()
    assert (up, aside) == (32 - rows.min(), abs(columns - 16).max())


@pytest.mark.parametrize("name", ["a7-then-b3", "gated7-then-3"])
@pytest.mark.parametrize("side", [4, 8, 9, 13])
def test_pixels_that_see_no_border_are_those_whose_field_no_border_cuts(name, side):
    masked = MaskedArchitecture(name, (7, 3))
    whole = gradient_field(name, kernel=7, layers=2, size=33, target=(32, 16)).sum()
    fields = gradient_fields(name, kernel=7, layers=2, size=side)

    uncut = (fields.sum(axis=(1, 2)) == whole).sum()

    assert sizes.borderless(masked, side) == uncut
    assert (uncut > 0) == (side > 8)


def test_a_picture_of_another_size_is_told_how_many_of_its_pixels_see_no_border(tmp_path):
    masked = MaskedArchitecture("a7-then-b3", (7, 3, 3))
    card = dataclasses.replace(tiny_card(build=wide_pixelcnn), masked=masked)
    write_checkpoint(tmp_path, card)
    store = ModelStore(tmp_path, (card,))

    told = sizes.describe_size(store, dataclasses.replace(run_of((0, 3, 1.0)), size=56))

    # 5 rows up, 5 columns to each side: 23 × 18 of 28 × 28 pixels, 51 × 46 of 56 × 56
    assert "at most 5 rows up and 5 columns aside" in told
    assert "53 % of the pixels saw none of it, and here 75 % do not" in told
    assert sizes.describe_size(store, run_of((0, 3, 1.0))) == ""


def test_the_size_of_a_card_follows_from_its_own(store):
    *_, scales = tab.fitting(store, CARD)

    assert scales == {"choices": [("6", 1), ("12", 2), ("24", 4)], "value": 1}


# — look closer —


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_an_account_in_words_holds_the_pixel_s_own_numbers(store, temperature):
    account = account_for(store.get(CARD), run_of((0, 3, temperature)), 0, 2, 4)

    told = pixel_account.describe_account(account, 2, 4, READING)

    black, white = account.probabilities.tolist()
    assert "Row 2, column 4: pixel 17" in told
    assert rf"\ell = {(account.logits[1] - account.logits[0]).item():.3f}" in told
    assert f"T = {temperature:g}$" in told
    assert f"= {white:.4f}$$" in told and f"= {black:.4f}$" in told
    assert f"u = {account.uniform:.4f}" in told
    assert f"**{'white' if account.level else 'black'}**" in told
    assert rf"{account.image_bits:.1f}" in told and f"{account.surprise:.3f}$ bits" in told
    sign = r"\ge" if account.uniform >= black else "<"
    assert f"$u {sign} {black:.4f}$" in told


@pytest.mark.parametrize("top_p", [1.0, 0.7])
def test_an_account_of_many_levels_puts_the_uniform_between_its_own_edges(top_p):
    torch.manual_seed(0)
    model = PixelCNN(ImageSpec(1, 6, 6, levels=8), features=8, blocks=1, head=8).eval()
    run = Run("any", 1, "raster", (Segment(0, 3, 0.9, top_p),))
    account = account_for(model, run, 0, 2, 4)

    told = pixel_account.describe_account(account, 2, 4, READING)

    level = int(re.search(r"\*\*(\d) of 7\*\*", told)[1])
    below, end = map(
        float, re.search(r"end\nat ([\d.]+), and \d ends at ([\d.]+)\.", told).groups()
    )
    assert level == account.level
    assert below - 1e-4 <= account.uniform < end + 1e-4
    assert end - below == pytest.approx(account.probabilities[level].item(), abs=2e-4)
    assert f"{account.surprise:.3f}$ bits" in told
    assert ("Top-p 0.7 keeps" in told) == (top_p < 1)
    kept = re.search(r"keeps (\d) of 8 levels", told)
    assert kept is None or int(kept[1]) == (account.probabilities > 0).sum()


def test_a_binary_account_says_what_top_p_left(store):
    run = Run(CARD, 1, "raster", (Segment(0, 3, 1.0, 0.0),))
    account = account_for(store.get(CARD), run, 0, 2, 4)

    told = pixel_account.describe_account(account, 2, 4, READING)

    white = account.logits.softmax(dim=0)[1].item()
    assert f"= {white:.4f}$$" in told, "the network's own probability stays to be read"
    assert "Top-p 0 keeps the likeliest level alone" in told
    assert "= 0.000$ bits" in told


@pytest.mark.parametrize("levels", [2, 256])
def test_an_account_of_an_unlikely_level_has_digits_enough_to_follow_it(levels):
    logits = torch.zeros(levels)
    logits[0] = 12.0  # each other level has some 6 · 10⁻⁶
    chance = logits.softmax(dim=0)[-1].item()
    account = PixelAccount(
        index=0, logits=logits, temperature=1.0, probabilities=logits.softmax(dim=0),
        uniform=1 - chance / 2, level=levels - 1, surprise=-math.log2(chance), image_bits=30.0,
        model_bits=30.0, is_the_models_own=True, unguided=None,
    )  # fmt: skip

    told = pixel_account.describe_account(account, 0, 0, READING)

    for found in (
        re.search(r"-\\log_2 ([\d.]+)\\cdot 10\^{-6} =", told),
        re.search(r"\n?= ([\d.]+)\\cdot 10\^{-6}\$\$", told),
    ):
        assert float(found[1]) == pytest.approx(1e6 * chance, abs=5e-4)
    uniform = float(re.search(r"u = ([\d.]+)\$", told)[1])
    edge = r"those below 255 end\s+at ([\d.]+)" if levels > 2 else r"black}\) = ([\d.]+)\$"
    assert float(re.search(edge, told)[1]) < uniform < 1


@pytest.mark.parametrize(
    ("index", "condition"), [(0, "white}"), (1, r"\mid x_1)"), (2, r"\mid x_1, \dots, x_{2})")]
)
def test_the_first_pixel_of_an_account_has_no_condition(store, index, condition):
    account = account_for(store.get(CARD), run_of((0, 3, 1.0)), 0, 0, index)

    told = pixel_account.describe_account(account, 0, index, READING)

    formula = told.split("$$")[1]
    assert condition in formula
    assert (r"\mid" in formula) == (index > 0)


@pytest.mark.parametrize("size", [None, 56])
@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (4, 2), (27, 14)])
def test_an_account_counts_the_pixels_that_the_masks_let_through(tmp_path, size, row, column):
    masked = MaskedArchitecture("a7-then-b3", (7, 3, 3))
    card = dataclasses.replace(tiny_card(build=wide_pixelcnn), masked=masked)
    write_checkpoint(tmp_path, card)
    run = dataclasses.replace(run_of((0, 3, 1.0)), size=size)

    told = pixel_account.explain(ModelStore(tmp_path, (card,)), run, 0, row, column)

    side = size or 28
    field = gradient_field(masked.name, kernel=7, layers=3, size=side, target=(row, column))
    number = re.search(r"The network (?:reads (\d+) of the (\d+) earlier|has no earlier)", told)
    counted = (int(field.sum()), side * row + column)
    assert tuple(int(each or 0) for each in number.groups()) == counted


def wide_pixelcnn():
    return PixelCNN(ImageSpec(1, 28, 28, levels=2), features=8, blocks=2, head=8)


@pytest.fixture(scope="module")
def wide_store(tmp_path_factory):
    """A tiny network for pictures of the size of the digits."""
    folder = tmp_path_factory.mktemp("wide")
    card = tiny_card(CARD, build=wide_pixelcnn)
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


def test_the_layer_table_adds_up(wide_store):
    table = lessons._layers(wide_store, CARD)

    total = sum(parameter.numel() for parameter in wide_store.get(CARD).parameters())
    assert f"**{total:,}**" in table
    assert lessons._layers(wide_store, None) == ""
