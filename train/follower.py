"""Writes down a run as it goes: bar, log, state, film."""

import time
from types import TracebackType

from torch import Tensor
from tqdm import tqdm

from genlab.core.cards import ModelCard
from genlab.data import DataSet
from genlab.store import with_weights
from train.loop import Moment, Trainer
from train.recipe import Recipe
from train.run_folder import RunFolder
from train.schedule import film_moments, fitting

FILM_MOMENTS = 20
LOG_EVERY = 50  # steps
BAR = "{l_bar}{bar}| {n:.1f} of {total:.0f} % [{elapsed}<{remaining}{postfix}]"
SAVE_EVERY = 30.0  # seconds: a killed run loses at most that and one step
UNTRAINED = Moment(step=0, seconds=0.0, progress=0.0, learning_rate=0.0, images=0, losses={})


class Follower:
    """Follows one run, on the main process; a context at whose end the state is saved."""

    def __init__(
        self,
        recipe: Recipe,
        card: ModelCard,
        trainer: Trainer,
        folder: RunFolder,
        validation: DataSet,
    ) -> None:
        self._recipe, self._card, self._trainer = recipe, card, trainer
        self._folder, self._validation = folder, validation
        self._bar = tqdm(total=100.0, desc=recipe.card, mininterval=2.0, bar_format=BAR)
        self._saved = time.monotonic()
        self._film = film_moments(FILM_MOMENTS)
        self._taken = self._resume_film()

    def __enter__(self) -> "Follower":
        if self._taken == 0:
            self._take_picture(UNTRAINED)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        if kind is None:
            self._save()

    def __call__(self, moment: Moment) -> None:
        """After each step."""
        self._bar.update(100 * moment.progress - self._bar.n)
        if moment.step % LOG_EVERY == 0:
            self._folder.log(moment)
            speed = moment.step * moment.images / moment.seconds
            self._bar.set_postfix(loss=f"{moment.losses['loss']:.2f}", images_per_s=f"{speed:.0f}")
        while self._taken < FILM_MOMENTS and moment.progress >= self._film[self._taken]:
            self._take_picture(moment)
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._save()

    def _resume_film(self) -> int:
        """How many pictures there are; if the run got more time, those that fit its new spacing."""
        film = self._folder.read_film()
        taken = [self._trainer.progress_at(entry["step"], entry["seconds"]) for entry in film]
        kept = fitting(taken, [each for each in self._film if each <= self._trainer.progress])
        if len(kept) < len(film):
            self._folder.keep_of_film(kept)
        return len(kept)

    def _save(self) -> None:
        self._folder.save_state(self._trainer.state())
        self._saved = time.monotonic()

    def _take_picture(self, moment: Moment) -> None:
        model = with_weights(self._card, self._trainer.averaged_weights())
        validation = self._recipe.validate(model, self._validation)
        entry = {"step": moment.step, "seconds": moment.seconds, "validation": validation}
        if self._recipe.cloud is not None:
            entry["cloud"] = _rounded(self._recipe.cloud(model))
        self._folder.add_to_film(self._taken, self._recipe.preview(model), entry)
        self._taken += 1
        if moment.step:
            self._folder.log(moment, validation=validation)
            self._folder.plot_losses()


def _rounded(codes: Tensor) -> list[list[float]]:
    """To thousandths: a film shows them as dots."""
    return [[round(number, 3) for number in code] for code in codes.tolist()]
