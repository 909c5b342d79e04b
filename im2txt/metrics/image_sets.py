"""Brings the captions of one or two systems and the references to the same images.

Scores of different sets of images cannot be compared, and CIDEr-D weighs words by exactly the images that are scored.
So files that differ in their images are refused, with what to look for; the subset that all of them have is scored
only where the user asks for it, and what is left out is counted and told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from im2txt.errors import UserError
from im2txt.metrics.coco_format import list_ids

_REMEDY = "or let --subset score the images that all files have."


class Captions(NamedTuple):
    """The captions of one system by image id; `where` names their origin in messages."""

    where: str
    captions: Mapping[str, str]


class Matched(NamedTuple):
    """Captions of each system and references, of the same images in the order of the references.

    Attributes:
        systems: {image id: caption} of each system.
        references: {image id: captions}.
        left_out: what a subset lacks, a sentence a file; empty where nothing does.
    """

    systems: list[dict[str, str]]
    references: dict[str, list[str]]
    left_out: list[str]


def match_images(
    systems: Sequence[Captions], references: Mapping[str, list[str]], where: str, subset: bool = False
) -> Matched:
    """Returns captions and references of the same images; `where` names the origin of the references.

    Raises:
        UserError: without `subset`, an image lacks a caption or a reference; with it, no image is left.
    """
    kept = [
        image
        for image, captions in references.items()
        if captions and all(image in system.captions for system in systems)
    ]
    if subset and not kept:
        raise UserError(f"{_names(systems)} and {where} have no image in common: {_samples(systems[0], references)}.")
    if not subset:
        _refuse_differences(systems, references, where)
    files = [(where, "images", references), *((system.where, "captions", system.captions) for system in systems)]
    return Matched(
        [{image: system.captions[image] for image in kept} for system in systems],
        {image: references[image] for image in kept},
        [_left_out(name, noun, held, kept) for name, noun, held in files if len(held) > len(kept)],
    )


def _refuse_differences(systems: Sequence[Captions], references: Mapping[str, list[str]], where: str) -> None:
    for name, captions in systems:
        unknown = [image for image in captions if image not in references]
        if unknown:
            alien = f" None is for an image of {where} ({_first(references)}): are both files of the same split?"
            raise UserError(
                f"{name}: {len(unknown)} of {len(captions)} captions are for images that have no references: "
                f"{list_ids(unknown)}.{alien if len(unknown) == len(captions) else ''} Score against the references "
                f"of the same images, {_REMEDY}"
            )
        missing = [image for image in references if image not in captions]
        if missing:
            raise UserError(
                f"{name}: {len(missing)} of {len(references)} images have references but no caption: "
                f"{list_ids(missing)}. Caption all of them, {_REMEDY}"
            )
    bare = [image for image, captions in references.items() if not captions]
    if bare:
        raise UserError(
            f"{where}: {len(bare)} of {len(references)} images are listed without a reference: {list_ids(bare)}. "
            f"Give each at least one, {_REMEDY}"
        )


def _left_out(where: str, noun: str, captions: Mapping[str, object], kept: Sequence[str]) -> str:
    known = set(kept)
    absent = [image for image in captions if image not in known]
    return f"{where}: {len(absent)} of {len(captions)} {noun} are left out: {list_ids(absent)}."


def _names(systems: Sequence[Captions]) -> str:
    return ", ".join(system.where for system in systems)


def _samples(system: Captions, references: Mapping[str, list[str]]) -> str:
    return f"captions are for {_first(system.captions)}, references of {_first(references)}"


def _first(ids: Iterable[str]) -> str:
    ids = list(ids)
    return ", ".join([*ids[:3], *(["..."] if len(ids) > 3 else [])]) or "none"
