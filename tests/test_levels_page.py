"""The page of grey levels: what it draws is what the samplers draw; what it explains is exact."""

import json
import math
import re
from html import escape

import pytest
import torch
from levels_shelf import GATED_8, GATED_256, PLAIN_8, PLAIN_256, toy_store
from shelved import write_checkpoint

from genlab import data
from genlab.analysis.likelihood import pixel_nats
from genlab.core.cards import Figure
from genlab.core.images import dequantise
from genlab.inference.autoregressive import sample
from genlab.store import ModelStore
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.pixels import levels, levels_grey, levels_views
from genlab.ui.pixels.levels_views import COUNT, GRID


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Without the plain network of 256 levels."""
    return toy_store(tmp_path_factory.mktemp("cards"), PLAIN_8, GATED_8, GATED_256)


def lines_of(content):
    return [json.loads(each) for each in content.splitlines()]


def config_of(store):
    import gradio as gr

    with gr.Blocks(analytics_enabled=False) as blocks:
        levels.build(store)
    handlers = {each.api_name: each.fn for each in blocks.fns.values() if each.api_name}
    return json.dumps(blocks.get_config_file(), default=str, ensure_ascii=False), handlers


# — what is drawn —


def test_a_plain_cell_ends_with_the_sampler_s_pictures(shelf):
    *_, last = levels_views.stream_cell(shelf, PLAIN_8, seed=5)

    expected = sample(shelf.get(PLAIN_8), seed=5, count=COUNT)

    assert json.loads(last)["sheet"] == picture_sheet(expected.unsqueeze(0))


def test_a_gated_cell_draws_a_picture_of_each_dealt_class(shelf):
    *_, last = levels_views.stream_cell(shelf, GATED_256, seed=5)

    model = shelf.get(GATED_256)
    labels = levels_views.labels_of(model).tolist()
    one_by_one = [sample(model, seed=5 + i, count=1, label=k) for i, k in enumerate(labels)]

    assert labels == [0, 2, 5, 7]
    assert json.loads(last)["sheet"] == picture_sheet(torch.cat(one_by_one).unsqueeze(0))


def test_a_run_only_adds_to_each_cell_and_fills_all_trained_ones(shelf):
    names = [PLAIN_8, GATED_8, GATED_256]
    before, told = [""] * len(names), []

    for *contents, words in levels._shown(shelf, names, 0):
        assert all(new.startswith(old) for new, old in zip(contents, before, strict=True))
        before = contents
        told.append(words)

    assert told[0] == "0 of 3 models are done."  # true as well when the run is stopped there
    assert told[-2] == "2 of 3 models are done."
    for content in before:
        assert lines_of(content)[-1]["note"] == ""
        assert lines_of(content)[-1]["figures"][-1].endswith(" s")


def test_the_button_draws_what_was_asked_for_and_refuses_else(shelf):
    _, handlers = config_of(shelf)

    *_, (plain, _, _, words) = handlers["draw_levels"](9)

    assert lines_of(plain)[0]["notes"] == [f"seed {9 + i}" for i in range(COUNT)]
    assert "Seeds 9 to 12 in every card" in words
    assert "told the classes 0, 2, 5, 7" in words
    for seed in (-1, None, 0.5, "3", 2**32):
        with pytest.raises(Exception, match="Seed must be a whole number"):
            list(handlers["draw_levels"](seed))


def test_the_page_opens_with_finished_pictures_of_seed_0(shelf):
    *contents, _ = levels.draw_opening(shelf)

    for content in contents:
        assert lines_of(content)[0]["notes"][0].startswith("seed 0")
        assert "sheet" in lines_of(content)[-1]


# — what is said —


def test_figures_are_the_card_s_with_their_errors(shelf):
    plain = levels_views.figures_of(shelf.card_file(PLAIN_8), has_classes=False)
    gated = levels_views.figures_of(shelf.card_file(GATED_8), has_classes=True, seconds=1.234)
    unmeasured = levels_views.figures_of(shelf.card_file(GATED_256), has_classes=True)

    assert plain == [
        *("0.612 ± 0.004 of 10,000 test pictures", "no classes", "176.40 ± 1.90"),
        *("1", "0.5 minutes, 1 steps", "–"),
    ]
    assert gated[0] == "0.587 ± 0.003 of 4,000 test pictures"
    assert gated[1:3] == ["0.571 ± 0.003", "not measured"]
    assert gated[-1] == "1.23 s"
    assert unmeasured[:3] == ["not measured"] * 3
    assert len(plain) == len(gated) == len(levels_views.FIGURES)


def measured_rows(folder, *rows):
    """A store of all four cards, and their names; of each row (bits, n, distance) of each card."""
    store = toy_store(folder)
    names = [name for row in GRID for name in row]
    for name, (bits, count, distance) in zip(names, sum(rows, ()), strict=True):
        kind = "bits_per_dim" if name.startswith("pixelcnn") else "bits_per_dim_mixture"
        figures = {kind: Figure(bits, 0.003, count, "")}
        if distance:
            figures["fid_times_floor"] = Figure(distance, 2.0, 10_000, "")
        write_checkpoint(folder, store.card(name), figures=figures)
    return store, names


def test_a_row_in_which_likelihood_and_distance_disagree_is_named_with_its_figures(tmp_path):
    agree = ((0.32, 10_000, 176.0), (0.30, 4_000, 43.0))
    differ = ((1.025, 10_000, 212.6), (1.065, 4_000, 64.6))

    words = levels_views.compare_rows(*measured_rows(tmp_path, agree, differ))

    assert "At 8 levels distance and likelihood do not contradict each other." in words
    assert "**At 256 levels the two disagree**: PixelCNN has the better likelihood " in words
    assert "(1.025 against 1.065 bits/dim), Gated PixelCNN the samples nearer" in words
    assert "(64.6 against 212.6 × floor)" in words
    assert "not as many test pictures" in words


def test_a_difference_within_its_error_is_no_disagreement(tmp_path):
    close = ((1.025, 4_000, 212.6), (1.030, 4_000, 64.6))

    words = levels_views.compare_rows(*measured_rows(tmp_path, close, close))

    assert "disagree" not in words
    assert "not as many" not in words


def test_a_row_with_a_figure_that_is_not_measured_has_no_verdict(tmp_path):
    differ = ((1.025, 10_000, 212.6), (1.065, 4_000, 64.6))
    half = ((1.025, 10_000, 212.6), (1.065, 4_000, None))

    words = levels_views.compare_rows(*measured_rows(tmp_path, differ, half))

    assert "At 8 levels the two disagree" in words
    assert "At 256 levels" not in words


def test_the_cost_of_a_fine_grey_says_whose_it_is_and_what_was_told(shelf):
    config, _ = config_of(shelf)

    assert "**Gated PixelCNN, 256 levels**, told no class, about a test picture:" in config
    assert "told no class" not in levels_grey.introduce(shelf, PLAIN_256)


def test_the_cost_of_a_fine_grey_is_that_without_a_class(shelf):
    model = shelf.get(GATED_256)
    pixels = data.to_levels(data.examples("mnist").images[levels_grey.EXAMPLE], 256)

    shown, _ = levels_grey.show_cost(shelf, GATED_256)

    bits = pixel_nats(model, pixels[None], torch.tensor([model.null_label])).mean() / math.log(2)
    assert shown[1].note == f"{bits.item():.3f} bits/dim"


def test_an_untrained_card_says_how_to_train_it_and_only_that(shelf):
    config, _ = config_of(shelf)

    assert f"Run `python -m train {PLAIN_256}`" in config
    for trained in (PLAIN_8, GATED_8, GATED_256):
        assert f"python -m train {trained}`" not in config
    assert "PixelCNN, 256 levels" in levels_views.untrained(shelf, PLAIN_256)


def test_nothing_trained_gives_four_remedies_and_no_button(tmp_path):
    config, handlers = config_of(toy_store(tmp_path))

    assert all(f"Run `python -m train {name}`" in config for row in GRID for name in row)
    assert "draw_levels" not in handlers
    levels.warm_up(toy_store(tmp_path))


def test_cards_that_a_store_does_not_know_are_not_trained_either():
    store = ModelStore(cards=())

    assert not levels_views.is_trained(store, PLAIN_8)
    assert f"`python -m train {PLAIN_8}`" in config_of(store)[0]


# — why 256 levels are harder —


def test_both_parts_of_a_fine_grey_s_cost_add_up(shelf):
    model = shelf.get(GATED_256)
    pixels = data.to_levels(data.examples("mnist").images[0], 256)
    logs = model.logits(pixels[None])[0, :, 0].double().log_softmax(dim=0)

    whole, coarse, rest = levels_grey.split_cost(model, pixels)

    row, column = divmod(int(pixels[0].argmax()), 28)
    level = data.to_levels(torch.tensor([pixels.max()], dtype=torch.uint8), 8).item()
    same = [k for k in range(256) if data.to_levels(torch.tensor([k]).byte(), 8).item() == level]
    mass = logs[same, row, column].exp().sum().item()
    torch.testing.assert_close(coarse + rest, whole)
    assert coarse[row, column].item() == pytest.approx(-math.log2(mass))
    assert (rest >= 0).all() and rest.max() > 0


def test_eight_levels_have_no_finer_grey_to_tell(shelf):
    pixels = data.to_levels(data.examples("mnist").images[0], 8)

    _, _, rest = levels_grey.split_cost(shelf.get(PLAIN_8), pixels)

    assert rest.abs().max() < 1e-9


def test_a_coarse_level_is_what_the_fine_one_is_rounded_to():
    fine = torch.arange(256)

    assert levels_grey.coarse_of().equal(data.to_levels(fine.byte(), 8))
    assert levels_grey.coarse_of(8).equal(torch.arange(8))
    assert dequantise(levels_grey.coarse_of(), 8).sub(fine / 255).abs().max() <= 0.5 / 7 + 1e-6


def test_the_push_on_the_neighbours_is_that_of_the_gradient():
    logits = torch.zeros(256, dtype=torch.float64, requires_grad=True)
    (-logits.log_softmax(dim=0)[200]).backward()
    up, near, far = (-logits.grad[level].item() for level in (200, 201, 3))

    words = levels_grey.explain_counts()

    assert near == far
    assert f"pushes 200 up by {up:.4f}, and every other level down by {-near:.4f}" in words


def test_the_pixels_of_a_middle_level_are_counted():
    images = data.examples("mnist").images
    counts = [int((data.to_levels(images, 8) == level).sum()) for level in range(1, 7)]

    median = torch.tensor(counts).median().item()

    assert f"| 8 | 3 bits | {median:,.0f} |" in levels_grey.explain_counts()
    assert "| 2 | 1 bit | – |" in levels_grey.explain_counts()


def test_the_illustration_s_maps_are_the_costs_and_its_bars_the_distribution(shelf):
    shown, drawn = levels_grey.show_cost(shelf, GATED_256)
    pixels = data.to_levels(data.examples("mnist").images[levels_grey.EXAMPLE], 256)

    costs = levels_grey.split_cost(shelf.get(GATED_256), pixels)

    for panel, cost in zip(shown[1:], costs, strict=True):
        assert panel.note == f"{cost.mean().item():.3f} bits/dim"
    assert drawn.count("<rect") == 256 + 8
    assert drawn.count('class="t"') == 2


def test_the_words_of_the_bars_stand_outside_the_drawing_and_do_not_shrink_with_it(shelf):
    chances = torch.tensor([0.9996, 0.0004])

    chart = levels_grey._bars(chances, 1, "p of 2 greys")
    _, drawn = levels_grey.show_cost(shelf, GATED_256)

    words = "p of 2 greys; the highest is > 99.9 %, the right one < 0.1 %"
    assert f"<figcaption>{escape(words)}</figcaption>" in chart
    assert drawn.count("<figcaption>") == 2 and "<text" not in drawn


def test_a_right_grey_too_unlikely_for_a_bar_is_marked_below_its_place():
    chart = levels_grey._bars(torch.tensor([0.5, 0.0, 0.5, 0.0]), 1, "p")
    x, wide = re.search(r'class="t" x="([\d.]+)".*?width="([\d.]+)"', chart).groups()
    mark = re.search(r'class="m" d="M([\d.]+) ', chart)

    assert float(mark[1]) == pytest.approx(float(x) + float(wide) / 2, abs=0.01)
