"""How far a set of generated pictures is from a set of real ones, in a judge's feature space.

Fréchet and kernel distance are torchmetrics', on features that are computed once. Precision and
recall ask whether a picture lies in a ball around a picture of the other set that reaches to its
own k-th neighbour; density and coverage are their sturdier forms.

References: Heusel et al. (2017), https://arxiv.org/abs/1706.08500; Bińkowski et al. (2018),
https://arxiv.org/abs/1801.01401; Kynkäänniemi et al. (2019), https://arxiv.org/abs/1904.06991;
Naeem et al. (2020), https://arxiv.org/abs/2002.09797
"""

import math
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.torchvision_guard import prepare_torchvision

NEIGHBOURS = 5
SUBSETS, SUBSET_SIZE = 100, 1000  # of the kernel distance
CHUNK = 1000  # rows of a table of distances at once: 10,000 × 10,000 are 400 MB


@dataclass(frozen=True)
class Neighbourhoods:
    """Four shares in [0, 1], but for density, which may exceed 1.

    Attributes:
        precision: of the generated pictures, those in a ball of a real one.
        recall: of the real pictures, those in a ball of a generated one.
        density: real balls around a generated picture, in units of k.
        coverage: of the real pictures, those with a generated one in their ball.
    """

    precision: float
    recall: float
    density: float
    coverage: float


class _AsTheyAre(nn.Module):
    """torchmetrics asks a network for features; these are features already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def frechet_distance(real: Tensor, generated: Tensor) -> float:
    """Between the Gaussians with the sets' means and covariances, (N, F) and (M, F)."""
    prepare_torchvision()
    from torchmetrics.image.fid import FrechetInceptionDistance

    distance = FrechetInceptionDistance(feature=_AsTheyAre(real.shape[1])).set_dtype(torch.float64)
    for features, is_real in ((real, True), (generated, False)):
        distance.update(features.double(), real=is_real)
    return distance.compute().item()


def kernel_distance(real: Tensor, generated: Tensor, *, seed: int = 0) -> tuple[float, float]:
    """Squared maximum mean discrepancy of a cubic kernel, and its deviation over subsets."""
    prepare_torchvision()
    from torchmetrics.image.kid import KernelInceptionDistance

    size = min(SUBSET_SIZE, len(real), len(generated))
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.filterwarnings("ignore", message="Metric `Kernel Inception Distance`")
        torch.manual_seed(seed)  # torchmetrics draws its subsets from the global generator
        distance = KernelInceptionDistance(
            feature=_AsTheyAre(real.shape[1]), subsets=SUBSETS, subset_size=size
        )
        for features, is_real in ((real, True), (generated, False)):
            distance.update(features, real=is_real)
        mean, deviation = distance.compute()
    return mean.item(), deviation.item()


def neighbourhoods(real: Tensor, generated: Tensor, k: int = NEIGHBOURS) -> Neighbourhoods:
    """Precision, recall, density and coverage of (N, F) and (M, F) features.

    Raises:
        ValueError: a set of no more than k pictures.
    """
    if min(len(real), len(generated)) <= k:
        raise ValueError(f"both sets must have more than {k} pictures")
    real_radius, generated_radius = neighbour_distance(real, k), neighbour_distance(generated, k)
    in_real = torch.zeros(len(generated))
    in_generated = torch.zeros(len(real), dtype=torch.bool)
    nearest = torch.full((len(real),), torch.inf)
    for start in range(0, len(generated), CHUNK):
        part = slice(start, start + CHUNK)
        distances = torch.cdist(generated[part], real)  # (m, N)
        in_real[part] = (distances <= real_radius).sum(dim=1).float()
        in_generated |= (distances <= generated_radius[part, None]).any(dim=0)
        nearest = torch.minimum(nearest, distances.amin(dim=0))
    return Neighbourhoods(
        precision=(in_real > 0).float().mean().item(),
        recall=in_generated.float().mean().item(),
        density=in_real.mean().item() / k,
        coverage=(nearest <= real_radius).float().mean().item(),
    )


def neighbour_distance(features: Tensor, k: int) -> Tensor:
    """Of each picture, the distance to its k-th nearest other one, (N, F) → (N,)."""
    parts = []
    for part in features.split(CHUNK):
        distances = torch.cdist(part, features)
        parts.append(distances.kthvalue(k + 1, dim=1).values)  # itself is the nearest
    return torch.cat(parts)


def nearest_distance(pictures: Tensor, references: Tensor) -> Tensor:
    """Euclidean distance to the nearest reference, (M, …) and (N, …) → (M,)."""
    flat = references.flatten(1)
    parts = [torch.cdist(part, flat).amin(dim=1) for part in pictures.flatten(1).split(CHUNK // 4)]
    return torch.cat(parts)


def class_entropy(classes: Tensor, count: int) -> float:
    """Entropy of the histogram of (N,) classes, in bits; log₂ of `count` where all are equal."""
    shares = torch.bincount(classes, minlength=count).double() / len(classes)
    return torch.special.entr(shares).sum().item() / math.log(2)
