"""The cards of the report's gallery: a photo, its caption, the rest of the beam, the references, the scores.

Where the decoder attends, a card carries the map of every word as one byte a region (255 where that word's
map is highest), and the page's script lays it over the photo. Beside another system a card has its caption, its scores
and the differences too. Whatever is not ours is escaped on its way in.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from PIL import Image

from im2txt.evaluation.thumbnails import Thumbnail, fit

TRUTH = "truth"  # the score that is 0 or 1, and becomes a badge
_NO_WORDS = "<em>no words</em>"
_PHOTO_TAGS = 240  # bytes, at most, of the tags around a photo
_MAP_SIDE = 14  # regions, as in Show, Attend and Tell; finer maps are averaged down, or 1,000 photos would not fit


class OtherCaption(NamedTuple):
    """What another system said of a photo, the scores of that by name, and why it is false."""

    caption: str
    scores: Mapping[str, float | None]
    note: str = ""


class ReportItem(NamedTuple):
    """One photo and what was said of it.

    Attributes:
        image_id: as in the records.
        caption: the best hypothesis.
        log_probability: of that caption, natural logarithm.
        hypotheses: (caption, log-probability) of the beam, best first; the caption itself may be among them.
        references: what people said.
        scores: the scores of this photo by name, in [0, 1] (CIDEr-D: [0, 10]), None where not available;
            `truth` is 0 or 1.
        words: the words of the caption, where there is attention.
        attention: float [words, height, width], the map behind each word over the whole photo, or None.
        note: why the caption is false.
        other: what another system said, if there is one to compare with.
        image_bytes: the photo as `thumbnails.shrink` returns it, or None where there is none to show.
    """

    image_id: str
    caption: str
    log_probability: float
    hypotheses: Sequence[tuple[str, float]]
    references: Sequence[str]
    scores: Mapping[str, float | None]
    words: Sequence[str] = ()
    attention: np.ndarray | None = None
    note: str = ""
    other: OtherCaption | None = None
    image_bytes: bytes | None = None


def render_cards(items: Sequence[ReportItem], metrics: Sequence[str], names: tuple[str, str], budget: int) -> str:
    """Returns the HTML of all cards, their photos as large as the budget allows.

    Args:
        items: with `image_bytes` as `thumbnails.shrink` returns them.
        metrics: names of scores, in the order to show.
        names: of this system and the other, where there is one.
        budget: bytes for all cards.
    """
    around = [(_opening(item, metrics), _body(item, metrics, names)) for item in items]
    budget -= sum(len(text.encode()) for pair in around for text in pair)
    budget -= sum(_PHOTO_TAGS + len(escape(item.image_id).encode()) for item in items)
    photos = fit([item.image_bytes for item in items], budget * 3 // 4)  # base64 makes four bytes of three
    return "\n".join(
        f"{opening}{_photo(item.image_id, photo)}{body}</article>"
        for item, photo, (opening, body) in zip(items, photos, around)
    )


def _opening(item: ReportItem, metrics: Sequence[str]) -> str:
    scores = _ranks([*(item.scores.get(name) for name in metrics), item.log_probability])
    others = f' data-others="{_ranks([item.other.scores.get(name) for name in metrics])}"' if item.other else ""
    truth = f' data-truth="{int(item.scores[TRUTH])}"' if item.scores.get(TRUTH) is not None else ""
    maps = "" if item.attention is None else _attention(item.words, item.attention)
    return f'<article class="card" data-id="{escape(item.image_id)}" data-scores="{scores}"{others}{truth}{maps}>'


def _ranks(scores: Sequence[float | None]) -> str:
    return ",".join("" if score is None else f"{score:.6g}" for score in scores)


def _attention(words: Sequence[str], maps: np.ndarray) -> str:
    if maps.ndim != 3 or len(maps) != len(words):
        raise ValueError(
            f"Expected `attention` [{len(words)}, height, width], a map a word. Received: {list(maps.shape)}."
        )
    maps = _at_most(maps, _MAP_SIDE)
    highest = np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-12)
    packed = np.rint(255 * np.clip(maps / highest, 0, 1)).astype(np.uint8)
    height, width = maps.shape[1:]
    return f' data-grid="{height},{width}" data-maps="{base64.b64encode(packed.tobytes()).decode()}"'


def _at_most(maps: np.ndarray, side: int) -> np.ndarray:
    """Returns maps [words, height, width] of at most `side` regions either way, each the mean of those it covers."""
    height, width = maps.shape[1:]
    if max(height, width) <= side:
        return maps
    size = min(width, side), min(height, side)
    small = [Image.fromarray(each.astype(np.float32)).resize(size, Image.Resampling.BOX) for each in maps]
    return np.array([np.asarray(each) for each in small]).reshape(len(maps), *size[::-1])


def _photo(image_id: str, photo: Thumbnail | None) -> str:
    if photo is None:
        return '<div class="photo unreadable">no photo to show</div>'
    source = f"data:image/jpeg;base64,{base64.b64encode(photo.jpeg).decode()}"
    return (
        f'<div class="photo" style="--w:{photo.width};--h:{photo.height}"><img alt="{escape(image_id)}" '
        f'loading="lazy" width="{photo.width}" height="{photo.height}" src="{source}"></div>'
    )


def _body(item: ReportItem, metrics: Sequence[str], names: tuple[str, str]) -> str:
    others = [(text, value) for text, value in item.hypotheses if text != item.caption]
    beams = [f"{escape(text)} <small>{_probability(value)}</small>" for text, value in others]
    said = [escape(text) for text in item.references]
    return (
        f'<div class="text">{_said(item, names[0])}{_said_by_other(item, names[1])}'
        f"{_list('Also considered', beams)}{_list('People said', said)}</div>"
        f'<div class="foot"><dl class="marks">{_marks(item, metrics)}</dl>'
        f'<p class="id">{escape(item.image_id)}</p></div>'
    )


def _said(item: ReportItem, name: str) -> str:
    words = item.words if item.attention is not None else ()
    caption = " ".join(f"<i>{escape(word)}</i>" for word in words) or escape(item.caption) or _NO_WORDS
    log_probability = f'title="log-probability {item.log_probability:.3f}"'
    return (
        f'{_system(name) if item.other else ""}<p class="caption">{caption}</p><p class="odds">{_badge(item.scores)}'
        f"<span {log_probability}>{_probability(item.log_probability)}</span></p>{_note(item.note)}"
    )


def _said_by_other(item: ReportItem, name: str) -> str:
    other = item.other
    if other is None:
        return ""
    if other.caption == item.caption:
        return f'<div class="other same">{_system(name)}<p class="caption">the same</p></div>'
    badge = _badge(other.scores)
    return (
        f'<div class="other">{_system(name)}<p class="caption">{escape(other.caption) or _NO_WORDS}</p>'
        f"{badge and f'<p class=odds>{badge}</p>'}{_note(other.note)}</div>"
    )


def _system(name: str) -> str:
    return f'<h3 class="system">{escape(name)}</h3>'


def _list(heading: str, texts: Sequence[str]) -> str:
    lines = "".join(f"<li>{text}</li>" for text in texts)
    return f"<h3>{heading}</h3><ul>{lines}</ul>" if lines else ""


def _badge(scores: Mapping[str, float | None]) -> str:
    if scores.get(TRUTH) is None:
        return ""
    word = "true" if scores[TRUTH] else "false"
    return f'<b class="badge {word}">{word}</b>'


def _note(note: str) -> str:
    return f'<p class="why">{escape(note)}</p>' if note else ""


def _marks(item: ReportItem, metrics: Sequence[str]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{100 * item.scores[name]:.1f}{_difference(item, name)}</dd></div>"
        for name in metrics
        if name != TRUTH and item.scores.get(name) is not None
    )


def _difference(item: ReportItem, name: str) -> str:
    """Returns the other system's score and how far this one is ahead, where the captions differ."""
    if item.other is None or item.other.caption == item.caption or item.other.scores.get(name) is None:
        return ""
    difference = item.scores[name] - item.other.scores[name]
    text = signed(difference)
    style = "" if text == "0.0" else " class=up" if difference > 0 else " class=down"
    return f" <small>{100 * item.other.scores[name]:.1f}</small> <b{style}>{text}</b>"


def signed(difference: float) -> str:
    """Returns a difference times 100 with its sign, and what rounds to nothing without."""
    text = f"{100 * difference:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def _probability(log_probability: float) -> str:
    probability = math.exp(min(log_probability, 0.0))
    return f"p={probability:.6f}" if probability >= 1e-4 else f"p={probability:.1e}"
