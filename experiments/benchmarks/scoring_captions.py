"""Captions to measure scoring with: read from COCO's files, or made from any file of captions."""

import itertools
import random
from collections.abc import Sequence
from typing import NamedTuple

from im2txt.errors import UserError
from im2txt.files import read_user_json, read_user_text
from im2txt.metrics.coco_format import parse_predictions, parse_references


class Task(NamedTuple):
    """What is scored: a caption an image, and the references of each."""

    captions: list[str]
    references: list[list[str]]


class Source(NamedTuple):
    """The files that captions come from: the first two, or the last two."""

    captions: str | None
    image_list: str | None
    references: str | None
    predictions: str | None


def read_task(source: Source, images: int) -> Task:
    """Reads or makes the captions of so many images, always the same."""
    if source.references and source.predictions:
        found = parse_predictions(read_user_json(source.predictions), source.predictions)
        groups = parse_references(read_user_json(source.references), source.references)
        chosen = [image for image, group in groups.items() if image in found and group][:images]
        return Task([found[image] for image in chosen], [groups[image] for image in chosen])
    if not source.captions:
        raise UserError("There is nothing to score. Give --captions, or --references and --predictions.")
    return _made(_read_tokens(source.captions, source.image_list), images)


def spliced(group: Sequence[str], others: Sequence[str], draw: random.Random) -> str:
    """Returns the beginning of one of the captions and the end of one of the others."""
    one, other = draw.choice(group).split(), draw.choice(others).split()
    cut = draw.randint(0, len(one))
    return " ".join(one[:cut] + other[cut:])


def _read_tokens(path: str, image_list: str | None) -> list[list[str]]:
    """Returns the captions of each image, or of those of a list."""
    listed = set(read_user_text(image_list).split()) if image_list else None
    groups: dict[str, list[str]] = {}
    for line in read_user_text(path).splitlines():
        name, tab, caption = line.partition("\t")
        image = name.partition("#")[0]
        if tab and (listed is None or image in listed):
            groups.setdefault(image, []).append(caption)
    if len(groups) < 2:
        raise UserError(f"{path} has captions of {len(groups)} images. Give lines `image#number<TAB>caption`.")
    return list(groups.values())


def _made(groups: Sequence[list[str]], images: int) -> Task:
    draw = random.Random(0)
    words = [word for group in groups for caption in group for word in caption.split()]
    references = [
        group if place < len(groups) else [_exchanged(caption, words, draw) for caption in group]
        for place, group in zip(range(images), itertools.cycle(groups))
    ]
    return Task([spliced(group, draw.choice(groups), draw) for group in references], references)


def _exchanged(caption: str, words: Sequence[str], draw: random.Random) -> str:
    """Returns a caption with another word in it."""
    split = caption.split() or [""]
    split[draw.randrange(len(split))] = draw.choice(words)
    return " ".join(split)
