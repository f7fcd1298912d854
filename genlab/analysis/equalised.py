"""What He's factor does to signals, and what its place does to the steps of Adam, both measured."""

import torch

from genlab.nn.equalised import EqualisedLinear

WIDTH, DEPTH = 256, 10  # of the layers that a signal passes
OUTPUTS = 8  # of the layer that Adam moves
RATE = 0.01  # its learning rate
SEED = 0


@torch.no_grad()
def mean_squares(factor: float) -> list[float]:
    """Of a signal after each of `DEPTH` layers, each ReLU and N(0, 1) weights times the factor."""
    generator = torch.Generator().manual_seed(SEED)
    x, found = torch.randn(WIDTH, WIDTH, generator=generator), []
    for _ in range(DEPTH):
        layer = EqualisedLinear(WIDTH, WIDTH, generator)
        layer.scale = factor
        x = layer(x.relu())
        found.append(x.square().mean().item())
    return found


def first_step(inputs: int, *, at_run_time: bool) -> float:
    """How far Adam's first step moves a layer's weights, as a share of their size.

    Args:
        inputs: of the layer.
        at_run_time: whether the factor is in `forward`; otherwise it is in the first weights.
    """
    generator = torch.Generator().manual_seed(SEED)
    layer = EqualisedLinear(inputs, OUTPUTS, generator)
    if not at_run_time:
        with torch.no_grad():
            layer.weight.mul_(layer.scale)
        layer.scale = 1.0
    before = layer.weight.detach().clone()
    adam = torch.optim.Adam(layer.parameters(), lr=RATE)
    x = torch.randn(OUTPUTS, inputs, generator=generator)
    with torch.enable_grad():
        layer(x).square().mean().backward()
    adam.step()
    return ((layer.weight.detach() - before).norm() / before.norm()).item()
