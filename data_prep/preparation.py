"""All that happens to a dataset before its images are touched: reading, duplicates, tokens, vocabulary.

An image id stands for one record. Where an id comes again, the first one stays, and held-out splits go before
`train`: what is evaluated on is not trained on.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError, did_you_mean
from im2txt.text.tokenizer import Tokenizer


class TokenizedImage(NamedTuple):
    """An example whose captions all have words; `tokens` are the words of each caption."""

    example: CaptionedImage
    tokens: tuple[tuple[str, ...], ...]


class Preparation(NamedTuple):
    """A dataset ready to be written.

    Attributes:
        splits: the images of each split in the order of the source; held-out splits first, `train` last.
        skipped: what had to be left out.
        found: number of images that the source names, skipped ones included.
    """

    splits: dict[str, list[TokenizedImage]]
    skipped: list[Skipped]
    found: int

    def select(self, names: Iterable[str]) -> "Preparation":
        """Returns the preparation with these splits only.

        Raises:
            UserError: the dataset has no split of such a name.
        """
        names = list(names)
        for name in names:
            if name not in self.splits:
                remedy = did_you_mean(name, self.splits)
                raise UserError(f"--splits={','.join(names)}: the source has no split `{name}`. {remedy}")
        return self._replace(splits={name: images for name, images in self.splits.items() if name in names})

    def sha256(self) -> str:
        """Returns a digest of all but the pixels: ids, splits, captions, regions, metadata, file sizes."""
        digest = hashlib.sha256()
        for split, images in self.splits.items():
            for example, _ in images:
                size = example.image.stat().st_size if isinstance(example.image, Path) else None
                fields = [split, example.image_id, example.captions, example.regions, example.metadata, size]
                digest.update(json.dumps(fields, sort_keys=True).encode())
        return digest.hexdigest()


def prepare(items: Iterable[CaptionedImage | Skipped], tokenizer: Tokenizer) -> Preparation:
    """Sorts what a reader yields into splits, tokenizes it, and sets aside duplicates and empty captions.

    Raises:
        UserError: the dataset has no images.
    """
    items = list(items)
    skipped = [item for item in items if isinstance(item, Skipped)]
    examples = [item for item in items if isinstance(item, CaptionedImage)]
    splits: dict[str, list[TokenizedImage]] = {}
    first: dict[str, CaptionedImage] = {}
    for example in sorted(examples, key=lambda example: example.split == "train"):  # stable: source order stays
        known = first.setdefault(example.image_id, example)
        if known is not example:
            reason = f"{example.image_id} is already in split {known.split} ({known.where})"
            skipped.append(Skipped(example.image_id, example.where, reason))
            continue
        image = _tokenize(example, tokenizer, skipped)
        if image.tokens:
            splits.setdefault(example.split, []).append(image)
    if not splits:
        reason = f" The first of {len(skipped)} reasons: {skipped[0].where}: {skipped[0].reason}." if skipped else ""
        raise UserError(f"The source has no image with captions.{reason}")
    return Preparation(splits, skipped, len({item.image_id for item in items}))


def _tokenize(example: CaptionedImage, tokenizer: Tokenizer, skipped: list[Skipped]) -> TokenizedImage:
    """Returns the example without captions that have no words; these go to `skipped`."""
    captions, tokens = [], []
    for caption in example.captions:
        words = tuple(tokenizer.tokenize(caption))
        if words:
            captions.append(caption)
            tokens.append(words)
        else:
            skipped.append(Skipped(example.image_id, example.where, f"the caption {caption!r} has no words"))
    if not example.captions:
        skipped.append(Skipped(example.image_id, example.where, "it has no caption"))
    return TokenizedImage(dataclasses.replace(example, captions=tuple(captions)), tuple(tokens))
