"""A branch keeps its numbers wherever they can change the picture."""

import gradio as gr
import pytest
from shelved import tiny_card, write_checkpoint

from genlab.inference.runs import Run, Segment
from genlab.store import ModelStore
from genlab.ui.canvas.payload import decode
from genlab.ui.pixels import sampling
from genlab.ui.shown_runs import draw_run


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    card = tiny_card()
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


@pytest.fixture
def branch_off(store):
    return sampling._handlers(store)[1]


def run_of(*segments):
    return Run("tiny", 16, "raster", tuple(Segment(*each) for each in segments))


def asked(position):
    return gr.EventData(None, {"run": "mine", "position": position})


def picture(store, run):
    return decode("".join(draw_run(store, run, "x"))).pictures()


TWICE = ((0, 0, 1.0), (20, 5, 1.0))
MIXED = ((0, 0, 1.0), (20, 0, 1.0, 0.0))


@pytest.mark.parametrize(
    ("segments", "branch"),
    [
        (TWICE, Segment(10, 5, 1.0)),
        (TWICE, Segment(10, 0, 1.0)),
        (TWICE, Segment(30, 0, 1.0)),
        (MIXED, Segment(10, 0, 1.0)),
        (MIXED, Segment(10, 0, 1.0, 0.0)),
        (MIXED, Segment(20, 0, 1.0)),
    ],
    ids=str,
)
def test_a_branch_that_changes_the_picture_keeps_its_seed(store, branch_off, segments, branch):
    run = run_of(*segments)
    assert (picture(store, run.branch(branch)) != picture(store, run)).any()

    settings = branch.seed, 1.0, branch.top_p, {"mine": run}, asked(branch.start)
    *_, seed = list(branch_off(*settings))[-1]

    assert seed == branch.seed


@pytest.mark.parametrize(
    ("segments", "branch"), [(TWICE, Segment(20, 5, 1.0)), (TWICE, Segment(30, 5, 1.0))], ids=str
)
def test_a_branch_that_would_change_nothing_gets_another_seed(store, branch_off, segments, branch):
    run = run_of(*segments)
    assert (picture(store, run.branch(branch)) == picture(store, run)).all()

    settings = branch.seed, 1.0, branch.top_p, {"mine": run}, asked(branch.start)
    *_, seed = list(branch_off(*settings))[-1]

    assert seed != branch.seed


@pytest.mark.parametrize(("seed", "temperature"), [(0, 1.0), (7, 1.0), (0, 2.0)])
@pytest.mark.parametrize("position", [20, 30])
def test_no_seed_is_rolled_where_none_can_matter(store, branch_off, seed, temperature, position):
    run = run_of(*MIXED)
    for other in (seed, 99):
        branch = Segment(position, other, temperature, 0.0)
        assert (picture(store, run.branch(branch)) == picture(store, run)).all()

    with pytest.raises(gr.Error, match="At top-p 0 .* neither a seed nor a temperature"):
        list(branch_off(seed, temperature, 0.0, {"mine": run}, asked(position)))
