"""The maps of the gates against the network itself, and what of them acts on a pixel."""

import pytest
import torch
from lively import CLASSES, tiny_gated, tiny_pixelcnn

from genlab.analysis.streams import gated_layers, look_into

LAYERS = range(3)  # of `tiny_gated`
PIXEL = (3, 2)
every_layer = pytest.mark.parametrize("layer", LAYERS)


@pytest.fixture(scope="module")
def model():
    return tiny_gated()


@pytest.fixture(scope="module")
def pixels(model):
    return noise(model.spec, 1)


def noise(spec, count):
    """(count, 1, H, W) levels."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(spec.levels, (count, *spec.shape), generator=generator)


def passed(model, pixels, layer, labels=None):
    """What both gates of a layer let through, by hooks on the network: (features, H, W) each."""
    seen = {}
    gated = model.layers[layer]
    handles = [
        gated.register_forward_hook(lambda _, inputs, outputs: seen.update(v=(inputs, outputs))),
        gated.output.register_forward_pre_hook(lambda _, inputs: seen.update(h=inputs[0])),
    ]
    model.logits(pixels, labels)
    for handle in handles:
        handle.remove()
    (before, *_), (after, _) = seen["v"]
    is_first = gated.mask_type == "A"  # which has no residual connection
    return (after if is_first else after - before)[0], seen["h"][0]


@every_layer
@pytest.mark.parametrize("labels", [None, torch.tensor([1])])
def test_the_product_of_the_maps_is_what_the_gates_let_through(model, pixels, layer, labels):
    streams = look_into(model, pixels, layer, PIXEL, labels=labels)

    vertical, horizontal = passed(model, pixels, layer, labels)
    torch.testing.assert_close(streams.vertical.product, vertical)
    torch.testing.assert_close(streams.horizontal.product, horizontal)


@every_layer
def test_contents_are_signed_and_doors_are_shares(model, pixels, layer):
    streams = look_into(model, pixels, layer, PIXEL)

    for maps in (streams.vertical, streams.horizontal):
        assert maps.content.shape == maps.door.shape == maps.product.shape == (4, 6, 6)
        assert -1 <= maps.content.min() < 0 < maps.content.max() <= 1
        assert 0 <= maps.door.min() < maps.door.max() <= 1
        assert maps.door.unique().numel() > 10


def changed_from(pixels, place):
    """The same image with the opposite of every pixel from a place on, in raster order."""
    changed = pixels.clone()
    changed.flatten(2)[..., place[0] * pixels.shape[3] + place[1] :].neg_().add_(1)
    return changed


def moved(model, layer, one, other, stack):
    """(H, W): where any map of a stack differs between two images."""
    first, second = (getattr(look_into(model, each, layer, PIXEL), stack) for each in (one, other))
    differs = (first.content != second.content) | (first.door != second.door)
    return differs.any(dim=0)


@every_layer
def test_the_horizontal_stack_at_a_pixel_has_read_earlier_pixels_only(model, pixels, layer):
    for row in range(6):
        for column in range(6):
            changed = changed_from(pixels, (row, column))

            differs = moved(model, layer, pixels, changed, "horizontal")

            assert not differs.flatten()[: row * 6 + column + 1].any(), "up to the pixel itself"
            assert (row, column) == (5, 5) or differs.any()


@every_layer
def test_the_vertical_stack_has_read_nothing_below_its_row(model, pixels, layer):
    for row in range(6):
        differs = moved(model, layer, pixels, changed_from(pixels, (row, 0)), "vertical")

        assert not differs[:row].any()
        assert differs[row].all(), "and all of its row, which is why it must be shifted"


@every_layer
def test_the_place_that_acts_on_a_pixel_has_not_read_it(model, pixels, layer):
    for row in range(6):
        for column in range(6):
            one, other = (
                look_into(model, each, layer, (row, column))
                for each in (pixels, changed_from(pixels, (row, column)))
            )

            assert torch.equal(one.horizontal.at_place(), other.horizontal.at_place())
            if row:
                assert torch.equal(one.vertical.at_place(), other.vertical.at_place())


def effect_of_noise(model, pixels, layer, stack, rows, columns):
    """The change of PIXEL's logits when noise is added to what leaves a layer, at some places."""

    def disturb(_, inputs, outputs):
        noisy = [each.clone() for each in outputs]
        noisy[stack][..., rows, columns] += 1.5
        return tuple(noisy)

    before = model.logits(pixels)
    handle = model.layers[layer].register_forward_hook(disturb)
    after = model.logits(pixels)
    handle.remove()
    return (after - before)[..., PIXEL[0], PIXEL[1]].abs().max().item()


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_only_the_rows_above_act_from_the_vertical_stack(model, pixels, layer):
    everywhere = slice(None)

    assert effect_of_noise(model, pixels, layer, 0, slice(PIXEL[0], None), everywhere) == 0
    assert effect_of_noise(model, pixels, layer, 0, PIXEL[0] - 1, PIXEL[1]) > 1e-4


def test_nothing_acts_from_the_last_layer_s_vertical_gates(model, pixels):
    everywhere = slice(None)

    assert effect_of_noise(model, pixels, LAYERS[-1], 0, everywhere, everywhere) == 0


@every_layer
def test_only_the_row_so_far_acts_from_the_horizontal_stack(model, pixels, layer):
    row, column = PIXEL

    assert effect_of_noise(model, pixels, layer, 1, row, slice(column + 1, None)) == 0
    assert effect_of_noise(model, pixels, layer, 1, slice(row + 1, None), slice(None)) == 0
    assert effect_of_noise(model, pixels, layer, 1, slice(0, row), slice(None)) == 0
    assert effect_of_noise(model, pixels, layer, 1, row, column) > 1e-4


def test_the_places_are_the_pixel_itself_and_the_one_above_it(model, pixels):
    streams = look_into(model, pixels, 1, PIXEL)

    assert (streams.vertical.place, streams.horizontal.place) == ((2, 2), (3, 2))
    for maps, (row, column) in ((streams.vertical, (2, 2)), (streams.horizontal, (3, 2))):
        expected = torch.stack(
            [each[:, row, column] for each in (maps.content, maps.door, maps.content * maps.door)],
            dim=1,
        )
        assert torch.equal(maps.at_place(), expected)


def test_nothing_of_the_vertical_stack_acts_on_the_first_row(model, pixels):
    streams = look_into(model, pixels, 0, (0, 4))

    assert streams.vertical.place is None and streams.vertical.at_place() is None
    assert streams.horizontal.place == (0, 4)


@every_layer
def test_a_label_is_heard_in_every_map_of_every_layer(model, pixels, layer):
    found = [
        look_into(model, pixels, layer, PIXEL, labels=torch.tensor([label]))
        for label in range(CLASSES + 1)
    ]
    no_label = look_into(model, pixels, layer, PIXEL)

    for stack in ("vertical", "horizontal"):
        maps = [getattr(each, stack) for each in found]
        for one in range(CLASSES):
            assert (maps[one].content != maps[one + 1].content).any(dim=2).any(dim=1).all()
            assert (maps[one].door != maps[one + 1].door).any(dim=2).any(dim=1).all()
        assert torch.equal(getattr(no_label, stack).content, maps[CLASSES].content), "null class"


def test_the_strongest_features_have_the_largest_products_at_their_place(model, pixels):
    for position in (PIXEL, (0, 1)):
        for maps in vars(look_into(model, pixels, 1, position)).values():
            chosen = maps.strongest(3)
            size = maps.product.abs().mean(dim=(1, 2))
            if maps.place is not None:
                size = maps.at_place()[:, 2].abs()

            assert chosen == sorted(range(4), key=lambda each: -size[each])[:3]  # noqa: B023


def test_looking_leaves_the_shared_network_as_it_was(model, pixels):
    before = model.logits(pixels)

    look_into(model, pixels, 2, PIXEL)

    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert torch.equal(model.logits(pixels), before)


def test_looking_copies_no_weights(model, pixels, monkeypatch):
    def refuse(*_):
        raise AssertionError("a tensor was copied")

    monkeypatch.setattr(torch.nn.Parameter, "__deepcopy__", refuse)

    look_into(model, pixels, 0, PIXEL)


def test_a_network_is_gated_if_it_has_gated_layers(model):
    assert gated_layers(model) == list(model.layers)
    assert gated_layers(tiny_pixelcnn()) == []


@pytest.mark.parametrize(
    ("layer", "position", "complaint"),
    [
        (3, PIXEL, "layer must be below 3, got 3"),
        (-1, PIXEL, "layer must be below 3, got -1"),
        (0, (6, 0), "position must lie in the image"),
        (0, (0, -1), "position must lie in the image"),
    ],
)
def test_layers_and_pixels_that_do_not_exist_are_refused(model, pixels, layer, position, complaint):
    with pytest.raises(ValueError, match=complaint):
        look_into(model, pixels, layer, position)
