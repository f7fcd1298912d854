"""A critic's opinion in words, as it stands under a picture."""

from collections.abc import Sequence

from torch import Tensor

from genlab.analysis.critic import UNDECIDED
from genlab.ui.canvas.judged import Opinion

SURE, NEAR = 0.9, 0.05  # from ½: closer is undecided; above and below `SURE`, sure


def in_words(share: float) -> str:
    """What σ(score) says."""
    if abs(share - UNDECIDED) < NEAR:
        return "undecided"
    kind = "real" if share > UNDECIDED else "generated"
    return f"{'surely' if max(share, 1 - share) >= SURE else 'rather'} {kind}"


def percent(share: float) -> str:
    """As many digits as an opinion deserves; what is not 0 or 1 never reads so."""
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def opinions_of(titles: Sequence[str], shares: Tensor) -> list[Opinion]:
    """What stands under pictures.

    Args:
        shares: σ(score), (B,).
    """
    return [
        Opinion(title=title, note=f"{in_words(share)}, {percent(share)}", share=share, mark="")
        for title, share in zip(titles, _rounded(shares), strict=True)
    ]


def _rounded(shares: Tensor) -> list[float]:
    """A ten-thousandth is more than a bar shows, and shorter to send."""
    return [round(share, 4) for share in shares.tolist()]
