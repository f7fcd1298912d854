"""What one pass of a network calls: its modules as a tree, with the functions between them.

Nothing is read off the source: the pass runs on torch's "meta" device, where only shapes are
computed, and every call is written down with the very tensors that came in and went out. So the
record shows what the network does, whatever its branches and loops.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from genlab.core.protocols import Autoregressive
from genlab.core.shapes import zeroed


@dataclass(eq=False)
class Call:
    """A module or a function at work.

    Attributes:
        name: of the module in its network, or of the function, such as "relu".
        module: None for a function.
        arguments: as they were given.
        outputs: the tensors among what came out.
        children: what a module called in its turn, in order; a function's are not looked at.
    """

    name: str
    module: nn.Module | None
    arguments: tuple
    outputs: tuple[Tensor, ...] = ()
    children: list["Call"] = field(default_factory=list)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors among the arguments, those in lists and tuples too."""
        return _tensors(self.arguments)


def trace_logits(build: Callable[[], Autoregressive]) -> tuple[Autoregressive, Call]:
    """The network without values, and its call for a batch of one image.

    Everything happens on a network of our own in this thread: the shared ones are never touched.

    Raises:
        ValueError: `logits` does not call the network as a module, once.
    """
    model = zeroed(build)
    pixels = torch.zeros(1, *model.spec.shape, dtype=torch.int64)
    recorder = _Recorder(model)
    with torch.no_grad(), recorder:
        model.logits(pixels)
    calls = [call for call in recorder.top.children if call.module is model]
    if len(calls) != 1:
        raise ValueError(f"logits must call the network itself once, got {len(calls)} calls")
    return model, calls[0]


class _Recorder(TorchFunctionMode):
    """Writes down the calls of a network's modules (by hooks) and of functions (by torch)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.top = Call("", None, ())
        self._open = [self.top]
        for name, module in model.named_modules():
            module.register_forward_pre_hook(self._enter(name))
            module.register_forward_hook(self._leave)

    def __torch_function__(
        self, func: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        result = func(*args, **(kwargs or {}))
        if outputs := _tensors(result):
            name = getattr(func, "__name__", str(func))
            self._open[-1].children.append(Call(name, None, args, outputs))
        return result

    def _enter(self, name: str) -> Callable[[nn.Module, tuple], None]:
        def enter(module: nn.Module, arguments: tuple) -> None:
            call = Call(name, module, arguments)
            self._open[-1].children.append(call)
            self._open.append(call)

        return enter

    def _leave(self, module: nn.Module, arguments: tuple, result: object) -> None:
        self._open.pop().outputs = _tensors(result)


def _tensors(value: object) -> tuple[Tensor, ...]:
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, (tuple, list)):
        return tuple(each for part in value for each in _tensors(part))
    return ()
