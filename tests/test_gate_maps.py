"""*Two streams* without a browser: which pixel, which picture, and what is sent."""

import dataclasses
import json

import gradio as gr
import numpy as np
import pytest
import torch
from shelved import tiny_card, write_checkpoint

from genlab.analysis.streams import look_into
from genlab.core.errors import GenLabError
from genlab.core.images import ImageSpec, quantise
from genlab.inference.autoregressive import sample
from genlab.inference.runs import Run, Segment
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.store import ModelStore
from genlab.ui.canvas import PixelPlayer
from genlab.ui.canvas.gates import GateMaps, ShownGates, ShownStack, absent, gates_payload
from genlab.ui.lessons import streams as lesson

FEATURES = 6


def small_gated():
    return GatedPixelCNN(ImageSpec(1, 6, 6, levels=2), features=FEATURES, layers=3, head=8)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A shelf with a gated network and one without gates."""
    folder = tmp_path_factory.mktemp("checkpoints")
    cards = tiny_card("gated", build=small_gated), tiny_card("plain")
    for card in cards:
        write_checkpoint(folder, card)
    return ModelStore(folder, cards)


def run_of(seed=0, *, card="gated", images=1, label=None, guidance=1.0):
    segments = (Segment(0, seed, 1.0),)
    return Run(card, images, "raster", segments, label=label, guidance=guidance)


def values(hexes):
    """Bytes of a map, (36,)."""
    return np.frombuffer(bytes.fromhex(hexes), np.uint8)


# — which pixel —


def test_a_click_names_the_run_the_image_and_the_pixel(store):
    runs = {"a": run_of(), "b": run_of(5, images=4)}

    assert lesson.clicked_pixel(store, runs, {"run": "b", "index": [3, 5, 0]}) == (
        *(runs["b"], 3, 5, 0),
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"run": "other", "index": [0, 0, 0]},
        {"run": "a"},
        {"run": "a", "index": [0, 0]},
        {"run": "a", "index": [1, 0, 0]},
        {"run": "a", "index": [0, 6, 0]},
        {"run": "a", "index": [0, 0, -1]},
        {"run": "a", "index": [0, 0, 1.5]},
        {"run": "a", "index": ["0", 0, 0]},
    ],
)
def test_a_click_that_names_no_pixel_is_refused_with_a_remedy(store, data):
    with pytest.raises(GenLabError, match=r"again|Change it"):
        lesson.clicked_pixel(store, {"a": run_of()}, data)


# — which picture —


@pytest.mark.parametrize("image", [0, 2])
def test_the_picture_is_the_run_s_own(store, image):
    expected = sample(store.get("gated"), seed=7, count=3)[image, 0]

    shown = lesson.show_gates(store, (run_of(7, images=3), image, 2, 2), 1)

    assert (shown.picture == (expected * 255).numpy().astype(np.uint8)).all()


def test_another_layer_draws_nothing_anew(store, monkeypatch):
    pixel = (run_of(11), 0, 3, 3)
    lesson.show_gates(store, pixel, 1)
    monkeypatch.setattr(lesson, "stream_run", None)

    assert lesson.show_gates(store, pixel, 3).layer == 3


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(("label", "guidance"), [(None, 1.0), (4, 1.0), (4, 2.0)])
def test_the_maps_are_those_of_the_layer_the_picture_and_the_class(store, number, label, guidance):
    model, run = store.get("gated"), run_of(3, label=label, guidance=guidance)
    pixels = quantise(lesson.draw_again(store, run), 2)
    labels = None if label is None else torch.tensor([label])

    shown = lesson.show_gates(store, (run, 0, 4, 1), number)

    expected = look_into(model, pixels, number - 1, (4, 1), labels=labels)
    for stack, maps in zip(shown.stacks, (expected.vertical, expected.horizontal), strict=True):
        assert np.array_equal(stack.maps[:, 0], maps.content)
        assert np.array_equal(stack.maps[:, 1], maps.door)
        assert np.array_equal(stack.maps[:, 2], maps.product)
        assert stack.place == maps.place
        assert stack.chosen == maps.strongest(4)


def test_the_title_names_the_class_as_the_picker_does(tmp_path):
    card = dataclasses.replace(tiny_card("gated", build=small_gated), data="Fashion-MNIST, rounded")
    write_checkpoint(tmp_path, card)

    shown = lesson.show_gates(ModelStore(tmp_path, (card,)), (run_of(label=8), 0, 4, 1), 1)

    assert shown.title.endswith("· class Bag")


def test_the_title_and_the_words_name_pixel_layer_class_and_rings(store):
    shown = lesson.show_gates(store, (run_of(label=4), 0, 4, 1), 2)

    assert shown.title == "Tiny gated · row 4, column 1 · layer 2 of 3 · class 4"
    assert "the ring, row 3, column 1" in shown.stacks[0].tells
    assert "the ring, row 4, column 1" in shown.stacks[1].tells
    assert f"4 of {FEATURES} channels" in shown.stacks[0].tells
    guided = lesson.show_gates(store, (run_of(label=4, guidance=3.0), 0, 4, 1), 2)
    assert "in the pass that knows it" in guided.title


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_last_layer_s_vertical_gates_are_said_to_reach_nothing(store, number):
    model, pixel = store.get("gated"), (4, 1)
    run = run_of()
    pixels = quantise(lesson.draw_again(store, run), 2)

    def loud(_, inputs, outputs):
        return outputs[0] + 1.0, outputs[1]  # more from every vertical gate of the layer

    before = model.logits(pixels)[..., 4, 1]
    handle = model.layers[number - 1].register_forward_hook(loud)
    reaches = not torch.equal(model.logits(pixels)[..., 4, 1], before)
    handle.remove()

    told = lesson.show_gates(store, (run, 0, *pixel), number).stacks[0].tells

    assert "row 3, column 1" in told
    assert ("It reaches the pixel from the row above" in told) == reaches
    assert ("nothing reads what these gates let through" in told) != reaches
    assert reaches == (number < 3) and "goes on" not in lesson.STORY


def test_on_the_first_row_nothing_comes_from_above_and_the_words_say_so(store):
    vertical, horizontal = lesson.show_gates(store, (run_of(), 0, 0, 3), 1).stacks

    assert vertical.place is None and "nothing of it reaches this pixel" in vertical.tells
    assert horizontal.place == (0, 3)


# — what is sent —


def shown_gates(place=(1, 2)):
    random = np.random.default_rng(0)
    content = random.uniform(-1, 1, (5, 6, 6)).astype(np.float32)
    door = random.uniform(0, 0.5, (5, 6, 6)).astype(np.float32)
    content[2, 0, 0] = 0
    stack = ShownStack("tells", place, np.stack([content, door, content * door], 1), [2, 0])
    return ShownGates("title", 2, (1, 2), np.eye(6, dtype=np.uint8) * 255, (stack, stack)), stack


def test_maps_arrive_within_half_a_step_and_zero_is_zero():
    shown, stack = shown_gates()

    sent = json.loads(gates_payload(shown))

    assert sent["scale"] == pytest.approx(np.abs(stack.maps[[2, 0], 2]).max())
    for channel, number in zip(sent["stacks"][0]["channels"], [2, 0], strict=True):
        assert channel["number"] == number
        for column, (name, low, high) in enumerate(
            [("content", -1, 1), ("door", 0, 1), ("product", -sent["scale"], sent["scale"])]
        ):
            arrived = low + values(channel[name]) / 254 * (high - low)
            error = np.abs(arrived - stack.maps[number, column].ravel()).max()
            assert error <= (high - low) / 254 / 2 + 1e-6, name
    assert values(sent["stacks"][0]["channels"][0]["content"])[0] == 127
    assert (values(sent["picture"]) == shown.picture.ravel()).all()


def test_numbers_are_those_at_the_ring_of_every_channel():
    shown, stack = shown_gates()

    sent = json.loads(gates_payload(shown))["stacks"][0]

    np.testing.assert_allclose(sent["table"], stack.maps[:, :, 1, 2], atol=1e-4)
    assert sent["channels"][0]["values"] == sent["table"][2]


def test_without_a_ring_there_are_no_numbers():
    sent = json.loads(gates_payload(shown_gates(place=None)[0]))["stacks"][0]

    assert sent["place"] is None and sent["table"] is None
    assert sent["channels"][0]["values"] is None


def test_a_layer_of_a_shipped_size_costs_less_than_100_kilobytes():
    maps = np.random.default_rng(0).uniform(0, 1, (32, 3, 28, 28)).astype(np.float32)
    stack = ShownStack("tells " * 40, (1, 2), maps, [3, 1, 4, 5])
    shown = ShownGates("title", 2, (2, 2), np.zeros((28, 28), np.uint8), (stack, stack))

    assert len(gates_payload(shown)) < 100_000


# — the section —


def build_page(store, card):
    with gr.Blocks(analytics_enabled=False) as page:
        choice = gr.Dropdown([each.name for each in store.cards], value=card)
        player = PixelPlayer(label="player", selectable=True)
        lesson.build(store, choice, player, gr.State({}))
    return page


def handlers(page):
    return {event.fn.__name__: event.fn for event in page.fns.values()}


def test_a_model_without_gates_gets_one_sentence(store):
    (maps,) = [
        each for each in build_page(store, "plain").blocks.values() if type(each) is GateMaps
    ]

    told = json.loads(maps.value)
    assert told == {"message": "Tiny plain has one stream and no gates.", "hidden": True}


def test_a_gated_model_invites_to_click(store):
    page = build_page(store, "gated")
    (maps,) = [each for each in page.blocks.values() if type(each) is GateMaps]
    (layer,) = [each for each in page.blocks.values() if type(each) is gr.Slider]

    assert "Click a drawn pixel" in json.loads(maps.value)["message"]
    assert (layer.minimum, layer.maximum, layer.visible) == (1, 3, True)


def click(run, row=2, column=2):
    return gr.EventData(None, {"run": run, "index": [0, row, column]})


def test_a_click_shows_the_gates_of_the_run_s_own_model(store):
    choose = handlers(build_page(store, "plain"))["choose"]

    pixel, slider, shown, standing = choose({"a": run_of()}, 9, click("a"))
    assert pixel == (run_of(), 0, 2, 2)
    assert (slider["maximum"], slider["value"], slider["visible"]) == (3, 3, True)
    assert shown.layer == 3 and standing == pixel

    pixel, slider, told, standing = choose({"b": run_of(card="plain")}, 1, click("b"))
    assert pixel is None and standing is None and slider["visible"] is False
    assert told == absent("Tiny plain has one stream and no gates.")


def test_the_slider_moves_the_layer_and_refuses_others(store):
    move = handlers(build_page(store, "gated"))["move"]

    assert move((run_of(), 0, 2, 2), 2).layer == 2
    assert move(None, 2) == gr.skip()
    for layer in (0, 4, 1.5, None, float("nan")):
        with pytest.raises(gr.Error, match="Layer must be a whole number from 1 to 3"):
            move((run_of(), 0, 2, 2), layer)


def test_a_return_to_the_gated_model_shows_the_chosen_pixel_again(store):
    follow = handlers(build_page(store, "gated"))["follow"]
    chosen = (run_of(), 0, 2, 2)

    assert json.loads(follow("plain", chosen, 2)[1])["hidden"]
    slider, shown, standing = follow("gated", chosen, 2)
    assert shown.layer == slider["value"] == 2 and standing == chosen
    assert "Click" in follow("gated", None, 1)[1]


def test_the_slider_never_brings_back_the_gates_of_a_former_model(tmp_path):
    cards = tiny_card("gated", build=small_gated), tiny_card("other", build=small_gated)
    for card in cards:
        write_checkpoint(tmp_path, card)
    told = handlers(build_page(ModelStore(tmp_path, cards), "gated"))

    *_, standing = told["follow"]("other", (run_of(), 0, 2, 2), 1)

    assert told["move"](standing, 2) == gr.skip()
    *_, standing = told["choose"]({"a": run_of(card="other")}, 1, click("a"))
    assert told["move"](standing, 2).title.startswith("Tiny other · row 2, column 2")


def test_maps_cannot_be_an_input():
    maps = GateMaps(story="", crossing="", stacks=[], channels=4)

    with pytest.raises(gr.Error, match="cannot be sent back"):
        maps.preprocess("{}")
    assert maps.postprocess(None) == "" and maps.postprocess("Hello") == '{"message": "Hello"}'


def test_every_prop_is_an_attribute():
    """One that is missing becomes an event of gradio's if the script names it in quotes."""
    maps = GateMaps(story="story", crossing="crossing", stacks=lesson.STACKS, channels=4)

    for name, value in maps.props.items():
        assert getattr(maps, name) == value, name
