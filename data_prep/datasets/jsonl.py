"""Your own images and captions as JSON lines: captions.jsonl, one object an image.

    captions.jsonl          a line an image, each a JSON object
    photos/dog.jpg ...      wherever the lines say

Keys of an object:

    image           path of the image, relative to the source folder, or absolute
    image_base64    in place of `image`: the encoded image itself (JPEG, PNG ...), in base64
    captions        a list of captions; `caption` takes a single one
    split           train, val or test; if absent, see the options `val` and `test`
    image_id        text or whole number; if absent, `image`, or the SHA-256 of the bytes of `image_base64`
    regions         a list of {"box": [ymin, xmin, ymax, xmax], "phrase": text}; fractions of height and width
    metadata        an object of anything else, kept as it is

One example, as a line of the file and as it is read:

    {"image": "photos/dog.jpg", "captions": ["A dog runs ."], "split": "train",
     "regions": [{"box": [0.2, 0.1, 0.9, 0.5], "phrase": "a dog"}], "metadata": {"camera": "left"}}

    CaptionedImage(image_id="photos/dog.jpg", split="train", captions=("A dog runs .",),
                   image=Path("photos/dog.jpg"), regions=(Region((0.2, 0.1, 0.9, 0.5), "a dog"),),
                   metadata={"camera": "left"}, where="captions.jsonl:1")

(Here on two lines for the eye; in the file, an object is one line.) A key with the value null counts as absent. A
key that is not listed stops the build, since a mistyped `split` would put held-out images into training; a line that
is wrong in any other way is skipped whole.

A line is read at a time, but images within the lines are copied into the plan of the build, on disk.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from data_prep.datasets.own_splits import Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, lines, source_folder
from im2txt.data.regions import Region
from im2txt.errors import UserError, did_you_mean

DOWNLOAD = """\
Nothing to download: this is your own data. In the source folder, captions.jsonl holds a JSON object a line:
    {"image": "photos/dog.jpg", "captions": ["A dog runs .", "The dog is running ."], "split": "train"}
`split` may be absent: --option=val=0.05 --option=test=0.05 put shares aside. More keys: image_base64, caption,
image_id, regions, metadata (see data_prep/datasets/jsonl.py)."""

KEYS = ("image", "image_base64", "caption", "captions", "split", "image_id", "regions", "metadata")
REGION_KEYS = ("box", "phrase")
_ROUNDING = 1e-6  # y / height + h / height may come out a little above 1
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: JSON can say it, UTF-8 cannot


@dataclass(frozen=True)
class Config(Shares):
    """Where the objects are.

    Attributes:
        val: share of the images without a split that becomes `val`; 0.05 is every twentieth.
        test: share of them that becomes `test`; the rest is `train`.
        file: the file of JSON lines, in the source folder.
        images: the folder in the source folder that paths of images start from.
    """

    file: str = "captions.jsonl"
    images: str = ""


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: only the user knows how many images there should be."""
    return {}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the image of every line.

    Raises:
        UserError: the folder or the file is missing, or an object has an unknown key.
    """
    source = source_folder(source, "jsonl", DOWNLOAD)
    path = first_existing(source, (config.file,), "the file of JSON lines", DOWNLOAD)
    for number, line in lines(path):
        yield _example(line, source / config.images, config, f"{path.name}:{number}")


def _example(line: str, folder: Path, config: Config, where: str) -> CaptionedImage | Skipped:
    fields: dict[str, Any] = {}
    try:
        fields = _object(line)
        _check_keys(fields, KEYS, where)
        image_id, image = _image(fields, folder)
        split = _text(fields["split"], "split") if "split" in fields else ""
        return CaptionedImage(
            image_id,
            config.split(image_id, split),
            _captions(fields),
            image,
            tuple(_regions(fields.get("regions", []), where)),
            _typed(fields.get("metadata", {}), dict, "metadata", "an object"),
            where,
        )
    except ValueError as fault:
        return Skipped(_name(fields), where, str(fault))


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("is no JSON that can be read: it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, found {line:.80}")
    return {key: value for key, value in found.items() if value is not None}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"is no JSON: {constant} is no number of it")


def _check_keys(fields: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in fields:
        if key not in known:
            raise UserError(f"{where}: there is no key {key!r:.80}. {did_you_mean(key, known)}")


def _image(fields: dict[str, Any], folder: Path) -> tuple[str, Path | bytes]:
    """Returns the id of an image, and its file or its bytes."""
    if ("image" in fields) == ("image_base64" in fields):
        raise ValueError("expected one of `image` and `image_base64`")
    if "image" in fields:
        name = _text(fields["image"], "image")
        if not os.path.isfile(folder / name):  # Path.is_file raises where a name is too long
            raise ValueError(f"there is no such file: {name:.80}")
        return _image_id(fields, name), folder / name
    encoded = _typed(fields["image_base64"], str, "image_base64", "a text")
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError as error:
        raise ValueError(f"image_base64: is no base64 ({error})") from None
    return _image_id(fields, hashlib.sha256(content).hexdigest()), content


def _image_id(fields: dict[str, Any], default: str) -> str:
    found = fields.get("image_id", default)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return _text(found, "image_id")


def _captions(fields: dict[str, Any]) -> tuple[str, ...]:
    """Returns the captions; there may be none, where there are regions."""
    if "caption" in fields and "captions" in fields:
        raise ValueError("expected `caption` or `captions`, found both")
    if "caption" in fields:
        return (_text(fields["caption"], "caption"),)
    captions = _typed(fields.get("captions", []), list, "captions", "a list")
    if not (captions or fields.get("regions")):
        raise ValueError("there is neither a caption nor a region")
    return tuple(_text(caption, f"captions[{number}]") for number, caption in enumerate(captions))


def _regions(found: Any, where: str) -> Iterator[Region]:
    for number, region in enumerate(_typed(found, list, "regions", "a list")):
        name = f"regions[{number}]"
        _check_keys(_typed(region, dict, name, "an object"), REGION_KEYS, f"{where}: {name}")
        for key in REGION_KEYS:
            if key not in region:
                raise ValueError(f"{name}: there is no `{key}`")
        yield Region(_box(region["box"], f"{name}.box"), _text(region["phrase"], f"{name}.phrase"))


def _box(found: Any, name: str) -> tuple[float, float, float, float]:
    numbers = isinstance(found, list) and len(found) == 4 and all(type(value) in (int, float) for value in found)
    if numbers and all(-_ROUNDING <= value <= 1 + _ROUNDING for value in found):
        ymin, xmin, ymax, xmax = (min(max(float(value), 0.0), 1.0) for value in found)
        if ymin < ymax and xmin < xmax:
            return ymin, xmin, ymax, xmax
    raise ValueError(f"{name}: expected [ymin, xmin, ymax, xmax], fractions of height and width, found {found!r:.80}")


def _text(found: Any, name: str) -> str:
    text = _typed(found, str, name, "a text").strip()
    if not text:
        raise ValueError(f"{name}: is empty")
    if _SURROGATE.search(text):
        raise ValueError(f"{name}: holds half a character (a surrogate): {text!r:.80}")
    return text


def _typed(found: Any, kind: type, name: str, words: str) -> Any:
    if not isinstance(found, kind):
        raise ValueError(f"{name}: expected {words}, found {found!r:.80}")
    return found


def _name(fields: dict[str, Any]) -> str:
    """Returns what a faulty object calls its image, as far as it can be written down."""
    found = str(fields.get("image_id", fields.get("image", "")))
    return _SURROGATE.sub("?", found)[:80]
