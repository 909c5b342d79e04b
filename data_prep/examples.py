"""One raw example of any dataset, before it becomes a record."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from im2txt.data.regions import Region


@dataclass(frozen=True)
class CaptionedImage:
    """An image with its captions, as a dataset reader found them.

    Attributes:
        image_id: unique in the dataset.
        split: `train`, `val`, `test`, or a split of the dataset's own such as scenes' `heldout`.
        captions: as people wrote them.
        image: the encoded bytes, the path of a file that holds them, or a picklable function that returns
            them, so that worker processes share the work of drawing.
        regions: boxes in fractions of height and width, with their phrases.
        metadata: a JSON object; what only this dataset knows.
        where: the file and line that named this example, for messages.
    """

    image_id: str
    split: str
    captions: tuple[str, ...]
    image: bytes | Path | Callable[[], bytes]
    regions: tuple[Region, ...] = ()
    metadata: dict = field(default_factory=dict)
    where: str = ""

    def read(self) -> bytes:
        """Returns the encoded bytes of the image. Raises OSError where its file cannot be read."""
        if callable(self.image):
            return self.image()
        return self.image if isinstance(self.image, bytes) else self.image.read_bytes()
