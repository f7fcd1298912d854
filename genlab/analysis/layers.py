"""A network's layers with their shapes and parameters, read off the modules as they run."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.core.protocols import Autoregressive
from genlab.core.shapes import zeroed


@dataclass(frozen=True)
class LayerRow:
    """One layer at work.

    Attributes:
        name: in the network.
        kind: its class.
        shape: of its output, the batch first.
        parameters: its own numbers, the masked ones included.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


def autoregressive_layers(build: Callable[[], Autoregressive]) -> list[LayerRow]:
    """The innermost layers in the order in which one pass runs them, for a batch of one.

    The network is built anew, with zeros for values: the models that visitors share are never
    touched.
    """
    return _recorded(
        build, lambda model: model.logits(torch.zeros(1, *model.spec.shape, dtype=torch.int64))
    )


def coder_layers(build: Callable[[], nn.Module]) -> list[LayerRow]:
    """The same of a network that encodes and decodes: decode(mean of encode(x)), a batch of one.

    Args:
        build: makes an `Encoder` that is a `LatentDecoder` too.
    """

    def code_and_back(model: nn.Module) -> None:
        code, _ = model.encode(torch.zeros(1, *model.spec.shape))
        model.decode(code)

    return _recorded(build, code_and_back)


def _recorded(build: Callable[[], nn.Module], run: Callable[[nn.Module], object]) -> list[LayerRow]:
    rows: list[LayerRow] = []
    model = zeroed(build)
    for name, module in model.named_modules():
        if not any(module.children()):
            module.register_forward_hook(_recorder(name, rows))
    with torch.no_grad():
        run(model)
    return rows


def _recorder(name: str, rows: list[LayerRow]) -> Callable[[nn.Module, object, Tensor], None]:
    def record(module: nn.Module, _: object, output: Tensor) -> None:
        size = sum(parameter.numel() for parameter in module.parameters())
        rows.append(LayerRow(name, type(module).__name__, tuple(output.shape), size))

    return record
