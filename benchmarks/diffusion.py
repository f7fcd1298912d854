"""How fast noise becomes images: 16 of them in 20 steps, within 1.2 s on two cores.

`python -m benchmarks.diffusion` measures a shipped network. Rows: each sampler as shipped; ddim
with two threads; with variants of a pass (bfloat16, weights kept channels-last, compiled); with
diffusers' UNet2DModel of as many weights within a tenth; and what streaming costs: a run of four
images, all that the page *Backward* takes, alone and as that page sends it, with its numbers
encoded, paced, and put into messages by gradio. Each runs alone in a worker thread, as in the app.
CPU seconds are the process's.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import copy
import json
from collections.abc import Callable, Iterable, Mapping

import torch
from gradio.utils import diff
from torch import Tensor, nn

from benchmarks.report import write
from benchmarks.sampling import Timing, measure
from genlab.core.frames import DiffusionFrame, last
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.diffusion_steps import SAMPLERS
from genlab.inference.image_noise import ImageNoise
from genlab.models.ddpm import CARDS
from genlab.store import ModelStore
from genlab.torchvision_guard import prepare_torchvision
from genlab.ui import kit
from genlab.ui.diffusion.backward_run import COUNTS, AskedRun, draw_backward

IMAGES, STEPS = 16, 20
STREAMED = COUNTS[-1]  # images
LIKE = 0.1  # by which the weights of a network of like size may differ
ALONE = f"ddim, {STREAMED} images"
STREAM = f"{ALONE}, streamed to the page"
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


def run(model: Denoiser, sampler: str = "ddim", images: int = IMAGES) -> Iterable[DiffusionFrame]:
    """The frames that all rows make."""
    noise = ImageNoise(model.spec, 0, images)
    return stream_diffusion(model, noise, DiffusionSettings(STEPS, sampler))


def stream(store: ModelStore, card: str) -> int:
    """A run of the page *Backward* as messages; how many characters they have."""
    asked = AskedRun(card, None, 0, STREAMED, DiffusionSettings(STEPS))
    size, sent = 0, ""
    for text in kit.paced(draw_backward(store, asked, "benchmark"), ""):
        size, sent = size + len(json.dumps(diff(sent, text))), text
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
    """Their U-Net of like size, with attention at the coarsest too.

    Raises:
        ValueError: its weights are not as many.
    """
    prepare_torchvision()
    from diffusers import UNet2DModel

    theirs = UNet2DModel(
        28, 1, 1, block_out_channels=(24, 48, 72), layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownBlock2D",) * 3, up_block_types=("UpBlock2D",) * 3,
        attention_head_dim=8,
    ).eval().requires_grad_(False)  # fmt: skip
    ours, count = (sum(each.numel() for each in net.parameters()) for net in (model, theirs))
    if abs(count / ours - 1) > LIKE:
        raise ValueError(f"their network has {count:,} weights, ours {ours:,}: choose its channels")
    return Variant(model, lambda x_t, t: theirs(x_t.float(), t).sample.double())


def calls(store: ModelStore, card: str) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    model = store.get(card)
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
        | {ALONE: lambda: last(run(model, images=STREAMED)), STREAM: lambda: stream(store, card)}
        | {
            f"ddim, {name}": lambda variant=variant: last(run(variant))
            for name, variant in variants.items()
        }
    )


def row(name: str, times: Mapping[str, Timing]) -> dict:
    """One line of the table; runs of fewer images are compared with each other."""
    timing, base = times[name], times[ALONE if name.startswith(ALONE) else "ddim"]
    return {
        "what": name,
        "cpu_seconds": round(timing.cpu, 3),
        "wall_seconds": round(timing.wall, 3),
        "images": STREAMED if name.startswith(ALONE) else IMAGES,
        "times_ddim_cpu": round(timing.cpu / base.cpu, 3),
    }


def main() -> None:
    """Measure everything on the first card."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diffusion", description=__doc__)
    parser.parse_args()
    torch.set_num_threads(1)
    times = measure(calls(ModelStore(), CARDS[0].name))
    rows = [row(name, times) for name in times]
    write(
        "diffusion", "python -m benchmarks.diffusion", rows,
        steps=STEPS, most_seconds=MOST_SECONDS, most_streaming=MOST_STREAMING,
    )  # fmt: skip


if __name__ == "__main__":
    main()
