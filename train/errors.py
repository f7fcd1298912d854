"""What stops a training, with the remedy in the message."""

from genlab.core.errors import GenLabError


class TrainingError(GenLabError):
    """A training cannot start or go on."""


class DivergedError(TrainingError):
    """The loss or its gradient became infinite or NaN."""

    def __init__(self, step: int) -> None:
        super().__init__(
            f"The loss is no longer a finite number after step {step}. The last good state is "
            "kept: go on with --resume, or start again with another --seed or a lower learning "
            "rate in the recipe."
        )
