"""Top-p: the unlikely levels are never drawn, however often one asks.

Only the likeliest levels stay in play, as few as together reach the probability p. With p = 1 all
of them do, with p = 0 the likeliest alone: the sampler then takes the argmax, and luck is out.

Reference: Holtzman et al. (2020), The Curious Case of Neural Text Degeneration,
https://arxiv.org/abs/1904.09751, which calls it nucleus sampling.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def keep_top_p(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Cut the tail off each distribution and scale up what is left.

    Args:
        probabilities: (…, levels); of equally likely levels the lower one comes first.
        top_p: in [0, 1], broadcast over the levels; where it is 1, nothing changes.

    Returns:
        (…, levels), each sums to 1.
    """
    ordered, ranks = probabilities.sort(dim=-1, descending=True, stable=True)
    likelier = F.pad(ordered.cumsum(dim=-1)[..., :-1], (1, 0))  # the mass of all before a level
    first = torch.arange(ordered.shape[-1]) == 0
    stays = torch.zeros_like(ranks, dtype=torch.bool).scatter(-1, ranks, (likelier < top_p) | first)
    cut = probabilities.where(stays, 0)
    return torch.where(top_p < 1, cut / cut.sum(dim=-1, keepdim=True), probabilities)
