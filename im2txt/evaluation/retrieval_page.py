"""Retrieval as one page that people can look at: the scores, and what some queries of each direction find.

The queries are spread evenly from the best ranked to the worst, so that the page shows no better side than there is.
The page is a single HTML file that needs nothing else: style and photos lie in it, it has no script, and its content
security policy forbids it to load anything. Template and style lie in the folder `retrieval_page`.
"""

import base64
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

import numpy as np

from im2txt.evaluation.caption_similarity import Candidates
from im2txt.evaluation.thumbnails import Thumbnail, fit, shrink
from im2txt.files import write_whole
from im2txt.metrics.retrieval import rank

QUERIES = 12  # of each direction
ANSWERS = 5
PHOTO_BYTES = 5_000_000  # of all JPEGs; base64 makes 7 MB of them


def write_retrieval_page(
    path: str | os.PathLike,
    table: Sequence[Sequence[str]],
    similarities: np.ndarray,
    candidates: Candidates,
    photos: Iterable[bytes | None],
    details: Mapping[str, object],
) -> None:
    """Writes the page; the file is whole or absent.

    Args:
        path: the HTML file.
        table: rows of cells, the first being the head.
        similarities: [images, captions], greater is more alike.
        candidates: the images and captions.
        photos: the encoded images in the order of the candidates, None where there is none to show.
        details: what was run, name by name.
    """
    of_images, of_captions = rank(similarities, candidates.owners)
    captions, images = (_spread(ranks.ranks) for ranks in (of_captions, of_images))
    found = {caption: _found(similarities[:, caption], [candidates.owners[caption]]) for caption in captions}
    shown = [*(place for places in found.values() for place in places), *images]
    thumbnails = _thumbnails(photos, shown)
    text_to_image = [
        _caption_card(candidates, caption, found[caption], similarities[:, caption], of_captions.ranks, thumbnails)
        for caption in captions
    ]
    image_to_text = [
        _photo_card(candidates, image, similarities[image], of_images.ranks, thumbnails) for image in images
    ]
    page = {
        "facts": "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(str(v))}</dd></div>" for k, v in details.items()),
        "table": "".join(_row("td" if number else "th", cells) for number, cells in enumerate(table)),
        "text_queries": _told(len(captions), len(candidates.captions), "captions"),
        "image_queries": _told(len(images), len(candidates.images), "photos"),
        "text_to_image": "".join(text_to_image),
        "image_to_text": "".join(image_to_text),
        "style": _asset("style.css"),
    }
    write_whole(path, re.sub(r"\{\{(\w+)\}\}", lambda place: page[place[1]], _asset("page.html")))


def _asset(name: str) -> str:
    return files("im2txt.evaluation").joinpath("retrieval_page", name).read_text(encoding="utf-8")


def _spread(ranks: np.ndarray) -> list[int]:
    """Returns some queries, evenly from the best ranked to the worst."""
    order = np.argsort(ranks, kind="stable")
    return order[np.linspace(0, len(order) - 1, min(QUERIES, len(order))).astype(int)].tolist()


def _found(similarities: np.ndarray, right: Sequence[int]) -> list[int]:
    """Returns the places of the first answers, and of the best right one where it is not among them."""
    is_right = np.isin(np.arange(len(similarities)), right)
    order = np.lexsort((is_right, -similarities))  # of equals, right ones come last, as in the ranks
    first = order[:ANSWERS].tolist()
    return first if is_right[first].any() else [*first, int(order[is_right[order]][0])]


def _thumbnails(photos: Iterable[bytes | None], shown: Sequence[int]) -> dict[int, Thumbnail | None]:
    """Returns the photos of the places `shown`, as large as all uses of them together may be."""
    wanted = set(shown)
    small = {place: shrink(photo or b"") for place, photo in zip(range(max(wanted) + 1), photos) if place in wanted}
    return dict(zip(shown, fit([small.get(place) for place in shown], PHOTO_BYTES)))


def _caption_card(
    candidates: Candidates,
    caption: int,
    found: Sequence[int],
    similarities: np.ndarray,
    ranks: np.ndarray,
    thumbnails: Mapping[int, Thumbnail | None],
) -> str:
    owner = int(candidates.owners[caption])
    items = "".join(
        f'<li{_right(place == owner)}><div class="frame">{_photo(candidates, place, thumbnails)}</div>'
        f"<small>{number}{' ✓' * (place == owner)} &nbsp; {_score(similarities[place])}</small></li>"
        for number, place in _numbered(found, ranks[caption])
    )
    return (
        f"<article><h3>{escape(candidates.captions[caption])}</h3>{_rank(ranks[caption], len(similarities), 'photos')}"
        f'<ol class="photos">{items}</ol></article>'
    )


def _photo_card(
    candidates: Candidates,
    image: int,
    similarities: np.ndarray,
    ranks: np.ndarray,
    thumbnails: Mapping[int, Thumbnail | None],
) -> str:
    (right,) = np.nonzero(candidates.owners == image)
    items = "".join(
        f"<li{_right(place in right)}><b>{number}{' ✓' * (place in right)}</b>"
        f"<span>{escape(candidates.captions[place])}</span><small>{_score(similarities[place])}</small></li>"
        for number, place in _numbered(_found(similarities, right), ranks[image])
    )
    return (
        f'<article class="pair"><div>{_photo(candidates, image, thumbnails)}</div>'
        f'<div>{_rank(ranks[image], len(similarities), "captions")}<ol class="captions">{items}</ol></div></article>'
    )


def _numbered(found: Sequence[int], rank: int) -> Iterator[tuple[int, int]]:
    """Yields each answer with its number; that of one beyond the first is its rank."""
    yield from ((number if number <= ANSWERS else int(rank), place) for number, place in enumerate(found, start=1))


def _right(is_right: bool) -> str:
    return ' class="right"' if is_right else ""


def _rank(rank: int, total: int, things: str) -> str:
    return f'<p class="rank">rank {rank:,} of {total:,} {things}</p>'


def _score(similarity: float) -> str:
    return f"{similarity:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _photo(candidates: Candidates, place: int, thumbnails: Mapping[int, Thumbnail | None]) -> str:
    name, thumbnail = escape(candidates.images[place].image_id), thumbnails[place]
    if thumbnail is None:
        return f'<div class="none"><p>no photo to show</p>{name}</div>'
    source = f"data:image/jpeg;base64,{base64.b64encode(thumbnail.jpeg).decode()}"
    return f'<img alt="{name}" title="{name}" width="{thumbnail.width}" height="{thumbnail.height}" src="{source}">'


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _told(shown: int, total: int, things: str) -> str:
    if shown == total:
        return f"All {total:,} {things}"
    return f"{shown} of {total:,} {things}, evenly from the best ranked to the worst"
