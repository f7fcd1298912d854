"""The training loop: its steps, its time, its average, its state."""

import copy
import dataclasses
import types

import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from accelerate import Accelerator  # noqa: E402
from accelerate.state import AcceleratorState  # noqa: E402
from tiny_training import PEAK, RECIPE, build, loss, stripes, validate  # noqa: E402

from train.errors import DivergedError, TrainingError  # noqa: E402
from train.loop import LONGEST_STEP, Budget, Trainer, train  # noqa: E402
from train.schedule import learning_rate_factor  # noqa: E402
from train.session import make_accelerator  # noqa: E402


def make_trainer(*, steps=10, seconds=None, recipe=RECIPE, seed=0, accelerator=None, model=None):
    """A trainer of the tiny network on stripes."""
    torch.manual_seed(seed)
    return Trainer(
        recipe,
        model or build(),
        stripes(),
        accelerator=accelerator or make_accelerator(),
        budget=Budget(steps, seconds),
        seed=seed,
    )


def weights(trainer, part="model"):
    """A copy of the raw weights, or of another part of the state."""
    return copy.deepcopy(trainer.state()[part])


def assert_same(one, other):
    """Two state dictionaries hold the same numbers."""
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def differs_at(step, broken):
    """The recipe whose loss is `broken(model, losses)` from one step on."""
    calls = iter(range(1000))

    def spoiled(model, batch):
        losses = loss(model, batch)
        return losses if next(calls) < step else {**losses, "loss": broken(model, losses)}

    return dataclasses.replace(RECIPE, loss=spoiled)


def nan_loss(model, losses):
    """NaN, and so all gradients."""
    return losses["loss"] * float("nan")


def nan_gradient(model, losses):
    """A good loss whose gradient is NaN: that of a square root at zero, times zero."""
    zero = model.output.bias - model.output.bias.detach()
    return losses["loss"] + 0 * zero.abs().sqrt().sum()


def clock(times, monkeypatch):
    """Let the loop read these seconds."""
    ticks = iter(times)
    monkeypatch.setattr("train.loop.time", types.SimpleNamespace(monotonic=lambda: next(ticks)))


def test_each_step_takes_the_rate_of_the_progress_before_it():
    trainer = make_trainer(steps=8)

    rates = [moment.learning_rate for moment in train(trainer)]

    assert rates == [PEAK * learning_rate_factor(step / 8) for step in range(8)]


def test_a_rate_of_zero_moves_no_weight_and_others_do():
    trainer = make_trainer(steps=8)
    before = weights(trainer)

    trainer.advance()  # progress 0
    after_first = weights(trainer)
    trainer.advance()

    assert_same(after_first, before)
    assert not torch.equal(weights(trainer)["output.weight"], before["output.weight"])


def test_training_lowers_the_loss():
    trainer = make_trainer(steps=80)
    untrained = validate(build_with(trainer), stripes())

    for _ in train(trainer):
        pass

    assert validate(build_with(trainer), stripes()) < untrained / 2


def build_with(trainer):
    """The tiny network with the averaged weights."""
    model = build()
    model.load_state_dict(trainer.averaged_weights())
    return model.requires_grad_(False)


def test_the_losses_told_are_those_of_the_batch_before_the_step():
    trainer = make_trainer()
    model = build()
    model.load_state_dict(weights(trainer))
    expected = validate(model, stripes())  # every batch holds both stripes, mirrored alike

    moment = trainer.advance()

    assert moment.losses["bits"] == pytest.approx(moment.losses["loss"] / 0.6931)
    assert moment.losses["loss"] == pytest.approx(expected, rel=0.06)  # bfloat16 or not
    assert (moment.step, moment.images) == (1, 16)


def test_a_budget_in_steps_ends_there():
    assert [moment.step for moment in train(make_trainer(steps=4))] == [1, 2, 3, 4]


def test_a_budget_in_time_counts_training_time_alone(monkeypatch):
    trainer = make_trainer(steps=1, seconds=4)
    clock([0, 1, 1000, 1001, 5000, 5001, 9000, 9001], monkeypatch)

    progress = [moment.progress for moment in train(trainer)]

    assert progress == [0.25, 0.5, 0.75, 1]


def test_a_machine_that_is_paused_within_a_step_does_not_spend_the_budget(monkeypatch):
    trainer = make_trainer(seconds=3600)
    clock([0, 1, 2, 7200], monkeypatch)

    trainer.advance()
    moment = trainer.advance()

    assert moment.seconds == 1 + LONGEST_STEP
    assert moment.progress == (1 + LONGEST_STEP) / 3600


def test_the_average_is_an_exponential_one_with_a_warm_start():
    trainer = make_trainer(recipe=dataclasses.replace(RECIPE, ema=0.3))
    raw = []
    for _ in range(6):
        trainer.advance()
        raw.append(weights(trainer)["output.weight"])

    average = raw[0]
    for count, current in enumerate(raw[1:], start=1):
        decay = min(0.3, (1 + count) / (10 + count))  # 0.18, 0.25, then 0.3
        average = decay * average + (1 - decay) * current

    torch.testing.assert_close(trainer.averaged_weights()["output.weight"], average)
    assert (average - raw[-1]).abs().max() > 1e-4


def test_weights_that_are_stored_in_half_precision_are_the_rounded_average():
    recipe = dataclasses.replace(RECIPE, stored_as=torch.float16)

    halves, average = (
        make_trainer(recipe=recipe).averaged_weights(),
        make_trainer().averaged_weights(),
    )

    for name, half in halves.items():
        assert torch.equal(half, average[name].to(torch.float16))
    network = build()
    network.load_state_dict(halves)
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


def test_averaged_weights_fit_the_network_and_are_float32_on_the_cpu():
    exported = make_trainer().averaged_weights()

    assert exported.keys() == build().state_dict().keys()
    assert {(value.dtype, value.device.type) for value in exported.values()} == {
        (torch.float32, "cpu")
    }
    assert all(value.is_contiguous() for value in exported.values())


@pytest.mark.parametrize("broken", [nan_loss, nan_gradient])
def test_a_number_that_is_not_finite_stops_the_run_and_leaves_its_state(broken):
    trainer = make_trainer(recipe=differs_at(3, broken))
    for _ in range(3):
        trainer.advance()
    before = copy.deepcopy(trainer.state())

    with pytest.raises(DivergedError, match="step 3.*--resume"):
        trainer.advance()

    after = trainer.state()
    assert_same(after["model"], before["model"])
    assert_same(after["average"], before["average"])
    assert_same(after["optimiser"]["state"], before["optimiser"]["state"])
    assert (after["step"], after["seconds"]) == (before["step"], before["seconds"])


def test_a_large_gradient_is_cut_to_length_one():
    def steep(model, batch):
        return {"loss": 1e4 * loss(model, batch)["loss"]}

    def plain(model):
        return torch.optim.SGD(model.parameters(), lr=1.0)

    trainer = make_trainer(recipe=dataclasses.replace(RECIPE, loss=steep, optimiser=plain), steps=2)
    trainer.advance()  # at rate zero
    before = weights(trainer)
    rate = trainer.advance().learning_rate

    moved = [(weights(trainer)[name] - before[name]).flatten() for name in before]
    assert torch.cat(moved).norm().item() == pytest.approx(rate, rel=1e-3)


def test_a_step_follows_the_gradient_of_its_own_batch_alone():
    def flat(model, losses):
        return 0 * losses["loss"]

    def plain(model):
        return torch.optim.SGD(model.parameters(), lr=1.0)

    trainer = make_trainer(recipe=dataclasses.replace(differs_at(2, flat), optimiser=plain))
    trainer.advance()
    trainer.advance()
    before = weights(trainer)
    trainer.advance()

    assert_same(weights(trainer), before)


def test_a_loaded_state_is_the_saved_one():
    trainer = make_trainer()
    for _ in range(5):
        trainer.advance()
    state = copy.deepcopy(trainer.state())

    resumed = make_trainer(seed=1)
    resumed.load_state(copy.deepcopy(state))

    for part in ("model", "average", "optimiser", "generator"):
        assert_same(resumed.state()[part], state[part])
    assert (resumed.step, resumed.seconds) == (5, state["seconds"])


def test_two_runs_from_one_state_go_the_same_way():
    trainer = make_trainer()
    for _ in range(5):
        trainer.advance()
    state = copy.deepcopy(trainer.state())

    resumed = [make_trainer(seed=seed) for seed in (1, 2)]
    for each in resumed:
        each.load_state(copy.deepcopy(state))
        each.advance()

    assert_same(weights(resumed[0]), weights(resumed[1]))
    assert_same(weights(resumed[0], "average"), weights(resumed[1], "average"))


def test_the_state_of_another_network_is_refused():
    state = make_trainer().state()
    other = make_trainer(model=torch.nn.Conv2d(1, 1, 1))

    with pytest.raises(TrainingError, match="another network.*start anew"):
        other.load_state(state)


class SecondProcess(Accelerator):
    """Believes that it is the second of several processes."""

    process_index = 1


def test_processes_draw_different_batches_also_after_a_resumption():
    first = make_accelerator()  # what is set up first stays
    second = SecondProcess(cpu=True, mixed_precision=first.mixed_precision)
    trainers = [make_trainer(), make_trainer(accelerator=second)]
    fresh = [weights(trainer, "generator") for trainer in trainers]
    saved = copy.deepcopy(trainers[0].state())
    for trainer in trainers:
        trainer.load_state(copy.deepcopy(saved))
    resumed = [weights(trainer, "generator") for trainer in trainers]

    assert not torch.equal(*fresh)
    assert not torch.equal(*resumed)


@pytest.mark.parametrize(("computes", "expected"), [(True, "bf16"), (False, "no")])
def test_a_cpu_trains_in_bfloat16_only_where_it_computes_in_it(monkeypatch, computes, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("train.session.cpu_has_bfloat16", lambda: computes)
    AcceleratorState._reset_state()

    found = make_accelerator().mixed_precision
    AcceleratorState._reset_state()

    assert found == expected


def test_processes_that_would_train_alone_are_refused(monkeypatch):
    make_accelerator()
    monkeypatch.setenv("WORLD_SIZE", "4")

    with pytest.raises(TrainingError, match="4 processes.*accelerate launch"):
        make_accelerator()
