"""The pages of codes without a browser: what they compute, what they refuse, what they keep."""

import base64
import functools
import io
import json
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from latent_shelf import DIM, FEW, MANY, latent_store
from PIL import Image
from test_whole_app import assert_plain

from genlab import data
from genlab.analysis.elbo import gaussian_kl
from genlab.core.errors import GenLabError, InputError
from genlab.core.images import to_picture
from genlab.inference.latent import (
    AXIS_VALUES,
    FARTHEST,
    MAX_CODES,
    along_axis,
    prior_codes,
)
from genlab.ui.canvas.example_sheet import ExampleSheet, read_groups
from genlab.ui.canvas.grid import to_hex
from genlab.ui.latent import arithmetic, between, codes, encode, pictures, posterior, sliders

SEED = 3
CLOSE = 1e-5
HOSTILE = [None, True, "x", math.nan, -1, 2**32, 0.5, [], {}]
BAD_CODES = ["", None, "[1,2", "{}", "[1]", [0.0] * DIM, 3, json.dumps([math.nan] * DIM)]
BAD_CODES += [json.dumps([21.0] * DIM), json.dumps(["1"] * DIM), "[" * 100_000]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return latent_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def images(store):
    """The first three digits of different classes, (3, 1, 28, 28)."""
    return codes.example_images(store, "digits")[[0, 10, 20]]


@functools.cache
def page_of(build, store, chosen):
    """A page of its own, whose handlers can be asked by name."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        cards = [(card.title, card.name) for card in store.cards]
        build(store, gr.Dropdown(cards, value=chosen, label="Model"))
    return blocks


def build_encode(store, card):
    encode.build(store, card, sliders.build(store, card))


BUILDS = {
    "sliders": sliders.build,
    "encode": build_encode,
    "between": between.build,
    "arithmetic": arithmetic.build,
}


def handlers(blocks, name):
    return [each.fn for each in blocks.fns.values() if each.name == name and each.fn]


def opened(address):
    """(H, W) or (H, W, 3) uint8 of a data URL."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.array(Image.open(io.BytesIO(content)))


def values(shown):
    return [torch.from_numpy(each.values) for each in shown]


# — codes —


@pytest.mark.parametrize(("name", "expected"), [("digits", "mnist"), ("clothes", "fashion-mnist")])
def test_a_card_has_the_examples_of_its_own_data(store, name, expected):
    assert codes.data_name(store, name) == expected
    assert torch.equal(codes.examples_of(store, name).images, data.examples(expected).images)


def test_a_random_code_is_what_the_prior_deals_for_the_seed(store):
    code, told = codes.random_code(store, "digits", SEED)

    assert torch.equal(code, prior_codes(store.get("digits"), SEED, 1)[0])
    assert str(SEED) in told


def test_without_a_prior_a_seed_picks_an_example(store):
    means = store.get("bare").encode(codes.example_images(store, "bare"))[0]

    picked = {
        int((means - codes.random_code(store, "bare", seed)[0]).norm(dim=1).argmin())
        for seed in range(5)
    }

    assert len(picked) > 1
    code = codes.random_code(store, "bare", SEED)[0]
    assert (means - code).norm(dim=1).min() < CLOSE


def test_reset_is_the_middle_of_the_codes(store):
    means = store.get("bare").encode(codes.example_images(store, "bare"))[0]

    assert not codes.resting_code(store, "digits")[0].any()
    torch.testing.assert_close(codes.resting_code(store, "bare")[0], means.mean(dim=0))


@pytest.mark.parametrize("seed", HOSTILE)
def test_a_seed_that_is_none_is_refused(store, seed):
    with pytest.raises(InputError, match="Seed"):
        codes.random_code(store, "digits", seed)


@pytest.mark.parametrize("sent", BAD_CODES, ids=lambda sent: str(sent)[:20])
def test_a_code_that_is_none_is_refused_with_a_remedy(store, sent):
    with pytest.raises(InputError, match=r"\. [A-Z]"):
        codes.read_sent_code(store.get("digits"), sent)


def test_a_model_says_what_it_lacks(store):
    with pytest.raises(InputError, match="no codes"):
        codes.decoder_of(store, "codeless")
    with pytest.raises(InputError, match="no encoder"):
        codes.encoder_of(store, "generator")


# — sliders —


@pytest.mark.parametrize("name", ["digits", "bare", "generator"])
def test_a_thumbnail_is_the_picture_of_the_code_with_that_number_changed(store, name):
    code = codes.random_code(store, name, SEED)[0]
    ahead = sliders.look_ahead(store, name, code)
    sheet, height, width = opened(ahead["sheet"]), ahead["height"], ahead["width"]

    for row, (index, numbers) in enumerate(zip(ahead["rows"], ahead["values"], strict=True)):
        expected = store.get(name).decode(along_axis(code, index, numbers))
        cut = sheet[row * height : (row + 1) * height].reshape(height, len(numbers), width, -1)
        torch.testing.assert_close(
            torch.from_numpy(cut.copy()).movedim(1, 0).movedim(-1, 1),
            to_picture(expected),
            atol=1,
            rtol=0,
        )
    assert sorted(ahead["rows"]) == list(range(DIM)) and len(ahead["values"][0]) == 5


def test_the_look_ahead_goes_from_end_to_end_of_the_sliders(store):
    latents, *_ = sliders.opening(store, "digits")
    ends = {each["index"]: (each["low"], each["high"]) for each in latents["dimensions"]}

    for index, numbers in zip(*(latents["thumbnails"][key] for key in ("rows", "values")),
                              strict=True):  # fmt: skip
        assert (numbers[0], numbers[-1]) == ends[index]


def test_as_many_dimensions_get_thumbnails_as_one_call_may_decode(store):
    ahead = sliders.look_ahead(store, "many", torch.zeros(MANY))
    order = codes.measured(store, "many").order.tolist()

    assert len(ahead["rows"]) == MAX_CODES // 5 < MANY
    assert ahead["rows"] == order[: len(ahead["rows"])]


def test_the_page_opens_with_seed_0_and_the_most_used_dimension_first(store):
    latents, picture, words = sliders.opening(store, "digits")
    code = prior_codes(store.get("digits"), 0, 1)
    use = [each["use"] for each in latents["dimensions"]]

    assert json.loads(latents["value"]) == pytest.approx(code[0].tolist(), abs=1e-4)
    assert picture["value"] == to_hex(store.get("digits").decode(code)[0, 0].numpy())
    assert use == sorted(use, reverse=True)
    assert "Tiny digits" in words and "seed 0" in words


@pytest.mark.parametrize(("sent", "dealt"), [(4711, 4711), (None, 0), (-1, 0), (0.5, 0)])
def test_another_card_deals_the_seed_that_stands_in_the_box(store, sent, dealt):
    begin = handlers(page_of(sliders.build, store, "digits"), "begin")[0]

    in_box, latents, picture, words = begin("few", sent)

    code = prior_codes(store.get("few"), dealt, 1)
    assert in_box == (gr.skip() if sent == dealt else dealt) and f"seed {dealt}" in words
    assert json.loads(latents["value"]) == pytest.approx(code[0].tolist(), abs=1e-4)
    assert picture["value"] == to_hex(store.get("few").decode(code)[0, 0].numpy())


def test_a_picture_in_colour_keeps_its_shape(store):
    _, picture, _ = sliders.opening(store, "generator")

    assert (picture["rows"], picture["cols"], picture["channels"]) == (6, 8, 3)
    assert len(picture["value"]) == 2 * 6 * 8 * 3


def test_a_moved_slider_shows_the_picture_of_its_code(store):
    follow = handlers(page_of(sliders.build, store, "digits"), "follow")[0]
    code = torch.tensor([0.5, -1, 0, 2, -2.5])

    shown, words = follow("digits", sliders.latents_value(code))

    assert shown == to_hex(store.get("digits").decode(code[None])[0, 0].numpy())
    assert f"|z| = {code.norm():.2f}" in words


def test_a_code_of_another_model_is_refused_readably(store):
    follow = handlers(page_of(sliders.build, store, "digits"), "follow")[0]

    with pytest.raises(gr.Error, match=f"{FEW} numbers"):
        follow("few", json.dumps([0.0] * DIM))


@pytest.mark.parametrize("name", ["nobody", "codeless", None, [], {}])
def test_programs_hear_what_is_wrong_with_a_card(store, name):
    with pytest.raises(GenLabError):
        sliders.decode_code(store, name, [0.0] * DIM)


def test_programs_get_the_picture_of_a_code(store):
    answer = handlers(page_of(sliders.build, store, "digits"), "decode")[0]

    expected = store.get("digits").decode(torch.ones(1, DIM))[0, 0]
    assert answer("digits", [1.0] * DIM) == to_hex(expected.numpy())


# — encode —


def test_the_reconstruction_is_decoded_from_the_mean(store, images):
    model = store.get("digits")
    _, rebuilt, _, _ = encode.encode(store, "digits", images[:1], 0)

    assert rebuilt == to_hex(model.decode(model.encode(images[:1])[0])[0, 0].numpy())


def test_the_draws_of_a_seed_are_always_the_same(store, images):
    first, again, other = (
        encode.encode(store, "digits", images[:1], seed)[2] for seed in (1, 1, 2)
    )

    assert all(torch.equal(a, b) for a, b in zip(values(first), values(again), strict=True))
    assert not torch.equal(values(first)[0], values(other)[0])
    assert not torch.equal(values(first)[0], values(first)[1])


def test_a_point_has_nothing_to_draw(store, images):
    _, rebuilt, draws, words = encode.encode(store, "bare", images[:1], 0)

    assert {to_hex(each.values) for each in draws} == {rebuilt}
    assert "no spread" in words


def test_the_words_tell_the_pictures_own_kl(store, images):
    words = encode.encode(store, "digits", images[1:2], 0)[3]

    kl = gaussian_kl(*store.get("digits").encode(images[1:2])).sum().item()
    assert f"= {kl:.1f} nats" in words


@pytest.fixture
def unsure(store, monkeypatch):
    """The encoder of "digits" gives every picture a cloud that is 500 times the prior's."""
    codes.measured(store, "digits")  # of the encoder as it is; it is kept
    model = store.get("digits")
    wide = torch.full((1, DIM), 500.0)
    monkeypatch.setattr(model, "encode", lambda images: (torch.full((1, DIM), 2.0), wide))
    return model


def test_codes_that_the_encoder_drew_far_outside_are_shown_where_they_lie(store, images, unsure):
    _, rebuilt, draws, words = encode.encode(store, "digits", images[:1], 1)

    mean, std = unsure.encode(images[:1])
    z = mean + std * torch.randn(encode.DRAWS, DIM, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(torch.stack(values(draws)), unsure.decode(z)[:, 0])
    assert rebuilt == to_hex(unsure.decode(mean)[0, 0].numpy())
    outside = int((z.abs() > FARTHEST).any(dim=1).sum())
    assert f"**{outside}** of the {encode.DRAWS} draws" in words
    assert "σ reaches 500.0, not 1" in words


def test_another_seed_s_draws_beyond_the_prior_are_counted_anew(store, images, monkeypatch):
    redraw = handlers(page_of(build_encode, store, "digits"), "redraw")[-1]
    wide = torch.full((1, DIM), FARTHEST / 2)
    monkeypatch.setattr(store.get("digits"), "encode", lambda images: (torch.zeros(1, DIM), wide))
    told = set()

    for seed in range(20):
        z = wide * torch.randn(encode.DRAWS, DIM, generator=torch.Generator().manual_seed(seed))
        outside = int((z.abs() > FARTHEST).any(dim=1).sum())
        _, words = redraw("digits", to_hex(images[0, 0].numpy()), seed)
        told.add(outside)
        verb = "has" if outside == 1 else "have"
        assert f"**{outside}** of the {encode.DRAWS} draws below {verb}" in words or not outside

    assert 1 in told and len(told) > 2


def test_a_cloud_within_the_prior_is_not_called_wide(store, images):
    assert "wider" not in encode.encode(store, "digits", images[:1], 1)[3]


def test_a_bar_that_leaves_the_scale_ends_with_it_and_is_counted():
    cloud = posterior.Posterior(
        torch.zeros(2), torch.tensor([1e7, 1.0]), None, torch.arange(2), torch.ones(2).bool()
    )
    drawn = posterior.draw_posterior(cloud)

    ends = [float(each) for each in re.findall(r'y[12]="([\d.]+)"', drawn)]
    assert min(ends) == posterior.TOP and max(ends) == posterior.HEIGHT - posterior.BOTTOM
    assert f"1 bar goes on beyond ±{posterior.MOST_REACH:g}" in drawn


def test_a_mean_beyond_the_sliders_is_refused_as_the_picture_s(store, images, unsure, monkeypatch):
    take = handlers(page_of(build_encode, store, "digits"), "take")[-1]
    far = torch.full((1, DIM), 2 * FARTHEST)
    monkeypatch.setattr(unsure, "encode", lambda images: (far, torch.ones(1, DIM)))

    with pytest.raises(gr.Error, match="Change the picture"):
        take("digits", to_hex(images[0, 0].numpy()))


def test_what_changes_picture_or_sliders_ends_the_putting_of_the_mean(store):
    blocks = page_of(build_encode, store, "digits")
    put = max(key for key, each in blocks.fns.items() if each.name == "take")
    ids = {each.elem_id: key for key, each in blocks.blocks.items()}

    ends = {
        target for each in blocks.fns.values() if put in each.cancels for target in each.targets
    }

    direct = (
        ("encode-board", "input"),
        ("encode-board-upload", "upload"),
        ("encode-examples", "input"),
    )
    assert {(ids[name], event) for name, event in direct} <= ends
    assert {(ids["sliders-code"], "input"), (ids["sliders-reset"], "click")} <= ends
    assert all(target is not None for target, _ in ends)


def test_the_chart_puts_means_and_spreads_on_one_scale():
    cloud = posterior.Posterior(
        mean=torch.tensor([0.0, 2.0, -1.0]),
        std=torch.tensor([1.0, 0.5, 0.25]),
        kl=torch.zeros(3),
        order=torch.tensor([1, 0, 2]),
        is_used=torch.tensor([True, True, False]),
    )
    drawn = posterior.draw_posterior(cloud)
    y = dict.fromkeys((0, 1, 2))
    for index, column in re.findall(r"<title>Dimension (\d)[^<]*</title>(.*?)</g>", drawn):
        y[int(index)] = [float(each) for each in re.findall(r'(?:cy|y1|y2)="([\d.]+)"', column)]

    top, bottom, middle = y[0]  # of mean 0 and spread 1, which is the prior
    unit = middle - top
    assert unit > 0  # more is higher on the screen
    assert bottom - middle == pytest.approx(unit, abs=0.2)
    assert y[1] == pytest.approx([middle - 2.5 * unit, middle - 1.5 * unit, middle - 2 * unit],
                                 abs=0.2)  # fmt: skip
    assert y[2][2] == pytest.approx(middle + unit, abs=0.2)
    assert drawn.count('<g class="idle">') == 1


def test_the_chart_shows_the_most_used_and_the_table_all():
    count = posterior.MOST + 5
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    cloud = posterior.Posterior(
        torch.zeros(count), torch.ones(count), None, order, torch.ones(count, dtype=torch.bool)
    )
    drawn = posterior.draw_posterior(cloud)

    charted = [int(each) for each in re.findall(r"<title>Dimension (\d+)", drawn)]
    assert charted == order[: posterior.MOST].tolist()
    assert drawn.count('<th scope="row">') == count


def test_the_button_puts_the_mean_on_the_sliders(store, images):
    take = handlers(page_of(build_encode, store, "digits"), "take")[-1]
    board = to_hex(images[0, 0].numpy())

    latents, picture, _, _ = take("digits", board)

    mean = store.get("digits").encode(images[:1])[0]
    assert json.loads(latents["value"]) == pytest.approx(mean[0].tolist(), abs=1e-3)
    assert latents["thumbnails"]["rows"]
    assert picture == to_hex(store.get("digits").decode(mean)[0, 0].numpy())


# — between —


def walk(store, images, kind, *, name="digits", dimension=0, count=7):
    way = between.Way(kind, dimension, count)
    return between.walk_pictures(store, name, images[:2], way)[0]


@pytest.mark.parametrize("kind", [between.STRAIGHT, between.SPHERICAL])
def test_both_ways_lead_from_the_one_picture_to_the_other(store, images, kind):
    strip = walk(store, images, kind)
    model = store.get("digits")
    decoded, faded = (row.pictures for row in strip.rows)

    rebuilt = model.decode(model.encode(images[:2])[0])
    torch.testing.assert_close(decoded[[0, -1]], rebuilt)
    torch.testing.assert_close(faded[[0, -1]], images[:2])
    torch.testing.assert_close(faded[3], images[:2].mean(dim=0))
    assert len(decoded) == len(faded) == len(strip.captions) == 7
    assert strip.captions[0] == "100 % A, 0 % B" and strip.captions[3] == "50 % A, 50 % B"


def test_the_spherical_way_is_another(store, images):
    straight, round_about = (
        walk(store, images, kind).rows[0].pictures for kind in (between.STRAIGHT, between.SPHERICAL)
    )

    assert (straight - round_about).abs().max() > 1e-3


def test_one_dimension_takes_the_classic_seven_values(store, images):
    strip = walk(store, images, between.AXIS, dimension=2)
    model = store.get("digits")

    path = along_axis(model.encode(images[:1])[0][0], 2, AXIS_VALUES)
    torch.testing.assert_close(strip.rows[0].pictures, model.decode(path))
    torch.testing.assert_close(strip.rows[1].pictures[[0, -1]], model.decode(path[[0, -1]]))
    assert strip.captions[0] == "Dimension 2 at −0.8" and strip.captions[-1].endswith("at 0.8")


@pytest.mark.parametrize("chosen", ["digits", "generator"])
def test_another_card_is_shown_with_a_dimension_of_its_own(store, chosen):
    functions = page_of(between.build, store, chosen).fns
    card = functions[0].inputs[0]._id
    shown = [each for each in functions.values() if each.name == "show" and each.fn]

    direct = [each for each in shown if (card, "change") in each.targets]
    before = [functions[each.trigger_after] for each in shown if each.trigger_after is not None]

    assert not direct
    assert sorted({each.name for each in before} - {None}) == [
        *["fit"], *(["place", "read_upload"] if chosen == "digits" else []),
    ]  # fmt: skip


def test_a_generator_walks_between_the_codes_of_two_seeds(store):
    show = handlers(page_of(between.build, store, "generator"), "show")[0]
    model = store.get("generator")

    strip, _ = show("generator", 4, 9, between.STRAIGHT, 0, 5)

    ends = torch.cat([prior_codes(model, seed, 1) for seed in (4, 9)])
    torch.testing.assert_close(strip.rows[0].pictures[[0, -1]], model.decode(ends))
    torch.testing.assert_close(strip.rows[1].pictures[[0, -1]], model.decode(ends))


@pytest.mark.parametrize("value", HOSTILE)
def test_a_way_that_is_none_is_refused(store, value):
    for sent in ((value, 0, 7), (between.AXIS, value, 7), (between.STRAIGHT, 0, value)):
        with pytest.raises(InputError):
            between.read_way(store, "digits", *sent)
    with pytest.raises(InputError, match="Dimension"):
        between.read_way(store, "digits", between.AXIS, DIM, 7)


# — arithmetic —


def test_a_sum_of_codes_is_that_of_the_groups_averages(store, images):
    model = store.get("digits")
    groups = [images[:2], images[1:3], images[2:]]

    decoded, pixels, _, _ = arithmetic.sum_up(store, "digits", groups, 0, 0.3)

    a, b, c = (model.encode(group)[0].mean(dim=0) for group in groups)
    expected = model.decode(torch.stack([a, b, c, a - b + c]))[:, 0]
    torch.testing.assert_close(torch.stack(values(decoded)), expected)
    mean = [group.mean(dim=0)[0] for group in groups]
    torch.testing.assert_close(values(pixels)[3], (mean[0] - mean[1] + mean[2]).clamp(0, 1))
    assert [each.note for each in decoded] == ["mean of 2", "mean of 2", "1 picture", ""]


def test_neighbours_lie_around_the_sum_as_the_seed_says(store, images):
    groups = [images[:1], images[1:2], images[2:]]

    def near(seed, noise):
        decoded, _, neighbours, _ = arithmetic.sum_up(store, "digits", groups, seed, noise)
        return values(decoded)[3], torch.stack(values(neighbours))

    result, exact = near(0, 0.0)
    torch.testing.assert_close(exact, result.expand_as(exact))
    assert torch.equal(near(1, 0.5)[1], near(1, 0.5)[1])
    assert not torch.equal(near(1, 0.5)[1], near(2, 0.5)[1])
    assert len(exact) == 8


@pytest.fixture
def far(store, monkeypatch):
    """The encoder of "digits" puts every picture beyond what a visitor may type."""
    codes.measured(store, "digits")  # of the encoder as it is; it is kept
    model, z = store.get("digits"), torch.full((DIM,), 1.5 * FARTHEST)
    monkeypatch.setattr(
        model, "encode", lambda images: (z.repeat(len(images), 1), torch.ones(len(images), DIM))
    )
    return model, z


@pytest.mark.parametrize("kind", [between.STRAIGHT, between.SPHERICAL, between.AXIS])
def test_pictures_with_codes_far_outside_have_a_way_between_them(store, images, far, kind):
    model, z = far

    decoded = walk(store, images, kind).rows[0].pictures

    start = z if kind != between.AXIS else along_axis(z, 0, AXIS_VALUES[:1])[0]
    torch.testing.assert_close(decoded[0], model.decode(start[None])[0])


def test_pictures_with_codes_far_outside_are_summed_up(store, images, far):
    model, z = far

    decoded, _, near, _ = arithmetic.sum_up(store, "digits", [images[:1]] * 3, 0, 0.0)

    for each in (*values(decoded), *values(near)):
        torch.testing.assert_close(each, model.decode(z[None])[0, 0])


def arithmetic_handler(store):
    return handlers(page_of(arithmetic.build, store, "digits"), "show")[0]


def test_an_own_picture_joins_its_group(store, images):
    show = arithmetic_handler(store)
    chosen, board = json.dumps({"A": [0], "B": [10], "C": []}), to_hex(images[2, 0].numpy())

    decoded, *_ = show("digits", chosen, 0, 0.3, "C", board)

    model = store.get("digits")
    torch.testing.assert_close(
        values(decoded)[2], model.decode(model.encode(images[2:])[0])[0, 0], atol=1e-3, rtol=0
    )


def test_an_empty_group_is_named_and_the_sums_stay(store):
    *sums, words = arithmetic_handler(store)("digits", '{"A": [1]}', 0, 0.3, arithmetic.NOWHERE, "")

    assert "Nothing in B and C" in words
    assert sums == [gr.skip()] * 3


@pytest.mark.parametrize(
    "sent",
    [
        ("{}x", 0, 0.3, arithmetic.NOWHERE, ""),
        ('{"A": [1], "B": [2], "C": [3]}', math.nan, 0.3, arithmetic.NOWHERE, ""),
        ('{"A": [1], "B": [2], "C": [3]}', 0, math.nan, arithmetic.NOWHERE, ""),
        ('{"A": [1], "B": [2], "C": [3]}', 0, 0.3, "D", ""),
        ('{"A": [1], "B": [2], "C": [3]}', 0, 0.3, "A", "zz"),
    ],
)
def test_what_no_page_sends_is_refused_with_a_remedy(store, sent):
    with pytest.raises(gr.Error, match=r"\. [A-Z]"):
        arithmetic_handler(store)("digits", *sent)


def test_an_untouched_board_follows_the_data_and_a_drawing_stays(store, images):
    replace = handlers(page_of(arithmetic.build, store, "digits"), "replace")[0]
    three, sandal = (
        codes.example_images(store, name)[arithmetic.FIRST[told]["C"][0], 0].numpy()
        for name, told in (("digits", "mnist"), ("clothes", "fashion-mnist"))
    )

    np.testing.assert_array_equal(replace("clothes", to_hex(three)), sandal)
    np.testing.assert_array_equal(replace("digits", to_hex(sandal)), three)
    for name, sent in (("clothes", images[0, 0].numpy()), ("clothes", 1 - three), ("few", three)):
        assert "__type__" in replace(name, to_hex(sent))  # a skip: what is there stays


# — pictures —


def test_an_upload_becomes_a_picture_and_is_not_kept(tmp_path):
    path = tmp_path / "white.png"
    Image.new("RGB", (56, 56), "white").save(path)

    picture = pictures.read_upload(str(path))

    assert picture.shape == (28, 28) and picture.min() == 1
    assert not path.exists()


def test_an_upload_that_is_no_picture_says_so_and_is_not_kept(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no picture")

    with pytest.raises(gr.Error, match="Use a PNG"):
        pictures.read_upload(str(path))
    assert not path.exists()


def test_another_cards_examples_replace_examples_but_no_drawing(store):
    blocks = page_of(between.build, store, "digits")
    follow = handlers(blocks, "follow")[0]
    clothes = codes.example_images(store, "clothes")

    shown, sheet, a, b = follow("clothes", "mnist", json.dumps({"A": [], "B": [5]}))

    assert shown == "fashion-mnist" and sheet["names"][0] == "T-shirt/top"
    assert sheet["value"]["A"] == [] and "__type__" in a  # a skip: the drawing stays
    place = between.FIRST["fashion-mnist"]["B"][0]
    assert np.array_equal(b, clothes[place, 0].numpy())


@pytest.mark.parametrize("text", ["{", "[]", '{"D": []}', '{"A": 1}', '{"A": [true]}', "1" * 3000,
                                  '{"A": [100]}', '{"A": [-1]}', '{"A": [1, 2]}', 7, "[" * 1500,
                                  '{"A": [1.0]}', '{"A": [1], "B": [1]}'])  # fmt: skip
def test_a_choice_that_no_sheet_made_is_refused(text):
    with pytest.raises(ValueError):
        read_groups(text, ("A", "B"), 100, most=1)


def test_a_choice_comes_back_with_every_group_in_it():
    sheet = ExampleSheet(label="Examples", groups=("A", "B"), most=3)

    assert sheet.preprocess(sheet.postprocess({"B": [3, 1]})) == {"A": [], "B": [3, 1]}
    assert sheet.preprocess("") == {"A": [], "B": []}


# — building —


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
@pytest.mark.parametrize("chosen", ["digits", "bare", "generator", None])
def test_every_page_can_be_built_for_every_kind_of_model(store, build, chosen):
    components = page_of(build, store, chosen).blocks.values()

    for each in components:
        if isinstance(each, gr.HTML) and type(each) is not gr.HTML:
            assert_plain(each)


@pytest.mark.parametrize("name", ["encode", "arithmetic"])
def test_a_page_that_needs_an_encoder_says_so(store, name):
    blocks = page_of(BUILDS[name], store, "generator")

    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("no encoder" in text for text in texts)


@pytest.mark.parametrize("name", BUILDS)
def test_one_endpoint_is_public_at_most(store, name):
    functions = page_of(BUILDS[name], store, "digits").fns.values()

    public = {each.api_name for each in functions if each.api_visibility == "public"}
    assert public <= {"decode_code"}
