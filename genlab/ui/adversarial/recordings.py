"""The page of the recorded runs: what a setting does to a game of two networks.

First a guess from the losses, then the runs themselves. The recordings are read when somebody looks
at them; what was read stays, since it never changes.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import gradio as gr

from genlab.core.errors import DataError
from genlab.films.recording import RECORDINGS, Recording, load_recording, recorded
from genlab.films.recording_gif import recording_gif
from genlab.ui import kit
from genlab.ui.adversarial import recordings_guess
from genlab.ui.adversarial.recordings_words import settings_table, tell_origin, tell_run
from genlab.ui.canvas.film import gif_file
from genlab.ui.canvas.recording import RecordingPlayer, recording_key

COMPARED = ("gan-healthy", "gan-collapse")  # what the others are told beside
ORDER = (*COMPARED, "gan-replay", "gan-minibatch-std")
KEPT = 16  # recordings in memory, some 1 MB each
NONE = (
    "No run is recorded yet. Run `python -m train film gan-healthy` and `python -m train film "
    "gan-collapse`, then start GenLab again."
)
WATCH = (
    "## What do the losses not tell?\nScrub a run, or click into a curve. Beside its losses stands "
    "what a classifier finds in its pictures, and how different they are."
)

load = functools.lru_cache(KEPT)(load_recording)


def build(recordings_folder: Path = RECORDINGS) -> None:
    """Declare the page and wire it."""
    offered = offered_runs(recordings_folder)
    if not offered:
        gr.Markdown(f"{recordings_guess.QUESTION.splitlines()[0]}\n{NONE}")
        return
    recordings_guess.build(
        lambda: whole_runs(recordings_folder),
        lambda name, seed: load(name, seed, recordings_folder),
    )
    gr.Markdown(WATCH, elem_classes=["genlab-question", "genlab-section"])
    first = next(iter(offered))
    with gr.Row():
        run = gr.Radio(
            _titles(offered, recordings_folder), value=first, label="Run", scale=4, min_width=300,
            elem_id="recordings-run",
        )  # fmt: skip
        seed = gr.Radio(
            offered[first], value=offered[first][0], label="Seed", scale=1, min_width=120,
            elem_id="recordings-seed",
        )  # fmt: skip
    player = RecordingPlayer(label="What the generator draws", elem_id="recordings-player")
    words = gr.Markdown("", elem_id="recordings-words", elem_classes="genlab-status")
    with gr.Row():
        with gr.Column(min_width=340):
            settings = gr.Markdown("", elem_id="recordings-settings", elem_classes="genlab-layers")
        with gr.Column(min_width=340):
            origin = gr.Markdown("", elem_id="recordings-origin")
    _wire(recordings_folder, run, seed, player, [words, settings, origin])


def offered_runs(folder: Path) -> dict[str, list[int]]:
    """Seeds by name of what is recorded, the runs to compare with first."""
    found = recorded(folder)
    known = [name for name in ORDER if name in found]
    return {name: found[name] for name in (*known, *sorted(set(found) - set(known)))}


def whole_runs(folder: Path) -> list[Recording]:
    """Every recording that can be read."""
    runs = []
    for name, seeds in offered_runs(folder).items():
        for seed in seeds:
            try:
                runs.append(load(name, seed, folder))
            except DataError:
                continue  # its own page says so
    return runs


def show(folder: Path, name: object, seed: object) -> tuple[dict, str, str, str]:
    """The player, the words, the settings and the origin of what a visitor chose.

    A damaged recording hides the player and says what to do; nothing else of the page ends.

    Raises:
        InputError: it is not offered.
    """
    offered = offered_runs(folder)
    name = kit.choice(name, "Run", tuple(offered))
    seed = kit.choice(seed, "Seed", tuple(offered[name]))
    try:
        run = load(name, seed, folder)
    except DataError as error:
        return gr.update(value=None, visible="hidden"), str(error), "", ""
    others = [each for each in _compared(folder, seed) if each.name != name]
    texts = tell_run(run, others), settings_table(run, others), tell_origin(run)
    return gr.update(value=run, visible=True), *texts


def switch(folder: Path, name: object, seed: object) -> tuple:
    """As `show` for another run, after an update of the seeds: the same one where it exists."""
    offered = offered_runs(folder)
    seeds = offered[kit.choice(name, "Run", tuple(offered))]
    kept = seed if seed in seeds else seeds[0]
    return gr.update(choices=seeds, value=kept), *show(folder, name, kept)


def make_gif(folder: Path, event: gr.EventData) -> dict:
    """The GIF of the recording that the browser names."""
    sent = event._data if isinstance(event._data, dict) else {}
    runs = {
        recording_key(name, seed): (name, seed)
        for name, seeds in offered_runs(folder).items()
        for seed in seeds
    }
    key = kit.choice(sent.get("film"), "Recording", tuple(runs))
    return gr.update(gif_file=gif_file(key, recording_gif(load(*runs[key], folder))))


def _titles(offered: dict[str, list[int]], folder: Path) -> list[tuple[str, str]]:
    """As visitors know the runs; of a damaged one only the name is known."""
    titles = {run.name: run.title for run in whole_runs(folder)}
    return [(titles.get(name, name), name) for name in offered]


def _compared(folder: Path, seed: int) -> list[Recording]:
    """The runs to compare with, of the same seed where it exists."""
    runs = whole_runs(folder)
    same = [run for name in COMPARED for run in runs if (run.name, run.seed) == (name, seed)]
    missing = [name for name in COMPARED if all(run.name != name for run in same)]
    return same + [next(r for r in runs if r.name == n) for n in missing if _has(runs, n)]


def _has(runs: list[Recording], name: str) -> bool:
    return any(run.name == name for run in runs)


def _wire(
    folder: Path,
    run: gr.Radio,
    seed: gr.Radio,
    player: RecordingPlayer,
    texts: list[gr.Markdown],
) -> None:
    outputs = [player, *texts]
    quiet = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
    newest = {**quiet, "trigger_mode": "always_last"}
    _bind(player.ask, folder, show, [run, seed], outputs, quiet)
    _bind(seed.input, folder, show, [run, seed], outputs, newest)
    _bind(run.input, folder, switch, [run, seed], [seed, *outputs], newest)

    @kit.readable_errors
    def save(event: gr.EventData) -> dict:
        return make_gif(folder, event)

    player.save_gif(save, None, player, show_progress="hidden", api_visibility="private",
                    **kit.COMPUTE)  # fmt: skip


def _bind(
    event: Callable, folder: Path, handler: Callable, inputs: list, outputs: list, settings: dict
) -> None:
    """Wire a handler that takes the folder first."""

    @kit.readable_errors
    def answer(name: object, number: object) -> tuple:
        return handler(folder, name, number)

    event(answer, inputs, outputs, **settings)
