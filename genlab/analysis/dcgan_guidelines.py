"""The five architectural guidelines of the DCGAN paper, looked up in a network's modules.

A verdict is computed from the modules alone, in the order in which they are declared, which is the
order in which all our networks run them. What a network does between its modules stays unseen.

Reference: Radford, Metz & Chintala (2016), https://arxiv.org/abs/1511.06434, section 3
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WEIGHTED = (nn.Linear, *CONVOLUTIONS, *TRANSPOSED)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
RESIZING = (nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle)
POOLING, ACTIVATIONS = "torch.nn.modules.pooling", "torch.nn.modules.activation"  # all kinds

Named = tuple[str, nn.Module]


@dataclass(frozen=True)
class Verdict:
    """Whether a network follows a guideline.

    Attributes:
        guideline: a key of `GUIDELINES`.
        shown_by: modules that follow it, "generator.layers.4 (ConvTranspose2d, stride 2)".
        against: modules that do not, or what is missing.
    """

    guideline: str
    shown_by: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def follows(self) -> bool:
        """Nothing speaks against it."""
        return not self.against


def check_guidelines(generator: nn.Module, critic: nn.Module) -> tuple[Verdict, ...]:
    """A verdict on each of `GUIDELINES`, in their order."""
    parts = _innermost("generator", generator), _innermost("critic", critic)
    return tuple(
        Verdict(name, *(tuple(map(_described, each)) for each in look(*parts)))
        for name, look in GUIDELINES.items()
    )


def _innermost(name: str, network: nn.Module) -> list[Named]:
    return [
        (f"{name}.{path}".rstrip("."), module)
        for path, module in network.named_modules()
        if not any(module.children())
    ]


def _described(found: Named | str) -> str:
    if isinstance(found, str):
        return found
    name, module = found
    stride = getattr(module, "stride", None)
    told = f", stride {stride[0]}" if isinstance(stride, tuple) else ""
    return f"{name} ({type(module).__name__}{told})"


Found = tuple[Iterable[Named | str], Iterable[Named | str]]  # for, against


def _strided(generator: list[Named], critic: list[Named]) -> Found:
    """Strides shrink and grow the pictures, no pooling and no resizing does."""
    up = [each for each in generator if _has_stride(each[1], TRANSPOSED)]
    down = [each for each in critic if _has_stride(each[1], CONVOLUTIONS)]
    pooled = [each for each in (*generator, *critic) if _resizes(each[1])]
    missing = [
        *([] if up else ["generator: no transposed convolution with a stride"]),
        *([] if down else ["critic: no convolution with a stride"]),
    ]
    return [*up, *down], [*pooled, *missing]


def _batch_norm(generator: list[Named], critic: list[Named]) -> Found:
    """Both have batch norm."""
    found = {
        name: [each for each in part if isinstance(each[1], BATCH_NORMS)]
        for name, part in (("generator", generator), ("critic", critic))
    }
    missing = [f"{name}: no batch norm" for name, each in found.items() if not each]
    return [each for part in found.values() for each in part], missing


def _no_hidden_dense(generator: list[Named], critic: list[Named]) -> Found:
    """Dense are only layers that make small pictures of the code, or the score of the last ones."""
    first, last = _weighted(generator), _weighted(critic)
    is_projection = len(first) > 1 and not isinstance(first[1][1], nn.Linear)
    inner = [*first[int(is_projection) : -1], *last[:-1]]
    hidden = [each for each in inner if isinstance(each[1], nn.Linear)]
    return [each for each in (*first, *last) if each not in hidden], hidden


def _relu_then_tanh(generator: list[Named], _: list[Named]) -> Found:
    """ReLU everywhere in the generator, tanh after its last layer."""
    found = [each for each in generator if _is_activation(each[1])]
    is_tanh_last = bool(found) and found[-1] in generator[_last_weighted(generator) + 1 :]
    is_tanh_last = is_tanh_last and isinstance(found[-1][1], nn.Tanh)
    between = found[:-1] if is_tanh_last else found
    wrong = [each for each in between if not isinstance(each[1], nn.ReLU)]
    missing = [
        *([] if is_tanh_last else ["generator: no tanh at the output"]),
        *([] if between else ["generator: no ReLU"]),
    ]
    return [each for each in found if each not in wrong], [*wrong, *missing]


def _leaky_relu(_: list[Named], critic: list[Named]) -> Found:
    """Leaky ReLU everywhere in the critic; a sigmoid that makes a probability of the score may."""
    output = critic[_last_weighted(critic) + 1 :]
    found = [
        each
        for each in critic
        if _is_activation(each[1]) and not (each in output and isinstance(each[1], nn.Sigmoid))
    ]
    right = [each for each in found if isinstance(each[1], nn.LeakyReLU)]
    missing = [] if found else ["critic: no activation"]
    return right, [*(each for each in found if each not in right), *missing]


GUIDELINES: dict[str, Callable[[list[Named], list[Named]], Found]] = {
    "strides": _strided,
    "batch norm": _batch_norm,
    "no hidden dense layers": _no_hidden_dense,
    "ReLU and tanh in the generator": _relu_then_tanh,
    "leaky ReLU in the critic": _leaky_relu,
}


def _weighted(part: list[Named]) -> list[Named]:
    return [each for each in part if isinstance(each[1], WEIGHTED)]


def _last_weighted(part: list[Named]) -> int:
    return max((at for at, each in enumerate(part) if isinstance(each[1], WEIGHTED)), default=-1)


def _has_stride(module: nn.Module, kinds: tuple[type, ...]) -> bool:
    return isinstance(module, kinds) and max(module.stride) > 1


def _resizes(module: nn.Module) -> bool:
    return type(module).__module__ == POOLING or isinstance(module, RESIZING)


def _is_activation(module: nn.Module) -> bool:
    return type(module).__module__ == ACTIVATIONS
