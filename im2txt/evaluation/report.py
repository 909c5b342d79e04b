"""An evaluation as one page that people can look at: scores, charts, and every photo with its captions.

The page is a single HTML file that needs nothing else: style, script and photos lie in it, and its content
security policy forbids it to load anything or to run any script but its own. It can be sorted and searched,
reads well on a phone, and stays under 10 MB for 1,000 photos. Where the decoder attends, pointing at a word
shows where it looked.

Template, style and script lie in the folder `report_page`; this module fills them in.
"""

import base64
import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

import numpy as np

from im2txt.evaluation.charts import curves as curves_chart
from im2txt.evaluation.charts import histogram
from im2txt.evaluation.report_cards import TRUTH, ReportItem, render_cards
from im2txt.evaluation.thumbnails import shrink
from im2txt.files import write_whole

PRIMARY = "CIDEr-D"  # the score that ranks photos where only some of them can be shown
SIZE_LIMIT = 10_000_000  # bytes
GALLERY_LIMIT = 1000  # photos
_NOT_CHARTED = ("BLEU-1", "BLEU-2", "BLEU-3")  # their histograms say little beside that of BLEU-4
# title, what the name in the log holds, unit, factor
_CURVES = (
    ("Cross-entropy", "cross_entropy", "nats a word", 1.0),
    ("CIDEr-D on validation", "cider", "CIDEr-D", 100.0),
    ("Caption truth on validation", "truth", "% true", 100.0),
)


def write_report(
    path: str | os.PathLike,
    title: str,
    corpus: Mapping[str, float | None],
    items: Iterable[ReportItem],
    details: Mapping[str, object],
    curves: Sequence[Mapping[str, object]] | None = None,
) -> None:
    """Writes the report; the file is whole or absent.

    Args:
        path: the HTML file.
        title: its heading.
        corpus: scores of the whole split, in the order to show; None is shown as not available.
        items: the photos in the order of the split, read once and kept as small JPEGs. Of more than
            `GALLERY_LIMIT` the page shows the best, the worst and an even sample; the histograms count all.
        details: what was run (config, split, beam size, step, date ...). Nested values fold away as JSON.
        curves: the lines of metrics.jsonl: `step`, and anything with `loss`, `CIDEr` or `truth` in its name.
    """
    items = [item._replace(image_bytes=shrink(item.image_bytes or b"")) for item in items]
    metrics = list(dict.fromkeys(name for item in items for name in item.scores if item.scores[name] is not None))
    shown = [items[place] for place in _gallery_places(items, metrics)]
    page = {
        "title": escape(title),
        "facts": _facts(details),
        "scores": "".join(_tile(name, value) for name, value in corpus.items()),
        "histograms": _histograms(items, metrics),
        "curves": _curves(curves or ()),
        "sorts": _options(metrics),
        "truth_filter": "" if TRUTH in metrics else "hidden",
        "attention_hint": "" if any(item.attention is not None for item in shown) else "hidden",
        "shown": _shown(len(shown), len(items)),
        "style": _asset("style.css"),
        "script": _asset("page.js"),
        "cards": "",
    }
    page["script_sha256"] = base64.b64encode(hashlib.sha256(page["script"].encode()).digest()).decode()
    page["cards"] = render_cards(shown, metrics, SIZE_LIMIT - len(_fill(page).encode()))
    write_whole(path, _fill(page))


def _fill(page: Mapping[str, str]) -> str:
    """Fills the template in one pass, so that nothing filled in is taken for a place to fill."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: page[place[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return files("im2txt.evaluation").joinpath("report_page", name).read_text(encoding="utf-8")


def _gallery_places(items: Sequence[ReportItem], metrics: Sequence[str]) -> list[int]:
    """Returns which items to show, in order: all, or the best, the worst and some of those between."""
    if len(items) <= GALLERY_LIMIT:
        return list(range(len(items)))
    score = PRIMARY if PRIMARY in metrics or not metrics else metrics[0]
    ranked = sorted(range(len(items)), key=lambda place: items[place].scores.get(score) or 0.0)
    quarter = GALLERY_LIMIT // 4
    between = ranked[quarter:-quarter]
    even = np.linspace(0, len(between) - 1, GALLERY_LIMIT - 2 * quarter).astype(int)
    return sorted([*ranked[:quarter], *(between[place] for place in even), *ranked[-quarter:]])


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


def _tile(name: str, value: float | None) -> str:
    missing = value is None or not math.isfinite(value)
    unit = "<small>%</small>" if name == TRUTH else ""
    text = "not available" if missing else f"{100 * value:.1f}{unit}"
    style = " missing" if missing else " primary" if name in (PRIMARY, TRUTH) else ""
    return f'<div class="tile{style}"><dt>{escape(_label(name))}</dt><dd>{text}</dd></div>'


def _label(name: str) -> str:
    return "Caption truth" if name == TRUTH else name


def _histograms(items: Sequence[ReportItem], metrics: Sequence[str]) -> str:
    charted = [name for name in metrics if name not in (TRUTH, *_NOT_CHARTED)]
    figures = []
    for name in sorted(charted, key=lambda name: name != PRIMARY):
        values = [100 * item.scores[name] for item in items if item.scores.get(name) is not None]
        figures.append(_figure(f"{name}, photo by photo", histogram(values, name, "photos")))
    return "".join(figures)


def _curves(log: Sequence[Mapping[str, object]]) -> str:
    figures = [
        _figure(title, curves_chart(series, unit), list(series))
        for title, part, unit, factor in _CURVES
        if (series := _series(log, part, factor))
    ]
    return f'<h2>Training</h2><div class="charts">{"".join(figures)}</div>' if figures else ""


def _series(log: Sequence[Mapping[str, object]], part: str, factor: float) -> dict[str, list[tuple[float, float]]]:
    """Collects (step, factor * value) of every number in the log whose name holds `part`."""
    series: dict[str, list[tuple[float, float]]] = {}
    for line in log:
        for name, value in line.items():
            if part in name.lower() and isinstance(value, int | float) and "step" in line:
                series.setdefault(name, []).append((line["step"], factor * value))
    return series


def _figure(title: str, svg: str, names: Sequence[str] = ()) -> str:
    keys = "".join(
        f'<span class="key series-{place % 4 + 1}">{escape(name)}</span>' for place, name in enumerate(names)
    )
    return f"<figure><figcaption>{escape(title)}{keys}</figcaption>{svg}</figure>"


def _options(metrics: Sequence[str]) -> str:
    """Returns the choices to sort by: a card lists its scores in this order, its log-probability last."""
    labels = [*map(_label, metrics), "probability"]
    return "".join(f'<option value="{place}">{escape(label)}</option>' for place, label in enumerate(labels))
