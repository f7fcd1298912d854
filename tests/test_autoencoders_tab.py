"""The page of autoencoders without a browser: what it sends, says, refuses and claims."""

import base64
import dataclasses
import json
import math
import re
import xml.etree.ElementTree as ET

import gradio as gr
import numpy as np
import pytest
import torch
from shelved import write_checkpoint

from genlab import data
from genlab.analysis.denoising import corrupt, restore
from genlab.analysis.sparse_codes import CodedImages, code_images, unit_effect
from genlab.core.errors import GenLabError
from genlab.models.autoencoder import CARDS
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture, signed_limit
from genlab.ui.canvas.units import ShownUnits, UnitBars
from genlab.ui.drawing.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Curve
from genlab.ui.drawing.curves import draw_curves as draw
from genlab.ui.latent import (
    denoising,
    restored,
    restored_figure,
    sparse_picture,
    sparse_unit,
    sparsity,
)
from genlab.ui.lessons import autoencoder_claims, mask_figure
from genlab.ui.lessons import autoencoders as lessons
from genlab.ui.tabs import autoencoders as tab

GAUSSIAN, DROPOUT = "denoising-autoencoder-fashion", "denoising-autoencoder-dropout-fashion"
L1, KL, NONE = (f"sparse-autoencoder-{each}-fashion" for each in ("l1", "kl", "none"))
NAN = float("nan")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """All autoencoders with random weights; each penalty's are others."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, card in enumerate(CARDS):
        write_checkpoint(folder, card, seed=seed)
    return ModelStore(folder, CARDS)


@pytest.fixture
def empty_store(tmp_path):
    return ModelStore(tmp_path, CARDS)


@pytest.fixture(scope="module")
def picture():
    return data.examples("fashion-mnist").images[:1] / 255


def build_page(store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(store)
    return blocks


def values_of(picture):
    """The floats that a panel gets, (784,)."""
    sent = np.frombuffer(base64.b64decode(picture["values"]), ">u2")
    return picture["reach"] * (sent.astype(float) / 32768 - 1)


def bold(text):
    return re.findall(r"\*\*(.+?)\*\*", text)


# — the components —


def test_a_panel_gets_its_values_to_a_four_thousandth():
    panels = PicturePanels(label="p", panels=[Panel("a"), Panel("b", signed=True)], rows=2, cols=2)
    shown = np.array([[-3.21, 0.0], [0.5, 4.56]]), np.array([[-0.25, 0.0], [0.1, 0.2]])

    sent = json.loads(panels.postprocess([ShownPicture(each, "n") for each in shown]))

    for each, expected in zip(sent, shown, strict=True):
        np.testing.assert_allclose(values_of(each), expected.ravel(), atol=1 / 8192)
    assert [each["note"] for each in sent] == ["n", "n"]
    assert sent[1]["limit"] == 0.3
    assert panels.postprocess(None) == ""


@pytest.mark.parametrize("largest", [8.5, 11.0, -16.0, 40.0])
def test_a_value_far_out_arrives_as_it_is(largest):
    panels = PicturePanels(label="p", panels=[Panel("a", signed=True)], rows=1, cols=2)

    (sent,) = json.loads(panels.postprocess([ShownPicture(np.array([[largest, 0.25]]))]))

    np.testing.assert_allclose(values_of(sent), [largest, 0.25], atol=abs(largest) / 16384)


def test_a_scale_holds_all_its_values():
    for largest in (0.0, 0.05, 0.1, 0.31, 0.99, 1.0, 2.5):
        assert signed_limit(np.array([[0.0, -largest]])) >= largest


def test_panels_refuse_pictures_of_another_size_and_too_many():
    panels = PicturePanels(label="p", panels=[Panel("a")], rows=2, cols=2)
    fitting = ShownPicture(np.zeros((2, 2)))

    with pytest.raises(ValueError, match="1 panels, got 2"):
        panels.postprocess([fitting, fitting])
    with pytest.raises(ValueError, match=r"\(2, 2\), got \(2, 3\)"):
        panels.postprocess([ShownPicture(np.zeros((2, 3)))])


def test_bars_get_every_value_the_threshold_and_the_choice():
    bars = UnitBars(label="b", units=3, cols=2)

    sent = json.loads(bars.postprocess(ShownUnits((0.0, 0.12345, 1.0), 0.1, chosen=2)))

    assert sent == {"values": [0.0, 0.12345, 1.0], "threshold": 0.1, "chosen": 2}
    assert bars.rows == 2
    with pytest.raises(ValueError, match="3 values, got 1"):
        bars.postprocess(ShownUnits((0.0,), 0.1))


@pytest.mark.parametrize(
    "component",
    [PicturePanels(label="p", panels=[Panel("a")]), UnitBars(label="b", units=3)],
    ids=("panels", "bars"),
)
def test_neither_is_an_event_s_input_and_all_props_are_attributes(component):
    with pytest.raises(gr.Error, match="Reload"):
        component.preprocess("anything")
    json.dumps(component.get_config())
    assert [name for name in component.props if name not in vars(component)] == []


LINEAR = Axis("x", 0.0, 10.0, (0, 5, 10))
BY_TENS = Axis("y", 1.0, 100.0, (1, 10, 100), is_log=True)


def test_a_curve_goes_where_its_axes_say():
    line = Curve("line", ((0.0, 1.0), (5.0, 10.0), (10.0, 100.0)), "#0072B2")
    drawing = draw(
        [line], LINEAR, BY_TENS, label="d", name="n", cursor=2.5, mark=(5.0, "a < b & c")
    )

    svg = ET.fromstring(drawing[drawing.index("<svg") : drawing.index("<ul")])
    polyline = next(each for each in svg.iter() if each.tag.endswith("polyline"))
    points = [tuple(map(float, each.split(","))) for each in polyline.get("points").split()]
    middle = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    assert points == [(LEFT, HEIGHT - BOTTOM), middle, (WIDTH - RIGHT, TOP)]
    (dot,) = (each for each in svg.iter() if each.tag.endswith("circle"))
    assert float(dot.get("cx")) == (LEFT + middle[0]) / 2
    assert "a < b & c" in [each.text for each in svg.iter()]


def test_a_curve_that_leaves_the_plot_is_cut_off_and_not_bent_along_its_edge():
    line = Curve("line", ((0.0, 0.0), (10.0, 1e9)), "#0072B2")

    drawing = draw([line], LINEAR, BY_TENS, label="d", name="n", cursor=10.0)

    start, end = re.search(r'points="\S+?,(\S+) \S+?,(\S+)"', drawing).groups()
    assert float(start) > HEIGHT - BOTTOM and float(end) < TOP
    assert re.search(rf'<svg x="{LEFT}" y="{TOP}"', drawing)
    assert f'cy="{TOP}' in drawing, "the cursor's dot stays at the edge"


def test_a_curve_is_read_between_its_points_and_ends_where_they_end():
    line = Curve("line", ((1.0, 2.0), (3.0, 6.0)), "#0072B2")

    assert [line.at(x) for x in (0.0, 1.0, 2.0, 3.0, 9.0)] == [2.0, 2.0, 4.0, 6.0, 6.0]


# — noise —


def read(store, picture, card=GAUSSIAN, corruption="gaussian", level=0.5, seed=3):
    return restored.read_shown(store, picture, card, corruption, level, seed)


def test_the_panels_show_the_restoration_and_its_numbers(store, picture):
    shown = read(store, picture)
    found = restore(store.get(GAUSSIAN), picture, corruption="gaussian", level=0.5, seed=3)

    pictures = restored.show_pictures(shown)

    expected = (found.original, found.corrupted, found.restored, found.restored - found.original)
    for each, tensor in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(each.values, tensor[0, 0].numpy())
    assert pictures[1].note == (
        f"error {1000 * found.error_before:.1f}, {1000 * found.error_clipped:.1f} clipped"
    )
    assert pictures[2].note == f"error {1000 * found.error_after:.1f}"


def test_dropped_pixels_leave_nothing_to_clip(store, picture):
    pictures = restored.show_pictures(read(store, picture, corruption="dropout"))

    assert "clipped" not in pictures[1].note


@pytest.mark.parametrize("card", [GAUSSIAN, DROPOUT])
@pytest.mark.parametrize("corruption", ["gaussian", "dropout"])
def test_the_verdict_says_when_the_network_never_saw_such_noise(store, picture, card, corruption):
    told = restored.judge(store, read(store, picture, card, corruption))

    is_own = store.get(card).corruption == corruption
    assert ("never saw" in told) == (not is_own)
    assert ("trained here" in restored.draw_errors(store, read(store, picture, card, corruption))
            ) == is_own  # fmt: skip


def test_the_verdict_is_the_share_of_the_error_that_is_left(store, picture):
    shown = read(store, picture)
    share = shown.found.error_after / shown.found.error_clipped

    (told,) = bold(restored.judge(store, shown))

    assert told == (f"{share:.0%}" if share < 1 else f"{share:.1f} times")
    assert "does harm" in restored.judge(store, read(store, picture, level=0.0))


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_the_curves_hold_the_errors_of_the_examples(store, picture, level):
    shown = read(store, picture, level=level)  # at 0 nothing of this picture can be clipped
    examples = data.examples("fashion-mnist").images / 255
    again = restore(store.get(GAUSSIAN), examples, corruption="gaussian", level=0.5, seed=3)

    curves = {curve.name: curve for curve in restored.error_curves(store, shown)}

    assert curves["restored"].at(0.5) == pytest.approx(1000 * again.error_after)
    assert curves["corrupted"].at(0.5) == pytest.approx(1000 * again.error_before)
    assert curves["corrupted, clipped"].at(0.5) == pytest.approx(1000 * again.error_clipped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("level", each) for each in (NAN, -0.1, 1.5, "0.5", None, True, 10**400)),
        *(("corruption", each) for each in ("salt", None, 3, [])),
        *(("seed", each) for each in (-1, 2**32, 0.5, "7", NAN)),
        *(("card", each) for each in (None, L1, "autoencoder-plane-mnist", "nobody", [])),
    ],
)
def test_what_a_browser_may_send_about_noise_is_refused_with_a_remedy(store, picture, name, value):
    with pytest.raises(GenLabError, match=r"(?i)chang|choose|train"):
        read(store, picture, **{name: value})


@pytest.mark.slow
def test_a_figure_for_slides_has_the_pictures_and_the_curves(store, picture):
    figure = restored_figure.draw_figure(store, read(store, picture))

    assert len(figure.axes) == 6  # four pictures, a scale, the curves
    assert "Save SVG" in mask_figure.links(figure, "name")


# — sparse codes —


def read_code(store, picture, threshold=0.1, card=L1, unit=7):
    return sparse_picture.read_coded(store, picture, threshold, card, unit)


def test_each_column_shows_its_own_network_s_code(store, picture):
    bars = sparse_picture.show_codes(store, read_code(store, picture))[:3]

    for each, card in zip(bars, (NONE, L1, KL), strict=True):
        assert each.values == tuple(store.get(card).encode(picture)[0][0].tolist())
    assert [each.chosen for each in bars] == [None, 7, None]


def test_a_column_s_numbers_are_computed(store, picture):
    words = sparse_picture.show_codes(store, read_code(store, picture, threshold=0.4))[3:6]

    for text, card in zip(words, (NONE, L1, KL), strict=True):
        model = store.get(card)
        code = model.encode(picture)[0]
        error = (model.decode(code) - picture).square().mean().item()
        assert f"{(code > 0.4).sum()} of 300" in text
        assert f"{code.mean():.3f}" in text and f"{1000 * error:.1f} thousandths" in text


def test_the_views_of_a_unit_are_its_effect_and_the_pictures_that_wake_it(store, picture):
    words, pair, strongest, _ = sparse_picture.show_codes(
        store, read_code(store, picture, card=KL)
    )[-4:]
    model, examples = store.get(KL), data.examples("fashion-mnist")
    codes = model.encode(examples.images / 255)[0][:, 7]
    effect = unit_effect(model, model.encode(picture)[0][0], 7)

    np.testing.assert_array_equal(pair[2].values, effect.difference[0, 0].numpy())
    best = codes.sort(descending=True)
    assert [float(each.note.split()[0]) for each in strongest] == [
        round(value, 2) for value in best.values[:8].tolist()
    ]
    first = best.indices[0]
    expected = (examples.images[first, 0] / 255).numpy()
    np.testing.assert_array_equal(strongest[0].values, expected)
    assert examples.classes[examples.labels[first]] in strongest[0].note
    assert f"{codes.mean():.3f}" in bold(words) and str(int((codes > 0.1).sum())) in bold(words)


def test_a_click_on_a_bar_chooses_its_network_and_its_unit(store, picture):
    asked = []
    pick = sparsity._picking(KL, lambda *sent: asked.append(sent) or ["views"])

    found = pick("picture", 0.2, gr.EventData(None, {"index": 42, "value": 0.5}))

    assert found == [KL, 42, "views"]
    assert asked == [("picture", 0.2, KL, 42)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("threshold", each) for each in (NAN, -0.1, 1.5, "0.5", None)),
        *(("unit", each) for each in (-1, 300, 0.5, "7", None, NAN, True)),
        *(("card", each) for each in (None, GAUSSIAN, "nobody", [])),
    ],
)
def test_what_a_browser_may_send_about_codes_is_refused(store, picture, name, value):
    with pytest.raises(GenLabError, match="(?i)chang"):
        read_code(store, picture, **{name: value})


def test_the_penalties_target_is_the_training_s():
    recipes = pytest.importorskip("train.recipes.autoencoder")

    assert sparse_unit.TARGET == lessons.TARGET == recipes.KL_TARGET


# — the page —


def test_the_page_opens_with_a_value_for_every_view(store):
    with gr.Blocks(analytics_enabled=False):
        noise, codes = denoising.build(store), sparsity.build(store)

    assert len(denoising.open_page(store)) == len(noise.views)
    unit, *views = sparsity.open_page(store)
    assert len(views) == len(codes.views)
    boot = data.examples("fashion-mnist").images[sparsity.FIRST_EXAMPLE :][:1] / 255
    assert unit == store.get(L1).encode(boot)[0].argmax().item()
    tab.warm_up(store)


def test_a_page_without_weights_stands_and_says_how_to_train(empty_store):
    build_page(empty_store)

    for opening in (denoising.open_page, sparsity.open_page):
        with pytest.raises(GenLabError, match="python -m train"):
            opening(empty_store)


# — look closer, common mistakes —


@pytest.mark.parametrize("corruption", ["gaussian", "dropout"])
def test_the_account_s_pixel_is_the_one_that_was_corrupted(store, picture, corruption):
    shown = read(store, picture, corruption=corruption, level=0.6, seed=11)

    told = lessons.describe_restoration(shown)

    row, column = map(int, re.search(r"row (\d+), column (\d+)", told).groups())
    at = 0, 0, row, column
    given = corrupt(picture, corruption, level=0.6, seed=11)[at].item()
    assert f"= {given:.3f}$" in told
    assert f"{shown.found.restored[at].item():.3f}$$" in told
    assert f"{shown.found.error_after:.5f}" in told and f"{shown.found.error_before:.5f}" in told
    if corruption == "gaussian":
        noise = float(re.search(r"varepsilon = (-?[\d.]+)", told)[1])
        assert picture[at].item() + 0.6 * noise == pytest.approx(given, abs=1e-3)
    else:
        assert ("is dropped" in told) == (given == 0)


@pytest.mark.parametrize("bias", [-60.0, 60.0])
def test_the_account_s_logit_is_the_decoder_s_where_the_sigmoid_rounds_it_off(tmp_path, bias):
    write_checkpoint(tmp_path, CARDS[1])
    store = ModelStore(tmp_path, CARDS)
    network = store.get(GAUSSIAN)
    with torch.no_grad():
        network.decoder.layers[-1].bias.fill_(bias)
    shown = read(store, torch.full((1, 1, 28, 28), 0.5), level=1.0)

    told = lessons.describe_restoration(shown)

    row, column = map(int, re.search(r"row (\d+), column (\d+)", told).groups())
    logit = float(re.search(r"\\ell = (-?[\d.]+)", told)[1])
    exact = network.decoder(shown.found.code)[0, 0, row, column].item()
    assert logit == pytest.approx(exact, abs=1e-3) and abs(logit - bias) < 20


@pytest.mark.parametrize("corruption", ["gaussian", "dropout"])
def test_the_account_says_where_nothing_was_corrupted(store, picture, corruption):
    blank = torch.zeros_like(picture)
    clean = [read(store, picture, corruption=corruption, level=0.0)]
    clean += [read(store, blank, corruption=corruption)] if corruption == "dropout" else []

    for shown in clean:
        told = lessons.describe_restoration(shown)
        assert "nothing is corrupted" in told and "nothing to put right" in told
        assert not re.search(r"that is put right|never sees|before and|instead of", told)
        assert f"{shown.found.error_after:.5f}" in told
    usual = lessons.describe_restoration(read(store, picture, corruption=corruption))
    assert "that is put right" in usual and "nothing" not in usual


def test_a_black_pixel_is_not_said_to_be_dropped(store, picture):
    shown = read(store, torch.zeros_like(picture), corruption="dropout", level=1.0)

    told = lessons.describe_restoration(shown)

    assert "set to 0, which $x = 0.000$ is" in told
    assert "dropped" not in told and "becomes" not in told


def test_a_network_that_puts_no_pixel_right_is_not_said_to(store, picture):
    shown = read(store, picture)
    harm = dataclasses.replace(shown.found, restored=shown.found.corrupted + 5)

    told = lessons.describe_restoration(dataclasses.replace(shown, found=harm))

    assert "No pixel is put right" in told and "that is put right" not in told


def test_a_small_error_is_not_told_as_none(store, picture):
    shown = read(store, picture)
    near = dataclasses.replace(shown.found, restored=shown.found.original + 1e-3)

    told = lessons.describe_restoration(dataclasses.replace(shown, found=near))

    assert "0.0000$" not in told and r"\cdot 10^{-6}" in told


@pytest.mark.parametrize(
    ("card", "says"), [(NONE, "no penalty"), (L1, "times L1"), (KL, "times KL")]
)
def test_the_account_names_the_loss_that_the_network_was_trained_with(store, picture, card, says):
    told = lessons.describe_unit(read_code(store, picture, card=card)).rpartition("loss")[2]

    assert says in told
    assert ("plus" in told) == (card != NONE)


def test_the_account_s_unit_has_the_penalties_of_its_mean(store, picture):
    shown = read_code(store, picture, card=KL, unit=12)
    examples = data.examples("fashion-mnist").images / 255
    mean = store.get(KL).encode(examples)[0][:, 12].mean().item()

    told = lessons.describe_unit(shown)

    kl = 0.1 * math.log(0.1 / mean) + 0.9 * math.log(0.9 / (1 - mean))
    assert f"= {kl:.4f} \\text{{ nats}}" in told and f"= {mean:.4f}$$" in told
    assert f"{store.get(KL).encode(picture)[0].sum().item():.2f}" in told


def test_a_unit_that_nearly_sleeps_is_told_with_the_true_penalty(store, picture):
    shown, mean = read_code(store, picture), 7.2e-9
    codes = torch.full_like(shown.examples.codes, mean)
    kl = 0.1 * math.log(0.1 / mean) + 0.9 * math.log(0.9 / (1 - mean))

    sleepy = dataclasses.replace(shown.examples, codes=codes)
    told = lessons.describe_unit(dataclasses.replace(shown, examples=sleepy))
    pull = sparse_unit.draw_pull(mean)

    assert f"= {kl:.4f} \\text{{ nats}}" in told and f"{{{kit.tex(mean)}}}" in told
    number, power = re.search(r"its slope −([\d.]+) · 10([⁰-⁹¹²³]+)", pull).groups()
    slope = float(number) * 10 ** int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))
    assert slope == pytest.approx(0.1 / mean, rel=0.05)
    assert f"KL penalty is {kl:.4f} nats" in pull


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5])
def test_the_bars_above_the_threshold_are_those_that_are_counted(threshold):
    near = torch.tensor([threshold, threshold + 1e-5, threshold + 3e-8, 7.2e-9, 0.0, 1.0])
    bars = UnitBars(label="Units", units=len(near))
    code = CodedImages(torch.zeros(1, 1, 2, 2), near.unsqueeze(0), torch.zeros(1, 1, 2, 2))

    sent = json.loads(bars.postprocess(ShownUnits(tuple(near.tolist()), threshold)))

    filled = sum(each > sent["threshold"] for each in sent["values"])
    assert filled == code.active(threshold).item()


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_an_infinite_penalty_is_called_so(mean):
    assert "KL penalty is infinite, and so is its slope" in sparse_unit.draw_pull(mean)


def test_look_closer_shows_the_code_and_both_networks_layers(store):
    code, layers = lessons._code(store), lessons._layers(store)

    for name in ("add_gaussian_noise", "drop_pixels", "encode", "l1_penalty", "kl_penalty"):
        assert f"def {name}(" in code
    for name in (GAUSSIAN, L1):
        total = sum(parameter.numel() for parameter in store.get(name).parameters())
        assert f"**{total:,}**" in layers


@pytest.mark.parametrize("card", [GAUSSIAN, DROPOUT])
def test_every_claim_s_check_finds_a_number(store, card):
    claims = autoencoder_claims.claims(store)

    assert len(claims) >= 3
    for claim in claims:
        assert bold(claim.check(card)) and re.search(r"\d", claim.check(card))


def test_every_claim_names_a_remedy_where_nothing_is_trained(empty_store):
    for claim in autoencoder_claims.claims(empty_store):
        with pytest.raises(GenLabError, match="(?i)train"):
            claim.check(None)


def claim_about(store, words, card=GAUSSIAN):
    (found,) = (each for each in autoencoder_claims.claims(store) if words in each.said)
    return found.check(card)


def test_the_crossed_errors_are_those_of_both_networks_with_both_corruptions(store):
    told = claim_about(store, "one kind of noise")
    examples = data.examples("fashion-mnist").images / 255

    for card in (GAUSSIAN, DROPOUT):
        for corruption in ("gaussian", "dropout"):
            found = restore(store.get(card), examples, corruption=corruption, level=0.5, seed=0)
            assert f"{1000 * found.error_after:.1f} by" in told


def test_silent_units_are_counted_over_the_examples(store):
    told = claim_about(store, "L1 and KL")
    examples = data.examples("fashion-mnist").images / 255

    silent = [
        (store.get(card).encode(examples)[0].amax(dim=0) <= 0.1).sum().item() for card in (L1, KL)
    ]
    assert bold(told) == [str(each) for each in silent]


def test_the_range_of_active_units_is_over_pictures(store):
    active = code_images(store.get(KL), data.examples("fashion-mnist").images / 255).active(0.1)

    assert bold(claim_about(store, "tenth")) == [str(active.min().item()), str(active.max().item())]


def test_a_clean_picture_s_error_is_measured_without_corruption(store):
    examples = data.examples("fashion-mnist").images / 255
    model = store.get(GAUSSIAN)
    with torch.inference_mode():
        error = (model.decode(model.encode(examples)[0]) - examples).square().mean().item()

    assert bold(claim_about(store, "clean")) == [f"{1000 * error:.1f}"]
