"""A small U-Net: down to coarse features, up again, with a bridge at each resolution.

What kind of thing an image shows is decided where it is small and every feature sees all of it;
where each edge runs is handed across by the bridges. A vector of conditions (the time, the class)
scales and shifts the features of every block.

References: Ronneberger et al. (2015), https://arxiv.org/abs/1505.04597; Ho et al. (2020),
https://arxiv.org/abs/2006.11239; scale and shift as in Dhariwal & Nichol (2021),
https://arxiv.org/abs/2105.05233; learned places as in Dosovitskiy et al. (2021),
https://arxiv.org/abs/2010.11929. Unlike theirs, resolutions change by pooling and by repeating
pixels, without weights, there is one block a resolution, and a block on the way up ends with the
channels of the finer resolution. That is what a processor can train in hours.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 8  # of channels that are normalised together; never across images of a batch
HEADS = 4


class ConditionedBlock(nn.Module):
    """Two 3×3 convolutions beside a bypass; the conditions scale and shift what is between them.

    Args:
        in_channels: a multiple of `GROUPS`.
        out_channels: a multiple of `GROUPS`.
        conditions: length of the vector.
    """

    def __init__(self, in_channels: int, out_channels: int, conditions: int) -> None:
        super().__init__()
        self.first_norm = nn.GroupNorm(GROUPS, in_channels)
        self.first = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.condition = nn.Linear(conditions, 2 * out_channels)
        self.second_norm = nn.GroupNorm(GROUPS, out_channels)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # a new block is its bypass
        nn.init.zeros_(self.second.bias)
        self.bypass = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, 1)
        )

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """(B, in_channels, H, W) and (B, conditions) → (B, out_channels, H, W)."""
        hidden = self.first(F.silu(self.first_norm(x)))
        scale, shift = self.condition(conditions)[:, :, None, None].chunk(2, dim=1)
        hidden = torch.addcmul(shift, self.second_norm(hidden), 1 + scale)
        return self.bypass(x) + self.second(F.silu(hidden))


class SelfAttention2d(nn.Module):
    """x + what each place asks of all places; affordable where the image is small."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.ask = nn.Conv2d(channels, 3 * channels, 1)
        self.answer = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) → the same shape."""
        places = self.ask(self.norm(x)).flatten(2).unflatten(1, (3, HEADS, -1))
        query, key, value = places.transpose(-2, -1).unbind(dim=1)  # (B, heads, H·W, features)
        heard = F.scaled_dot_product_attention(query, key, value)
        return x + self.answer(heard.transpose(-2, -1).reshape(x.shape))


class PositionEmbedding2d(nn.Module):
    """x + what has been learned about each place.

    Convolutions know places by the padding at the border alone, and attention not at all; where the
    image is nothing but noise, all that there is to know is which place is how likely to be bright.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.zeros(channels, height, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, height, width) → the same shape."""
        return x + self.places


class UNet(nn.Module):
    """Images and conditions to something of the images' shape.

    Args:
        channels: of the images.
        height: of the images.
        width: of the images.
        widths: channels at each resolution, the finest first; each is half the size of the one
            before, so H and W are multiples of 2^(len(widths) − 1).
        conditions: length of the vector.
    """

    def __init__(
        self, channels: int, height: int, width: int, widths: Sequence[int], conditions: int
    ) -> None:
        super().__init__()
        shrunk = 2 ** (len(widths) - 1)
        finer = [widths[0], *widths[:-1]]
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            ConditionedBlock(before, width, conditions)
            for before, width in zip(finer, widths, strict=True)
        )
        self.places = PositionEmbedding2d(widths[-1], height // shrunk, width // shrunk)
        self.middle = ConditionedBlock(widths[-1], widths[-1], conditions)
        self.attention = SelfAttention2d(widths[-1])
        self.middle_after = ConditionedBlock(widths[-1], widths[-1], conditions)
        self.up = nn.ModuleList(
            ConditionedBlock(2 * width, after, conditions)
            for after, width in zip(finer[::-1], widths[::-1], strict=True)
        )
        self.norm = nn.GroupNorm(GROUPS, widths[0])
        self.output = nn.Conv2d(widths[0], channels, 3, padding=1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """(B, channels, H, W) and (B, conditions) → (B, channels, H, W)."""
        x = self.stem(x)
        bridges = []
        for index, block in enumerate(self.down):
            x = block(F.avg_pool2d(x, 2) if index else x, conditions)
            bridges.append(x)
        x = self.attention(self.middle(self.places(x), conditions))
        x = self.middle_after(x, conditions)
        for index, block in enumerate(self.up):
            x = double(x) if index else x
            x = block(torch.cat([x, bridges.pop()], dim=1), conditions)
        return self.output(F.silu(self.norm(x)))


def double(x: Tensor) -> Tensor:
    """Every pixel four times: (B, C, H, W) → (B, C, 2·H, 2·W).

    Not `F.interpolate`: compiled by torch 2.13 under bfloat16 autocast, beside the concatenation
    above, it loses its gradient, and all that lies below learns nothing.
    """
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
