"""The plain files of an evaluation: predictions.json, n_best.json, and the metrics.jsonl that training has written.

predictions.json is the COCO result format, `[{"image_id": ..., "caption": ...}]`; n_best.json, for im2txt.score, is
`[{"image_id": ..., "captions": ["best", "second", ...], "log_probabilities": [...]}]`. An image id is a string in
the records and a number in COCO's own files, whose readers tell "42" from 42. So ids are written as numbers
where every one of them is a whole number in its shortest form ("42", not "042"), and as the strings they are
otherwise: nothing is lost either way.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from im2txt.errors import UserError
from im2txt.files import write_whole


def write_predictions(path: str | os.PathLike, captions: Mapping[str, str]) -> None:
    """Writes captions by image id, in their order, as a COCO result file; it is whole or absent."""
    _write_results(path, captions, ({"caption": caption} for caption in captions.values()))


def write_n_best(path: str | os.PathLike, hypotheses: Mapping[str, Sequence[tuple[str, float]]]) -> None:
    """Writes captions, best first, and their log-probabilities by image id, in their order; it is whole or absent."""
    results = (
        {"captions": [text for text, _ in each], "log_probabilities": [value for _, value in each]}
        for each in hypotheses.values()
    )
    _write_results(path, hypotheses, results)


def read_metrics_log(path: str | os.PathLike) -> list[dict]:
    """Returns the lines of a metrics.jsonl, one JSON object a line; [] where there is no such file.

    A last line without its line feed was cut while it was written, and is left out where it cannot be read.

    Raises:
        UserError: another line is not a JSON object.
    """
    path = Path(path)
    if not path.is_file():
        return []
    *lines, cut = path.read_bytes().split(b"\n")
    entries = [_entry(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    try:
        return [*entries, _entry(cut, path, len(lines) + 1)]
    except UserError:
        return entries


def _write_results(path: str | os.PathLike, images: Iterable[str], results: Iterable[dict[str, Any]]) -> None:
    """Writes a list with an item an image, each on a line of its own."""
    images = list(images)
    numbers = all(_is_number(image_id) for image_id in images)
    items = [
        {"image_id": int(image_id) if numbers else image_id, **result} for image_id, result in zip(images, results)
    ]
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    write_whole(path, f"[\n{lines}\n]\n")


def _is_number(image_id: str) -> bool:
    return image_id.isascii() and image_id.isdigit() and str(int(image_id)) == image_id


def _entry(line: bytes, path: Path, number: int) -> dict:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise UserError(
            f"{path}, line {number}: expected a JSON object, found {line[:60].decode(errors='replace')!r}. "
            "Delete that line."
        )
    return entry
