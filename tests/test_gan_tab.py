"""The GAN page without a browser: grids, opinions, rounds that keep their secret, the critic."""

import base64
import inspect
import io
import json
import math

import gradio as gr
import numpy as np
import pytest
import torch
from adversarial_shelf import CLASSES, PLAIN, TOLD, gan_store
from PIL import Image
from shelved import tiny_card
from test_whole_app import assert_plain

from genlab.analysis.critic import opinions, score_gradient
from genlab.analysis.diversity import mean_pairwise_distance
from genlab.core.errors import InputError
from genlab.core.images import to_picture
from genlab.inference.prior_samples import sample
from genlab.inference.real_or_generated import LabelledPictures, generate, mix, some_of
from genlab.store import ModelStore
from genlab.ui.adversarial import classes, critic, grid, guess
from genlab.ui.adversarial.opinions import in_words, percent
from genlab.ui.canvas.judged import JudgedSheet
from genlab.ui.latent import codes
from genlab.ui.tabs import gan as tab

NAMES = [PLAIN, TOLD, f"{TOLD}/1"]
HOSTILE = [None, True, "x", math.nan, -1, 2**32, 0.5, [], {}]
BAD_MARKS = ["[1]", '{"Marked": [12]}', '{"Marked": [1, 1]}', '{"Marked": ["1"]}', "{", 3]
BAD_MARKS += ['{"Real": [1]}', '{"Marked": [-1]}', '{"Marked": [true]}', "[" * 5000]
SIDE = 28


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return gan_store(tmp_path_factory.mktemp("cards"))


def cut(address, rows, cols):
    """The pictures of a sheet, (rows · cols, 28, 28) uint8."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    sheet = np.array(Image.open(io.BytesIO(content)))
    return sheet.reshape(rows, SIDE, cols, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def bytes_of(images):
    return to_picture(images)[:, 0].numpy()


# — the grid —


@pytest.mark.parametrize("name", NAMES)
def test_the_grid_is_what_the_sampler_draws_for_the_seed(store, name):
    card, label = classes.split(store, name)

    shown = grid.draw(store, name, 7)[0]

    expected = sample(store.get(card), seed=7, count=grid.COUNT, label=label)
    found = cut(shown["sheet"], grid.ROWS, grid.COLS)
    assert np.array_equal(found, bytes_of(expected))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_the_same_grid_in_another_session_whatever_was_drawn_between(
    tmp_path, store, name
):
    first = grid.draw(store, name, 3, True, 0.7)
    torch.manual_seed(99)
    grid.draw(store, name, 4)

    assert grid.draw(store, name, 3, True, 0.7) == first
    assert grid.draw(gan_store(tmp_path), name, 3, True, 0.7) == first


@pytest.mark.parametrize("name", NAMES)
def test_under_each_picture_stands_the_critic_s_opinion_of_it(store, name):
    card, label = classes.split(store, name)
    images = sample(store.get(card), seed=2, count=grid.COUNT, label=label)
    labels = None
    if card == TOLD:
        labels = torch.arange(grid.COUNT) % CLASSES if label is None else torch.full((16,), label)

    told = grid.draw(store, name, 2)[0]["opinions"]

    expected = store.get(card).score(images, labels).sigmoid()
    assert [each["share"] for each in told] == pytest.approx(expected.tolist(), abs=1e-4)
    for each in told:
        assert each["note"] == f"{in_words(each['share'])}, {percent(each['share'])}"


def test_a_grid_of_all_classes_names_them_in_order(store):
    told = grid.draw(store, TOLD, 0)[0]["opinions"]

    assert [each["title"] for each in told[:4]] == ["0", "1", "2", "0"]


@pytest.mark.parametrize("name", [PLAIN, f"{TOLD}/1"])
def test_without_truncation_the_threshold_means_nothing_and_a_tiny_one_makes_all_alike(store, name):
    free = grid.draw(store, name, 0, False, 0.1)
    tight = cut(grid.draw(store, name, 0, True, 0.1)[0]["sheet"], grid.ROWS, grid.COLS)
    loose = cut(free[0]["sheet"], grid.ROWS, grid.COLS)

    assert free == grid.draw(store, name, 0)
    spread = [pictures.astype(float).std(axis=0).mean() for pictures in (tight, loose)]
    assert spread[0] < 0.5 * spread[1]


def test_the_price_of_truncation_is_measured_on_the_pictures_of_the_grid(store):
    words = grid.draw(store, PLAIN, 0, True, 0.5)[2]
    now, whole = (
        mean_pairwise_distance(sample(store.get(PLAIN), seed=0, count=16, truncation=each))
        for each in (0.5, None)
    )

    assert f"{100 * now:.1f} %" in words and f"{100 * whole:.1f} %" in words
    assert f"costs {100 * (1 - now / whole):.0f} %" in words
    assert "costs none" in grid.describe("x", 0, 1.0, 0.3, 0.2)


def test_the_real_row_is_of_test_pictures_and_of_the_class(store):
    shown = cut(grid.draw(store, f"{TOLD}/1", 0)[1]["sheet"], 1, grid.COLS)
    ones = bytes_of(codes.example_images(store, TOLD))[codes.examples_of(store, TOLD).labels == 1]

    places = [int((ones == each).all(axis=(1, 2)).argmax()) for each in shown]
    assert all((ones[place] == each).all() for place, each in zip(places, shown, strict=True))
    assert len(set(places)) == grid.COLS


@pytest.mark.parametrize("sent", HOSTILE)
def test_the_grid_refuses_what_its_controls_cannot_send(store, sent):
    with pytest.raises(InputError, match="Seed"):
        grid.draw(store, PLAIN, sent)
    with pytest.raises(InputError, match="Threshold" if sent != 0.5 else "Truncation"):
        grid.draw(store, PLAIN, 0, True if sent != 0.5 else 1, sent)


@pytest.mark.parametrize("name", ["digits", "codeless"])
def test_a_model_without_generator_and_critic_is_refused(store, name):
    with pytest.raises(InputError, match="Choose another model"):
        grid.draw(store, name, 0)


def test_words_and_percents_follow_the_opinion():
    shares = [0.001, 0.05, 0.3, 0.48, 0.5, 0.6, 0.95, 1.0]

    words = [in_words(each) for each in shares]

    assert words == [
        *("surely generated", "surely generated", "rather generated", "undecided", "undecided"),
        *("rather real", "surely real", "surely real"),
    ]
    assert [percent(each) for each in (0.001, 0.3, 0.999, 0.0)] == [
        "< 1 %",
        "30 %",
        "> 99 %",
        "0 %",
    ]


# — guess which is real —


@pytest.mark.parametrize("name", NAMES)
def test_a_round_mixes_real_test_pictures_with_generated_ones(store, name):
    real = classes.real_pictures(store, name)

    for seed in range(20):
        dealt = guess.Round(name, seed)
        found = guess.mixture_of(store, dealt)
        is_shipped = [
            (real.images == image).flatten(1).all(dim=1).any() for image in found.pictures.images
        ]
        assert [bool(each) for each in is_shipped] == found.is_real.tolist()
        assert 4 <= found.is_real.sum() <= 8


def test_real_pictures_stand_anywhere_in_a_round(store):
    rounds = [guess.mixture_of(store, guess.Round(PLAIN, seed)).is_real for seed in range(100)]

    share = torch.stack(rounds).float().mean(dim=0)
    assert share.min() > 0.3 and share.max() < 0.7


def test_each_picture_of_a_round_keeps_its_own_class(store):
    found = guess.mixture_of(store, guess.Round(TOLD, 5))
    examples = codes.examples_of(store, TOLD)
    images = codes.example_images(store, TOLD)

    for image, label, is_real in zip(
        found.pictures.images, found.pictures.labels, found.is_real, strict=True
    ):
        if is_real:
            place = (images == image).flatten(1).all(dim=1).int().argmax()
            assert examples.labels[place] == label


def test_generated_pictures_of_a_round_are_decoded_as_their_classes():
    class Echo:
        latent_dim, classes = 2, 10

        def sample_prior(self, count, generator):
            return torch.randn(count, 2, generator=generator)

        def decode(self, z, labels=None):
            return (100 + labels).float()[:, None, None, None].expand(-1, 1, 2, 2)

    real = LabelledPictures(torch.zeros(30, 1, 2, 2), torch.arange(30) % 10)

    mixed = mix(Echo(), real, seed=1, count=12)

    drawn = mixed.pictures.images[~mixed.is_real, 0, 0, 0]
    assert torch.equal(drawn, 100.0 + mixed.pictures.labels[~mixed.is_real])


@pytest.mark.parametrize("name", NAMES)
def test_before_reveal_nothing_that_is_sent_depends_on_the_truth_but_the_pixels(
    store, name, monkeypatch
):
    dealt = guess.Round(name, 11)
    honest = guess.show_round(store, dealt)
    found = guess.mixture_of(store, dealt)
    lying = type(found)(found.pictures, ~found.is_real)
    monkeypatch.setattr(guess, "mixture_of", lambda *_: lying)

    assert guess.show_round(store, dealt) == honest
    assert set(honest) == {"value", "sheet", "opinions", "__type__"}
    assert honest["value"] == [] and honest["opinions"] == []
    assert str(dealt.seed) not in json.dumps({**honest, "sheet": ""})


def test_the_page_s_settings_hold_no_round(store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(store)

    sheets = [
        each for each in blocks.blocks.values() if getattr(each, "elem_id", "") == "gan-guess"
    ]
    assert len(sheets) == 1
    assert sheets[0].get_config()["props"]["opinions"] == []
    assert not any("value" in each.get_config() for each in blocks.blocks.values()
                   if isinstance(each, gr.State))  # fmt: skip


def test_a_round_cannot_be_foreseen(store):
    torch.manual_seed(0)
    first = guess.deal(store, PLAIN).seed
    torch.manual_seed(0)

    assert guess.deal(store, PLAIN).seed != first
    assert "secrets" in inspect.getsource(guess.deal)


@pytest.mark.parametrize("name", NAMES)
def test_reveal_tells_the_truth_and_scores_visitor_and_critic(store, name):
    dealt = guess.Round(name, 3)
    found = guess.mixture_of(store, dealt)
    shares = opinions(classes.generator_of(store, name), *vars(found.pictures).values())
    reals = found.is_real.nonzero().flatten().tolist()
    marked = reals[1:]  # one is missed

    told, words, after, tally = guess.reveal(store, dealt, marked, guess.Tally(12, 6, 5))

    critic_right = int(((shares > 0.5) == found.is_real).sum())
    assert [each["title"] == "real" for each in told["opinions"]] == found.is_real.tolist()
    assert [each["mark"] for each in told["opinions"]].count("wrong") == 1
    assert told["opinions"][reals[0]]["mark"] == "wrong"
    assert tally == guess.Tally(24, 6 + 11, 5 + critic_right)
    assert f"You: 11 of 12. The critic: {critic_right} of 12" in words
    assert after.is_revealed and after.seed == dealt.seed


def test_a_round_counts_once_and_an_unknown_one_never(store):
    revealed = guess.Round(PLAIN, 3, is_revealed=True)

    for dealt in (revealed, None):
        with pytest.raises(InputError, match="Press Next round"):
            guess.reveal(store, dealt, [], guess.Tally())


def test_a_round_needs_enough_real_pictures(store):
    few = LabelledPictures(torch.zeros(3, 1, SIDE, SIDE), None)

    with pytest.raises(InputError, match="real pictures"):
        mix(store.get(PLAIN), few, seed=0, count=12)


@pytest.mark.parametrize("sent", BAD_MARKS, ids=lambda sent: str(sent)[:20])
def test_marks_that_are_none_are_refused_with_a_remedy(sent):
    sheet = JudgedSheet(label="A sheet", rows=2, cols=6, verb="real")

    with pytest.raises(gr.Error, match="Mark a picture again"):
        sheet.preprocess(sent)
    assert sheet.preprocess('{"Marked": [0, 11]}') == [0, 11]
    assert sheet.preprocess(None) == []


# — the critic —


@pytest.mark.parametrize(("name", "place"), [(PLAIN, 3), (TOLD, 2), (f"{TOLD}/1", 5), (TOLD, 12)])
def test_the_map_is_the_gradient_of_the_chosen_picture_as_a_share_of_its_largest(
    store, name, place
):
    drawn, real = critic.dealt(store, name, 6)
    shown = (drawn, real)[place // critic.COLS]
    labels = None if shown.labels is None else shown.labels[[place % critic.COLS]]
    image = shown.images[[place % critic.COLS]]

    panels, words = critic.look(store, name, 6, place, 0.25)

    scores, gradient = score_gradient(classes.generator_of(store, name), image, labels)
    largest = gradient.abs().max()
    expected = (gradient / largest)[0, 0].numpy()
    np.testing.assert_allclose(panels[1].values, expected, atol=1e-6)
    assert f"{largest.item():.3g}" in panels[1].note
    assert np.array_equal(panels[0].values, image[0, 0].numpy())
    moved = (image + 0.25 * gradient / largest).clamp(0, 1)
    after = classes.generator_of(store, name).score(moved, labels).item()
    np.testing.assert_allclose(panels[2].values, moved[0, 0].numpy(), atol=1e-6)
    assert f"**{after:+.2f}**".replace("-", "−") in words


def test_the_critic_s_sheet_shows_generated_pictures_above_real_ones(store):
    shown = cut(critic.show_sheet(store, TOLD, 4)["sheet"], 2, critic.COLS)

    drawn = generate(store.get(TOLD), seed=4, count=critic.COLS)
    real = some_of(classes.real_pictures(store, TOLD), seed=4, count=critic.COLS)
    assert np.array_equal(shown[: critic.COLS], bytes_of(drawn.images))
    assert np.array_equal(shown[critic.COLS :], bytes_of(real.images))


@pytest.mark.parametrize("sent", HOSTILE)
def test_the_critic_s_page_refuses_what_its_controls_cannot_send(store, sent):
    with pytest.raises(InputError, match="Seed"):
        critic.look(store, PLAIN, sent, 0, 0.1)
    if sent not in (-1, 0.5):
        with pytest.raises(InputError, match="Step"):
            critic.look(store, PLAIN, 0, 0, sent)


def test_no_step_leaves_picture_and_score(store):
    panels, words = critic.look(store, PLAIN, 0, 0, 0)

    assert np.array_equal(panels[0].values, panels[2].values)
    assert panels[0].note == panels[2].note
    assert "stays as it is" in words and "takes it" not in words


# — the page —


def test_only_generators_with_a_critic_are_offered(store):
    assert {card.name for card in tab.offered_cards(store)} == {PLAIN, TOLD}


def test_without_a_trained_card_the_page_says_what_to_train(tmp_path):
    empty = ModelStore(tmp_path, (tiny_card("untrained"),))

    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(empty)
    tab.warm_up(empty)

    told = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train cgan-mnist" in each for each in told)


def test_the_class_picker_offers_the_network_s_classes_or_stays_in_place(store):
    plain, told = (classes._offered(store, name) for name in (PLAIN, TOLD))

    assert not plain["interactive"] and [value for _, value in plain["choices"]] == [classes.ALL]
    assert [value for _, value in told["choices"]] == [classes.ALL, *range(CLASSES)]


def test_every_component_of_the_page_is_plain_data_and_no_two_share_an_id(store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(store)
    components = blocks.blocks.values()

    for each in components:
        if isinstance(each, gr.HTML) and type(each) is not gr.HTML:
            assert_plain(each)
    ids = [each.elem_id for each in components if getattr(each, "elem_id", None)]
    assert len(ids) == len(set(ids))
