"""The Masks page without a browser: tables, words, findings, payloads and figures."""

import functools
import json
import re

import gradio as gr
import numpy as np
import pytest
import torch
from matplotlib.text import Text
from shelved import tiny_card, write_checkpoint

from genlab.analysis.reachability import (
    ARCHITECTURES,
    field,
    layer_masks,
    offset_table,
    states,
    unreachable_share,
)
from genlab.analysis.receptive_field import declared_field
from genlab.core.cards import Figure, MaskedArchitecture, ModelCard
from genlab.core.errors import GenLabError, InputError
from genlab.core.images import ImageSpec
from genlab.inference.autoregressive import sample
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.canvas.field import FieldView
from genlab.ui.lessons import (
    mask_cheat,
    mask_claims,
    mask_colour,
    mask_figure,
    mask_orders,
    mask_tables,
    mask_trained,
)
from genlab.ui.lessons import masks as lessons
from genlab.ui.tabs import masks as tab

CARD = "tiny"
TARGET = (14, 14)
CHOICE = {"architecture": "a-then-b", "kernel": 3, "layers": 3, "size": 7, "target": [3, 3]}
SHIPPED = ModelStore()


def network():
    """Small, for 28×28 pixels; its field is wide enough for every state."""
    spec = ImageSpec(1, 28, 28, levels=2)
    return PixelCNN(spec, features=8, blocks=2, first_kernel=3, head=8)


def masked_card(name=CARD):
    masked = MaskedArchitecture("a-then-b", kernels=(3, 3, 3))
    card = tiny_card(name, build=network)
    return ModelCard(**{**vars(card), "masked": masked})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A shelf with a masked network, one of another size, and a card without weights."""
    folder = tmp_path_factory.mktemp("checkpoints")
    cards = masked_card(), tiny_card("small"), masked_card("untrained")
    for card in cards[:2]:
        write_checkpoint(folder, card)
    return ModelStore(folder, cards)


@pytest.fixture
def empty_store(tmp_path):
    return ModelStore(tmp_path, (masked_card("untrained"),))


def bold(text):
    return re.findall(r"\*\*([^*]+)\*\*", text)


# — what the browser gets —


def unpacked(pack):
    """First and last as the browser reads them."""
    first = np.frombuffer(bytes.fromhex(pack["first"]), np.uint8).reshape(28, 55)
    if "last" not in pack:
        return first, np.where(first > 0, 255, 0)
    return first, np.frombuffer(bytes.fromhex(pack["last"]), np.uint8).reshape(28, 55)


@functools.cache
def sent():
    return {each["name"]: each for each in json.loads(json.dumps(mask_tables.tables()))[
        "architectures"
    ]}  # fmt: skip


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_browser_gets_every_table_whole(name):
    fixed = ARCHITECTURES[name].fixed_kernels is not None
    assert list(sent()[name]["kernels"]) == (["3"] if fixed else ["3", "5", "7"])
    for kernel, pack in sent()[name]["kernels"].items():
        streams = {None: pack, **pack["streams"]}
        for stream, packed in streams.items():
            table = offset_table(name, int(kernel), stream=stream)
            first, last = unpacked(packed)
            assert (first == table.first).all() and (last == table.last).all()


def test_only_what_fades_sends_its_last_layers():
    fading = {name for name, each in sent().items() if "last" in each["kernels"]["3"]}
    assert fading == {name for name, each in ARCHITECTURES.items() if not each.keeps}


@pytest.mark.parametrize("name", ["a-then-b", "gated", "pixelcnnpp"])
def test_masks_are_sent_as_they_are_applied(name):
    layers = sent()[name]["kernels"]["5"]["masks"]
    for shown, applied in zip(layers, layer_masks(name, 5, 2), strict=True):
        assert [each["name"] for each in shown] == [mask.name for mask in applied]
        for each, mask in zip(shown, applied, strict=True):
            assert [list(map(int, row)) for row in each["taps"]] == mask.taps.tolist()
            assert tuple(each["origin"]) == mask.origin


def test_the_arrow_stands_where_the_network_shifts_down():
    arrows = {name for name, each in sent().items() if each["shift"] and each["shift"]["arrow"]}
    assert arrows == {"gated", "gated7-then-3"}
    assert "missing" in sent()["gated-no-shift"]["shift"]["says"]


def test_the_tables_of_tiny_images_hold_from_the_size_that_is_sent():
    smallest = json.loads(json.dumps(mask_tables.tables()))["smallest"]
    assert smallest == {"3": 2, "5": 3, "7": 4}


@pytest.mark.parametrize("puzzle", mask_tables.PUZZLES, ids=lambda each: each["title"])
def test_every_puzzle_is_a_field_and_has_something_to_see(puzzle):
    asked = {name: puzzle[name] for name in ("kernel", "layers", "size")}
    assert states(puzzle["architecture"], target=tuple(puzzle["target"]), **asked).counts["seen"]


def test_a_view_takes_only_an_object_for_a_choice():
    view = FieldView(view="stage", bench="b", label="l", tables={}, render=False)
    assert view.preprocess(json.dumps(CHOICE)) == CHOICE
    for sent in ("", "7", "[1]", "{", None, "{" * 2000):
        with pytest.raises(gr.Error, match="Reload the page"):
            view.preprocess(sent)


def test_the_film_s_sentence_is_true_of_every_network():
    words = next(words for view, _, words in tab.SECTIONS if view == "film")
    assert "a field grows until it reaches its limit" in words
    assert "with mask A in every layer it shrinks again" in words
    assert "Each layer" not in words
    for name in ARCHITECTURES:
        for kernel in mask_tables.KERNELS:
            fields = [
                field(name, kernel=kernel, layers=layers, size=7, target=(3, 3))
                for layers in range(1, mask_tables.MOST_LAYERS + 1)
            ]
            growth = np.diff([each.sum() for each in fields])
            shrinks = name == "a-only"
            assert (growth < 0).any() == shrinks, name
            if not shrinks:
                assert all(
                    (one <= other).all() for one, other in zip(fields, fields[1:], strict=False)
                )
                assert (np.diff((growth > 0).astype(int)) <= 0).all(), "no growth behind the limit"


# — the choice —


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "x"}, {"kernel": 4}, {"kernel": "3"}, {"layers": 0}, {"layers": 17},
        {"size": 2}, {"size": 29}, {"size": 3}, {"target": [7, 0]}, {"target": [0, -1]},
        {"target": [1.5, 0]}, {"target": "33"}, {"target": None}, {"target": [1, 2, 3]},
        {"layers": float("nan")}, {"kernel": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_choice_that_the_stage_does_not_offer_is_refused(change):
    with pytest.raises(InputError):
        lessons.read_choice(json.dumps(CHOICE | change))


@pytest.mark.parametrize("sent", ["", "[]", "7", None, "{}", 5])
def test_what_is_no_choice_at_all_is_refused_with_a_remedy(sent):
    with pytest.raises(InputError, match="Reload the page"):
        lessons.read_choice(sent)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_account_adds_up(name):
    choice = lessons.read_choice(json.dumps(CHOICE | {"architecture": name, "target": [4, 2]}))
    counts = choice.states().counts

    text = lessons.describe_choice(choice)

    assert r"$4 \cdot 7 + 2 = 30$" in text
    terms = re.search(r"seen\} = (?:(30[^$]+) = )?(\d+)\$\$", text)
    assert eval(re.sub(r"_\{.*?\}\}", "", terms[1] or "30")) == int(terms[2]) == counts["seen"]
    rows = re.search(r"\$([\d +]+) = (\d+)\$\. With", text)
    if rows:
        grid = choice.states().grid
        assert eval(rows[1]) == int(rows[2]) == sum(line.count("x") for line in grid[:4])


def test_the_account_subtracts_nothing_where_all_earlier_pixels_are_seen():
    sees_all = {"architecture": "gated", "kernel": 5, "layers": 7, "target": [1, 2]}
    choice = lessons.read_choice(json.dumps(CHOICE | sees_all))
    assert choice.states().counts["seen"] == 9

    assert r"$$\text{seen} = 9$$" in lessons.describe_choice(choice)


def test_the_account_lists_the_masks_of_the_choice():
    choice = lessons.read_choice(json.dumps(CHOICE | {"architecture": "gated", "kernel": 5}))
    text = lessons.describe_choice(choice)
    for layer, name in zip(layer_masks("gated", 5, 2), ("1", "2 and later"), strict=True):
        for mask in layer:
            height, width = mask.taps.shape
            reads = f"{mask.taps.sum()} of {mask.taps.size}"
            assert f"| {name} | {mask.name} | {height} × {width} | {reads} |" in text


def test_the_code_that_is_shown_is_ours():
    code = lessons._code()
    assert "def mask_a" in code and "def _reads" in code and "def _below" in code


# — common mistakes —


def finding(start, **changes):
    claim = next(each for each in mask_claims.claims(lessons.read_choice) if start in each.said)
    return claim.check(json.dumps(CHOICE | changes))


def test_a_mask_with_a_centre_of_one_sees_its_target():
    text = finding("5×5", kernel=5)
    assert bold(text) == ["1", "0"]
    assert "reads 13 taps" in text and "mask A 12" in text


def test_the_blind_spot_has_one_size_at_every_depth():
    text = finding("grows")
    assert bold(text) == ["1"]
    rows = re.findall(r"\| (\d+) \| (\d+) \| (\d+) \|", text)
    assert [int(depth) for depth, _, _ in rows] == list(range(1, 9))
    assert {blind for _, blind, _ in rows} == {"3"}
    assert [int(pending) for _, _, pending in rows] == [17, 10, 0, 0, 0, 0, 0, 0]


def test_depth_leaves_what_kernels_shrink_and_two_stacks_cure():
    assert bold(finding("cures")) == ["3", "1", "0", "0"]
    assert bold(finding("cures", size=28, target=[14, 14])) == ["78", "36", "22", "0"]


def test_figure_one_read_literally_brings_the_blind_spot_back():
    assert bold(finding("Figure 1")) == ["3", "0"]


@pytest.mark.parametrize("stack", mask_colour.STACKS)
def test_a_mask_a_on_every_tap_blinds_red_and_a_stack_without_one_does_not(stack):
    rows = mask_colour.describe_colours(stack).splitlines()
    red = [row.split("|")[4].split() for row in rows if "| **R** |" in row]

    with gr.Blocks(analytics_enabled=False) as page:
        mask_colour.build()
    (told,) = [
        each.value for each in page.blocks.values()
        if type(each) is gr.Markdown and "common slip" in each.value
    ]  # fmt: skip

    is_blind = all(digits == ["`0", "0", "0`"] for digits in red)
    assert len(red) == 3 and is_blind == ("A" in stack)
    assert told.endswith("put on every tap, a common slip, a mask A in any layer blinds R.")


def test_the_channel_mask_on_every_tap_blinds_red():
    assert bold(finding("RGB")) == ["0", "6"]


def test_batch_norm_leaks_in_training_mode_alone():
    effects = mask_claims.batch_norm_effects()
    assert min(effects[True]) > 1e-3
    assert effects[False] == (0, 0)
    numbers = bold(finding("BatchNorm"))
    assert numbers == [f"{effects[True][0]:.3f}", f"{effects[True][1]:.3f}", "0", "0"]


# — trained networks —


def test_only_trained_masked_networks_of_digits_are_offered(store, empty_store):
    assert [card.name for card in mask_trained.cards(store)] == [CARD]
    assert mask_trained.cards(empty_store) == []


def test_the_weights_lie_within_the_exact_set_and_are_not_cut(store):
    sent = json.loads(mask_trained.describe_weights(store, CARD, (9, 20)))
    weights = np.array(sent["weights"]).reshape(28, 28)
    exact = declared_field(store.card(CARD).masked, 28, (9, 20))
    assert (weights[~exact] == 0).all()
    assert (weights[exact] > 0).mean() > 0.9
    assert sent["layers"] == 3 and sent["target"] == [9, 20]


def test_a_flip_is_told_with_the_network_s_own_odds(store):
    sent = json.loads(mask_trained.describe_flip(store, CARD, 3, TARGET, (13, 14)))
    model = mask_trained._exact(store, CARD)
    pixels = mask_trained._digits()[30:31].clone()
    odds = []
    for _ in range(2):
        odds.append(model.logits(pixels).softmax(1)[0, 1, 0, 14, 14].item())
        pixels[..., 13, 14] = 1 - pixels[..., 13, 14]
    assert [sent["before"], sent["after"]] == odds
    assert float(sent["bits"].split()[0]) == pytest.approx(
        mask_trained.change_in_bits(*odds), rel=0.1
    )
    assert "The target reads this pixel" in sent["verdict"]


def test_the_change_in_bits_is_the_divergence():
    assert mask_trained.change_in_bits(0.5, 0.25) == pytest.approx(0.5 * 1 + 0.5 * np.log2(2 / 3))
    assert mask_trained.change_in_bits(0.3, 0.3) == 0
    assert mask_trained.change_in_bits(1.0, 0.5) == 1
    assert mask_trained.change_in_bits(0.5, 1.0) == np.inf


def test_only_an_exact_zero_is_called_one():
    assert mask_trained.describe_bits(0.3, 0.3) == "exactly 0 bits"
    assert mask_trained.describe_bits(0.3, 0.3 + 1e-16) == "below 1e-12 bits"
    assert mask_trained.describe_bits(0.5, 0.4) == "0.029 bits"


def flips_of(store, name, glyph, count):
    """Flips of up to `count` pixels in one state, spread evenly: (place, what is sent)."""
    masked = store.card(name).masked
    grid = states(
        masked.name, kernel=masked.kernels[0], layers=masked.layers, size=28, target=TARGET
    ).grid
    places = [(r, c) for r, line in enumerate(grid) for c, each in enumerate(line) if each == glyph]
    return [
        (place, json.loads(mask_trained.describe_flip(store, name, 3, TARGET, place)))
        for place in places[:: max(1, len(places) // count)]
    ]


@pytest.mark.parametrize("glyph", ["x", "?", ".", "o"])
def test_what_no_path_leads_from_changes_exactly_nothing(store, glyph):
    flips = flips_of(store, CARD, glyph, 12)
    assert flips
    for place, sent in flips:
        assert sent["before"] == sent["after"], place
        assert sent["bits"] == "exactly 0 bits"
        assert "exactly 0" in sent["verdict"]


@pytest.mark.parametrize("name", [card.name for card in mask_trained.cards(SHIPPED)])
def test_shipped_networks_never_hear_of_blind_and_later_pixels(name):
    masked = SHIPPED.card(name).masked
    grid = states(
        masked.name, kernel=masked.kernels[0], layers=masked.layers, size=28, target=TARGET
    ).grid
    unseen = torch.tensor([[each in "x.?" for each in line] for line in grid])
    model, pixels = mask_trained._exact(SHIPPED, name), mask_trained._digits()[30:31]
    changed = torch.where(unseen, 1 - pixels, pixels)  # all of them at once

    with torch.inference_mode():
        before, after = (model.logits(each)[..., 14, 14] for each in (pixels, changed))

    assert torch.equal(before, after)


@pytest.mark.parametrize(
    "sent", [None, {}, {"index": [1]}, {"index": [28, 0]}, {"index": [0, 0.5]}, {"index": "12"}]
)
def test_a_click_that_is_no_pixel_is_refused(sent):
    with pytest.raises(InputError):
        mask_trained.read_place(sent, "index")


@pytest.mark.parametrize("name", ["small", "untrained", "nothing", None, 5])
def test_a_model_that_is_not_offered_is_refused(store, name):
    with pytest.raises(GenLabError):
        mask_trained.describe_weights(store, name, TARGET)


# — orders, cheat, colours, shares, figure —


def test_the_race_ends_with_what_the_seed_gives(store):
    card = mask_orders.cards(store)[0]
    sent = json.loads(mask_orders.describe_race(store, card, 5))
    expected = sample(store.get(CARD), seed=5, count=1, order="raster")
    assert sent["images"][0] == "".join(str(int(value)) for value in expected.flatten())
    assert sent["images"][0] == sent["images"][1]
    assert sent["skews"] == [28, 2]
    assert "Both images are the same" in sent["verdict"]
    assert "784 steps against 82" in sent["verdict"]
    assert "2 columns to the right never see each other" in sent["verdict"]


def test_no_reason_is_given_where_the_pixels_of_a_front_do_see_each_other(store):
    assert mask_orders._reason(store.card(CARD), 2, 28)
    assert mask_orders._reason(store.card(CARD), 1, 28) == ""


def test_a_cheat_without_weights_is_told_with_the_command(empty_store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        mask_cheat.build(empty_store)
    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train pixelcnn-mnist" in text for text in texts)


def test_the_honest_card_and_the_cheat_stand_beside_each_other(tmp_path):
    cards = masked_card(mask_cheat.HONEST), masked_card(mask_cheat.CHEAT)
    for card in cards:
        write_checkpoint(tmp_path, card)
    with gr.Blocks(analytics_enabled=False) as blocks:
        mask_cheat.build(ModelStore(tmp_path, cards))
    draw = next(each for each in blocks.fns.values() if each.fn.__name__ == "draw_both")
    *pictures, told = draw.fn(3)
    *canvases, _ = draw.outputs
    assert [each.label for each in canvases] == [f"Samples of {card.title}" for card in cards]
    assert [picture.shape for picture in pictures] == [(57, 57)] * 2
    for picture in pictures:
        assert f"**{(picture == 1).sum():,}** by the" in told
    with pytest.raises(gr.Error, match="Seed of the samples must be"):
        draw.fn(-1)


def test_a_card_is_told_with_its_measured_loss(tmp_path):
    cards = masked_card("with"), masked_card("without")
    write_checkpoint(tmp_path, cards[0], figures={"nats_dynamic": Figure(81.25, 0.25, 10_000, "")})
    write_checkpoint(tmp_path, cards[1], figures={"fid": Figure(1, 0, 1, "")})
    store = ModelStore(tmp_path, cards)
    assert "10,000 test images: **81.25 nats** an image (± 0.25)" in mask_cheat.describe_card(
        store, "with"
    )
    assert "not measured yet" in mask_cheat.describe_card(store, "without")


def test_the_samples_are_drawn_by_the_card_from_the_seed(store):
    picture = mask_cheat.samples(store, CARD, 3)
    images = sample(store.get(CARD), seed=3, count=4)[:, 0].numpy()
    assert picture.shape == (57, 57)
    assert (picture[:28, :28] == images[0]).all() and (picture[29:, 29:] == images[3]).all()


def test_the_colour_table_has_the_matrices():
    text = mask_colour.describe_colours("A B").replace("\u00a0", " ")
    assert "| the same pixel | **B** | `1 1 0` | `1 1 0` |" in text
    assert "| the pixel to the left | **R** | `1 1 1` | `0 0 0` |" in text
    lost = mask_colour.describe_colours("A A").replace("\u00a0", " ")
    assert "| the same pixel | **G** | `0 0 0` |" in lost
    assert "| the pixel to the left | **R** | `1 1 0` |" in lost
    with pytest.raises(InputError):
        mask_colour.describe_colours("C")


def test_the_shares_are_the_analysis_s():
    text = mask_colour.describe_shares()
    shown = [float(each) for each in re.findall(r"\| ([\d.]+) % \|", text)]
    expected = [100 * unreachable_share(*each) for each in mask_colour.SHARES]
    assert shown == pytest.approx(expected, abs=0.005)
    assert shown == [22.15, 12.19, 8.02, 18.0, 0.0]


def test_the_figure_for_slides_counts_its_cells():
    found = states("a-then-b", kernel=3, layers=2, size=7, target=(3, 3))
    figure = mask_figure.draw_figure(found, "title")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "11 seen", "10 pending, needs depth (?)", "3 blind, for ever (×)", "1 target (○)",
        "24 future (·)",
    ]  # fmt: skip
    assert len(figure.axes[0].patches) == 49


@pytest.mark.parametrize(("name", "column"), [("a-only", 3), ("gated-no-shift", 3), ("gated", 0)])
def test_a_figure_s_legend_has_the_marks_of_its_cells_and_no_others(name, column):
    found = states(name, kernel=3, layers=4, size=7, target=(3, column))
    figure = mask_figure.draw_figure(found, "title")

    marks = {text.get_text() for text in figure.axes[0].texts}
    labels = [text.get_text() for text in figure.legends[0].get_texts()]

    assert {label[-2] for label in labels if label.endswith(")")} == marks
    assert not any(each.get_hatch() for each in figure.legends[0].get_patches())


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("size", [3, 28])
def test_a_figure_s_title_lies_inside_and_covers_nothing(name, size):
    target = (size - 1, size // 2)
    found = states(name, kernel=7, layers=16, size=size, target=target)
    title = mask_figure.title_of(name, kernel=7, layers=16, size=size)

    figure = mask_figure.draw_figure(found, title)

    figure.draw_without_rendering()
    (told,) = [text for text in figure.findobj(Text) if text.get_text().split() == title.split()]
    width, height = figure.get_size_inches() * figure.dpi
    box = told.get_window_extent()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    assert not box.overlaps(figure.axes[0].get_window_extent())
    assert not box.overlaps(figure.legends[0].get_window_extent())


def test_the_figure_comes_as_two_files_and_stays_nowhere():
    html = tab.make_figure(json.dumps(CHOICE))
    files = re.findall(r'download="([^"]+)" href="data:([^;]+);base64,(\w{8})', html)
    assert files[0] == ("genlab-a-then-b.png", "image/png", "iVBORw0K")
    assert files[1][:2] == ("genlab-a-then-b.svg", "image/svg+xml")
    with pytest.raises(InputError):
        tab.make_figure("{}")


# — the page —


@pytest.mark.parametrize("shelf", ["store", "empty_store"])
def test_the_page_is_built_with_and_without_trained_cards(shelf, request):
    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(request.getfixturevalue(shelf))
    views = [each for each in blocks.blocks.values() if isinstance(each, FieldView)]
    assert {"stage", "film", "pair", "predict", "breaks"} <= {view.view for view in views}
    assert sum(bool(view.tables) for view in views) == 1


def test_the_page_stands_second_and_warms_up_without_cards(empty_store):
    assert [each.title for each in shell.tabs()].index("Masks") == 1
    tab.warm_up(empty_store)


def test_the_opening_choice_is_the_first_example_of_the_blind_spot():
    asked = {name: tab.OPENING[name] for name in ("kernel", "layers", "size")}
    found = states(tab.OPENING["architecture"], target=(3, 3), **asked)
    assert found.counts["blind"] == 3 and found.counts["pending"] == 0
    assert not field(tab.OPENING["compare"], target=(3, 3), **asked).all()
