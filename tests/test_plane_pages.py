"""The pages of the plane, of prior and posterior, and of the bound: what they claim, tried."""

import dataclasses
import json
import math

import gradio as gr
import numpy as np
import pytest
import torch
from latent_toys import LinearGaussian
from lively import tiny_autoencoder, tiny_vae
from shelved import write_checkpoint

from genlab.analysis.bounds import (
    AT_ONCE,
    COUNTS,
    BoundPoint,
    binarised,
    grow_curve,
    iwae_curve,
    picture_cost,
)
from genlab.analysis.elbo import gaussian_kl, importance_weights, iwae
from genlab.analysis.gaussian_tests import aggregated_moments, chance_moments, gaussian_tests
from genlab.analysis.holes import fitted_codes, hole_share, reach
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.inference.latent import FARTHEST, decode_points, encode_images, prior_codes
from genlab.store import ModelStore
from genlab.ui.latent import (
    aggregated,
    aggregated_views,
    bound,
    bound_drawing,
    bound_views,
    plane,
    plane_views,
)
from genlab.ui.latent.plane_figures import compare, describe_holes, figures

SIZE = (28, 28)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed))


def card(name, title, build, data="MNIST, binarised"):
    return ModelCard(name, title, family="VAE", data=data, build=build, source="https://arxiv.org")


VAE_PLANE = card("vae", "Plane, β = 1", lambda: tiny_vae(size=SIZE, latent_dim=2))
VAE_OTHER = card("weak", "Plane, β = 0.5", lambda: tiny_vae(size=SIZE, latent_dim=2))
VAE_DEEP = card("deep", "Deep", lambda: tiny_vae(size=SIZE, latent_dim=5), "Fashion-MNIST")
BARE = card("bare", "Bare plane, MNIST", lambda: tiny_autoencoder(size=SIZE, latent_dim=2))
CARDS = (VAE_PLANE, VAE_OTHER, VAE_DEEP, BARE)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """All cards but none missing."""
    folder = tmp_path_factory.mktemp("cards")
    for seed, each in enumerate(CARDS):
        write_checkpoint(folder, each, seed=seed)
    return ModelStore(folder, CARDS)


# — holes —


def test_codes_spread_as_the_deals_are_leave_one_in_twenty_in_holes():
    shares = [hole_share(normal(500, 2, seed=s), normal(300, 2, seed=s + 99)) for s in range(20)]

    assert np.mean(shares) == pytest.approx(0.05, abs=0.01)


def test_a_deal_far_from_all_codes_is_all_holes():
    codes = normal(100, 2)

    assert hole_share(codes + 50, codes) == 1


def test_deals_on_the_codes_themselves_have_no_holes():
    codes = normal(100, 2)

    assert hole_share(codes, codes) == 0


def test_holes_do_not_depend_on_the_scale_of_the_space():
    dealt, codes = normal(500, 2), normal(100, 2, seed=1)

    assert hole_share(1000 * dealt, 1000 * codes) == hole_share(dealt, codes)
    assert reach(1000 * codes) == pytest.approx(1000 * reach(codes), rel=1e-4)


def test_nineteen_codes_of_twenty_have_another_within_reach():
    codes = normal(400, 3)

    distances = torch.cdist(codes, codes) + torch.eye(400) * 1e9

    assert (distances.amin(dim=1) <= reach(codes)).float().mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("count", [3, 400])
def test_fitted_codes_have_the_mean_and_covariance_of_the_codes(count):
    codes = normal(count, 4) @ normal(4, 4, seed=1) + torch.arange(4.0)

    fitted = fitted_codes(codes, 100_000, seeded(2))

    torch.testing.assert_close(fitted.mean(dim=0), codes.mean(dim=0), atol=0.05, rtol=0)
    torch.testing.assert_close(fitted.T.cov(), codes.T.cov(), atol=0.1, rtol=0.05)


# — tests of codes —


def test_codes_of_the_prior_fail_about_as_often_as_promised():
    failures = sum(not gaussian_tests(normal(256, 3, seed=seed)).passes for seed in range(300))

    assert failures <= 9  # 3 are expected; 10 or more happen once in 900


@pytest.mark.parametrize("name", ["moved", "wide", "narrow", "even", "alike"])
def test_codes_of_another_law_fail(name):
    z = normal(256, 3)
    others = {
        "moved": z + 0.4,
        "wide": 1.3 * z,
        "narrow": 0.7 * z,
        "even": (torch.rand(256, 3, generator=seeded()) - 0.5) * math.sqrt(12),  # mean 0, size 1
        "alike": z[:1].expand(256, 3),
    }

    assert not gaussian_tests(others[name]).passes


def test_each_of_the_three_tests_alone_can_fail_codes():
    """Moved by little, but all alike; of another size; of another shape."""
    ordered = torch.special.ndtri((torch.arange(1000.0) + 0.5) / 1000)[:, None]
    shape = torch.sign(ordered)

    fine = gaussian_tests(ordered)
    assert fine.distance < 1e-3
    assert fine.gap < 2e-3
    assert fine.mean_square == pytest.approx(1, abs=0.01)
    assert gaussian_tests(ordered + 0.1).p < 0.01
    assert gaussian_tests(0.9 * ordered).p < 0.01
    assert gaussian_tests(1.1 * ordered).p < 0.01
    assert gaussian_tests(shape).mean_square == 1
    assert gaussian_tests(shape).p < 0.01


@pytest.mark.parametrize("number", [-1.0, 1.0])
def test_the_gap_counts_on_both_sides_of_a_step(number):
    assert gaussian_tests(torch.tensor([[number]])).gap == pytest.approx(0.8413, abs=1e-4)


def test_a_p_is_as_often_below_a_tenth_as_it_may_be():
    """Bonferroni's p is small at most as often as it says, and not much more seldom."""
    ps = [gaussian_tests(normal(64, 2, seed=seed)).p for seed in range(400)]

    assert 0.04 < np.mean([p < 0.1 for p in ps]) < 0.13


def test_the_moments_are_those_of_many_draws_of_the_mixture():
    mean = normal(20, 3) @ normal(3, 3, seed=1) + 0.5
    std = normal(20, 3, seed=2).abs() + 0.1
    chosen = torch.randint(20, (400_000,), generator=seeded(3))
    draws = mean[chosen] + std[chosen] * normal(400_000, 3, seed=4)
    fitted = torch.distributions.MultivariateNormal(draws.mean(dim=0), draws.T.cov())
    prior = torch.distributions.MultivariateNormal(torch.zeros(3), torch.eye(3))

    found = aggregated_moments(mean, std)

    assert found.distance == pytest.approx(draws.mean(dim=0).norm().item(), abs=0.02)
    assert found.low == pytest.approx(draws.std(dim=0).min().item(), rel=0.01)
    assert found.high == pytest.approx(draws.std(dim=0).max().item(), rel=0.01)
    expected = torch.distributions.kl_divergence(fitted, prior).item()
    assert found.kl == pytest.approx(expected, rel=0.02)


def test_chance_moments_shrink_with_the_number_of_images():
    few, many = (chance_moments(torch.full((n, 4), 0.5), seeded()) for n in (50, 5000))

    assert many.kl < few.kl / 50
    assert many.distance == pytest.approx(few.distance / 10, rel=0.3)
    assert many.low == pytest.approx(1, abs=0.02)
    assert many.high == pytest.approx(1, abs=0.02)


# — bounds —


def test_a_point_of_the_curve_is_the_mean_bound_of_groups_that_share_no_code():
    weights = normal(1000).double()

    points = {point.count: point for point in iwae_curve(weights)}

    assert list(points) == list(COUNTS)
    assert points[1].nats == pytest.approx(weights.mean().item())
    assert points[1000].nats == pytest.approx(iwae(weights[None]).item())
    pairs = [iwae(weights[2 * i : 2 * i + 2][None]).item() for i in range(500)]
    assert points[2].nats == pytest.approx(np.mean(pairs))
    assert points[2].standard_error == pytest.approx(np.std(pairs, ddof=1) / math.sqrt(500))
    assert points[1000].standard_error is None


def test_no_weight_is_left_over():
    assert all(COUNTS[-1] % count == 0 for count in COUNTS)
    assert COUNTS[-1] % AT_ONCE == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_never_falls_where_groups_lie_in_groups(seed):
    nats = {p.count: p.nats for p in iwae_curve(3 * normal(1000, seed=seed).double())}

    for chain in ((1, 2, 10, 20, 100, 200, 1000), (1, 5, 10, 50, 100, 500, 1000)):
        assert all(nats[a] <= nats[b] for a, b in zip(chain, chain[1:], strict=False))


def test_the_grown_curve_is_that_of_all_its_codes_and_grows_on_the_way():
    model, image = tiny_vae(), (normal(1, 1, 8, 8) > 0).float()

    curves = list(grow_curve(model, image, seeded(7)))

    generator = seeded(7)
    parts = [
        importance_weights(model, image, AT_ONCE, generator)[0] for _ in range(1000 // AT_ONCE)
    ]
    assert curves[-1] == iwae_curve(torch.cat(parts))
    assert len(curves) == 1000 // AT_ONCE
    assert [curve[-1].count for curve in curves[:4]] == [50, 100, 100, 200]


def test_the_curve_climbs_from_the_elbo_to_the_evidence():
    model = LinearGaussian(shift=0.5, stretch=1.2)
    image = model.images(1)

    *_, points = grow_curve(model, image, seeded())

    evidence = model.log_evidence(image).item()
    cost = picture_cost(model, image, 20_000, seeded(1))
    assert points[0].nats == pytest.approx(-cost.total, abs=4 * points[0].standard_error + 0.02)
    assert points[0].nats < evidence - 0.1
    assert points[-1].nats == pytest.approx(evidence, abs=0.05)


def test_with_the_true_posterior_one_code_is_enough():
    model = LinearGaussian()
    image = model.images(1)

    *_, points = grow_curve(model, image, seeded())

    for point in points:
        assert point.nats == pytest.approx(model.log_evidence(image).item(), abs=1e-6)


@pytest.mark.parametrize("grey", [False, True])
def test_the_pixels_costs_add_up_to_the_reconstruction(grey):
    model = tiny_vae()
    image = torch.rand(1, 1, 8, 8, generator=seeded())
    image = image if grey else binarised(image)

    cost = picture_cost(model, image, 16, seeded(1))

    mean, std = model.encode(image)
    assert cost.pixels.shape == (8, 8)
    assert cost.pixels.sum().item() == pytest.approx(cost.reconstruction, rel=1e-5)
    torch.testing.assert_close(cost.kl, gaussian_kl(mean, std)[0])
    assert cost.total == pytest.approx(cost.reconstruction + cost.kl.sum().item())
    torch.testing.assert_close(cost.decoded, model.decode(mean)[0])


@pytest.mark.parametrize("grey", [False, True])
def test_pixels_of_which_the_decoder_is_sure_cost_what_their_logits_say(grey):
    model = tiny_vae()
    model.decoder.requires_grad_(False)
    for weight in model.decoder.parameters():
        weight *= 20  # logits of some hundreds, of which a probability knows nothing
    image = torch.rand(1, 1, 8, 8, generator=seeded())
    image = image if grey else binarised(image)

    cost = picture_cost(model, image, 2, seeded(1))

    mean, std = model.encode(image)
    logits = model.decoder(mean + std * torch.randn(2, 3, generator=seeded(1))).double()
    expected = torch.nn.functional.softplus(logits) - image * logits
    assert logits.abs().max() > 100
    torch.testing.assert_close(cost.pixels, expected.mean(dim=0)[0], rtol=1e-5, atol=1e-5)
    assert cost.pixels.sum().item() == pytest.approx(cost.reconstruction, rel=1e-6)


def test_the_encoder_looks_at_what_it_is_shown():
    model, image = tiny_vae(), binarised(torch.rand(1, 1, 8, 8, generator=seeded()))
    other = 1 - image

    cost = picture_cost(model, image, 4, seeded(1), seen=other)

    torch.testing.assert_close(cost.kl, picture_cost(model, other, 4, seeded(1)).kl)
    assert cost.pixels.sum().item() == pytest.approx(cost.reconstruction, rel=1e-5)


# — drawings —


def test_the_heat_map_goes_from_dark_to_bright_over_its_scale():
    costs = np.linspace(0, 4, 28 * 28).reshape(28, 28)

    colours, limit = bound_drawing.heat(costs)

    assert limit == 4
    assert colours.shape == (28, 28, 3)
    np.testing.assert_allclose(colours[0, 0], np.array([0x00, 0x22, 0x4E]) / 255)
    np.testing.assert_allclose(colours[-1, -1], np.array([0xFE, 0xE8, 0x38]) / 255)
    brightness = (colours.reshape(-1, 3) @ [0.2126, 0.7152, 0.0722])[::56]
    assert (np.diff(brightness) > 0).all()


def test_the_heat_map_s_colours_are_those_of_matplotlib():
    from matplotlib import colormaps

    colours, _ = bound_drawing.heat(np.linspace(0, 1, 101)[None])

    expected = colormaps["cividis"](np.linspace(0, 1, 101))[:, :3]
    np.testing.assert_allclose(colours[0], expected, atol=0.045)  # 17 anchors for a curve


def test_the_scale_names_the_dearest_pixel_and_lists_all():
    costs = np.zeros((28, 28))
    costs[3, 17] = 2.345

    text = bound_drawing.scale(costs, 4.0)

    assert "row 3, column 17" in text
    assert text.count("<td>") == 28 * 28
    assert "4 nats a pixel" in text


@pytest.mark.parametrize("count", [2, 10, 50])
def test_there_is_a_bar_and_a_line_of_the_table_for_each_dimension(count):
    kl = normal(count).abs()

    text = bound_drawing.bars(kl)

    assert text.count("<rect") == text.count("<td>") == count
    assert f"{kl[1]:.3f} nats" in text


def test_bars_of_a_posterior_that_is_the_prior_are_flat():
    assert bound_drawing.bars(torch.zeros(3)).count('height="0.0"') == 3


@pytest.mark.parametrize("nats", [-0.3, -81.0, -1234.5])
def test_the_curve_s_scale_holds_every_point(nats):
    points = [BoundPoint(1, nats, 10, 0.1), BoundPoint(1000, nats + 7.3, 1, None)]

    text = bound_drawing.curve(points, nats)

    ups = [float(point.split(",")[1]) for point in text.split('points="')[1].split('"')[0].split()]
    assert len(ups) == 2
    assert 22 <= ups[1] < ups[0] <= 264 - 40


def test_the_table_says_where_there_was_one_group_alone():
    text = bound_drawing.curve_table([BoundPoint(1, -2.5, 9, 0.25), BoundPoint(9, -2, 1, None)])

    assert "−2.50" in text
    assert "0.25" in text
    assert "one group" in text


# — the plane —


def test_the_page_takes_the_cards_with_a_plane_and_names_the_missing(tmp_path):
    write_checkpoint(tmp_path, VAE_PLANE)
    write_checkpoint(tmp_path, VAE_DEEP)
    store = ModelStore(tmp_path, CARDS)

    cards = plane_views.plane_cards(store)

    assert cards.priors == [VAE_PLANE]
    assert cards.bare == []
    assert cards.missing == ["weak", "bare"]


def test_the_models_stand_in_the_order_of_beta(shelf):
    cards = plane_views.plane_cards(shelf)

    assert [plane_views.short_title(each) for each in cards.priors] == ["β = 0.5", "β = 1"]
    assert cards.bare == [BARE]


@pytest.mark.parametrize("present", [(), (VAE_PLANE,), (BARE,), CARDS])
def test_the_page_can_be_declared_with_any_cards_and_says_what_to_train(tmp_path, present):
    for each in present:
        write_checkpoint(tmp_path, each)

    with gr.Blocks() as app:
        plane.build(ModelStore(tmp_path, CARDS), gr.Dropdown())

    texts = " ".join(str(c["props"].get("value")) for c in app.get_config_file()["components"])
    planes = [each for each in CARDS if each is not VAE_DEEP]
    for each in planes:
        assert (f"python -m train {each.name}`" in texts) == (each not in present)


def test_all_vaes_maps_have_one_range_and_hold_the_examples(shelf):
    maps = [plane_views.draw_map(shelf, name) for name in ("vae", "weak")]

    assert maps[0].low == maps[1].low
    assert maps[0].high == maps[1].high
    assert maps[0].high[0] >= 3


def test_the_autoencoder_s_map_just_holds_its_codes(shelf):
    drawn = plane_views.draw_map(shelf, "bare")

    low, high = torch.tensor(drawn.low), torch.tensor(drawn.high)
    assert (drawn.codes > low).all()
    assert (drawn.codes < high).all()
    inner = drawn.codes.amax(dim=0) - drawn.codes.amin(dim=0)
    assert ((high - low) < 1.2 * inner + 0.01).all()


def test_a_place_on_an_example_names_it_and_is_no_hole(shelf):
    drawn = plane_views.draw_map(shelf, "vae")

    words = plane_views.place_words(shelf, "vae", tuple(drawn.codes[42].tolist()))

    assert "nearest example is a 4, 0.00 away." in words
    assert "hole" not in words


def test_the_nearest_example_is_named_as_it_is_spoken_at_its_own_distance(shelf, monkeypatch):
    drawn = plane_views.draw_map(shelf, "bare")
    wide = dataclasses.replace(drawn, codes=100 * normal(100, 2))  # as an autoencoder's may lie
    monkeypatch.setattr(plane_views, "draw_map", lambda store, name: wide)

    for index in (34, 81):
        article = "an" if index == 81 else "a"
        cursor = tuple(round(each, 3) for each in wide.codes[index].tolist())
        words = plane_views.place_words(shelf, "bare", cursor)
        assert f"nearest example is {article} {index // 10}, 0.00 away" in words


def test_a_place_beyond_reach_is_a_hole_and_the_prior_seldom_deals_it(shelf):
    words = plane_views.place_words(shelf, "vae", (2.0, 19.0))

    assert "a hole" in words
    assert "deals fewer than 0.1 % of its codes" in words
    assert "N(0, I)" not in plane_views.place_words(shelf, "bare", (2.0, 19.0))


def test_the_share_that_lies_farther_out_is_that_of_drawn_codes(shelf):
    farther = (normal(200_000, 2).norm(dim=1) >= 1.5).float().mean().item()

    words = plane_views.place_words(shelf, "vae", (0.9, 1.2))

    told = float(words.split("deals ")[1].split(" %")[0]) / 100
    assert told == pytest.approx(farther, abs=0.01)


def test_a_walk_leads_from_the_code_of_one_picture_to_that_of_the_other(shelf):
    images = plane_views.example_images()
    start, end = images[10:11], images[70:71]

    strip, paths = plane_views.walk(shelf, ["vae", "bare"], start, end)

    for name, path, row in zip(("vae", "bare"), paths, strip.rows, strict=True):
        model = shelf.get(name)
        ends = encode_images(model, torch.cat([start, end]))[0]
        torch.testing.assert_close(path[[0, -1]], ends)
        torch.testing.assert_close(row.pictures, decode_points(model, path))
        steps = path.diff(dim=0)
        torch.testing.assert_close(steps, steps[:1].expand_as(steps), atol=1e-5, rtol=1e-3)


def test_a_walk_leads_to_a_code_far_outside(shelf, monkeypatch):
    images, far = plane_views.example_images(), torch.full((1, 2), 2 * FARTHEST)
    model = shelf.get("vae")
    monkeypatch.setattr(model, "encode", lambda images: (far, torch.ones(1, 2)))

    strip, (path,) = plane_views.walk(shelf, ["vae"], torch.zeros(2), images[:1])

    assert torch.equal(path[-1:], far)
    torch.testing.assert_close(strip.rows[0].pictures[-1:], model.decode(far))


def test_a_walk_from_the_cursor_starts_there_and_elsewhere_at_its_picture(shelf):
    cursor, end = torch.tensor([0.5, -1.0]), plane_views.example_images()[70:71]

    _, (own, other) = plane_views.walk(shelf, ["vae", "bare"], cursor, end)

    torch.testing.assert_close(own[0], cursor)
    picture = decode_points(shelf.get("vae"), cursor)
    torch.testing.assert_close(other[0], encode_images(shelf.get("bare"), picture)[0][0])


@pytest.mark.parametrize("value", [None, -1, 10, True, 1.5, "3", "elsewhere", [1], {}])
def test_a_hostile_end_of_a_walk_is_refused_in_plain_words(value):
    with pytest.raises(InputError, match="Choose one"):
        plane_views.end_of_walk(value, torch.zeros(2), torch.ones(1, 1, 28, 28))


def test_an_empty_board_is_no_end_of_a_walk():
    with pytest.raises(InputError, match="empty"):
        plane_views.end_of_walk("drawing", torch.zeros(2), torch.zeros(1, 1, 28, 28))


def test_a_class_as_an_end_is_an_example_of_it():
    picture = plane_views.end_of_walk(7, torch.zeros(2), torch.zeros(1, 1, 28, 28))

    found = (plane_views.example_images() == picture).all(dim=(1, 2, 3)).nonzero()
    assert plane_views.examples().labels[found[0, 0]] == 7


def test_the_table_has_a_line_for_each_beta_and_the_chosen_one_is_bold(shelf):
    table = compare(shelf, plane_views.plane_cards(shelf).priors, "weak")

    assert "| **β = 0.5** |" in table
    assert "| β = 1 |" in table


def test_the_table_s_holes_are_those_of_the_pictures_in_black_and_white(shelf):
    images = (plane_views.example_images() > 0.5).float()
    mean, std = shelf.get("vae").encode(images)
    codes = mean + std * torch.randn(100, 2, generator=seeded())
    share = hole_share(prior_codes(shelf.get("vae"), 0, 512), codes)

    assert share != hole_share(
        prior_codes(shelf.get("vae"), 0, 512),
        plane_views.draw_each(*plane_views.example_gaussians(shelf, "vae")),
    )
    assert figures(shelf, "vae")[-1] == share


def test_the_map_s_holes_are_measured_on_what_the_network_was_trained_on(shelf):
    grey = plane_views.example_images()

    for name, images in (("vae", (grey > 0.5).float()), ("bare", grey)):
        mean, std = encode_images(shelf.get(name), images)
        codes = mean + std * normal(*mean.shape)
        assert plane_views.draw_map(shelf, name).reach == pytest.approx(reach(codes))


def test_what_is_said_of_holes_is_counted(shelf):
    codes = plane_views.example_gaussians(shelf, "bare")[0]
    share = hole_share(fitted_codes(codes, 512, seeded()), codes)

    words = describe_holes(shelf, "bare", VAE_PLANE)

    assert f"**{plane_views.percent(share)}** of 512" in words


@pytest.mark.parametrize("chosen", ["vae", "weak", "deep"])
def test_the_page_follows_the_choice_above_it_where_that_is_a_plane(shelf, chosen):
    with gr.Blocks() as app:
        above = gr.Dropdown(["vae", "weak", "deep"], value=chosen)
        plane.build(shelf, above)
    beta = next(each for each in app.blocks.values() if each.elem_id == "plane-beta")
    first, *_ = (each.fn for each in app.fns.values() if each.name == "follow" and each.fn)

    assert beta.value == ("weak" if chosen == "deep" else chosen)
    answers = first(chosen, "[0, 0]")
    if chosen == "deep":
        assert answers == (gr.skip(),) * len(answers)
    else:
        line = next(each for each in answers[3].splitlines() if each.startswith("| **"))
        assert f"**{plane_views.short_title(shelf.card(chosen))}**" in line


def test_no_walk_of_another_card_stays_where_none_can_be_had(shelf):
    with gr.Blocks() as app:
        plane.build(shelf, gr.Dropdown())
    changed = next(each.fn for each in app.fns.values() if each.name == "walk_again")
    pressed = next(each.fn for each in app.fns.values() if each.name == "walk")
    board = next(each for each in app.blocks.values() if each.elem_id == "plane-board")
    empty = board.postprocess(np.zeros(SIZE))

    *paths, strip = changed("weak", "drawing", 3, "[0, 0]", empty)
    assert [path["path"] for path in paths] == ["", ""]
    assert strip is None
    with pytest.raises(gr.Error, match="Draw a digit"):
        pressed("weak", "drawing", 3, "[0, 0]", empty)
    *paths, strip = changed("weak", 1, 3, "[0, 0]", empty)
    assert len(strip.rows) == len(paths) == 2


def test_the_holes_of_the_chosen_vae_are_those_of_its_line_in_the_table(shelf):
    with gr.Blocks() as app:
        plane.build(shelf, gr.Dropdown())
    switch = next(each.fn for each in app.fns.values() if each.name == "switch")

    for name, beta in (("vae", "β = 1"), ("weak", "β = 0.5")):
        *_, table, words = switch(name, "[0, 0]")
        line = next(each for each in table.splitlines() if f"**{beta}**" in each)
        share = line.split("**")[-2]
        assert f"{beta}, and its prior, {share} do." in words


# — prior, posterior, aggregated posterior —


@pytest.mark.parametrize("kind", list(aggregated_views.KINDS))
def test_a_code_depends_on_its_own_seed_alone(shelf, kind):
    first, second = (aggregated_views.deal(shelf, "vae", kind, 3, seed) for seed in (5, 6))

    torch.testing.assert_close(first[1:], second[:-1], rtol=0, atol=0)
    assert not torch.equal(first[0], first[1])


def test_codes_of_a_posterior_have_its_mean_and_spread(shelf):
    mean, std = aggregated_views.example_gaussians(shelf, "deep")

    codes = aggregated_views.deal(shelf, "deep", "posterior", 3, 0)

    assert gaussian_tests((codes - mean[3]) / std[3]).passes
    assert not gaussian_tests(codes).passes


def test_codes_of_the_aggregated_posterior_come_from_all_examples(shelf):
    mean, std = aggregated_views.example_gaussians(shelf, "vae")

    codes = aggregated_views.deal(shelf, "vae", "aggregated", 3, 0)

    centre, spread = mean.mean(dim=0), (mean.var(dim=0) + std.square().mean(dim=0)).sqrt()
    torch.testing.assert_close(codes.mean(dim=0), centre, atol=0.3, rtol=0)
    torch.testing.assert_close(codes.std(dim=0), spread, atol=0, rtol=0.2)


def test_the_pictures_are_those_of_the_first_dots_and_name_their_seeds(shelf):
    codes = aggregated_views.deal(shelf, "deep", "prior", 0, 12)

    strip = aggregated_views.pictures(shelf, "deep", codes, "prior", 12)

    torch.testing.assert_close(strip.rows[0].pictures, decode_points(shelf.get("deep"), codes[:16]))
    assert strip.captions[0] == "seed 12"
    assert strip.captions[15] == "seed 27"


def test_the_table_finds_nothing_against_the_prior_and_something_against_a_posterior(shelf):
    lines = aggregated_views.check(shelf, "deep", "prior", 3, 0).splitlines()

    assert "nothing against it" in lines[2]
    assert lines[3].endswith("below 0.01: no |")
    assert lines[2].startswith("| **Prior** |")


def test_the_dots_are_shown_in_the_dimensions_that_are_used_most(shelf):
    shown = aggregated_views.lay_ground(shelf, "deep").shown
    mean, std = aggregated_views.example_gaussians(shelf, "deep")
    use = gaussian_kl(mean, std).mean(dim=0)

    update, where, *_ = aggregated.draw(shelf, "deep", "posterior", 3, 0)

    assert list(shown) == use.argsort(descending=True)[:2].tolist()
    assert f"Dimension {shown[0]} across, dimension {shown[1]} upwards" in where
    codes = aggregated_views.deal(shelf, "deep", "posterior", 3, 0)
    np.testing.assert_allclose(json.loads(update["dots"]), codes[:, list(shown)], atol=6e-4)
    own = json.loads(update["ellipses"])[1]
    assert update["dimensions"] == 5  # so that the map calls its distances those of two
    assert own["x"] == pytest.approx(mean[3, shown[0]].item())
    assert own["sy"] == pytest.approx(std[3, shown[1]].item())


@pytest.mark.parametrize(
    "sent",
    [
        (None, "prior", 3, 0),
        ("bare", "prior", 3, 0),
        ("vae", "posteriors", 3, 0),
        ("vae", ["prior"], 3, 0),
        ("vae", "prior", 100, 0),
        ("vae", "prior", 2.5, 0),
        ("vae", "prior", float("nan"), 0),
        ("vae", "prior", 3, -1),
        ("vae", "prior", 3, 2**32 - 1),
        ("vae", "prior", 3, "0"),
    ],
)
def test_hostile_values_are_refused_in_plain_words(shelf, sent):
    with pytest.raises(InputError, match="C(hoose|hange)|train"):
        aggregated.draw(shelf, *sent)


# — the bound —


def test_a_picture_is_explained_in_black_and_white_or_as_it_is(shelf):
    picture = torch.rand(1, 1, 28, 28, generator=seeded())

    binary = bound_views.ask(shelf, "vae", picture, "binary", 0)
    grey = bound_views.ask(shelf, "vae", picture, "grey", 0)

    assert set(binary.picture.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(binary.picture > 0.5, picture > 0.5)
    assert torch.equal(binary.seen, binary.picture)
    assert torch.equal(grey.picture, picture)


def test_an_encoder_of_grey_pictures_sees_the_grey_one(shelf, monkeypatch):
    picture = torch.rand(1, 1, 28, 28, generator=seeded())
    monkeypatch.setattr(shelf.get("vae"), "sees_grey", True)

    asked = bound_views.ask(shelf, "vae", picture, "binary", 0)

    assert torch.equal(asked.seen, picture)
    assert not torch.equal(asked.picture, picture)


@pytest.mark.parametrize(
    "sent", [(None, "binary", 0), ("bare", "binary", 0), ("vae", "colour", 0), ("vae", "grey", -1)]
)
def test_a_hostile_question_is_refused_in_plain_words(shelf, sent):
    name, pixels, seed = sent

    with pytest.raises(InputError, match="C(hoose|hange)|train"):
        bound_views.ask(shelf, name, torch.zeros(1, 1, 28, 28), pixels, seed)


def test_the_words_add_the_parts_up(shelf):
    asked = bound_views.ask(shelf, "vae", plane_views.example_images()[30:31], "binary", 0)

    words = bound_views.take_apart(asked)[4]

    pixels, code, total = (float(each) for each in _bold_numbers(words))
    assert pixels + code == pytest.approx(total, abs=0.11)


def _bold_numbers(words):
    return [part.split()[0] for part in words.split("**")[1::2]]


def test_the_same_seed_has_the_same_curve_and_another_one_another(shelf):
    image = plane_views.example_images()[30:31]

    def last(seed):
        *_, shown = bound_views.compare(bound_views.ask(shelf, "vae", image, "binary", seed))
        return shown

    assert last(3) == last(3)
    assert last(3) != last(4)
    assert "K = 1,000" in last(3)[1]


def test_a_comparison_ends_after_its_time_with_what_there_is(shelf, monkeypatch):
    monkeypatch.setattr(bound_views.kit, "LONGEST_RUN", 0.0)
    asked = bound_views.ask(shelf, "vae", plane_views.example_images()[30:31], "binary", 0)

    ((_, words),) = bound_views.compare(asked)

    assert "from 50 codes" in words


def test_the_page_opens_with_the_whole_curve(shelf):
    *_, curve, words = bound.opening(shelf, "vae")

    assert "<td>one group</td>" in curve
    assert "K = 1,000" in words


def test_whatever_changes_the_picture_ends_the_comparison_of_the_last_one(shelf):
    with gr.Blocks() as app:
        above = gr.Dropdown(["vae", "deep"], value="vae")
        bound.build(shelf, above)
    ids = {each.elem_id: key for key, each in app.blocks.items()}
    (run,) = (key for key, each in app.fns.items() if each.name == "compare")
    (invert,) = (key for key, each in app.blocks.items() if getattr(each, "value", 0) == "Invert")
    ends = [target for each in app.fns.values() if run in each.cancels for target in each.targets]

    assert {
        (ids["bound-board"], "input"),
        (ids["bound-board-upload"], "upload"),
        (invert, "click"),
        (ids["bound-sheet"], "input"),
        (above._id, "change"),
    } <= set(ends)
    assert all(target is not None for target, _ in ends)  # of an event after another it is none
