"""The page of the way back: what it runs, what it refuses, what it says."""

import base64
import json
import math
from itertools import product

import gradio as gr
import numpy as np
import pytest
import torch
from diffusion_toys import CLASSES, Counting, tiny_ddpm
from shelved import write_checkpoint
from test_whole_app import assert_plain

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.inference.diffusion import sample
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.trajectory_payload import LARGEST_RUN
from genlab.ui.diffusion import backward, backward_run

NAME, SIDE, TRAINED = "tiny-diffusion", 28, 100
HOSTILE = [None, "x", [], {}, True, math.nan, math.inf, 10**30, -1]
GOOD = {
    "card": NAME, "label": "any", "images": 1, "seed": 3, "steps": 6, "sampler": "ddim",
    "eta": 0.0, "guidance": 1.0,
}  # fmt: skip
every_sampler = pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])


def denoiser_card(name=NAME, data="MNIST, with its classes"):
    return ModelCard(
        name=name, title="Tiny diffusion", family="Diffusion", data=data, source="https://a.b",
        build=lambda: tiny_ddpm(size=(SIDE, SIDE), steps=TRAINED),
    )  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("denoisers")
    card = denoiser_card()
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


def ask(store, **changes):
    return backward_run.read_run(store, *(GOOD | changes).values())


def payload(store, **changes):
    return "".join(backward_run.draw_backward(store, ask(store, **changes), "run"))


def numbers(content):
    return [json.loads(line.split("|")[0]) for line in content.splitlines()[1:]]


def last_guess(content, images):
    """x̂_0 of the last step, (images, SIDE, SIDE)."""
    block = base64.b64decode(content.splitlines()[-1].split("|")[1])
    cells = images * SIDE * SIDE
    triples = np.frombuffer(block[4 * cells : 7 * cells], np.uint8).reshape(-1, 3)
    units = np.pad(triples, ((0, 0), (1, 0))).copy().view("<i4")[:, 0] // 256
    return (units * 2.0**-20).reshape(images, SIDE, SIDE)


# — what it runs —


@every_sampler
@pytest.mark.parametrize("images", backward_run.COUNTS)
def test_the_streamed_end_is_what_the_sampler_gives_offline(store, sampler, images):
    content = payload(store, sampler=sampler, images=images, label="1", guidance=2.0)

    offline = sample(
        store.get(NAME), seed=3, count=images, label=1, steps=6, sampler=sampler, guidance=2.0
    )

    np.testing.assert_allclose(
        (last_guess(content, images) + 1) / 2, offline[:, 0].numpy(), atol=1e-6
    )


@pytest.mark.parametrize(("label", "guidance", "each"), [("any", 1, 4), ("2", 1, 4), ("2", 3, 8)])
def test_the_bill_counts_what_the_network_was_asked(store, label, guidance, each, monkeypatch):
    counted = Counting(store.get(NAME))
    monkeypatch.setattr(ModelStore, "get", lambda self, name: counted)

    bills = numbers(payload(store, label=label, guidance=float(guidance), images=4))

    assert [bill["passes"] for bill in bills] == [1, 2, 3, 4, 5, 6]
    assert [bill["judged"] for bill in bills] == [each * step for step in range(1, 7)]
    assert (counted.passes, counted.images) == (6, 6 * each)
    seconds = [bill["seconds"] for bill in bills]
    assert seconds == sorted(seconds)


def test_steps_are_sent_as_they_are_computed(store, monkeypatch):
    counted = Counting(store.get(NAME))
    monkeypatch.setattr(ModelStore, "get", lambda self, name: counted)
    pieces = backward_run.draw_backward(store, ask(store), "run")

    next(pieces)
    assert counted.passes == 0
    for passes in (1, 2, 3):
        next(pieces)
        assert counted.passes == passes
    pieces.close()


@every_sampler
def test_a_long_run_tells_which_steps_it_sends(store, sampler):
    content = payload(store, steps=TRAINED, sampler=sampler, images=4)

    header = json.loads(content.splitlines()[0])
    assert header["total"] == TRAINED
    assert header["kept"][0] == 1 and header["kept"][-1] == TRAINED
    assert [each["step"] for each in numbers(content)] == header["kept"]
    assert [each["passes"] for each in numbers(content)] == header["kept"]
    assert len(content) < LARGEST_RUN


def test_fifty_steps_of_four_images_are_sent_whole_and_fit(store):
    content = payload(store, steps=50, images=4, sampler="ddpm")

    assert json.loads(content.splitlines()[0])["kept"] == list(range(1, 51))
    assert len(content) < LARGEST_RUN


def test_the_caption_says_how_the_images_came_about(store):
    caption = json.loads(
        payload(store, label="2", guidance=3.0, eta=0.5, images=4).splitlines()[0]
    )["caption"]

    assert caption == (
        "Tiny diffusion · class 2, guidance 3 · seeds 3–6 · 6 steps of 100, DDIM, η 0.5"
    )


def test_the_opening_is_computed_once(store):
    assert backward.draw_opening(store, NAME) is backward.draw_opening(store, NAME)
    assert len(numbers(backward.draw_opening(store, NAME))) == backward.OPENING.steps


# — what it refuses —


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "Steps must be a whole number from 1 to 100"),
        ({"steps": TRAINED + 1}, "Steps must be a whole number from 1 to 100"),
        ({"steps": 2.5}, "Steps must be a whole number"),
        ({"guidance": math.nan}, "Guidance must be a number"),
        ({"guidance": 99.0}, "Guidance must be a number"),
        ({"eta": 1.5}, "η must be a number from 0 to 1"),
        ({"sampler": "euler"}, "The sampler must be one of"),
        ({"images": 9}, "Images must be one of"),
        ({"seed": 2**32 - 1, "images": 4}, "Seed must be a whole number"),
        ({"label": str(CLASSES)}, "The class must be one of"),
        ({"card": "gone"}, "The model must be one of"),
    ],
)
def test_what_the_controls_cannot_send_is_refused(store, changes, message):
    with pytest.raises(InputError, match=message):
        ask(store, **changes)


@pytest.mark.parametrize(
    ("name", "sent"),
    # A guidance of −1 leads away from the class and is allowed.
    [pair for pair in product(GOOD, HOSTILE) if pair != ("guidance", -1)],
)
def test_hostile_values_are_refused(store, name, sent):
    with pytest.raises(InputError):
        ask(store, **{name: sent})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"guidance": 3.0}, "Choose a class, or set guidance to 1"),
        ({"eta": 0.5, "sampler": "ddpm"}, "set η to 0"),
        ({"eta": 0.5, "sampler": "dpm-solver++"}, "set η to 0"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_anything_is_sent(
    store, changes, message
):
    with pytest.raises(InputError, match=message):
        next(backward_run.draw_backward(store, ask(store, **changes), "run"))


# — the page —


def page_of(store, name):
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown([name] if name else [], value=name)
        backward.build(store, card, gr.Dropdown(["any", "0"], value="any"))
    return blocks


def test_every_component_of_the_page_is_plain_data_and_no_two_share_an_id(store):
    components = page_of(store, NAME).blocks.values()

    for each in components:
        if isinstance(each, gr.HTML) and type(each) is not gr.HTML:
            assert_plain(each)
    ids = [each.elem_id for each in components if getattr(each, "elem_id", None)]
    assert len(ids) == len(set(ids)) > 0


def test_a_run_waits_in_the_queue_of_long_work(store):
    runs = [fn for fn in page_of(store, NAME).fns.values() if fn.api_name == "run_backward"]

    assert len(runs) == 1
    assert runs[0].queue and runs[0].concurrency_id == kit.COMPUTE["concurrency_id"]


def test_without_a_trained_model_the_page_says_what_to_train(tmp_path):
    told = [
        each.value
        for each in page_of(ModelStore(tmp_path, ()), None).blocks.values()
        if isinstance(each, gr.Markdown)
    ]

    assert any("python -m train ddpm-mnist" in each for each in told)


def test_the_question_asks_for_what_the_data_show(tmp_path):
    card = denoiser_card("clothes", "Fashion-MNIST, with its classes")
    write_checkpoint(tmp_path, card)

    told = [
        each.value
        for each in page_of(ModelStore(tmp_path, (card,)), "clothes").blocks.values()
        if isinstance(each, gr.Markdown)
    ]

    assert "digit" not in "".join(told) and "Which picture" in "".join(told)


def test_the_question_follows_the_model(tmp_path):
    cards = (denoiser_card(), denoiser_card("clothes", "Fashion-MNIST, with its classes"))
    blocks = page_of(ModelStore(tmp_path, cards), NAME)
    (picker,) = (each for each in blocks.blocks.values() if getattr(each, "value", None) == NAME)

    (follow,) = (fn for fn in blocks.fns.values() if (picker._id, "change") in fn.targets)

    (headline,) = follow.outputs
    assert headline.value == follow.fn(NAME) == backward.QUESTION
    assert follow.fn("clothes") == backward.QUESTION_OF_OTHERS


def test_a_model_of_coloured_images_is_refused(store, monkeypatch):
    coloured = Counting(store.get(NAME))
    coloured.spec = type(coloured.spec)(3, 8, 8)
    monkeypatch.setattr(ModelStore, "get", lambda self, name: coloured)

    with pytest.raises(InputError, match="grey images only"):
        next(backward_run.draw_backward(store, ask(store), "run"))


def test_the_run_does_not_touch_the_global_generator(store):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    payload(store)

    assert torch.equal(torch.rand(3), expected)
