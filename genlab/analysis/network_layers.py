"""The layers of any network, read off its modules while all that it can do is done once.

`genlab.analysis.layers` shows one pass of networks that it knows. Here every number of the network
is counted, once, wherever it hangs: also what no pass runs, and what several modules share.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from genlab.core.protocols import (
    Autoregressive,
    Classifier,
    ConditionalDecoder,
    Critic,
    Denoiser,
    Encoder,
    LatentDecoder,
)
from genlab.core.shapes import zeroed


@dataclass
class LayerAtWork:
    """A module that has numbers of its own or no parts.

    Attributes:
        name: in the network.
        kind: its class.
        shape: of its first output, the batch left out; None where no pass ran it.
        parameters: its own numbers that no module before it has.
        runs: how often the passes ran it.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None = None
    parameters: int = 0
    runs: int = field(default=0)


def _image(model: nn.Module) -> Tensor:
    return torch.zeros(1, *model.spec.shape)


def _labels(model: nn.Module) -> Tensor | None:
    is_told = isinstance(model, ConditionalDecoder)
    return torch.zeros(1, dtype=torch.int64) if is_told else None


PASSES: tuple[tuple[type, Callable[[nn.Module], object]], ...] = (
    (Autoregressive, lambda model: model.logits(_image(model).long())),
    (Encoder, lambda model: model.encode(_image(model))),
    (LatentDecoder, lambda model: model.decode(torch.zeros(1, model.latent_dim), _labels(model))),
    (Denoiser, lambda model: model.predict_noise(_image(model), torch.zeros(1).long())),
    (Critic, lambda model: model.score(_image(model), _labels(model))),
    (Classifier, lambda model: model.classify(_image(model))),
)
"""A capability and what uses it."""


def layers_at_work(
    build: Callable[[], nn.Module], draw: Callable[[nn.Module], object] | None = None
) -> list[LayerAtWork]:
    """In the order in which they run first; at the end those that never run.

    The network is built anew, with zeros for values: the models that visitors share are never
    touched.

    Args:
        draw: uses a network that has none of the capabilities of `PASSES`.
    """
    model = zeroed(build).eval()
    rows = _rows(model)
    order: list[LayerAtWork] = []
    for name, module in model.named_modules():
        if name in rows:
            module.register_forward_hook(_recorder(rows[name], order))
    with torch.no_grad():
        known = [run for capability, run in PASSES if isinstance(model, capability)]
        for run in known or [draw] * (draw is not None):
            run(model)
    return [*order, *(row for row in rows.values() if not row.runs)]


def _rows(model: nn.Module) -> dict[str, LayerAtWork]:
    counted: set[int] = set()
    rows = {}
    for name, module in model.named_modules():
        own = {id(each): each.numel() for each in module.parameters(recurse=False)}
        if not own and any(module.children()):
            continue
        fresh = sum(size for key, size in own.items() if key not in counted)
        counted.update(own)
        rows[name] = LayerAtWork(name or "(network)", type(module).__name__, parameters=fresh)
    return rows


def _recorder(row: LayerAtWork, order: list[LayerAtWork]) -> Callable[..., None]:
    def record(module: nn.Module, _: object, output: object) -> None:
        if not row.runs:
            order.append(row)
            first = output[0] if isinstance(output, tuple) else output
            row.shape = tuple(first.shape[1:]) if isinstance(first, Tensor) else None
        row.runs += 1

    return record
