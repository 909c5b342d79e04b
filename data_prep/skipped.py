"""What did not become part of a record, and why: counted, named in the manifest, and bounded."""

from collections.abc import Sequence
from typing import NamedTuple

from im2txt.errors import UserError


class Skipped(NamedTuple):
    """One image or caption that was left out.

    Attributes:
        image_id: the image that it concerns; empty where not even that is known.
        where: the file and line that named it.
        reason: what was wrong.
    """

    image_id: str
    where: str
    reason: str


def check_skipped(skipped: Sequence[Skipped], images: int, share: float) -> None:
    """Stops a build that loses too much.

    Args:
        skipped: everything left out so far, images and captions alike.
        images: number of images in the source.
        share: how many items may be skipped for each image.

    Raises:
        UserError: more was skipped than `share` allows.
    """
    if len(skipped) <= share * images:
        return
    first = "; ".join(f"{item.where}: {item.reason}" for item in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    raise UserError(
        f"{len(skipped)} images or captions of {images} images had to be skipped, more than "
        f"--max_skipped={share} allows: {first}{more}. Mend the source, or raise --max_skipped."
    )
