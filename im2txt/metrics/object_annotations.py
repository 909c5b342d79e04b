"""The objects of images for CHAIR, from parsed JSON.

    {"synonyms": [["person", "girl", "man"], ["dog", "puppy"]], "images": {"1": ["person"], "2": []}}

A row of `synonyms` is an object: its name, then other words for it, as in synonyms.txt of the authors of CHAIR.
`images` has the annotated objects of each image by any of these words; images that nobody captioned may be among
them. Case does not matter, nor how wide spaces are.

Phrases are read as the authors' program reads them ("hot dog" is no dog, "passenger train" no person), except those
that the rows have themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from im2txt.errors import UserError
from im2txt.metrics.chair import COCO_READINGS, COCO_SILENCED, Chair, ObjectTable, chair, objects_of
from im2txt.metrics.coco_format import list_ids

_FORM = '{"synonyms": [["person", "girl"], ...], "images": {"1": ["person"], ...}}'


class ObjectAnnotations(NamedTuple):
    """The words for objects, and the annotated objects of each image by its id, each by its name in the table."""

    table: ObjectTable
    images: dict[str, list[str]]


def parse_objects(content: object, where: str) -> ObjectAnnotations:
    """Reads the objects of images; `where` names their origin in messages.

    Raises:
        UserError: the content has another form, a word stands for two objects, or an image has an object without
            a row.
    """
    rows, images = (content.get(key) if isinstance(content, dict) else None for key in ("synonyms", "images"))
    if not isinstance(rows, list) or not isinstance(images, dict):
        raise UserError(f"{where}: expected {_FORM}; `synonyms` must be a list of lists and `images` an object.")
    table = _table([_phrases(row, f"{where}, synonyms row {place}") for place, row in enumerate(rows)], where)
    named = {}
    for image, words in images.items():
        try:
            named[image] = [table.name(word) for word in _phrases(words, f"{where}, image {image}", empty=True)]
        except ValueError as error:
            raise UserError(f"{where}, image {image}: {error} Add a row to `synonyms` or leave it out.") from None
    return ObjectAnnotations(table, named)


def hallucinations(
    captions: Mapping[str, str], references: Mapping[str, Sequence[str]], annotations: ObjectAnnotations, where: str
) -> Chair:
    """Returns the CHAIR of captions of space-separated tokens; their references, of tokens too, name more objects.

    Raises:
        UserError: the objects of an image are not given.
    """
    table, images = annotations
    missing = [image for image in captions if image not in images]
    if missing:
        raise UserError(
            f"{where}: {len(missing)} of {len(captions)} images have no objects: {list_ids(missing)}. "
            "Give each a list; [] says that it has none."
        )
    objects = {image: objects_of(images[image], references[image], table) for image in captions}
    return chair(captions, objects, table)


def _table(rows: Iterable[list[str]], where: str) -> ObjectTable:
    synonyms: dict[str, list[str]] = {}
    for name, *phrases in rows:
        if name in synonyms:
            raise UserError(f"{where}: `synonyms` has two rows for {name!r}. Make them one.")
        synonyms[name] = phrases
    known = {phrase for name, phrases in synonyms.items() for phrase in (name, *phrases)}
    readings = {phrase: reading for phrase, reading in COCO_READINGS.items() if phrase not in known}
    try:
        return ObjectTable(synonyms, readings, COCO_SILENCED)
    except ValueError as error:
        raise UserError(f"{where}, synonyms: {error}") from None


def _phrases(words: object, where: str, empty: bool = False) -> list[str]:
    phrases = [" ".join(word.lower().split()) if isinstance(word, str) else "" for word in _listed(words)]
    if not isinstance(words, list) or not all(phrases) or not (phrases or empty):
        raise UserError(f"{where}: expected a list of words{'' if empty else ', at least one'}, as in {_FORM}.")
    return phrases


def _listed(words: object) -> list:
    return words if isinstance(words, list) else []
