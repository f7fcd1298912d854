"""What the events of the live game do: a run that streams, steps by hand, new games."""

from collections.abc import Callable, Iterator

import gradio as gr

from genlab.inference.adversarial_game import Game
from genlab.inference.game_play import LONGEST, Clock, play
from genlab.inference.game_targets import Stroke, checked_strokes
from genlab.ui.adversarial.game_controls import read_settings
from genlab.ui.adversarial.game_views import picture
from genlab.ui.adversarial.rooms import Asked, Room, Rooms
from genlab.ui.canvas.game_payload import encode_picture

LONGEST_NAME = 64  # characters of a visitor's session
OVER = (
    f"It stopped after {LONGEST:g} seconds, so that others can play too. Press Train to go on from "
    "here."
)
LATER = "New settings begin with the next game: press Stop, then Train."
NO_STROKES = "Draw on the map what the generator is to learn, then press Train."


Values = dict[gr.components.Component, object]  # which gradio hands over where inputs are a set


class Handlers:
    """The page's events.

    Args:
        rooms: the visitors' games.
        inputs: the components in the order of `read_settings`.
        clock: of the runs; None for the real one.
    """

    def __init__(
        self, rooms: Rooms, inputs: list[gr.components.Component], clock: Clock | None
    ) -> None:
        self._rooms, self._inputs, self._clock = rooms, inputs, clock

    def train(self, values: Values, request: gr.Request) -> Iterator[tuple]:
        """Pictures of a running game, for two minutes at most."""
        asked, room = self._read(values), self._room(request)
        turn = room.take_turn()
        with room.playing():
            yield from self._play(asked, room, turn)

    def step_d(self, values: Values, request: gr.Request) -> tuple:
        """One step of D."""
        return self._step(values, request, Game.step_discriminator)

    def step_g(self, values: Values, request: gr.Request) -> tuple:
        """One step of G."""
        return self._step(values, request, Game.step_generator)

    def start_over(self, values: Values, request: gr.Request) -> tuple:
        """The same settings from their first moment; a running game ends."""
        return self._begin(self._read(values), self._room(request))

    def begin(self, values: Values, request: gr.Request) -> tuple:
        """The first moment of changed settings; a running game goes on with the old ones."""
        asked, room = self._read(values), self._room(request)
        if room.is_playing:
            return gr.skip(), LATER
        if asked.points == "drawing" and not asked.strokes:
            return gr.skip(), NO_STROKES
        return self._begin(asked, room)

    def _play(self, asked: Asked, room: Room, turn: int) -> Iterator[tuple]:
        with room.lock:
            game = room.game(asked)
        frames = play(
            game,
            lambda snapshot: encode_picture(picture(game, asked, turn, snapshot)),
            goes_on=lambda: room.is_turn(turn),
            clock=self._clock,
        )
        status = ""
        while True:
            with room.lock:
                frame = next(frames, None)
            if frame is None:
                break
            yield frame, status
            status = gr.skip()
        if room.is_turn(turn):
            yield gr.skip(), OVER

    def _step(self, values: Values, request: gr.Request, make: Callable[[Game], float]) -> tuple:
        asked, room = self._read(values), self._room(request)
        with room.my_turn() as turn:
            game = room.game(asked)
            make(game)
            return picture(game, asked, turn), ""

    def _begin(self, asked: Asked, room: Room) -> tuple:
        with room.my_turn() as turn:
            return picture(room.game(asked, anew=True), asked, turn, with_strokes=True), ""

    def _read(self, values: Values) -> Asked:
        return read_settings(*(values[each] for each in self._inputs))

    def _room(self, request: gr.Request) -> Room:
        return self._rooms.enter(str(request.session_hash)[:LONGEST_NAME])


def take_strokes(event: gr.EventData) -> tuple[Stroke, ...]:
    """The drawing that the browser sent; () where all was cleared.

    Raises:
        InputError: it is none.
    """
    sent = event._data.get("strokes") if isinstance(event._data, dict) else None
    return () if sent == [] else tuple(checked_strokes(sent))
