"""COCO's JSON formats for captions, from parsed JSON to plain dicts; whatever is wrong gets named.

Predictions (result format):    [{"image_id": 1, "caption": "a dog"}, ...]
References (annotation format):  {"images": [{"id": 1}, ...], "annotations": [{"image_id": 1, "caption": "a dog"}, ...]}
Training captions:               either of the two; of the images nothing is asked

Ids may be numbers or strings and are compared as strings, so that 17 and "17" are the same image.
"""

import math
from collections import Counter
from collections.abc import Iterable

from im2txt.errors import UserError

_LISTED_IDS = 10


def parse_predictions(content: object, where: str) -> dict[str, str]:
    """Returns {image id: caption} of a result list; `where` names its origin in messages.

    Raises:
        UserError: the content has another form, or it has two captions for one image.
    """
    if not isinstance(content, list):
        raise UserError(
            f'{where}: expected a list [{{"image_id": 1, "caption": "a dog"}}, ...], found {_kind(content)}.'
        )
    pairs = [_caption_of(item, f"{where}, item {place}") for place, item in enumerate(content)]
    _check_unique([image for image, _ in pairs], f"{where}: more than one caption for")
    return dict(pairs)


def parse_references(content: object, where: str) -> dict[str, list[str]]:
    """Returns {image id: captions} of an annotation file, in the order of its `images`.

    Raises:
        UserError: the content has another form, an image is listed twice, or an annotation is of an image that is
            not listed.
    """
    parts = [content.get(key) if isinstance(content, dict) else None for key in ("images", "annotations")]
    if not all(isinstance(part, list) for part in parts):
        raise UserError(
            f'{where}: expected COCO annotations {{"images": [{{"id": 1}}, ...], "annotations": [{{"image_id": 1, '
            f'"caption": "a dog"}}, ...]}}, found {_kind(content)}.'
        )
    images = [_id_of(item, "id", f"{where}, images item {place}") for place, item in enumerate(parts[0])]
    _check_unique(images, f"{where}: `images` lists more than once")
    references: dict[str, list[str]] = {image: [] for image in images}
    unlisted = []
    for place, item in enumerate(parts[1]):
        image, caption = _caption_of(item, f"{where}, annotations item {place}")
        references.get(image, unlisted).append(caption if image in references else image)
    if unlisted:
        raise UserError(
            f"{where}: {len(unlisted)} annotations are of images that `images` does not list: "
            f"{list_ids(dict.fromkeys(unlisted))}. List the images or leave their annotations out."
        )
    return references


def parse_training_captions(content: object, where: str) -> list[str]:
    """Returns all captions of an annotation file or a result list, whatever images they are of.

    Raises:
        UserError: the content has another form.
    """
    items = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise UserError(
            f'{where}: expected COCO annotations {{"annotations": [{{"caption": "a dog"}}, ...]}}, '
            f"found {_kind(content)}. Captions without JSON are one a line."
        )
    return [_text_of(item, f"{where}, annotations item {place}") for place, item in enumerate(items)]


def list_ids(ids: Iterable[str | int]) -> str:
    """Returns the first ids in words, and how many there are beyond them."""
    ids = [str(image) for image in ids]
    rest = f" and {len(ids) - _LISTED_IDS} more" if len(ids) > _LISTED_IDS else ""
    return ", ".join(ids[:_LISTED_IDS]) + rest


def _caption_of(item: object, where: str) -> tuple[str, str]:
    image = _id_of(item, "image_id", where)
    return image, _text_of(item, f"{where} (image {image})")


def _text_of(item: object, where: str) -> str:
    caption = item.get("caption") if isinstance(item, dict) else None
    if not isinstance(caption, str):
        raise UserError(f"{where}: `caption` must be a string, found {_kind(caption)}.")
    return caption


def _id_of(item: object, key: str, where: str) -> str:
    image = item.get(key) if isinstance(item, dict) else None
    if not isinstance(image, (str, int)) or isinstance(image, bool):
        raise UserError(f"{where}: `{key}` must be a number or a string, found {_kind(image)} in {_kind(item)}.")
    return str(image)


def _check_unique(images: list[str], complaint: str) -> None:
    twice = [image for image, count in Counter(images).items() if count > 1]
    if twice:
        raise UserError(f"{complaint} {len(twice)} images: {list_ids(twice)}. Keep one of each.")


def _kind(content: object) -> str:
    """Names a JSON value by its kind, and an object by its keys."""
    if isinstance(content, dict):
        return f"an object with {', '.join(f'`{key}`' for key in list(content)[:_LISTED_IDS]) or 'no keys'}"
    if isinstance(content, float) and math.isnan(content):
        return "NaN"  # Python reads it, and others write it where a caption is missing
    names = {list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a fraction"}
    return names.get(type(content), "nothing")
