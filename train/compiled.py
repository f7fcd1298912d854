"""Whether a compiled network learns, and answers, what the plain one does.

A compiler may be wrong where nobody looks: the losses are right, and the gradient of half a network
is zero, so that the loss still falls, only not as far. So the gradients are compared, weight by
weight, before the first step. Torch 2.13 fails this in a U-Net whose features are doubled by
`interpolate` and then concatenated, in bfloat16 on a CPU.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch._dynamo.exc import BackendCompilerFailed

from genlab.core.protocols import Denoiser
from train.errors import TrainingError
from train.recipe import Batch
from train.turns import Turn

MOST_APART = 0.5  # of a gradient's length; rounding to bfloat16 makes some hundredths
TOO_SMALL = 1e-3  # of the largest gradient: mostly rounding
STIRRED = 0.05  # standard deviation of what stands for weights that are all zero
ROUNDING = 1e-3  # of an answer, whose standard deviation is about 1


def check_gradients(model: nn.Module, turn: Turn, batch: Batch) -> None:
    """Compare the gradients of a compiled network with its own without the compiler.

    Neither weights nor random numbers are other ones afterwards.

    Raises:
        TrainingError: they differ, or the loss does not run the network as a whole, which alone is
            compiled.
    """
    names = {weight: name for name, weight in model.named_parameters()}
    with _stirred(turn.weights), compiler_errors():
        compiled = _gradients(turn, batch)
        with _without_compiler(model), _counted_runs(model) as runs:
            plain = _gradients(turn, batch)
    if not runs:
        raise TrainingError(
            "The loss runs parts of the network, never the whole, and --compile leaves parts as "
            "they are. Start it without."
        )
    largest = max(each.norm() for each in plain)
    wrong = [
        names[weight]
        for weight, found, expected in zip(turn.weights, compiled, plain, strict=True)
        if expected.norm() > TOO_SMALL * largest
        and not (found - expected).norm() <= MOST_APART * expected.norm()  # nor is NaN
    ]
    if wrong:
        raise TrainingError(
            f"Compiled by torch {torch.__version__}, the network has wrong gradients (first: "
            f"{wrong[0]}; {len(wrong)} of {len(compiled)} weights). Go on with --no-compile."
        )


@torch.inference_mode()
def compile_denoiser(model: Denoiser, batch: int) -> None:
    """Let a network denoise by compiled code from here on, into which its weights are frozen.

    Args:
        model: a module, on the CPU.
        batch: as many images as it will denoise at once.

    Raises:
        TrainingError: there is no compiler, or what it makes of the network answers otherwise.
    """
    x_t = torch.randn(batch, *model.spec.shape, generator=torch.Generator().manual_seed(0))
    t = torch.arange(batch) * model.schedule.steps // batch
    plain = model.predict_noise(x_t, t)
    model.compile(dynamic=False, options={"freezing": True})
    with compiler_errors("leave out --compile"):
        compiled = model.predict_noise(x_t, t)
    apart = (compiled - plain).abs().max().item()
    if not apart <= ROUNDING:  # nor is NaN
        raise TrainingError(
            f"Compiled by torch {torch.__version__}, the network answers otherwise (by up to "
            f"{apart:.2g}). Leave out --compile."
        )


@contextmanager
def compiler_errors(without: str = "go on with --no-compile") -> Iterator[None]:
    """What happens within, its errors put into words.

    Args:
        without: how to do without a compiler.

    Raises:
        TrainingError: there is no compiler, or it fails.
    """
    try:
        yield
    except BackendCompilerFailed as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"The network cannot be compiled on this machine ({reason}). Install what the "
            f"message names, such as g++, or {without}."
        ) from error


def _gradients(turn: Turn, batch: Batch) -> Sequence[Tensor]:
    with torch.random.fork_rng():
        loss = turn.compute(batch)["loss"]
    return torch.autograd.grad(loss, turn.weights, allow_unused=True, materialize_grads=True)


@contextmanager
def _stirred(weights: Sequence[Tensor]) -> Iterator[None]:
    """Meanwhile no weight is all zero, as those are that let a fresh block do nothing."""
    asleep = [weight for weight in weights if not weight.any()]
    with torch.no_grad(), torch.random.fork_rng():
        for weight in asleep:
            weight.normal_(std=STIRRED)
    try:
        yield
    finally:
        with torch.no_grad():
            for weight in asleep:
                weight.zero_()


@contextmanager
def _counted_runs(model: nn.Module) -> Iterator[list[None]]:
    """As many as the network ran meanwhile, as a whole."""
    runs = []
    hook = model.register_forward_pre_hook(lambda *_: runs.append(None))
    try:
        yield runs
    finally:
        hook.remove()


@contextmanager
def _without_compiler(model: nn.Module) -> Iterator[None]:
    """Meanwhile the network runs as it is written."""
    model._compiled_call_impl, compiled = None, model._compiled_call_impl
    try:
        yield
    finally:
        model._compiled_call_impl = compiled
