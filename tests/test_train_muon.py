"""Muon on kernels: its law, its memory, and torch's own optimisers as references."""

import copy

import pytest
import torch
from torch import nn

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from accelerate import Accelerator  # noqa: E402

from genlab.core.images import ImageSpec  # noqa: E402
from genlab.models.pixelcnn import PixelCNN  # noqa: E402
from train.errors import TrainingError  # noqa: E402
from train.muon import MuonAdamW, as_matrix, muon  # noqa: E402

if not hasattr(torch.optim, "Muon"):
    pytest.skip("torch is older than Muon", allow_module_level=True)

RATE = 0.01
FORMATS = [torch.contiguous_format, torch.channels_last]


def network(layout=torch.contiguous_format):
    """Two convolutions; the first is a kernel for Muon."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 5, 1))
    return layers.to(memory_format=layout)


def optimiser(layers, **settings):
    return MuonAdamW(
        [layers[0].weight],
        [layers[0].bias, *layers[2].parameters()],
        lr=RATE,
        **{"weight_decay": 0.0} | settings,
    )


def learn(layers, *optimisers, steps=1, seed=1):
    """Some steps with a loss that moves every weight."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        loss = layers(torch.randn(4, 3, 6, 6, generator=generator)).square().sum()
        loss.backward()
        for each in optimisers:
            each.step()
        layers.zero_grad()


@pytest.mark.parametrize("layout", FORMATS)
def test_a_step_goes_equally_far_in_every_direction(layout):
    layers = network(layout)
    before = layers[0].weight.detach().clone()

    learn(layers, optimiser(layers))

    step = (layers[0].weight.detach() - before).flatten(1)
    lengths = torch.linalg.svdvals(step) / (RATE * 0.2 * 27**0.5)  # as long as a step of AdamW
    assert lengths.min() > 0.5
    assert lengths.max() < 1.5


def test_the_layout_in_memory_changes_nothing():
    here, there = map(network, FORMATS)

    for layers in (here, there):
        learn(layers, optimiser(layers), steps=3)

    for one, other in zip(here.parameters(), there.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-3)
    assert not torch.allclose(here[0].weight, network()[0].weight, atol=1e-2)


def test_a_kernel_moves_as_torch_s_muon_moves_its_matrix():
    layers, plain = network(), network()
    matrix = nn.Parameter(plain[0].weight.detach().flatten(1))
    reference = torch.optim.Muon(
        [matrix], lr=RATE, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"
    )
    loss = plain(torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))).square().sum()
    matrix.grad = torch.autograd.grad(loss, plain[0].weight)[0].flatten(1)

    learn(layers, optimiser(layers))
    reference.step()

    assert torch.equal(layers[0].weight.flatten(1), matrix)


def test_the_others_move_as_under_adamw():
    layers, plain = network(), network()
    rest = [plain[0].bias, *plain[2].parameters()]
    reference = torch.optim.AdamW(rest, lr=RATE, betas=(0.9, 0.95), weight_decay=0.0)

    learn(layers, optimiser(layers, weight_decay=0.1))
    learn(plain, reference)

    for found, expected in zip((layers[0].bias, *layers[2].parameters()), rest, strict=True):
        assert torch.equal(found, expected)


def test_weights_that_were_put_elsewhere_are_found():
    """As `DistributedDataParallel` does when it takes a network over."""
    here, moved = network(), network()
    expected, both = optimiser(here), optimiser(moved)
    moved[0].weight.data = moved[0].weight.data.clone()

    learn(here, expected, steps=2)
    learn(moved, both, steps=2)

    assert torch.equal(moved[0].weight, here[0].weight)


def test_the_rate_is_read_at_every_step():
    layers = network()
    still = copy.deepcopy(layers.state_dict())
    both = optimiser(layers)
    for group in both.param_groups:
        group["lr"] = 0.0

    learn(layers, both)

    for name, value in layers.state_dict().items():
        assert torch.equal(value, still[name]), name


def test_a_resumed_run_goes_the_same_way():
    first = network()
    earlier = optimiser(first)
    learn(first, earlier, steps=3)
    saved = copy.deepcopy(earlier.state_dict())
    second = copy.deepcopy(first)
    later = optimiser(second)

    later.load_state_dict(saved)
    learn(first, earlier, steps=2, seed=2)
    learn(second, later, steps=2, seed=2)

    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_accelerate_takes_it():
    layers = network()
    before = layers[0].weight.detach().clone()

    prepared = Accelerator(cpu=True).prepare(optimiser(layers))
    learn(layers, prepared)

    assert not torch.equal(layers[0].weight, before)


def test_masked_taps_only_shrink():
    model = PixelCNN(ImageSpec(1, 6, 6), features=8, blocks=2, head=8)
    before = copy.deepcopy(model.state_dict())
    pixels = torch.randint(2, (4, 1, 6, 6), generator=torch.Generator().manual_seed(0))
    both = muon(model, ends=("first.", "output."))

    for _ in range(2):
        logits = model.logits(pixels)
        nn.functional.cross_entropy(logits, pixels).backward()
        both.step()
        both.zero_grad()

    block = model.blocks[0].masked
    masked = (block.mask == 0).expand_as(block.weight)
    shrunk = before["blocks.0.masked.weight"] * (1 - 3e-3 * 0.1) ** 2
    assert torch.allclose(block.weight[masked], shrunk[masked], atol=1e-6)
    assert not torch.allclose(block.weight[~masked], shrunk[~masked], atol=1e-3)


def test_the_ends_and_vectors_are_adamw_s():
    model = PixelCNN(ImageSpec(1, 6, 6), features=8, blocks=2, head=8)

    kernels, others = (group["params"] for group in muon(model, ("first.", "output.")).param_groups)

    names = {weight: name for name, weight in model.named_parameters()}
    assert {names[each] for each in kernels} == {
        "hidden.weight",
        *(
            f"blocks.{index}.{layer}.weight"
            for index in (0, 1)
            for layer in ("reduce", "masked", "expand")
        ),
    }
    assert len(kernels) + len(others) == len(names)


@pytest.mark.parametrize("layout", FORMATS)
def test_a_matrix_lies_in_its_kernel_s_memory(layout):
    kernel = network(layout)[0].weight.detach()

    matrix = as_matrix(kernel)

    assert matrix.shape == (8, 27)
    assert matrix.data_ptr() == kernel.data_ptr()


def test_an_older_torch_is_told_what_to_install(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon")

    with pytest.raises(TrainingError, match=r"torch>=2\.9"):
        optimiser(network())
