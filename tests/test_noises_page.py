"""The page of noises without a browser: ways from one to another, a picture's own noise."""

import math

import gradio as gr
import numpy as np
import pytest
import torch
from diffusion_toys import Counting, GaussianDenoiser
from same_noise_shelf import CARD, HOSTILE, declare, noise_store

from genlab.core.errors import InputError
from genlab.core.noise_schedule import cosine_schedule
from genlab.inference.diffusion import sample
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.grid import to_hex
from genlab.ui.diffusion import inversion_views, noises, noises_views

STEPS = 5
DRAWING = to_hex(np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return noise_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def handlers(store):
    return declare(noises, store)[1]


def finish(pieces):
    """What a run returns at its end."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


# — between two noises —


def test_both_ways_lead_from_one_seeds_noise_to_the_others(store):
    model = store.get(CARD)
    ways = noises_views.ways_between(model, (3, 8))

    for way in (ways.arc, ways.line):
        assert way.shape == (9, *model.spec.shape)
        for place, seed in ((0, 3), (-1, 8)):
            torch.testing.assert_close(way[place], ImageNoise(model.spec, seed, 1).draw()[0])


def test_the_line_loses_half_of_the_variance_in_the_middle_and_the_arc_none(store):
    ways = noises_views.ways_between(store.get(CARD), (3, 8))

    arc, line = (torch.tensor(each) for each in ways.spreads)
    assert arc.sub(1).abs().max() < 0.06
    assert line[4] ** 2 == pytest.approx(0.5, abs=0.05)
    assert line.argmin() == 4


def test_the_pictures_of_the_way_are_those_of_its_noises(store):
    model = store.get(CARD)
    ways = noises_views.ways_between(model, (3, 8))

    drawn = finish(noises_views.draw_ways(model, ways, STEPS, 1))

    for way in drawn:
        for place, seed in ((0, 3), (-1, 8)):
            wanted = sample(model, seed=seed, count=1, label=1, steps=STEPS)[0]
            torch.testing.assert_close(way[place], wanted, atol=1e-5, rtol=0)
    assert not torch.allclose(drawn[0, 4], drawn[1, 4], atol=1e-3)


@pytest.mark.parametrize("seeds", [(3, 8), (0, 1), (5, 5), (0, 0)])
def test_the_words_call_a_noise_unknown_only_where_none_drawn_is_as_quiet(store, seeds):
    model = store.get(CARD)
    ways = noises_views.ways_between(model, seeds)
    drawn = ImageNoise(model.spec, 100, 500).draw().flatten(1).std(dim=1)
    is_quiet = ways.spreads[1][noises_views.PICTURES // 2] < drawn.min()

    told = noises_views.describe_ways(ways)

    assert ("was never shown" in told) == is_quiet
    assert ("Noises of this strength are drawn" in told) == (not is_quiet)


def test_the_page_shows_three_rows_and_how_weak_the_noise_becomes(handlers):
    *before, (strip, words) = handlers["draw"](CARD, "any", 3, 8, STEPS)

    assert before[-1][1] == f"step {STEPS} of {STEPS}"
    assert [row.name for row in strip.rows] == list(noises_views_names())
    ends = [row.pictures[[0, -1]] for row in strip.rows]
    torch.testing.assert_close(ends[0], ends[2])
    assert "0.00" not in strip.captions[4] and "on the line" in strip.captions[4]
    assert "of the variance" in words


def noises_views_names():
    return noises_views.ARC, noises_views.LINE, noises_views.PIXELS


@pytest.mark.parametrize(("label", "told"), [("any", "any class"), ("1", "class 1")])
def test_every_picture_of_the_way_says_what_it_was_drawn_by(handlers, label, told):
    *_, (strip, _) = handlers["draw"](CARD, label, 3, 8, STEPS)

    named = f"Tiny {CARD} · {told} · DDIM, {STEPS} steps · seeds 3 and 8 · "
    assert all(each.startswith(named) for each in strip.captions)


@pytest.mark.parametrize("sent", HOSTILE)
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_the_ways_refuse_what_the_page_does_not_offer(handlers, place, sent):
    inputs = [CARD, "1", 0, 1, STEPS]
    inputs[place] = sent

    with pytest.raises(gr.Error, match="must|no model"):
        list(handlers["draw"](*inputs))


# — a picture's own noise —


def picture():
    """(1, 1, 8, 8) that the Gaussian model finds likely."""
    values = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return ((0.2 + 0.25 * values).clamp(-1, 1) + 1) / 2


def travel(model, *, steps=STEPS, guesses=3, label=None, image=None):
    image = picture() if image is None else image
    return finish(inversion_views.travel(model, image, steps=steps, guesses=guesses, label=label))


def test_the_noise_found_is_the_one_that_the_exact_flow_leads_to():
    model = GaussianDenoiser(cosine_schedule(1000), std=0.25)
    last = model.schedule.steps - 1

    journey = travel(model, steps=200)

    exact = model.flow(2 * picture().double() - 1, -1, last)
    torch.testing.assert_close(journey.x_T, exact, atol=0.05, rtol=0.02)


def test_the_error_falls_with_more_steps_and_with_more_guesses():
    model = GaussianDenoiser(cosine_schedule(1000), std=0.25)

    by_steps = [travel(model, steps=steps).error for steps in (4, 10, 40)]
    by_guesses = [travel(model, guesses=guesses).error for guesses in (1, 3)]

    assert by_steps == sorted(by_steps, reverse=True)
    assert by_steps[-1] < 0.1 * by_steps[0]
    assert by_guesses[1] < by_guesses[0]


def test_the_error_is_the_root_mean_square_of_a_pixel():
    image, other = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    other[..., 0, 0] = 1

    journey = inversion_views.Journey(image, torch.randn(1, 1, 4, 4), other, 4, 16)

    assert journey.error == pytest.approx(0.25)


@pytest.mark.parametrize("guesses", [1, 3])
def test_passes_are_those_that_the_network_made(guesses):
    model = Counting(GaussianDenoiser(cosine_schedule(100)))

    assert travel(model, guesses=guesses).passes == model.passes


def test_the_class_is_asked_for_on_both_ways():
    model = GaussianDenoiser(cosine_schedule(1000), std=0.25)

    plain, told = travel(model, steps=40, label=0), travel(model, steps=40, label=1)

    assert (plain.x_T - told.x_T).abs().min() > 0.5  # class 1 is brighter by 1
    assert told.error < 0.01


def test_real_noise_strays_in_nothing_and_others_where_they_differ():
    noise = ImageNoise(GaussianDenoiser(cosine_schedule(10), side=28).spec, 0, 1).draw()
    smooth = torch.nn.functional.avg_pool2d(noise, 3, stride=1, padding=1)

    halves = noise * torch.linspace(0.2, 1.5, 28)  # quiet on the left, loud on the right

    def strays(of):
        return " and ".join(inversion_views.read_noise(of / of.std()).strays)

    assert strays(noise) == ""
    assert inversion_views.read_noise(noise + 0.3).strays == ["the mean"]
    assert inversion_views.read_noise(noise * 0.8).strays == ["the standard deviation"]
    assert "the correlation of neighbours" in strays(smooth)
    assert strays(halves) == "that of their squares, so there are quiet and loud areas"


def test_of_noises_that_are_drawn_hardly_one_is_called_too_far_for_chance():
    drawn = ImageNoise(GaussianDenoiser(cosine_schedule(10), side=28).spec, 0, 400).draw()

    called = [each for each in drawn if inversion_views.read_noise(each[None]).strays]

    assert len(called) < 0.03 * len(drawn)


def test_the_page_shows_what_came_back_and_keeps_the_measurements(handlers):
    *_, (kept, _) = handlers["invert"](CARD, "1", DRAWING, 4, 3, [])
    *_, (more, _) = handlers["invert"](CARD, "1", DRAWING, 8, 3, kept)
    *_, (fewer, _) = handlers["invert"](CARD, "2", DRAWING, 4, 1, more)
    panels, table, words = handlers["show"](CARD, "1", DRAWING, kept)
    _, longer, _ = handlers["show"](CARD, "1", DRAWING, more)
    _, other, _ = handlers["show"](CARD, "2", DRAWING, fewer)

    drawing = np.frombuffer(bytes.fromhex(DRAWING), np.uint8).reshape(28, 28) / 255
    regained, difference = panels[2].values, panels[3].values
    np.testing.assert_allclose(regained - difference, drawing, atol=1e-6)
    error = inversion_views.percent(float(np.sqrt(np.mean(difference.astype(np.float64) ** 2))))
    assert f"| 4 | 16 | {error} |" in table and error in words
    assert "| 4 | 16 |" in longer and "| 8 | 32 |" in longer and len(more) == 2
    assert (
        "| 4 | 8 |" in other and "| 8 |" not in other.replace("| 4 | 8 |", "") and len(fewer) == 1
    )


@pytest.mark.parametrize("other", [("other", "1", DRAWING), (CARD, "2", DRAWING), (CARD, "1", "")])
def test_nothing_is_shown_of_another_picture_class_or_model_when_a_run_ends(handlers, other):
    *_, (kept, _) = handlers["invert"](CARD, "1", DRAWING, 4, 3, [])

    panels, table, words = handlers["show"](*other, kept)  # chosen while it ran, or later

    assert len(panels) == 1, "the drawn noise stays"
    assert table == inversion_views.table_of([])
    assert "yet" in words and "error" not in words


def test_what_a_run_found_is_shown_by_what_is_asked_at_its_end(store):
    blocks, _ = declare(noises, store)
    by_name = {each.name: each for each in blocks.fns.values()}
    run = next(id for id, each in blocks.fns.items() if each.name == "invert")

    after = [each for each in blocks.fns.values() if each.trigger_after == run]

    assert by_name["show"].name in [each.name for each in after if each.trigger_only_on_success]
    assert {each.get_block_name() for each in by_name["invert"].outputs} == {"state", "markdown"}


def test_no_more_measurements_are_kept_than_the_table_shows(handlers):
    kept = []
    for _ in range(inversion_views.KEPT + 2):
        *_, (kept, _) = handlers["invert"](CARD, "1", DRAWING, 4, 1, kept)

    assert len(kept) == inversion_views.KEPT


def test_a_model_of_another_size_is_refused():
    model = GaussianDenoiser(cosine_schedule(100), side=8)

    with pytest.raises(InputError, match="Choose another model"):
        travel(model, image=torch.zeros(1, 1, 28, 28))


@pytest.mark.parametrize("place", [0, 1, 3, 4])
@pytest.mark.parametrize("sent", HOSTILE)
def test_the_way_back_refuses_what_the_page_does_not_offer(handlers, place, sent):
    inputs = [CARD, "1", DRAWING, 4, 3, []]
    inputs[place] = sent

    with pytest.raises(gr.Error, match="must|no model"):
        list(handlers["invert"](*inputs))


@pytest.mark.parametrize("sent", ["0", "zz" * 784, "00" * 785, 7, [], {}])
def test_a_drawing_that_is_none_is_refused(handlers, sent):
    with pytest.raises(gr.Error, match="did not arrive whole"):
        list(handlers["invert"](CARD, "1", sent, 4, 3, []))


@pytest.mark.parametrize("sent", [3, 101, math.inf])
def test_the_way_up_needs_four_steps(handlers, sent):
    with pytest.raises(gr.Error, match="Steps must be a whole number from 4 to 100"):
        list(handlers["invert"](CARD, "1", DRAWING, sent, 3, []))


@pytest.mark.parametrize(
    ("run", "sent", "remedy"),
    [
        ("draw", (CARD, "1", 0, 1, STEPS), "Choose fewer steps\\."),
        ("invert", (CARD, "1", DRAWING, STEPS, 3, []), "Choose fewer steps or guesses\\."),
    ],
)
def test_a_run_that_takes_too_long_names_a_remedy_that_the_page_has(
    handlers, monkeypatch, run, sent, remedy
):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(gr.Error, match=rf"stopped after a minute.*stays\. {remedy}"):
        list(handlers[run](*sent))


def test_without_a_model_the_page_says_how_to_train_one(tmp_path):
    blocks, _ = declare(noises, ModelStore(tmp_path, ()))

    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train ddpm-mnist" in text for text in texts)
