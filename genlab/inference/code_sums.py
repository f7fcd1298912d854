"""A − B + C of codes that were dealt: no encoder is needed.

Reference: Radford, Metz & Chintala (2016), https://arxiv.org/abs/1511.06434, section 6.3.2
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import LatentDecoder
from genlab.inference.latent import Arithmetic, decode_points


def combine_codes(model: LatentDecoder, groups: Sequence[Tensor]) -> Arithmetic:
    """A − B + C of three groups of codes, (N, D) each, every group averaged before it is decoded.

    The sum of pixels is that of the averaged pictures of the same codes.

    Raises:
        InputError: an empty group, or a sum too far from 0 to decode.
    """
    if not all(len(group) for group in groups):
        raise InputError("Each of A, B and C needs at least one picture. Add one, then go.")
    codes = [group.mean(dim=0) for group in groups]
    pixels = [decode_points(model, group).mean(dim=0) for group in groups]
    for parts in (codes, pixels):
        a, b, c = parts
        parts.append(a - b + c)
    stacked = torch.stack(codes)
    return Arithmetic(stacked, decode_points(model, stacked), torch.stack(pixels).clamp(0, 1))
