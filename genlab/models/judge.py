"""Small classifiers that judge what the generators make; they are never trained with them.

Their last layer before the logits is the space in which sets of pictures are compared. They see
grey and binarised pictures in training, so that both kinds can be judged.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec

SOURCE = (
    "LeCun et al. (1998), Gradient-Based Learning Applied to Document Recognition, "
    "https://doi.org/10.1109/5.726791"
)
GROUPS = 8  # of channels; batch normalisation would tie the pictures of a batch together


class Judge(nn.Module):
    """Convolutions over three sizes, a mean over places, one dense layer, the logits.

    Args:
        spec: of the images; sides that are multiples of 4.
        classes: how many.
        width: channels at the full size; two and four times as many below.
        num_features: see `genlab.core.protocols.Classifier`.
    """

    def __init__(
        self, spec: ImageSpec, *, classes: int = 10, width: int = 32, num_features: int = 128
    ) -> None:
        super().__init__()
        self.spec, self.classes, self.num_features = spec, classes, num_features
        self.body = nn.Sequential(
            nn.Conv2d(spec.channels, width, 3, padding=1),
            _Block(width, width, stride=1),
            _Block(width, 2 * width, stride=2),
            _Block(2 * width, 2 * width, stride=1),
            _Block(2 * width, 4 * width, stride=2),
            _Block(4 * width, 4 * width, stride=1),
        )
        self.dense = nn.Linear(4 * width, num_features)
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(num_features, classes)

    def features(self, images: Tensor) -> Tensor:
        """See `genlab.core.protocols.Classifier.features`."""
        places = F.relu(self.body(images * 2 - 1))  # (B, 4 · width, H / 4, W / 4)
        return F.relu(self.dense(places.mean(dim=(2, 3))))

    def classify(self, images: Tensor) -> Tensor:
        """See `genlab.core.protocols.Classifier.classify`."""
        return self.output(self.dropout(self.features(images)))


class _Block(nn.Module):
    """ReLU and a convolution, normalised in groups; a residual where nothing changes size."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, inputs)
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.is_residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        change = self.convolution(F.relu(self.norm(x)))
        return x + change if self.is_residual else change


def _judge() -> Judge:
    return Judge(ImageSpec(1, 28, 28))


CARDS = (
    ModelCard(
        name="judge-mnist",
        title="Judge of digits",
        family="Judge",
        data="MNIST, grey and binarised, shifted",
        build=_judge,
        source=SOURCE,
    ),
    ModelCard(
        name="judge-fashion",
        title="Judge of clothes",
        family="Judge",
        data="Fashion-MNIST, grey and binarised, mirrored and shifted",
        build=_judge,
        source=SOURCE,
    ),
)
