"""Block diagrams against the networks that they are drawn from."""

import itertools
import re
import threading
from xml.etree import ElementTree

import pytest
import torch
from lively import tiny_gated
from torch import nn

from genlab.analysis.diagram import draw_up
from genlab.analysis.layers import autoregressive_layers
from genlab.analysis.trace import trace_logits
from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.core.protocols import Autoregressive
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.nn.gated import GatedLayer
from genlab.store import ModelStore, skeleton
from genlab.ui.drawing.network import draw_svg
from genlab.ui.lessons.diagram import draw_page, key, words

BINARY = ImageSpec(1, 28, 28, levels=2)
CARDS = {card.name: card for card in ModelStore().cards}
AUTOREGRESSIVE = [card for card in CARDS.values() if isinstance(skeleton(card), Autoregressive)]
every_card = pytest.mark.parametrize("card", AUTOREGRESSIVE, ids=lambda card: card.name)


def diagram_of(network, **options):
    return draw_up(lambda: network(options.pop("spec", BINARY), **options))


def texts(svg):
    """What can be read in a drawing, in its order."""
    return [
        node.text or "" for node in ElementTree.fromstring(svg).iter() if node.tag[-4:] == "text"
    ]


def read(diagram):
    return texts(draw_svg(diagram, "title"))


# — the whole network, counted —


@every_card
def test_the_parameters_add_up_to_the_network_s_own(card):
    own = sum(parameter.numel() for parameter in skeleton(card).parameters())

    assert draw_up(card.build).parameters == own > 100_000


@every_card
def test_every_layer_is_drawn_with_the_shape_and_size_that_the_table_of_layers_has(card):
    rows = autoregressive_layers(card.build)
    found = 0
    for block in draw_up(card.build).blocks:
        for step in block.steps:
            inside = bool(block.title) and not (block.skip and step is block.skip.step)
            name = f"{block.names[0]}.{step.name}" if inside else step.name
            mine = [row for row in rows if step.name and f"{row.name}.".startswith(f"{name}.")]
            assert step.parameters == sum(row.parameters for row in mine), name
            if mine and not step.text.startswith("Horizontal"):  # which cuts what it computed
                assert (1, *step.shape) == mine[-1].shape, name
            found += len(mine) * len(block.names)
    assert found == len(rows)


@every_card
def test_repetitions_are_counted_by_their_modules(card):
    modules = dict(skeleton(card).named_modules())

    for block in draw_up(card.build).blocks:
        for name in block.names:
            if name:
                assert name in modules
        kinds = {type(modules[name]) for name in block.names if name}
        assert len(kinds) <= 1


# — the two networks, known —


def test_the_pixelcnn_is_a_mask_a_layer_then_equal_residual_blocks_then_a_head():
    first, repeated, *head = draw_up(CARDS["pixelcnn-mnist"].build).blocks

    (step,) = first.lanes[0]
    assert (step.text, step.note, step.shape) == ("7×7 convolution", "mask A", (128, 28, 28))
    assert repeated.names == tuple(f"blocks.{index}" for index in range(7))
    assert repeated.title == "Masked residual block"
    (lane,) = repeated.lanes
    assert [each.text for each in lane] == [
        *("ReLU", "1×1 convolution", "ReLU", "3×3 convolution", "ReLU", "1×1 convolution", "+")
    ]
    assert lane[3].note == "mask B" and lane[3].shape == (64, 28, 28)
    assert lane[-1].adds == ("input",), "the residual connection"
    assert [block.lanes[0][0].text for block in head] == [
        *("ReLU", "1×1 convolution", "ReLU", "1×1 convolution")
    ]


def test_the_gated_network_has_two_stacks_a_shift_between_them_and_skips():
    first, repeated, total, *head = draw_up(CARDS["gated-mnist"].build).blocks

    assert (first.names, len(repeated.names)) == (("layers.0",), 9)
    for block in (first, repeated):
        vertical, horizontal = block.lanes
        assert [each.text for each in block.bridge] == ["shift down 1 row", "1×1 convolution"]
        assert block.lanes[0][block.bridge_from] is vertical[0]
        assert [each.adds for each in horizontal if each.text == "+"][:2] == [
            ("bridge",),
            ("class",),
        ]
        assert vertical[1].adds == ("class",)
        assert [each.text for each in block.condition] == ["11 labels"]
        assert "tanh × σ" in [each.text for each in vertical]
        assert "tanh × σ" in [each.text for each in horizontal]
        assert (block.skip.lane, block.skip.step.text) == (1, "1×1 convolution")
        assert block.shapes == ((32, 28, 28), (32, 28, 28))
    assert (first.lanes[0][0].text, first.lanes[1][0].note) == (
        "Vertical 4×7",
        "to the left, mask A",
    )
    assert repeated.lanes[1][0].note == "to the left, mask B"
    assert total.lanes[0][0].note == "Sum of 10 skips"
    assert [block.lanes[0][0].text for block in head] == ["ReLU", "1×1 convolution"]


def test_only_layers_behind_the_first_have_residual_connections():
    first, repeated, *_ = draw_up(CARDS["gated-mnist"].build).blocks

    assert not any("input" in step.adds for lane in first.lanes for step in lane)
    assert [lane[-1].adds for lane in repeated.lanes] == [("input",), ("input",)]


# — what changes in the network changes in the drawing —


@pytest.mark.parametrize(
    ("network", "options", "gone", "come"),
    [
        (PixelCNN, {"first_kernel": 5}, "7×7 convolution", "5×5 convolution"),
        (PixelCNN, {"blocks": 3}, "× 7", "× 3"),
        (PixelCNN, {"features": 64}, "128×28×28", "32×28×28"),
        (PixelCNN, {"spec": ImageSpec(1, 14, 10, levels=2)}, "128×28×28", "128×14×10"),
        (PixelCNN, {"spec": ImageSpec(1, 28, 28, levels=16)}, "2×1×28×28", "16×1×28×28"),
        (GatedPixelCNN, {"first_kernel": 5}, "Vertical 4×7", "Vertical 3×5"),
        (GatedPixelCNN, {"layers": 4}, "Sum of 10 skips", "Sum of 4 skips"),
        (GatedPixelCNN, {"layers": 4}, "× 9", "× 3"),
        (GatedPixelCNN, {"features": 16}, "64×28×28", "16×28×28"),
        (GatedPixelCNN, {"classes": 3}, "11 labels", "4 labels"),
    ],
)
def test_another_network_has_another_drawing(network, options, gone, come):
    if "features" in options and network is GatedPixelCNN:
        options = options | {"head": 20}
    usual, other = read(diagram_of(network)), read(diagram_of(network, **options))

    assert gone in usual and gone not in other
    assert come in other and come not in usual


def test_a_shift_that_is_forgotten_is_missing_in_the_drawing(monkeypatch):
    monkeypatch.setattr("genlab.nn.gated.down_shift", lambda x: x)

    drawn = read(diagram_of(GatedPixelCNN))

    assert not any("shift" in text for text in drawn)
    assert "1×1 convolution" in drawn


def test_a_shift_by_more_rows_says_so(monkeypatch):
    monkeypatch.setattr(
        "genlab.nn.gated.down_shift", lambda x: nn.functional.pad(x, (0, 0, 2, 0))[:, :, :-2]
    )
    assert "shift down 2 rows" in read(diagram_of(GatedPixelCNN))


@pytest.mark.parametrize(
    "other",
    [
        lambda x: nn.functional.pad(x, (0, 0, 0, 1))[:, :, 1:],  # up
        lambda x: nn.functional.pad(x, (0, 0, 1, 0))[:, :, 1:],  # nowhere
        lambda x: nn.functional.pad(x, (1, 0, 1, 0))[:, :, :-1, :-1],  # aside as well
    ],
)
def test_what_is_no_shift_down_is_not_called_one(monkeypatch, other):
    monkeypatch.setattr("genlab.nn.gated.down_shift", other)

    drawn = read(diagram_of(GatedPixelCNN))

    assert "padding" in drawn and not any("shift" in text for text in drawn)


def test_another_gate_is_not_called_a_gate(monkeypatch):
    monkeypatch.setattr("genlab.nn.gated.gate", lambda x: x.chunk(2, dim=1)[0].relu())

    drawn = read(diagram_of(GatedPixelCNN))

    assert "tanh × σ" not in drawn and "ReLU" in drawn


def test_a_layer_that_differs_breaks_the_row_of_equal_ones():
    def build():
        model = GatedPixelCNN(BINARY, layers=6)
        model.layers[3] = GatedLayer(32, 32, 5, mask_type="B", conditions=11)
        return model

    diagram = draw_up(build)

    counts = [len(block.names) for block in diagram.blocks if block.title]
    assert counts == [1, 2, 1, 2]
    assert diagram.parameters == sum(each.numel() for each in build().parameters())


def test_without_classes_nothing_hears_a_class():
    def build():
        model = GatedPixelCNN(BINARY, layers=3)
        for layer in model.layers:
            layer.condition = None
        return model

    diagram = draw_up(build)

    assert not any(block.condition for block in diagram.blocks)
    assert not any("labels" in text for text in read(diagram))
    assert "Green" in key(draw_up(CARDS["gated-mnist"].build)) and "Green" not in key(diagram)


# — the record behind it —


def test_drawing_leaves_the_world_as_it_was():
    state = torch.get_rng_state()
    elsewhere = []
    calls_before = len(trace_logits(CARDS["pixelcnn-mnist"].build)[1].children)
    thread = threading.Thread(target=lambda: elsewhere.append(torch.ones(2).relu().device.type))

    thread.start()
    _, call = trace_logits(CARDS["pixelcnn-mnist"].build)
    thread.join()

    assert len(call.children) == calls_before, "another thread's calls are not in the record"
    assert elsewhere == ["cpu"] and torch.zeros(1).device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), state), "no random numbers were used up"


def test_a_network_that_does_not_call_itself_is_refused():
    class Aloof(PixelCNN):
        def logits(self, pixels, labels=None):
            return self.forward(pixels.float()).unsqueeze(2)

    with pytest.raises(ValueError, match="logits must call the network itself once"):
        draw_up(lambda: Aloof(BINARY))


# — the drawing —


def boxes(svg):
    """(x0, y0, x1, y1) of every box but the frames of blocks, and of the whole picture."""
    root = ElementTree.fromstring(svg)
    found = [node for node in root.iter() if node.tag.endswith("rect") and node.get("class") != "f"]
    values = [[float(node.get(name)) for name in ("x", "y", "width", "height")] for node in found]
    return [(x, y, x + w, y + h) for x, y, w, h in values], [float(root.get("height")), 360]


@pytest.mark.parametrize(
    "build",
    [*(card.build for card in AUTOREGRESSIVE), lambda: tiny_gated(layers=1), lambda: tiny_gated()],
)
def test_boxes_lie_inside_the_picture_and_never_on_one_another(build):
    svg = draw_svg(draw_up(build), "title")

    found, (height, width) = boxes(svg)
    assert all(min(x0, y0) > 0 and x1 < width and y1 < height for x0, y0, x1, y1 in found)
    for (a0, b0, a1, b1), (c0, d0, c1, d1) in itertools.combinations(found, 2):
        assert a1 <= c0 or c1 <= a0 or b1 <= d0 or d1 <= b0


@every_card
def test_the_drawing_and_the_words_say_every_step(card):
    diagram = draw_up(card.build)
    drawn, said = read(diagram), words(diagram)

    for block in diagram.blocks:
        for step in block.steps:
            for text in {step.text, step.note} - {"", "+"}:
                assert text in drawn
                assert text in said
            if step.parameters:
                assert f"{step.parameters:,} parameters" in drawn
                assert f"{step.parameters:,} parameters" in said
        if len(block.names) > 1:
            assert f"× {len(block.names)}" in drawn and f"{len(block.names)} times" in said


@every_card
def test_a_page_names_its_network_to_screen_readers_and_offers_the_file(card):
    page = draw_page(card)

    assert 'role="img"' in page and f"Block diagram of {card.title}" in page
    assert f"{draw_up(card.build).parameters:,} parameters" in page
    assert f'download="{card.name}.svg"' in page


def test_a_title_cannot_break_out_of_the_drawing():
    card = CARDS["pixelcnn-mnist"]
    sly = ModelCard("sly", '"><script>', "PixelCNN", "nothing", card.build, "nowhere")

    assert "<script>" not in draw_page(sly)


def test_colours_come_from_the_theme_with_light_ones_alone_in_a_file():
    svg = draw_svg(draw_up(CARDS["pixelcnn-mnist"].build), "title")

    assert re.findall(r"var\((--[a-z-]+), #[0-9a-f]{6}\)", svg) == [
        *("--body-text-color", "--background-fill-primary")
    ]
