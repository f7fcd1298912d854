"""How fast noise becomes images: 16 of them in 20 steps, within 1.2 s on two cores.

`python -m benchmarks.diffusion` measures one network of the cards' size, with random weights, which
do not matter for its speed. Rows: each sampler as shipped; ddim with two threads; with variants of
a pass (bfloat16, weights kept channels-last, compiled); with diffusers' UNet2DModel of about as
many weights; and what streaming costs, where every frame is turned into bytes as a page needs them.
Each runs alone in a worker thread, as in the app. CPU seconds are the process's.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from benchmarks.report import write
from benchmarks.sampling import Timing, measure
from genlab.core.frames import DiffusionFrame, last
from genlab.core.images import to_picture
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.diffusion_steps import SAMPLERS
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise
from genlab.models.ddpm import CARDS
from genlab.torchvision_guard import prepare_torchvision

IMAGES, STEPS = 16, 20
MOST_SECONDS = 1.2
MOST_STREAMING = 0.15  # share of the computation


class Variant(nn.Module):
    """A denoiser that asks the same network in another way."""

    def __init__(self, model: Denoiser, call: Callable[..., Tensor]) -> None:
        super().__init__()
        self.spec, self.schedule, self._call = model.spec, model.schedule, call
        self.classes, self.null_label = model.classes, model.null_label

    def predict_noise(self, x_t: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Denoiser.predict_noise`."""
        return self._call(x_t, t)


def run(model: Denoiser, sampler: str = "ddim") -> Iterable[DiffusionFrame]:
    """The frames that all rows make."""
    noise = ImageNoise(model.spec, 0, IMAGES)
    return stream_diffusion(model, noise, DiffusionSettings(STEPS, sampler))


def stream(model: Denoiser) -> int:
    """The same run with every frame's three strips as bytes; how many they are."""
    size = 0
    for frame in run(model):
        strips = (frame.x_next, frame.predicted_noise / 3, frame.x0_hat)
        size += sum(len(to_picture(to_images(strip)).numpy().tobytes()) for strip in strips)
    return size


def with_threads(count: int, call: Callable[[], object]) -> object:
    """The call with so many threads in this worker."""
    torch.set_num_threads(count)
    try:
        return call()
    finally:
        torch.set_num_threads(1)


def in_bfloat16(model: Denoiser) -> Variant:
    """Convolutions in bfloat16, as in training."""

    def call(x_t: Tensor, t: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return model.predict_noise(x_t, t)

    return Variant(model, call)


def compiled(model: Denoiser) -> nn.Module:
    """A compiled copy."""
    model = copy.deepcopy(model)
    model.compile()
    return model


def of_diffusers(model: Denoiser) -> Variant:
    """Their U-Net of like size: as many weights within a tenth, attention at the coarsest too."""
    prepare_torchvision()
    from diffusers import UNet2DModel

    theirs = UNet2DModel(
        28, 1, 1, block_out_channels=(24, 40, 64), layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownBlock2D",) * 3, up_block_types=("UpBlock2D",) * 3,
        attention_head_dim=8,
    ).eval().requires_grad_(False)  # fmt: skip
    count = sum(each.numel() for each in theirs.parameters())
    print(f"their network: {count:,} weights")
    return Variant(model, lambda x_t, t: theirs(x_t.float(), t).sample.double())


def calls(model: nn.Module) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    last_kept = copy.deepcopy(model).to(memory_format=torch.channels_last)
    variants = {
        "bfloat16": in_bfloat16(last_kept),
        "weights channels-last": last_kept,
        "compiled": compiled(model),
        "diffusers UNet2DModel": of_diffusers(model),
    }
    return (
        {name: lambda name=name: last(run(model, name)) for name in SAMPLERS}
        | {"ddim, two threads": lambda: with_threads(2, lambda: last(run(model)))}
        | {"ddim, every frame as bytes": lambda: stream(model)}
        | {
            f"ddim, {name}": lambda variant=variant: last(run(variant))
            for name, variant in variants.items()
        }
    )


def row(name: str, timing: Timing, base: Timing) -> dict:
    """One line of the table."""
    return {
        "what": name,
        "cpu_seconds": round(timing.cpu, 3),
        "wall_seconds": round(timing.wall, 3),
        "times_ddim_cpu": round(timing.cpu / base.cpu, 3),
    }


def main() -> None:
    """Measure everything on one network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diffusion", description=__doc__)
    parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = CARDS[0].build().eval().requires_grad_(False)
    times = measure(calls(model))
    rows = [row(name, timing, times["ddim"]) for name, timing in times.items()]
    write(
        "diffusion", "python -m benchmarks.diffusion", rows,
        images=IMAGES, steps=STEPS, most_seconds=MOST_SECONDS, most_streaming=MOST_STREAMING,
    )  # fmt: skip


if __name__ == "__main__":
    main()
