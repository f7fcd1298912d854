"""Temperature, top-p, the argmax and other sizes: what each changes, and when it does not."""

import math

import pytest
import torch
from lively import tiny_gated, tiny_pixelcnn
from toys import all_images, count_images, deviation

from genlab.core.images import quantise
from genlab.inference import autoregressive
from genlab.inference.autoregressive import (
    draw_uniforms,
    inverse_cdf,
    make_stepper,
    sample,
    stream_pixels,
)
from genlab.inference.conditions import MAX_SIDE, at_size
from genlab.inference.guidance import Guided
from genlab.inference.runs import (
    Run,
    Segment,
    account_for,
    make_run_stepper,
    stream_run,
)
from genlab.inference.top_p import keep_top_p

ORDERS = ("wavefront", "raster", "naive")
every_order = pytest.mark.parametrize("order", ORDERS)


def some_laws(levels, count=200):
    """(count, levels), sharp and flat ones."""
    generator = torch.Generator().manual_seed(0)
    heat = torch.rand(count, 1, generator=generator) * 4
    return (torch.randn(count, levels, generator=generator) * heat).softmax(dim=-1)


def cut_one(law, p):
    """The law without its tail, level by level in plain Python, as an oracle."""
    ranked = sorted(range(len(law)), key=lambda level: (-law[level], level))
    stays, mass = [], 0.0
    for level in ranked:
        stays.append(level)
        mass += law[level]
        if mass >= p:
            break
    return [law[level] / mass if level in stays else 0.0 for level in range(len(law))]


@pytest.mark.parametrize("levels", [2, 5, 256])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_as_few_of_the_likeliest_levels_stay_as_reach_the_mass(levels, p):
    laws = some_laws(levels)

    cut = keep_top_p(laws, torch.tensor(p))

    expected = torch.tensor([cut_one(law, p) for law in laws.tolist()])
    torch.testing.assert_close(cut, expected, rtol=1e-5, atol=1e-7)
    mass = laws.where(cut > 0, 0).sum(dim=-1)
    smallest = laws.where(cut > 0, 2).amin(dim=-1)
    assert (mass >= p - 1e-6).all()
    assert (mass - smallest < p + 1e-6).all() or p == 0
    torch.testing.assert_close(cut.sum(dim=-1), torch.ones(len(laws)))


@pytest.mark.parametrize("levels", [2, 256])
def test_a_mass_of_one_cuts_nothing_not_even_what_rounding_hides(levels):
    laws = some_laws(levels)
    laws[0] = torch.tensor([1.0] + [1e-30] * (levels - 1))

    assert torch.equal(keep_top_p(laws, torch.tensor(1.0)), laws)


def test_each_place_has_its_own_mass():
    laws = some_laws(5, 3)
    p = torch.tensor([[1.0], [0.5], [0.0]])

    cut = keep_top_p(laws, p)

    assert torch.equal(cut[0], laws[0])
    assert torch.equal(cut[1], keep_top_p(laws[1], p[1]))
    assert (cut[2] > 0).sum() == 1


def test_levels_that_reach_the_mass_exactly_are_enough():
    law = torch.tensor([0.25, 0.5, 0.25])

    assert keep_top_p(law, torch.tensor(0.5)).tolist() == [0, 1, 0]
    assert keep_top_p(law, torch.tensor(0.75)).tolist() == pytest.approx([1 / 3, 2 / 3, 0])


def test_of_equally_likely_levels_the_lower_one_stays():
    law = torch.tensor([0.1, 0.3, 0.3, 0.3])

    assert keep_top_p(law, torch.tensor(0.0)).tolist() == [0, 1, 0, 0]
    assert keep_top_p(law, torch.tensor(0.5)).tolist() == pytest.approx([0, 0.5, 0.5, 0])


@every_order
@pytest.mark.parametrize("levels", [2, 5])
def test_top_p_one_and_temperature_one_change_nothing(order, levels):
    """The oracle knows neither: softmax of a full pass, inverse CDF, pixel by pixel."""
    model = tiny_pixelcnn(size=(4, 5), levels=levels)
    uniforms = draw_uniforms(model.spec, 3, 4)
    pixels = torch.zeros(4, 1, 4, 5, dtype=torch.int64)
    for row, column in torch.cat(list(make_stepper(model, 4, order="raster").fronts)).tolist():
        law = model.logits(pixels)[..., row, column].softmax(dim=1).transpose(1, 2)
        pixels[..., row, column] = inverse_cdf(law, uniforms[..., row, column])

    drawn = sample(model, seed=3, count=4, order=order, temperature=1.0, top_p=1.0)

    assert torch.equal(quantise(drawn, levels), pixels)
    assert torch.equal(drawn, sample(model, seed=3, count=4, order=order))


def test_images_are_drawn_with_the_laws_that_top_p_left():
    model = tiny_pixelcnn(size=(2, 2), levels=4, first_kernel=3)
    images = all_images(model.spec)
    laws = model.logits(images).softmax(dim=1).permute(0, 2, 3, 4, 1)  # (N, C, H, W, levels)
    cut = torch.tensor([cut_one(law, 0.7) for law in laws.flatten(0, 3).tolist()])
    chances = cut.view(laws.shape).gather(-1, images.unsqueeze(-1))
    expected = 20_000 * chances.flatten(1).prod(dim=1).double()
    assert expected.sum().item() == pytest.approx(20_000, rel=1e-4)

    drawn = quantise(sample(model, seed=0, count=20_000, top_p=0.7), 4)

    counts = count_images(drawn, model.spec)
    assert counts[expected == 0].sum() == 0
    assert abs(deviation(counts, expected)) < 4


@every_order
@pytest.mark.parametrize("levels", [2, 5])
def test_top_p_zero_is_the_argmax_and_leaves_nothing_to_luck(order, levels):
    model = tiny_pixelcnn(levels=levels)

    drawn = quantise(sample(model, seed=0, count=3, top_p=0.0, order=order), levels)

    assert len(drawn.unique(dim=0)) == 1
    assert torch.equal(drawn, quantise(sample(model, seed=77, count=3, top_p=0.0), levels))
    assert torch.equal(model.logits(drawn).argmax(dim=1), drawn)


def test_the_temperature_comes_before_top_p():
    model = tiny_pixelcnn(levels=5)
    uniforms = draw_uniforms(model.spec, 0, 2)

    plain = next(stream_pixels(model, uniforms, temperature=3.0))
    cut = next(stream_pixels(model, uniforms, temperature=3.0, top_p=0.6))

    assert torch.equal(cut.probabilities, keep_top_p(plain.probabilities, torch.tensor(0.6)))


@every_order
def test_a_top_p_for_each_position_cuts_there_alone(order):
    model = tiny_pixelcnn(size=(4, 5), levels=5)
    share = torch.linspace(0, 1, 20).view(4, 5)
    stepper = make_stepper(model, 3, order=order)

    frames = list(
        stream_pixels(model, draw_uniforms(model.spec, 0, 3), top_p=share, stepper=stepper)
    )

    laws = model.logits(quantise(frames[-1].images, 5)).softmax(dim=1)
    for frame in frames:
        rows, columns = frame.front.unbind(dim=1)
        there = laws[..., rows, columns].permute(0, 3, 2, 1)  # (B, n, C, levels)
        expected = keep_top_p(there, share[rows, columns].view(-1, 1, 1))
        torch.testing.assert_close(frame.probabilities, expected, rtol=1e-4, atol=1e-5)


def test_where_a_level_is_given_nothing_is_cut(tiny):
    argmax = quantise(sample(tiny, seed=0, count=1, top_p=0.0), 2)
    unlikely = 1 - argmax

    for frame in stream_pixels(tiny, draw_uniforms(tiny.spec, 0, 1), top_p=0.0, given=unlikely):
        assert frame.surprise.isfinite().all()
        assert frame.entropy.min() > 0


@pytest.mark.parametrize("top_p", [-0.1, 1.1, math.nan, math.inf, torch.full((6, 6), 2.0)], ids=str)
def test_a_top_p_that_is_no_probability_is_refused(tiny, top_p):
    with pytest.raises(ValueError, match="top_p must be from 0 to 1, got"):
        sample(tiny, seed=0, count=1, top_p=top_p)


LARGE = pytest.param((56, 56), marks=pytest.mark.slow)
CACHED = [(tiny_pixelcnn, "wavefront"), (tiny_pixelcnn, "raster"), (tiny_gated, "raster")]


@pytest.mark.parametrize(("build", "order"), CACHED)
@pytest.mark.parametrize("size", [LARGE, (17, 23), (1, 1), (2, 9), (9, 2)], ids=str)
def test_the_cache_equals_the_full_pass_at_other_sizes(build, order, size):
    model = at_size(build(), *size)
    stepper = make_stepper(model, 2, order=order)

    frames = list(stream_pixels(model, draw_uniforms(model.spec, 0, 2), stepper=stepper))

    laws = model.logits(quantise(frames[-1].images, 2)).softmax(dim=1)
    assert frames[-1].images.shape == (2, 1, *size)
    for frame in frames:
        rows, columns = frame.front.unbind(dim=1)
        there = laws[..., rows, columns].permute(0, 3, 2, 1)
        torch.testing.assert_close(frame.probabilities, there, rtol=1e-4, atol=1e-5)


def test_a_guided_model_has_another_size_too():
    model = Guided(at_size(tiny_gated(), 9, 4), 3.0)
    labels, uniforms = torch.tensor([1, 2]), draw_uniforms(model.spec, 0, 2)
    cached, naive = (
        list(stream_pixels(model, uniforms, stepper=make_stepper(model, 2, labels, order=order)))[
            -1
        ].images
        for order in ("raster", "naive")
    )

    assert cached.shape == (2, 1, 9, 4)
    assert torch.equal(cached, naive)


def test_another_size_has_the_same_weights_and_leaves_the_model_as_it_was(tiny):
    larger = at_size(tiny, 9, 8)

    assert larger.spec.shape == (1, 9, 8)
    assert tiny.spec.shape == (1, 6, 6)
    ours, theirs = dict(tiny.named_parameters()), dict(larger.named_parameters())
    assert ours.keys() == theirs.keys()
    assert all(ours[name] is theirs[name] for name in ours)
    assert at_size(tiny, 6, 6) is tiny


def test_samples_of_another_size_do_not_depend_on_how_many_are_drawn_at_once(tiny, monkeypatch):
    whole = sample(tiny, seed=3, count=5, size=9)
    monkeypatch.setattr(autoregressive, "PIXELS_AT_ONCE", 2 * 9 * 9)

    assert whole.shape == (5, 1, 9, 9)
    assert torch.equal(sample(tiny, seed=3, count=5, size=9), whole)
    monkeypatch.setattr(autoregressive, "PIXELS_AT_ONCE", 1)
    assert torch.equal(sample(tiny, seed=3, count=5, size=9), whole)


def test_a_sample_of_the_model_s_own_size_is_the_sample(tiny):
    assert torch.equal(sample(tiny, seed=0, count=2, size=6), sample(tiny, seed=0, count=2))


@pytest.mark.parametrize("size", [0, -1, MAX_SIDE + 1])
def test_a_size_out_of_range_is_refused(tiny, size):
    with pytest.raises(ValueError, match=f"size must be from 1 to {MAX_SIDE}, got {size}"):
        sample(tiny, seed=0, count=1, size=size)


def run_of(*segments, **more):
    return Run("tiny", 3, "raster", segments, **more)


def test_a_run_draws_with_its_top_p_and_at_its_size(tiny):
    run = run_of(Segment(0, 7, 0.8, 0.6), size=8)

    *_, frame = stream_run(tiny, run)

    expected = sample(tiny, seed=7, count=3, temperature=0.8, top_p=0.6, size=8)
    assert torch.equal(frame.images, expected)
    assert len(make_run_stepper(tiny, run).fronts) == 64


def test_a_branch_to_another_top_p_keeps_its_prefix():
    model = tiny_pixelcnn(levels=5)
    run = run_of(Segment(0, 7, 1.0))

    before = list(stream_run(model, run))
    after = list(stream_run(model, run.branch(Segment(10, 7, 1.0, 0.0))))

    assert all(
        torch.equal(one.probabilities, other.probabilities)
        for one, other in zip(before[:10], after[:10], strict=True)
    )
    assert all((frame.probabilities > 0).sum(dim=-1).eq(1).all() for frame in after[10:])


def test_an_account_agrees_with_its_run_s_top_p_and_size():
    model = tiny_pixelcnn(levels=5)
    run = run_of(Segment(0, 7, 1.0), Segment(20, 8, 1.5, 0.5), size=7)
    frames = list(stream_run(model, run))

    for index in (3, 19, 20, 48):
        account = account_for(model, run, 1, index // 7, index % 7)
        assert account.index == index
        assert account.top_p == (1.0 if index < 20 else 0.5)
        assert account.level == frames[index].levels[1, 0, 0]
        torch.testing.assert_close(
            account.probabilities, frames[index].probabilities[1, 0, 0], rtol=1e-4, atol=1e-5
        )
