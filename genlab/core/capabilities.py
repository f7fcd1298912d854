"""How the command line and the evaluation find out what to do with a model: by capability.

Each `genlab.inference.<capability>` ends with a `SAMPLER`; nobody asks for a family's name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Option:
    """One keyword of a sampler that a person may set.

    Attributes:
        name: the keyword; in the command line `--name`, with hyphens.
        parse: makes the value of a text, and raises ValueError on a text that means nothing.
        default: the value where nothing is said.
        help: one line, with the range.
    """

    name: str
    parse: Callable[[str], object]
    default: object
    help: str


@dataclass(frozen=True)
class Sampler:
    """Makes pictures of every model that has a capability.

    Attributes:
        capability: a runtime protocol.
        sample: called as sample(model, seed=…, count=…, **options); (B, C, H, W) in [0, 1].
            Raises ValueError for a value out of range.
    """

    capability: type
    sample: Callable[..., Tensor]
    options: tuple[Option, ...]
