"""An evaluation as one page that people can look at: scores, charts, and every photo with its captions.

The page is a single HTML file that needs nothing else: style, script and photos lie in it, and its content
security policy forbids it to load anything or to run any script but its own. It can be sorted and searched,
reads well on a phone, and stays under 10 MB for 1,000 photos. Where the decoder attends, pointing at a word
shows where it looked, and a strip shows it word by word, as the figures of Xu et al. 2015, "Show, Attend and Tell".
Another system's captions of the same photos can stand beside.

Template, style and script lie in the folder `report_page`; this module fills them in.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from im2txt.evaluation.charts import curves as curves_chart
from im2txt.evaluation.other_system import SideBySide
from im2txt.evaluation.report_cards import TRUTH, ReportItem, render_cards
from im2txt.evaluation.report_scores import (
    extremes,
    figure,
    label,
    primary,
    render_extremes,
    render_histograms,
    render_tiles,
)
from im2txt.evaluation.thumbnails import shrink
from im2txt.files import write_whole
from im2txt.metrics.significance import RESAMPLES

SIZE_LIMIT = 10_000_000  # bytes
GALLERY_LIMIT = 1000  # photos
# title, what the name in the log holds, unit, factor
_CURVES = (
    ("Cross-entropy", "cross_entropy", "nats a word", 1.0),
    ("CIDEr-D on validation", "cider", "CIDEr-D", 100.0),
    ("Caption truth on validation", "truth", "% true", 100.0),
)


class ReportHead(NamedTuple):
    """What the report says above its gallery.

    Attributes:
        title: its heading.
        corpus: scores of the whole split, in the order to show; None is shown as not available.
        details: what was run (config, split, beam size, step, date ...). Nested values fold away as JSON.
        curves: the lines of metrics.jsonl: `step`, and anything with `cross_entropy`, `CIDEr` or `truth` in its name.
        beside: how another system differs; its captions come with the items.
    """

    title: str
    corpus: Mapping[str, float | None]
    details: Mapping[str, object]
    curves: Sequence[Mapping[str, object]] = ()
    beside: SideBySide | None = None


def write_report(
    path: str | os.PathLike, head: ReportHead, items: Sequence[ReportItem], photos: Iterable[bytes | None]
) -> None:
    """Writes the report; the file is whole or absent.

    Args:
        path: the HTML file.
        head: what stands above the gallery.
        items: what is said of the photos of the split, without them. Of more than `GALLERY_LIMIT` the page shows the
            best, the worst and an even sample; the histograms count all.
        photos: the encoded photos in the same order, None where there is none to show; read once, and those that are
            shown kept as small JPEGs.
    """
    metrics = list(dict.fromkeys(name for item in items for name in item.scores if item.scores[name] is not None))
    places = set(_gallery_places(items, metrics))
    both = enumerate(zip(items, tqdm(photos, desc="report", total=len(items), unit="photo", dynamic_ncols=True)))
    shown = [item._replace(image_bytes=shrink(photo or b"")) for place, (item, photo) in both if place in places]
    page = {
        "title": escape(head.title),
        "facts": _facts(head.details),
        "scores": render_tiles(head.corpus, head.beside),
        "histograms": render_histograms(items, metrics),
        "extremes": _section("Best and worst photos", "extremes", render_extremes(shown, metrics)),
        "curves": _curves(head.curves),
        "sorts": _options(metrics, head.beside),
        "truth_filter": "" if TRUTH in metrics else "hidden",
        "attention_hint": "" if any(item.attention is not None for item in shown) else "hidden",
        "shown": _shown(len(shown), len(items)),
        "style": _asset("style.css"),
        "script": _asset("page.js"),
        "cards": "",
        **_beside(head.beside, metrics),
    }
    page["script_sha256"] = base64.b64encode(hashlib.sha256(page["script"].encode()).digest()).decode()
    names = head.beside.names if head.beside else ("", "")
    page["cards"] = render_cards(shown, metrics, names, SIZE_LIMIT - len(_fill(page).encode()))
    write_whole(path, _fill(page))


def _fill(page: Mapping[str, str]) -> str:
    """Fills the template in one pass, so that nothing filled in is taken for a place to fill."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: page[place[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return files("im2txt.evaluation").joinpath("report_page", name).read_text(encoding="utf-8")


def _gallery_places(items: Sequence[ReportItem], metrics: Sequence[str]) -> list[int]:
    """Returns which items to show, in order: all, or the best, the worst and some of those between.

    Whatever is best or worst by any score is shown.
    """
    if len(items) <= GALLERY_LIMIT:
        return list(range(len(items)))
    kept = {place for name in metrics for end in extremes(items, name) for place in end}
    rest = [place for place in range(len(items)) if place not in kept]
    if metrics:
        rest.sort(key=lambda place: items[place].scores.get(metrics[primary(metrics)]) or 0.0)
    count = max(0, GALLERY_LIMIT - len(kept))
    quarter = count // 4
    between = rest[quarter : len(rest) - quarter]
    even = np.linspace(0, len(between) - 1, count - 2 * quarter).astype(int)
    return sorted({*kept, *rest[:quarter], *(between[place] for place in even), *rest[len(rest) - quarter :]})


def _shown(shown: int, total: int) -> str:
    if shown == total:
        return f"{total:,} photos"
    return f"{shown:,} of {total:,} photos: the best, the worst, and an even sample of those between"


def _facts(details: Mapping[str, object]) -> str:
    plain, folded = [], []
    for name, value in details.items():
        if isinstance(value, Mapping | list | tuple):
            text = escape(json.dumps(value, indent=2, default=str))
            folded.append(f"<details><summary>{escape(name)}</summary><pre>{text}</pre></details>")
        else:
            plain.append(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>")
    return f'<dl class="facts">{"".join(plain)}</dl>{"".join(folded)}'


def _section(title: str, style: str, content: str) -> str:
    return f'<h2>{title}</h2><div class="{style}">{content}</div>' if content else ""


def _curves(log: Sequence[Mapping[str, object]]) -> str:
    figures = [
        figure(title, curves_chart(series, unit), list(series))
        for title, part, unit, factor in _CURVES
        if (series := _series(log, part, factor))
    ]
    return _section("Training", "charts", "".join(figures))


def _series(log: Sequence[Mapping[str, object]], part: str, factor: float) -> dict[str, list[tuple[float, float]]]:
    """Collects (step, factor * value) of every number in the log whose name holds `part`."""
    series: dict[str, list[tuple[float, float]]] = {}
    for line in log:
        for name, value in line.items():
            if part in name.lower() and isinstance(value, int | float) and "step" in line:
                series.setdefault(name, []).append((line["step"], factor * value))
    return series


def _options(metrics: Sequence[str], beside: SideBySide | None) -> str:
    """Returns the choices to sort by: a card lists its scores in this order, its log-probability last."""
    options = [_option(str(place), name, "") for place, name in enumerate(metrics)]
    options.append(f'<option value="{len(metrics)}">probability</option>')
    if beside:
        options += [_option(f"d{place}", name, ", difference") for place, name in enumerate(metrics)]
    return "".join(options)


def _option(value: str, name: str, of: str) -> str:
    return f'<option value="{value}" data-metric="{escape(name)}">{escape(label(name))}{of}</option>'


def _beside(beside: SideBySide | None, metrics: Sequence[str]) -> dict[str, str]:
    """Returns what the template says of two systems, or hides where there is but one."""
    names = [escape(name) for name in (beside.names if beside else ("", ""))]
    return {
        "one": names[0],
        "other": names[1],
        "beside": "" if beside else "hidden",
        "resamples": f"{RESAMPLES:,}",
        "primary": str(primary(metrics)),
    }
