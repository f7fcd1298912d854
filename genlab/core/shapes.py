"""Networks without values: what their shapes, names, methods and passes tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


@contextmanager
def shapes_only() -> Iterator[None]:
    """What is built and computed within has shapes and no values; no random number is drawn."""
    with torch.device("meta"), _Uninitialised():
        yield


def zeroed(build: Callable[[], nn.Module]) -> nn.Module:
    """The network with zeros for weights, to watch what a pass calls and the shapes it makes.

    No random number is drawn. A pass costs milliseconds; on "meta" it would import torch's compiler
    first, which takes seconds and stays in memory.
    """
    with _Uninitialised():
        model = build()
    for weight in model.parameters():
        weight.detach().zero_()
    return model


class _Uninitialised(TorchFunctionMode):
    """What stands in `torch.nn.init` does nothing: there are no values to be set.

    On "meta", torch's own does nothing either, but imports torch's compiler, which takes seconds.
    """

    def __torch_function__(
        self, func: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
