"""The cache and the wavefront against the whole network, and that no faster order is exact."""

import pytest
import torch
from lively import tiny_pixelcnn

from genlab.core.images import ImageSpec
from genlab.core.order import skewed_fronts
from genlab.inference.autoregressive import NAIVE, FullPassStepper, sample
from genlab.models.pixelcnn import PixelCNN
from genlab.models.pixelcnn_stepper import ORDERS, PixelCNNStepper

FIRST_KERNELS = (3, 5, 7)


def own_skew(first_kernel, width=28):
    """(k − 1) / 2 + 1; on a narrow image no more than raster order's."""
    return min((first_kernel - 1) // 2 + 1, width)


def largest_error(model, skew, *, seed=0):
    """How far a stepper's logits are from the full pass; what is undrawn holds garbage."""
    generator = torch.Generator().manual_seed(seed)
    pixels, garbage = torch.randint(model.spec.levels, (2, 8, *model.spec.shape),
                                    generator=generator)  # fmt: skip
    expected = model.logits(pixels)  # (B, levels, C, H, W)
    stepper = PixelCNNStepper(model, 8, skew=skew)
    worst = 0.0
    for front in stepper.fronts:
        rows, columns = front.unbind(dim=1)
        logits = stepper.step(front, garbage).permute(0, 3, 2, 1)
        worst = max(worst, (logits - expected[..., rows, columns]).abs().max().item())
        garbage[..., rows, columns] = pixels[..., rows, columns]
    return worst


@pytest.mark.parametrize("first_kernel", FIRST_KERNELS)
@pytest.mark.parametrize("size", [(6, 6), (5, 9), (9, 5), (1, 6), (6, 1), (2, 2)])
def test_every_skew_from_its_own_on_is_exact(first_kernel, size):
    model = tiny_pixelcnn(first_kernel=first_kernel, size=size)
    own = PixelCNNStepper(model, 1, order="wavefront").skew

    assert own == own_skew(first_kernel, size[1])
    for skew in range(own, size[1] + 1):  # the last is raster order
        assert largest_error(model, skew) < 1e-5, skew


@pytest.mark.parametrize("first_kernel", FIRST_KERNELS)
def test_one_less_skew_is_not_exact(first_kernel):
    model = tiny_pixelcnn(first_kernel=first_kernel, size=(8, 8))

    assert largest_error(model, own_skew(first_kernel) - 1) > 0.01


@pytest.mark.parametrize("first_kernel", FIRST_KERNELS)
@pytest.mark.parametrize("levels", [2, 8])
def test_wavefront_raster_and_naive_draw_the_same_pixels(first_kernel, levels):
    model = tiny_pixelcnn(first_kernel=first_kernel, levels=levels, size=(7, 9))

    wavefront, raster, naive = (
        sample(model, seed=0, count=32, order=order) for order in (*ORDERS, NAIVE)
    )

    assert wavefront.unique(dim=0).shape == wavefront.shape, "all images are different"
    assert torch.equal(wavefront, raster)
    assert torch.equal(raster, naive)


@pytest.mark.parametrize("first_kernel", FIRST_KERNELS)
def test_a_leaky_network_draws_the_same_pixels_in_every_order(first_kernel):
    model = tiny_pixelcnn(first_kernel=first_kernel, first_mask="B", size=(7, 9))

    wavefront, raster, naive = (
        sample(model, seed=0, count=32, order=order) for order in (*ORDERS, NAIVE)
    )

    assert wavefront.unique(dim=0).shape == wavefront.shape, "all images are different"
    assert torch.equal(wavefront, raster)
    assert torch.equal(raster, naive)


@pytest.mark.parametrize("first_kernel", FIRST_KERNELS)
def test_a_leaky_network_hears_of_each_pixel_in_time(first_kernel):
    """Step by step, whatever stands in for the pixel itself and for those behind it."""
    model = tiny_pixelcnn(first_kernel=first_kernel, first_mask="B")
    generator = torch.Generator().manual_seed(0)
    pixels, seen = torch.randint(2, (2, 8, *model.spec.shape), generator=generator)
    steppers = [PixelCNNStepper(model, 8), FullPassStepper(model)]

    for front in steppers[0].fronts:
        cached, full = (stepper.step(front, seen) for stepper in steppers)
        torch.testing.assert_close(cached, full, rtol=1e-5, atol=1e-5)
        rows, columns = front.unbind(dim=1)
        seen[..., rows, columns] = pixels[..., rows, columns]


@pytest.mark.parametrize(("first_kernel", "steps"), [(3, 82), (7, 136)])
def test_a_wavefront_takes_so_many_steps_instead_of_784(first_kernel, steps):
    spec = ImageSpec(1, 28, 28, levels=2)
    model = PixelCNN(spec, features=2, blocks=1, first_kernel=first_kernel, head=2)

    assert len(PixelCNNStepper(model, 1, order="wavefront").fronts) == steps
    assert len(PixelCNNStepper(model, 1, order="raster").fronts) == 784


@pytest.mark.parametrize("size", [(6, 6), (3, 8), (8, 3), (1, 5), (5, 1)])
def test_a_skew_of_the_width_is_raster_order(size):
    fronts = skewed_fronts(*size, skew=size[1])

    assert [tuple(p) for front in fronts for p in front.tolist()] == [
        (row, column) for row in range(size[0]) for column in range(size[1])
    ]
    assert {len(front) for front in fronts} == {1}


@pytest.mark.parametrize("skew", [1, 2, 4, 6])
def test_the_pixels_of_a_front_have_equal_column_plus_skew_times_row(skew):
    fronts = skewed_fronts(6, 6, skew)

    times = [{column + skew * row for row, column in front.tolist()} for front in fronts]
    assert all(len(each) == 1 for each in times)
    assert [each.pop() for each in times] == list(range(5 + 5 * skew + 1))


def test_a_stepper_remembers_nothing_of_another():
    model = tiny_pixelcnn()
    first = sample(model, seed=0, count=2)
    sample(model, seed=5, count=2)

    assert torch.equal(sample(model, seed=0, count=2), first)


def test_two_steppers_of_one_model_do_not_disturb_each_other():
    model = tiny_pixelcnn()
    pixels = torch.ones(1, 1, 6, 6, dtype=torch.int64)
    alone, first, second = (model.stepper(1) for _ in range(3))

    for front in alone.fronts:
        expected = alone.step(front, pixels)
        second.step(front, 1 - pixels)
        assert torch.equal(first.step(front, pixels), expected)


def test_another_order_is_refused():
    with pytest.raises(ValueError, match="order must be one of .* got 'column'"):
        tiny_pixelcnn().stepper(1, order="column")
