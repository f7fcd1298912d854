"""FilmPlayer: watch a network learn, from the pictures and the validation curve of its training.

The whole film is sent once, 50 to 200 kB; scrubbing asks nothing of the server. A GIF of it is made
on demand, since few visitors want one.
"""

import base64
import json
from typing import Any, Literal

from genlab.films.cloud import cloud_scale, spread
from genlab.films.curve import curve_scale
from genlab.films.film import Film
from genlab.ui.canvas.component import CanvasComponent


class FilmPlayer(CanvasComponent):
    """Plays a `Film`; None empties it.

    Event: `save_gif` (`gr.EventData` with `film`, the card's name), to be answered with
    `gr.update(gif_file=gif_file(card, content))`, which the browser saves. It is never an event's
    input.
    """

    VALUE = "JSON: moments, and the sheet of all pictures"

    def __init__(
        self,
        value: Film | None = None,
        *,
        label: str,
        size: int = 576,
        gif_file: str = "",
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a player.

        Args:
            label: names the pictures for screen readers.
            size: width of the stage in CSS pixels where there is room; its height is 4/5 of it.
                With a cloud, pictures and cloud are squares that share the room.
            gif_file: what `gif_file` made, in an update.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="film",
            scripts=(
                "marks",
                "class_marks",
                "plane_axes",
                "moments",
                "film_cloud",
                "film_curve",
                "film",
            ),
            styles=("class_marks", "film"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=4,
            cols=5,
            size=size,
            gif_file=gif_file,
        )

    def postprocess(self, value: Film | None) -> str:
        """What film.js reads; "" for none."""
        return "" if value is None else film_payload(value)


def film_payload(film: Film) -> str:
    """A film as JSON: the sheet as a data URL, the moments as the page words them."""
    scale = curve_scale([moment.validation for moment in film.moments])
    _, rows, cols = film.pictures.shape
    return json.dumps(
        {
            "key": film.card,
            "rows": rows,
            "cols": cols,
            "unit": film.unit,
            "figure": f"{film.figure[0].upper()}{film.figure[1:]}; lower is better.",
            "scale": {"low": scale.low, "high": scale.high, "ticks": scale.ticks},
            "moments": [
                {
                    "step": f"{moment.step:,}",
                    "time": moment.time,
                    "value": f"{moment.validation:.{2 if abs(moment.validation) >= 1 else 4}f}",
                    "validation": moment.validation,
                    "cloud": moment.cloud,
                }
                for moment in film.moments
            ],
            "cloud": _cloud_payload(film),
            "sheet": f"data:image/png;base64,{base64.b64encode(film.sheet()).decode()}",
        }
    )


def _cloud_payload(film: Film) -> dict[str, Any] | None:
    """What all moments' clouds share, and their words."""
    if not film.cloud_classes:
        return None
    clouds = [moment.cloud for moment in film.moments]
    scale = cloud_scale(clouds)
    names = list(dict.fromkeys(film.cloud_classes))
    return {
        "reach": scale.reach,
        "classes": names,
        "kinds": [names.index(name) for name in film.cloud_classes],
        "beyond": [sum(map(scale.is_beyond, cloud)) for cloud in clouds],
        "spread": ["{:.2f} × {:.2f}".format(*spread(cloud)) for cloud in clouds],
    }


def gif_file(card: str, content: bytes) -> str:
    """A GIF as an update of the player carries it."""
    return f"{card}|{base64.b64encode(content).decode()}"
