"""Splits of the user's own data: the names that people give them, and shares put aside where there are none.

An image that names no split gets one by a hash of its id and nothing else (SHA-256, which is the same on every
machine), so adding, removing or reordering images never moves another one. The hash counts for `test` from below and
for `val` from above: raising one share takes images from `train` alone.

Shares are expectations: of 1,000 images, val=0.05 puts aside 50, give or take 7.
"""

import hashlib
from dataclasses import dataclass

from im2txt.errors import UserError, did_you_mean

SPLIT_NAMES = {"train": "train", "val": "val", "test": "test", "validation": "val", "valid": "val", "dev": "val"}


@dataclass(frozen=True)
class Shares:
    """Options that the readers of the user's own data have in common.

    Attributes:
        val: share of the images without a split that becomes `val`; 0.05 is every twentieth.
        test: share of them that becomes `test`; the rest is `train`.
    """

    val: float = 0.0
    test: float = 0.0

    def __post_init__(self) -> None:
        if not (self.val >= 0 and self.test >= 0 and self.val + self.test <= 1):  # NaN is refused, too
            raise UserError(
                f"--option=val={self.val} --option=test={self.test}: expected two shares of the images, each 0 or "
                "more, and 1 together at most."
            )

    def split(self, image_id: str, name: str) -> str:
        """Returns `train`, `val` or `test`: what `name` means, or, where it is empty, what the hash of the id says.

        Raises:
            ValueError: there is no such split; the message is a reason to skip the image.
        """
        if name:
            if name.lower() not in SPLIT_NAMES:
                raise ValueError(f"there is no split {name!r:.80}. {did_you_mean(name, SPLIT_NAMES)}")
            return SPLIT_NAMES[name.lower()]
        position = _position(image_id)
        if position < self.test:
            return "test"
        return "val" if position >= 1 - self.val else "train"


def _position(image_id: str) -> float:
    """Returns where an id falls in [0, 1), over which ids are spread evenly."""
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:6], "big") / 2**48
