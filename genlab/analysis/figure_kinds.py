"""The main figures that a card may have: what each means, and who may have it.

These are the columns of the table of cards, in plain words for its readers.
"""

from dataclasses import dataclass
from enum import Enum

from genlab.core.protocols import (
    Autoregressive,
    Classifier,
    Conditional,
    ConditionalDecoder,
    Denoiser,
    LatentPrior,
    LatentVariableModel,
)


class Better(Enum):
    """Which direction is the good one."""

    LOWER = "lower is better"
    HIGHER = "higher is better"


@dataclass(frozen=True)
class FigureKind:
    """A column of the table of cards.

    Attributes:
        key: unique.
        title: at the head of the column.
        unit: "" for a share.
        names: in the card file; the first that is there counts.
        applies_to: capabilities, any of which a model needs to have such a figure.
        without: why a model with none of them has no such figure.
        meaning: in plain words.
        trap: what is often concluded from it, wrongly.
        paper: who proposed it, with the address.
    """

    key: str
    title: str
    unit: str
    better: Better
    names: tuple[str, ...]
    applies_to: tuple[type, ...]
    without: str
    meaning: str
    trap: str
    paper: str


EXACT, BOUND = (Autoregressive,), (LatentVariableModel,)
GENERATORS = (Autoregressive, LatentPrior, Denoiser)
NO_SAMPLES = "It generates nothing, so there are no samples to compare with real pictures."
HEUSEL = "Heusel et al. (2017), https://arxiv.org/abs/1706.08500"
BINKOWSKI = "Bińkowski et al. (2018), https://arxiv.org/abs/1801.01401"
KYNKAANNIEMI = "Kynkäänniemi et al. (2019), https://arxiv.org/abs/1904.06991"
NAEEM = "Naeem et al. (2020), https://arxiv.org/abs/2002.09797"
THEIS = "Theis, van den Oord & Bethge (2016), https://arxiv.org/abs/1511.01844"

KINDS = (
    FigureKind(
        "nll", "NLL", "nats", Better.LOWER, ("nats_dynamic", "nats_dynamic_mixture"), EXACT,
        "It has no likelihood that could be computed exactly: only a network that multiplies the "
        "probabilities of single pixels has.",
        "How surprised the model is by a test picture: −ln of the probability that it gives it, "
        "all pixels together, pixels drawn black or white from their grey value.",
        "It says little about how samples look, and figures of other binarisations are other "
        "figures: thresholded pictures cost some 15 nats less.",
        "van den Oord, Kalchbrenner & Kavukcuoglu (2016), https://arxiv.org/abs/1601.06759",
    ),
    FigureKind(
        "elbo", "−ELBO", "nats", Better.LOWER, ("neg_elbo_nats_dynamic",), BOUND,
        "It is no variational autoencoder: there is no bound to compute.",
        "Not less than the NLL of a variational autoencoder, which nobody can compute: what the "
        "reconstruction costs and what the code costs, added up.",
        "The gap to the true NLL is unknown, so a worse bound is no proof of a worse model.",
        "Kingma & Welling (2014), https://arxiv.org/abs/1312.6114",
    ),
    FigureKind(
        "bits", "Bits per dim", "bits", Better.LOWER,
        ("bits_per_dim", "bits_per_dim_mixture"), EXACT + BOUND,
        "It has no likelihood and no bound on one.",
        "The same as NLL or −ELBO, shared out evenly over all values of a picture: nats divided "
        "by their number and by ln 2.",
        "Binary pictures cost at most 1 bit a value, 256 grey levels up to 8: never compare them.",
        THEIS,
    ),
    FigureKind(
        "fid", "FID × floor", "", Better.LOWER, ("fid_times_floor",), GENERATORS, NO_SAMPLES,
        "Fréchet distance between 10,000 samples and the test pictures, in the features of a "
        "classifier, as a multiple of the floor: the mean distance of sets of 10,000 real training "
        "pictures. Diffusion models take 50 steps of DDIM for each.",
        "It sees means and covariances of one network's features and nothing else. It falls as the "
        "number of samples grows, and other features give another scale.",
        HEUSEL,
    ),
    FigureKind(
        "kid", "KID", "", Better.LOWER, ("kid",), GENERATORS, NO_SAMPLES,
        "The squared distance of the two sets' mean features in the space of a cubic kernel. "
        "0 for equal distributions, whatever the number of samples.",
        "Near 0 it scatters around it and may be negative.",
        BINKOWSKI,
    ),
    FigureKind(
        "precision", "Precision", "", Better.HIGHER, ("precision",), GENERATORS, NO_SAMPLES,
        "The share of samples that look like some real picture: that lie no farther from it than "
        "its fifth nearest real neighbour.",
        "One perfect picture drawn again and again has a precision of 1.",
        KYNKAANNIEMI,
    ),
    FigureKind(
        "recall", "Recall", "", Better.HIGHER, ("recall",), GENERATORS, NO_SAMPLES,
        "The share of real pictures that look like some sample: what the model leaves out lowers "
        "it.",
        "Samples that are far from everything have wide neighbourhoods, which may raise it.",
        KYNKAANNIEMI,
    ),
    FigureKind(
        "density", "Density", "", Better.HIGHER, ("density",), GENERATORS, NO_SAMPLES,
        "Precision that counts how many real neighbourhoods a sample lies in, so that one outlier "
        "among the real pictures matters less. About 1 for real pictures.",
        "It may exceed 1: samples that keep to where real pictures are dense.",
        NAEEM,
    ),
    FigureKind(
        "coverage", "Coverage", "", Better.HIGHER, ("coverage",), GENERATORS, NO_SAMPLES,
        "The share of real pictures with a sample in their neighbourhood: a sturdier recall.",
        "Even real pictures do not reach 1: some real ones stay without a near neighbour.",
        NAEEM,
    ),
    FigureKind(
        "class", "Class accuracy", "", Better.HIGHER, ("class_accuracy",),
        (Conditional, ConditionalDecoder, Denoiser), "It is told no class, so it cannot miss one.",
        "How often the judge sees the class that was asked for in a sample.",
        "A judge errs, too: its test accuracy is about the most that one can expect. One good "
        "picture a class is enough for 1.",
        "Shmelkov, Schmid & Alahari (2018), https://arxiv.org/abs/1807.09499",
    ),
    FigureKind(
        "test", "Test accuracy", "", Better.HIGHER, ("test_accuracy",), (Classifier, Conditional),
        "It is no classifier.",
        "How often a test picture is put into the right class: by a judge, or by a generator that "
        "knows what the picture costs given each class, and takes the cheapest (Bayes' rule).",
        "It holds for real pictures. On what a generator makes, the judge was never tested.",
        "LeCun et al. (1998), https://doi.org/10.1109/5.726791",
    ),
)  # fmt: skip
