"""What a pixel of the gated PixelCNN sees: every earlier one and nothing else; its classes."""

import pytest
import torch
from lively import CLASSES, enliven, tiny_gated

from genlab.core.images import ImageSpec
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels
from genlab.models.gated_pixelcnn import CARDS, GatedPixelCNN
from genlab.nn.gated import HorizontalConv2d, VerticalConv2d, down_shift, gate

CARD = next(card for card in CARDS if card.name == "gated-mnist")


def noise(spec, count, seed=0):
    """(count, 1, H, W) levels."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(spec.levels, (count, *spec.shape), generator=generator)


def all_positions(size):
    return [(row, column) for row in range(size[0]) for column in range(size[1])]


def gradients(model, targets, label=CLASSES):
    """(len(targets), H, W): ∂(sum of the target's outputs) / ∂input, in float64."""
    height, width = model.spec.shape[1:]
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(len(targets), 1, height, width, generator=generator).double()
    x.requires_grad_(True)
    output = model.double()(x, torch.full((len(targets),), label))
    rows, columns = torch.tensor(targets).unbind(dim=1)
    output[torch.arange(len(targets)), :, rows, columns].sum().backward()
    return x.grad[:, 0]


def assert_causal(model):
    """No pixel's outputs have a derivative by itself or a later pixel; exactly zero, not small."""
    targets = all_positions(model.spec.shape[1:])
    for index, gradient in enumerate(gradients(model, targets)):
        assert not gradient.flatten()[index:].any(), f"{targets[index]} sees itself or the future"
        assert index == 0 or gradient.any(), f"{targets[index]} sees nothing"


@pytest.mark.parametrize("first_kernel", [3, 5, 7])
@pytest.mark.parametrize("levels", [2, 4])
def test_no_pixel_sees_itself_or_a_later_one(first_kernel, levels):
    assert_causal(tiny_gated(size=(12, 12), first_kernel=first_kernel, levels=levels))


def without_the_shift(model, monkeypatch):
    monkeypatch.setattr("genlab.nn.gated.down_shift", lambda x: x)


def with_mask_b_first(model, monkeypatch):
    first = model.layers[0]
    first.horizontal = HorizontalConv2d(1, 8, 7, mask_type="B")
    enliven(first.horizontal).requires_grad_(False)


def with_residuals_around_the_first_layer(model, monkeypatch):
    model.layers[0].mask_type = "B"


@pytest.mark.parametrize(
    "mistake", [without_the_shift, with_mask_b_first, with_residuals_around_the_first_layer]
)
def test_a_network_that_cheats_is_caught(mistake, monkeypatch):
    model = tiny_gated(size=(12, 12))
    assert_causal(model)

    mistake(model, monkeypatch)

    with pytest.raises(AssertionError, match="sees itself or the future"):
        assert_causal(model)


def positive(model):
    """The same network with small positive weights: no path is lost, and no gate is shut."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_().clamp_(0.01, 0.05)
    return model


def fields(model):
    """The earlier pixels that each pixel's gradient reaches, by target."""
    targets = all_positions(model.spec.shape[1:])
    found = gradients(model, targets)
    return {
        t: {tuple(e) for e in g.nonzero().tolist()} for t, g in zip(targets, found, strict=True)
    }


def earlier(target, size):
    return {place for place in all_positions(size) if place < target}


def assert_no_blind_spot(model):
    """Every pixel sees every earlier one."""
    size = model.spec.shape[1:]
    for target, field in fields(model).items():
        assert field == earlier(target, size), f"{target} is blind to some pixels"


@pytest.mark.parametrize(("first_kernel", "layers"), [(3, 7), (5, 6), (7, 5)])
def test_a_deep_enough_network_sees_every_earlier_pixel_from_every_target(first_kernel, layers):
    assert_no_blind_spot(
        positive(tiny_gated(size=(7, 7), first_kernel=first_kernel, layers=layers))
    )


@pytest.mark.parametrize(("layers", "seen"), [(1, 7), (2, 17), (3, 24)])
def test_the_field_of_the_centre_grows_with_depth_to_all_of_24(layers, seen):
    """TEACHING, 4.3: gated, k = 3, 7×7."""
    model = positive(tiny_gated(size=(7, 7), first_kernel=3, layers=layers))

    assert len(fields(model)[3, 3]) == seen


def with_the_masks_of_figure_1(model):
    """Vertical layers from the second on read the rows above and, of their own, the centre."""
    for layer in model.layers[1:]:
        weight = layer.vertical.convolution.weight.data
        centre = weight.shape[3] // 2
        weight[:, :, -1, :centre] = 0
        weight[:, :, -1, centre + 1 :] = 0
    return model


def test_the_masks_of_figure_1_bring_the_blind_spot_back():
    model = with_the_masks_of_figure_1(positive(tiny_gated(size=(7, 7), first_kernel=3, layers=8)))

    assert_causal(model)
    with pytest.raises(AssertionError, match="is blind to some pixels"):
        assert_no_blind_spot(model)
    for (row, column), field in fields(model).items():
        blind = {(r, c) for r in range(row) for c in range(7) if c - column > row - r}
        assert field == earlier((row, column), (7, 7)) - blind, "as with the masks A, then B"


def test_the_downward_shift_moves_every_row_to_the_next():
    x = torch.arange(1.0, 25).view(2, 1, 4, 3)

    shifted = down_shift(x)

    assert torch.equal(shifted[:, :, 1:], x[:, :, :-1])
    assert shifted[:, :, 0].eq(0).all()


def test_the_gate_is_a_tanh_times_a_logistic_of_the_other_half():
    x = torch.randn(2, 6, 3, 3, generator=torch.Generator().manual_seed(0))

    expected = x[:, :3].tanh() / (1 + (-x[:, 3:]).exp())

    torch.testing.assert_close(gate(x), expected)


@pytest.mark.parametrize(
    ("layer", "taps"),
    [
        (VerticalConv2d(1, 1, 3), {(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1)}),
        (HorizontalConv2d(1, 1, 5, mask_type="A"), {(0, -2), (0, -1)}),
        (HorizontalConv2d(1, 1, 5, mask_type="B"), {(0, -2), (0, -1), (0, 0)}),
    ],
    ids=["vertical", "horizontal A", "horizontal B"],
)
def test_a_stack_s_layer_has_the_taps_of_its_kind(layer, taps):
    x = torch.zeros(1, 1, 9, 9, requires_grad=True)

    layer(x)[0, 0, 4, 4].backward()

    assert {(row - 4, col - 4) for row, col in x.grad[0, 0].nonzero().tolist()} == taps


def labels_for(count, seed=0):
    """Random classes, every one of them and the null class among them."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return torch.arange(count).remainder(CLASSES + 1)[order]


@pytest.mark.parametrize("first_kernel", [3, 5, 7])
@pytest.mark.parametrize("levels", [2, 5])
@pytest.mark.parametrize("size", [(6, 6), (5, 9), (9, 4), (1, 5), (5, 1)])
def test_the_stepper_equals_the_full_pass_for_every_class(first_kernel, levels, size):
    model = tiny_gated(size=size, levels=levels, first_kernel=first_kernel)
    pixels, drawn, labels = noise(model.spec, 8), noise(model.spec, 8, seed=1), labels_for(8)
    expected = model.logits(pixels, labels)
    stepper = model.stepper(8, labels)

    for front in stepper.fronts:
        ((row, column),) = front.tolist()
        logits = stepper.step(front, drawn)  # (B, 1, 1, levels); what is undrawn holds garbage
        torch.testing.assert_close(
            logits[:, 0, 0], expected[:, :, 0, row, column], rtol=1e-4, atol=1e-5
        )
        drawn[..., row, column] = pixels[..., row, column]


@pytest.mark.parametrize("levels", [2, 5])
def test_the_cache_draws_the_naive_sampler_s_pixels_in_every_class(levels):
    model, labels = tiny_gated(levels=levels), labels_for(16)
    uniforms = draw_uniforms(model.spec, 0, 16)

    cached, naive = (
        list(stream_pixels(model, uniforms, stepper=make_stepper(model, 16, labels, order=order)))
        for order in ("raster", "naive")
    )

    assert torch.equal(cached[-1].images, naive[-1].images)
    assert len(cached[-1].images.unique(dim=0)) > 8, "the images are different"


def test_no_label_is_the_null_class():
    model = tiny_gated()
    pixels, null = noise(model.spec, 4), torch.full((4,), model.null_label)
    steppers = model.stepper(4), model.stepper(4, null)

    assert model.null_label == CLASSES
    assert torch.equal(model.logits(pixels), model.logits(pixels, null))
    for front in steppers[0].fronts:
        assert torch.equal(*(stepper.step(front, pixels) for stepper in steppers))


def test_every_class_has_logits_of_its_own():
    model = tiny_gated()
    pixels = noise(model.spec, 1)

    logits = [model.logits(pixels, torch.tensor([label]))[:, 1] for label in range(CLASSES + 1)]

    for one in range(CLASSES + 1):
        for other in range(one):
            assert (logits[one] - logits[other]).abs().amin() > 1e-4, "a pixel did not hear"


def test_a_label_speaks_to_its_own_image_only():
    model = tiny_gated()
    pixels, labels = noise(model.spec, 8), labels_for(8)

    together = model.logits(pixels, labels)

    for index in range(8):
        alone = model.logits(pixels[index : index + 1], labels[index : index + 1])
        torch.testing.assert_close(together[index], alone[0])


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ([0, 1, 2], r"shape \(4,\)"),
        ([0, 1, 2, 3, 0], r"shape \(4,\)"),
        ([[0, 1, 2, 3]], r"shape \(4,\)"),
        ([0, 1, 2, -1], "from 0 to 3"),
        ([0, 1, 2, CLASSES + 1], "from 0 to 3"),
    ],
)
def test_labels_that_do_not_exist_are_refused(labels, complaint):
    model = tiny_gated()

    with pytest.raises(ValueError, match=f"labels must .*{complaint}"):
        model.logits(noise(model.spec, 4), torch.tensor(labels))
    with pytest.raises(ValueError, match=f"labels must .*{complaint}"):
        model.stepper(4, torch.tensor(labels))


@pytest.mark.parametrize("order", ["wavefront", "naive", "column", None])
def test_a_stepper_of_another_order_is_refused(order):
    with pytest.raises(ValueError, match=r"order must be one of \('raster',\)"):
        tiny_gated().stepper(1, order=order)


def test_colour_images_are_refused():
    with pytest.raises(ValueError, match=r"spec\.channels must be 1, got 3"):
        GatedPixelCNN(ImageSpec(3, 6, 6))


def test_the_card_names_the_kernels_that_the_network_has():
    network = CARD.build()

    assert CARD.masked.kernels == tuple(layer.vertical.kernel_size for layer in network.layers)
    assert [layer.mask_type for layer in network.layers] == ["A"] + ["B"] * 9
    assert (network.classes, network.null_label) == (10, 10)
