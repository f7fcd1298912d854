"""The training film of the card that a page shows: how its pictures came to be what they are."""

from pathlib import Path
from typing import Literal

import gradio as gr

from genlab.core.errors import CheckpointError, GenLabError
from genlab.films.film import FILMS, Film, film_cards, load_film
from genlab.films.gif import film_gif
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import FilmPlayer
from genlab.ui.canvas.film import gif_file


def build(store: ModelStore, card: gr.Dropdown, *, films: Path = FILMS) -> None:
    """Declare the folded part; it follows the page's choice of card.

    Args:
        films: holds a folder for each card with a film.
    """
    story, film = _story_and_film(store, card.value, films)
    with gr.Accordion("Training film", open=False):
        words = gr.Markdown(story)
        player = FilmPlayer(
            film,
            label="What the network drew during its training",
            visible=_visible(film),
            elem_id="training-film",
        )

    @kit.readable_errors
    def follow(name: str) -> tuple[str, dict]:
        story, film = _story_and_film(store, name, films)
        return story, gr.update(value=film, visible=_visible(film))

    @kit.readable_errors
    def make_gif(event: gr.EventData) -> dict:
        asked = event._data if isinstance(event._data, dict) else {}
        name = kit.choice(asked.get("film"), "Film", tuple(film_cards(films)))
        return gr.update(gif_file=gif_file(name, film_gif(load_film(name, films))))

    card.change(follow, card, [words, player], show_progress="hidden",
                trigger_mode="always_last", api_visibility="private",
                preprocess=False)  # fmt: skip
    player.save_gif(make_gif, None, player, show_progress="hidden",
                    api_visibility="private", **kit.COMPUTE)  # fmt: skip


def _story_and_film(store: ModelStore, name: str | None, films: Path) -> tuple[str, Film | None]:
    """What stands above the film, and the film where there is a whole one."""
    if name is None:
        return "There is no film before a model is trained.", None
    title = store.card(name).title
    if name not in film_cards(films):
        return f"There is no training film of {title}.", None
    try:
        film = load_film(name, films)
    except GenLabError as error:
        return str(error), None
    return tell(film, title, _page_weights(store, name)), film


def _visible(film: Film | None) -> Literal[True, "hidden"]:
    return True if film is not None else "hidden"


def _page_weights(store: ModelStore, name: str) -> str | None:
    try:
        return store.card_file(name).sha256
    except CheckpointError:
        return None


def tell(film: Film, title: str, page_weights: str | None) -> str:
    """What the film shows and where it comes from.

    Args:
        page_weights: sha256 of the checkpoint with which the page draws.
    """
    last = film.moments[-1]
    start = "random weights"
    if film.init_from is not None:
        start = f"a checkpoint that had {film.earlier_steps:,} steps of training behind it"
    unit = " One nat is 1.44 bits." if film.unit.startswith("nats") else ""
    return (
        f"**{title}** learns: {len(film.moments)} moments from {start} to step {last.step:,}, "
        f"{last.time} of training. {_constant(film)}, so only the weights change.{_dots(film)} "
        f"{_end(film, page_weights)}{unit}\n\nTrained with `{film.command}`{_checksum(film)}"
    )


def _end(film: Film, page_weights: str | None) -> str:
    if film.weights is not None and film.weights == page_weights:
        return "The page above draws with the film's last weights."
    return "The page above draws with other weights than the film's last ones."


def _dots(film: Film) -> str:
    if not film.cloud_classes:
        return ""
    return f" The dots are the codes of the same {len(film.cloud_classes)} images at each moment."


def _checksum(film: Film) -> str:
    return f" · sha256 of what stays the same: `{film.inputs[:16]}…`" if film.inputs else ""


def _constant(film: Film) -> str:
    """What all pictures have in common."""
    if film.constant:
        return film.constant
    seeds = f"Every picture is drawn from the seeds {film.seeds[0]} to {film.seeds[-1]}"
    if not film.classes:
        return seeds
    rows = [
        " ".join(film.classes[start : start + film.columns])
        for start in range(0, len(film.classes), film.columns)
    ]
    return f"{seeds}, with the classes {' · '.join(rows)} row by row"
