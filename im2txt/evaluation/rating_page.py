"""A page on which people rate captions: a photo, the captions of all systems without their names, and four buttons.

The scale and the idea are those of Show and Tell (Vinyals et al. 2015, section 4.3.6 and figures 4 and 5): from 4, no
error, over minor errors and somewhat related down to 1, unrelated.

The page is a single HTML file that needs nothing else and loads nothing (its content security policy forbids it), so
that it can be sent by mail and opened from a disk or on a phone. What is rated stays in the browser's storage until
the rater saves it as a file.

Which system wrote which caption is not in the page but in a key file beside it:

    {"page": "5f1d0c...", "seed": 0, "systems": ["nic", "humans"],
     "images": [{"image_id": "391895", "captions": [
        {"key": "9b2c41d07e3a", "caption": "a man rides a wave", "systems": ["nic", "humans"]}]}]}

Nothing should tell a system by the form of its words either: captions are shown in lower case, without the full stop
at their end, and without the spaces that tokenizers put before a comma and in "dog's" and "isn't". Those that are then
the same are shown once and rated for all systems that wrote them.
"""

import base64
import hashlib
import json
import os
import random
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from im2txt.errors import UserError
from im2txt.evaluation.thumbnails import Thumbnail, fit, shrink
from im2txt.files import write_whole

SIZE_LIMIT = 20_000_000  # bytes of the page; 1,000 photos of about 15 KB
FOLDER = "rating_page_files"


class ShownCaption(NamedTuple):
    """One caption on the page, its key there, and the systems that wrote it."""

    key: str
    text: str
    systems: tuple[str, ...]


class RatedImage(NamedTuple):
    """An image of the page, with its captions in the order in which they are shown."""

    image_id: str
    captions: tuple[ShownCaption, ...]


def key_path(page: str | os.PathLike) -> Path:
    """Returns the path of a page's key file: `rate.key.json` for `rate.html`."""
    return Path(page).with_suffix(".key.json")


def write_rating_page(
    path: str | os.PathLike,
    photos: Sequence[tuple[str, bytes]],
    captions: Mapping[str, Mapping[str, str]],
    seed: int,
) -> list[str]:
    """Writes the page and, beside it, its key file; returns the ids of images that are left out as unreadable.

    Args:
        path: the HTML file.
        photos: (image id, encoded image), in the order to show.
        captions: {system: {image id: caption}}, with a caption of every photo.
        seed: decides on the order of the captions of each photo.

    Raises:
        UserError: no photo can be read, or the key file of another page is in the way.
    """
    small = {image: shrink(content) for image, content in photos}
    readable = [image for image, photo in small.items() if photo]
    if not readable:
        raise UserError(f"None of the {len(small)} images can be read as an image.")
    images = [
        RatedImage(image, shown_captions(image, {name: of[image] for name, of in captions.items()}, seed))
        for image in readable
    ]
    key = _key(images, list(captions), seed)
    _check_free(key_path(path), key)
    thumbnails = fit([small[image] for image in readable], SIZE_LIMIT * 7 // 10)  # base64 takes 4 bytes for 3
    write_whole(key_path(path), json.dumps(key, indent=1, ensure_ascii=False) + "\n")
    write_whole(path, _page(key["page"], images, thumbnails))
    return [image for image, photo in small.items() if not photo]


def shown_captions(image_id: str, captions: Mapping[str, str], seed: int) -> tuple[ShownCaption, ...]:
    """Returns the different captions {system: caption} of an image in their order on the page."""
    systems: dict[str, list[str]] = {}
    for system, caption in captions.items():
        systems.setdefault(plain(caption), []).append(system)
    texts = sorted(systems)  # so that the order does not depend on that of the systems
    random.Random(f"{seed}:{image_id}").shuffle(texts)
    return tuple(ShownCaption(_digest([seed, image_id, text]), text, tuple(systems[text])) for text in texts)


def plain(caption: str) -> str:
    """Returns a caption in the form that all systems share on the page."""
    words = re.sub(r"\s+([,;:.!?]|n't\b|'(?:s|re|ve|ll|d|m)\b)", r"\1", " ".join(caption.lower().split()))
    return words.rstrip(".! ")


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Fills a template of the folder in one pass, so that nothing filled in is taken for a place to fill."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], asset(template))


def asset(name: str) -> str:
    """Returns the text of a file of the folder."""
    return files("im2txt.evaluation").joinpath(FOLDER, name).read_text(encoding="utf-8")


def _key(images: Sequence[RatedImage], systems: Sequence[str], seed: int) -> dict:
    """Returns the content of the key file; the page's id is a digest of all that makes it this page."""
    listed = [
        {"image_id": image.image_id, "captions": [_caption_of_key(caption) for caption in image.captions]}
        for image in images
    ]
    return {"page": _digest([listed, systems, seed]), "seed": seed, "systems": systems, "images": listed}


def _caption_of_key(caption: ShownCaption) -> dict:
    return {"key": caption.key, "caption": caption.text, "systems": list(caption.systems)}


def _check_free(path: Path, key: Mapping) -> None:
    """Refuses to replace the key of another page: without it nobody could read the ratings of that page."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("page") != key["page"]:
        raise UserError(
            f"{path} is there already and belongs to another page, whose ratings need it. "
            "Name another --output, or remove that file."
        )


def _page(identity: str, images: Sequence[RatedImage], thumbnails: Sequence[Thumbnail]) -> str:
    photos = [
        {
            "jpeg": base64.b64encode(thumbnail.jpeg).decode(),
            "width": thumbnail.width,
            "height": thumbnail.height,
            "captions": [[caption.key, caption.text] for caption in image.captions],
        }
        for image, thumbnail in zip(images, thumbnails)
    ]
    script = asset("rate.js")
    content = {
        "data": json.dumps({"page": identity, "photos": photos}, separators=(",", ":")).replace("<", "\\u003c"),
        "photos": escape(f"{len(images):,}"),
        "script": script,
        "script_sha256": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "style": asset("style.css"),
    }
    return fill("rate.html", content)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
