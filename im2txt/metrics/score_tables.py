"""Scores as text: what im2txt.score prints, and its table of images as comma-separated values."""

import csv
import io
from collections.abc import Mapping

from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.score_comparison import Comparison

RANKED_BY = "CIDEr-D"
EXTREMES = 10  # images printed from either end
_WIDTH = 60  # characters of a caption
_NOT_AVAILABLE = "not available"

Values = Mapping[str, float | int | None]


def value_lines(values: Values) -> list[str]:
    """Returns a line a value, `BLEU-4  0.1965`: counts as they are, others with four decimals."""
    width = max((len(name) for name in values), default=0) + 1
    return [f"{name:{max(8, width)}}{_value(value)}" for name, value in values.items()]


def image_lines(scores: Scores, captions: Mapping[str, str]) -> list[str]:
    """Returns the images with the best and the worst CIDEr-D with their captions; few images are all there."""
    ranked = sorted(scores.per_image, key=lambda image: -scores.per_image[image][RANKED_BY])
    if len(ranked) <= 2 * EXTREMES:
        parts = {f"All images, best {RANKED_BY} first:": ranked}
    else:
        parts = {
            f"The {EXTREMES} best images by {RANKED_BY}:": ranked[:EXTREMES],
            f"The {EXTREMES} worst images by {RANKED_BY}, worst last:": ranked[-EXTREMES:],
        }
    width = max(len("image"), *(len(_short(image)) for images in parts.values() for image in images))
    head = f"{'image':{width}} {' '.join(f'{name:>7}' for name in _names(scores))}  caption"
    lines = []
    for title, images in parts.items():
        lines += ["", title, head]
        lines += [f"{_short(i):{width}} {_cells(scores.per_image[i])}  {_short(captions[i])}" for i in images]
    return lines


def image_csv(scores: Scores, captions: Mapping[str, str]) -> str:
    """Returns comma-separated values (RFC 4180), a head and a row an image: id, caption, metrics in full precision.

    A metric that is not available is an empty cell; half of a surrogate pair, which no UTF-8 can hold, is written
    as its escape.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image_id", "caption", *_names(scores)])
    for image, values in scores.per_image.items():
        writer.writerow([printable(image), printable(captions[image]), *values.values()])
    return text.getvalue()


def comparison_lines(comparisons: Mapping[str, Comparison | None]) -> list[str]:
    """Returns a table of two systems, a line a metric."""
    lines = ["metric      first   second  difference  95 % interval       p bootstrap  p randomisation"]
    for name, result in comparisons.items():
        if result is None:
            lines.append(f"{name:8} {_NOT_AVAILABLE}")
            continue
        interval = f"[{result.interval.low:+.4f}, {result.interval.high:+.4f}]"
        lines.append(
            f"{name:8} {result.first:8.4f} {result.second:8.4f} {result.difference:+11.4f}  {interval:18} "
            f"{result.p_bootstrap:12.4f} {result.p_randomisation:16.4f}"
        )
    return lines


def printable(text: str, encoding: str = "utf-8") -> str:
    """Returns text with what an encoding cannot hold as escapes."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _names(scores: Scores) -> list[str]:
    return list(next(iter(scores.per_image.values())))


def _value(value: float | int | None) -> str:
    if value is None:
        return _NOT_AVAILABLE
    return format(value, "8" if isinstance(value, int) else "8.4f")


def _cells(values: Mapping[str, float | None]) -> str:
    return " ".join(f"{'-' if value is None else format(value, '.4f'):>7}" for value in values.values())


def _short(text: str) -> str:
    """Returns a caption or an id on one line, without what would move the cursor, cut where it is long."""
    line = "".join(character if character.isprintable() else " " for character in " ".join(text.split()))
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."
