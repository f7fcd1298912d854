"""Figures of one diffusion model by the walk back from noise: their names, for files and people.

Whoever measures a walk and whoever shows the figure must mean the same name, so both ask here.
"""

import re
from collections.abc import Mapping

from genlab.core.cards import Figure

SAMPLERS = {"ddim": "", "ddpm": "_ddpm", "dpm-solver++": "_dpm_solver"}
FEW = 2_000  # samples of a long walk: 1000 steps of them take a core some three hours
FEWER = f"_{FEW}_samples"  # of those of a short walk, to compare it with long ones
WALK = re.compile(
    r"fid_(?P<steps>\d+)_steps(?P<eta>_eta_[\d.]+)?(?P<sampler>_dpm_solver|_ddpm)?"
    rf"(?P<fewer>{FEWER})?(?P<kind>_floor|_times_floor)?"
)
TIMES = "_times_floor"
TITLES = {"": "DDIM", "_ddpm": "DDPM", "_dpm_solver": "DPM-Solver++"}
KINDS = {"": "FID", "_floor": "FID of real training pictures beside", "_times_floor": "FID × floor"}
ERRORS = {
    "velocity_error": "Error of v, weighted",
    "velocity_error_null": "Error of v without a class, weighted",
    "noise_error": "Error of the noise, a pixel",
}
ABOUT_WALKS = (
    "FID of so many steps, beside that of real training pictures of the same number. Pictures are "
    "given their classes, as many of each, without guidance. FID grows as pictures become fewer, "
    "and so does its floor: compare walks only where the column Images says the same. That is why "
    "a short walk is measured on 2,000 pictures, too, as long ones are."
)
ABOUT_ERRORS = (
    "Errors are of test pictures with noise added at all steps alike, squared and averaged over "
    "pixels. That of the noise is the loss of the paper of 2020; that of v, weighted by the ratio "
    "of signal to noise, is the loss of this training. Without a class, the network hears the null "
    "class; the difference is what knowing the class is worth to it."
)


def walk_name(steps: int, *, sampler: str = "ddim", eta: float = 0.0) -> str:
    """The name of the Fréchet distance of a walk, such as `fid_20_steps_eta_1`.

    Args:
        sampler: a key of `SAMPLERS`.
        eta: 0 has no mention.
    """
    luck = f"_eta_{eta:g}" if eta else ""
    return f"fid_{steps}_steps{luck}{SAMPLERS[sampler]}"


def walk_figure(
    figures: Mapping[str, Figure], steps: int, *, sampler: str = "ddim", eta: float = 0.0
) -> Figure | None:
    """How many times the floor a walk's Fréchet distance is; None if unknown.

    On 2,000 samples where that is measured, as it is of long walks; else on as many as the figure's
    `n` says, and then it cannot be compared with the others.
    """
    name = walk_name(steps, sampler=sampler, eta=eta)
    fewer = figures.get(f"{name}{FEWER}_times_floor")
    return fewer or figures.get(f"{name}_times_floor")


def is_of_a_walk(name: str) -> bool:
    """Whether a figure is named after a walk."""
    return WALK.fullmatch(name) is not None


def multiples(figures: Mapping[str, Figure]) -> dict[int, dict[str, dict[int, Figure]]]:
    """FID × floor of all walks: by number of pictures, most first; by way, such as "DDIM, η = 1",
    those with less luck first; by number of steps, rising.
    """
    matched = ((WALK.fullmatch(name), figure) for name, figure in figures.items())
    found = [(each, figure) for each, figure in matched if each and each["kind"] == TIMES]
    found.sort(key=lambda pair: (-pair[1].n, _way(pair[0]), int(pair[0]["steps"])))
    told: dict[int, dict[str, dict[int, Figure]]] = {}
    for each, figure in found:
        told.setdefault(figure.n, {}).setdefault(_way(each), {})[int(each["steps"])] = figure
    return told


def _way(walk: re.Match[str]) -> str:
    luck = f", η = {walk['eta'].removeprefix('_eta_')}" if walk["eta"] else ""
    return f"{TITLES[walk['sampler'] or '']}{luck}"


def title_of(name: str) -> str | None:
    """A figure's name for people; None for a figure of another subject."""
    if name in ERRORS:
        return ERRORS[name]
    found = WALK.fullmatch(name)
    if found is None:
        return None
    fewer = ", 2,000 samples" if found["fewer"] else ""
    return f"{KINDS[found['kind'] or '']}, {found['steps']} steps of {_way(found)}{fewer}"


def about(names: Mapping[str, Figure]) -> list[str]:
    """What whoever reads these figures should know, a paragraph a subject."""
    told = {
        ABOUT_WALKS: any(map(WALK.fullmatch, names)),
        ABOUT_ERRORS: not ERRORS.keys().isdisjoint(names),
    }
    return [text for text, applies in told.items() if applies]
