"""Clouds of films, and what a film holds constant: the same codes or images at every moment."""

import io
import json

import numpy as np
import pytest
import torch
from clouded_film import CLASSES, ENDS, clouded_film
from PIL import Image
from tiny_film import tiny_film, write_film

from genlab.core.errors import DataError
from genlab.core.images import image_grid, to_picture
from genlab.core.protocols import ConditionalDecoder, LatentDecoder
from genlab.data import examples
from genlab.films.cloud import cloud_scale, spread
from genlab.films.film import NOTES, film_cards, inputs_sha256, load_film, pixels_sha256
from genlab.films.gif import film_gif, gif_scale
from genlab.store import ModelStore, skeleton
from genlab.ui.canvas.film import film_payload
from genlab.ui.lessons import film as lesson

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from train.recipe import recipes  # noqa: E402

CONSTANT = {
    card: recipe for card, recipe in recipes().items() if recipe.film and recipe.film.inputs
}
CLOUDED = [card for card, recipe in recipes().items() if recipe.cloud]
SHIPPED = [card for card in film_cards() if load_film(card).inputs]


def network(card, seed):
    """The card's network with random weights."""
    torch.manual_seed(seed)
    return ModelStore().card(card).build().eval().requires_grad_(False)


# — the file —


def test_a_cloud_that_is_read_equals_the_one_that_was_written(tmp_path):
    film = write_film(tmp_path, clouded_film(constant="Every picture is the same", inputs="abc"))

    again = load_film("tiny", tmp_path)

    assert again.moments == film.moments
    assert (again.cloud_classes, again.constant) == (CLASSES, "Every picture is the same")
    assert again.inputs == "abc"


def test_a_film_of_before_the_clouds_is_read(tmp_path):
    film = write_film(tmp_path, tiny_film())
    notes = json.loads((tmp_path / "tiny" / NOTES).read_text())
    for name in ("cloud_classes", "constant", "inputs"):
        del notes[name]
    for moment in notes["moments"]:
        del moment["cloud"]
    (tmp_path / "tiny" / NOTES).write_text(json.dumps(notes))

    again = load_film("tiny", tmp_path)

    assert again.moments == film.moments
    assert (again.cloud_classes, again.constant, again.inputs) == ((), "", None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cloud: cloud[:-1],
        lambda cloud: [],
        lambda cloud: [[0.0]] + cloud[1:],
        lambda cloud: [[0.0, float("nan")]] + cloud[1:],
        lambda cloud: [["a", "b"]] + cloud[1:],
        lambda cloud: 3,
    ],
)
def test_a_damaged_cloud_is_reported(tmp_path, spoil):
    write_film(tmp_path, clouded_film())
    notes = json.loads((tmp_path / "tiny" / NOTES).read_text())
    notes["moments"][2]["cloud"] = spoil(notes["moments"][2]["cloud"])
    (tmp_path / "tiny" / NOTES).write_text(json.dumps(notes))

    with pytest.raises(DataError, match="damaged"):
        load_film("tiny", tmp_path)


# — one scale for all moments —


def test_the_scale_holds_the_widest_moment_and_not_its_stragglers():
    random = np.random.default_rng(0)
    clouds = [random.normal(0, size, (100, 2)) for size in (0.01, 1.0, 0.5)]
    clouds[1][7] = (400.0, 0.0)

    scale = cloud_scale(clouds)

    assert 2 < scale.reach < 5
    assert [sum(map(scale.is_beyond, cloud)) for cloud in clouds] == [0, 1, 0]


def test_the_origin_stays_in_the_middle_and_stragglers_on_the_edge():
    scale = cloud_scale([ENDS.tolist()])

    assert scale.place((0, 0)) == (0.5, 0.5)
    assert scale.place((scale.reach, -scale.reach)) == (1, 1)
    assert scale.place((-100, 100)) == (0, 0)
    across, down = scale.place((scale.reach / 2, scale.reach / 2))
    assert (across, down) == (0.75, 0.25), "the second axis points up"


def test_an_untrained_cloud_in_one_point_has_a_scale():
    assert cloud_scale([[[0.0, 0.0]] * 3]).reach > 0


# — what the browser and the GIF get —


def test_the_browser_gets_the_dots_with_their_classes():
    sent = json.loads(film_payload(clouded_film()))

    assert sent["cloud"]["classes"] == ["0", "1", "7", "8"]
    assert sent["cloud"]["kinds"] == [0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose(sent["moments"][-1]["cloud"], ENDS)
    assert sent["cloud"]["beyond"] == [0] * 5
    assert sent["cloud"]["spread"][-1] == "{:.2f} × {:.2f}".format(*spread(ENDS.tolist()))
    assert json.loads(film_payload(tiny_film()))["cloud"] is None


def frames_of(content):
    with Image.open(io.BytesIO(content)) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            yield np.array(gif.convert("L"))


def test_the_gif_shows_each_dot_beside_the_pictures():
    film = clouded_film(ends=3 * ENDS)
    rows, cols = gif_scale(film) * np.array(film.pictures.shape[1:])
    scale = cloud_scale([moment.cloud for moment in film.moments])

    frames = list(frames_of(film_gif(film)))

    for frame, picture, moment in zip(frames, film.pictures, film.moments, strict=True):
        enlarged = picture.repeat(gif_scale(film), axis=0).repeat(gif_scale(film), axis=1)
        np.testing.assert_array_equal(frame[:rows, :cols], enlarged)
        for dot in moment.cloud:
            across, down = scale.place(dot)
            x, y = round(cols + 10 + across * (rows - 20)), round(10 + down * (rows - 20))
            assert frame[y - 6 : y + 7, x - 5 : x + 6].min() < 60, "no dark mark at its place"


# — what stays the same —


def test_the_story_says_what_stays_the_same():
    film = clouded_film(constant="Every picture is decoded from the same codes", inputs="ab" * 32)

    story = lesson.tell(film, "Tiny", None)

    assert "is decoded from the same codes, so only the weights change" in story
    assert "seeds" not in story
    assert "the codes of the same 8 images" in story
    assert "`abababababababab…`" in story


@pytest.mark.parametrize("card", CONSTANT)
def test_the_inputs_of_a_film_do_not_depend_on_the_weights(card):
    inputs = CONSTANT[card].film.inputs

    hashes = {inputs_sha256(inputs(network(card, seed))) for seed in (0, 1)}

    assert hashes == {inputs_sha256(inputs(skeleton(ModelStore().card(card))))}


@pytest.mark.parametrize("card", CONSTANT)
def test_every_picture_is_made_from_the_inputs_alone(card):
    recipe, model = CONSTANT[card], network(card, 2)
    if not isinstance(model, LatentDecoder):
        pytest.skip("its pictures are made from noise: see the tests of its samplers")
    inputs = recipe.film.inputs(model)
    codes = inputs if inputs.dim() == 2 else model.encode(inputs)[0]

    with torch.inference_mode():
        labels = torch.arange(len(codes)) % 10 if isinstance(model, ConditionalDecoder) else None
        assert torch.equal(recipe.preview(model), model.decode(codes, labels))
    assert len(inputs) == len(recipe.film.seeds)
    assert str(len(inputs)) in recipe.film.constant


def test_another_code_has_another_hash():
    codes = torch.zeros(16, 2)
    other = codes.clone()
    other[3, 1] = 1e-6

    assert inputs_sha256(codes) != inputs_sha256(other)
    assert inputs_sha256(codes) == inputs_sha256(codes.double())


@pytest.mark.parametrize("card", CLOUDED)
def test_every_dot_has_the_class_of_its_image(card):
    recipe = recipes()[card]
    shipped = examples(recipe.data)

    names = recipe.film.cloud_classes()

    assert names == tuple(shipped.classes[label] for label in shipped.labels)
    assert recipe.cloud(network(card, 0)).shape == (len(names), 2)


@pytest.mark.parametrize("card", CLOUDED)
def test_a_dot_is_the_code_of_its_image(card):
    recipe, model = recipes()[card], network(card, 0)
    images = examples(recipe.data).images / 255

    with torch.inference_mode():
        expected = torch.cat([model.encode(image)[0] for image in images.split(1)])

    torch.testing.assert_close(recipe.cloud(model), expected, atol=1e-4, rtol=1e-4)


# — what is shipped —


@pytest.mark.parametrize("card", SHIPPED)
def test_a_shipped_film_ends_with_what_its_weights_make_of_its_inputs(card):
    film, store, recipe = load_film(card), ModelStore(), recipes()[card]
    assert film.inputs == inputs_sha256(recipe.film.inputs(skeleton(store.card(card))))
    if film.weights is None or film.weights != store.card_file(card).sha256:
        pytest.skip("the page's weights are not the film's last ones")

    model = store.get(card)

    drawn = to_picture(image_grid(recipe.preview(model)))[0].numpy()
    # Another processor may round a grey the other way.
    np.testing.assert_allclose(drawn.astype(int), film.pictures[-1].astype(int), atol=1)
    assert pixels_sha256(film.pictures[-1]) == film.moments[-1].sha256
    if recipe.cloud:
        np.testing.assert_allclose(recipe.cloud(model), film.moments[-1].cloud, atol=2e-3)
