"""What the report says of scores above its gallery: a tile a score, histograms, the best and the worst photos."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from im2txt.evaluation.charts import histogram
from im2txt.evaluation.other_system import SideBySide
from im2txt.evaluation.report_cards import TRUTH, ReportItem, signed
from im2txt.metrics.attention_correctness import IN_BOX, TOUCHING_BOX
from im2txt.metrics.score_comparison import Comparison

PRIMARY = "CIDEr-D"  # the score that ranks photos where only one can
EXTREMES = 3  # photos at either end of a score
_NOT_CHARTED = ("BLEU-1", "BLEU-2", "BLEU-3")  # their histograms say little beside that of BLEU-4
_LABELS = {TRUTH: "Caption truth", IN_BOX: "Attention in its box", TOUCHING_BOX: "Attention touching its box"}
_CERTAIN = 0.05  # p below which a difference is coloured


def label(name: str) -> str:
    """Returns what a score is called on the page."""
    return _LABELS.get(name, name)


def primary(metrics: Sequence[str]) -> int:
    """Returns the place of the score that ranks photos where only one can."""
    return metrics.index(PRIMARY) if PRIMARY in metrics else 0


def render_tiles(corpus: Mapping[str, float | None], beside: SideBySide | None) -> str:
    """Returns a tile for each corpus score; beside another system with its score and the difference."""
    differences = beside.differences if beside else {}
    return "".join(
        _tile(name, value, _against(beside.names[1], differences[name]) if differences.get(name) else "")
        for name, value in corpus.items()
    )


def figure(title: str, svg: str, names: Sequence[str] = ()) -> str:
    """Returns a chart under its title, with a key of the names of its series."""
    keys = "".join(
        f'<span class="key series-{place % 4 + 1}">{escape(name)}</span>' for place, name in enumerate(names)
    )
    return f"<figure><figcaption>{escape(title)}{keys}</figcaption>{svg}</figure>"


def render_histograms(items: Sequence[ReportItem], metrics: Sequence[str]) -> str:
    """Returns how the scores of the photos are spread, the primary score first."""
    charted = [name for name in metrics if name not in (TRUTH, *_NOT_CHARTED)]
    figures = []
    for name in sorted(charted, key=lambda name: name != PRIMARY):
        values = [100 * item.scores[name] for item in items if item.scores.get(name) is not None]
        figures.append(figure(f"{name}, photo by photo", histogram(values, name, "photos")))
    return "".join(figures)


def extremes(items: Sequence[ReportItem], name: str) -> tuple[list[int], list[int]]:
    """Returns the places of the photos with the best and the worst scores of a name; of equals the first."""
    scored = [place for place, item in enumerate(items) if item.scores.get(name) is not None]
    count = min(EXTREMES, len(scored) // 2)
    best = sorted(scored, key=lambda place: -items[place].scores[name])[:count]
    rest = [place for place in scored if place not in best]
    return best, sorted(rest, key=lambda place: items[place].scores[name])[:count]


def render_extremes(items: Sequence[ReportItem], metrics: Sequence[str]) -> str:
    """Returns links to the best and the worst photos by each score but truth; the script shows the cards' photos."""
    ranked = [(place, name, *extremes(items, name)) for place, name in enumerate(metrics) if name != TRUTH]
    ranked.sort(key=lambda row: row[1] != PRIMARY)
    return "".join(
        f"<div><h3>{escape(name)}</h3>{_row(items, name, best, f'#sort={place}&amp;order=best', 'best')}"
        f"{_row(items, name, worst, f'#sort={place}&amp;order=worst', 'worst')}</div>"
        for place, name, best, worst in ranked
        if best
    )


def _row(items: Sequence[ReportItem], name: str, places: Sequence[int], gallery: str, end: str) -> str:
    links = "".join(_link(items[place], items[place].scores[name]) for place in places)
    return f'<p class="{end}"><a class="end" href="{gallery}">{end}</a>{links}</p>'


def _link(item: ReportItem, score: float) -> str:
    href = f"#image={quote(item.image_id, safe='')}"
    return f'<a class="thumb" href="{href}" title="{escape(item.caption)}"><span>{100 * score:.1f}</span></a>'


def _tile(name: str, value: float | None, against: str) -> str:
    missing = value is None or not math.isfinite(value)
    unit = "<small>%</small>" if name in _LABELS else ""
    text = "not available" if missing else f"{100 * value:.1f}{unit}"
    style = " missing" if missing else " primary" if name in (PRIMARY, TRUTH) else ""
    return f'<div class="tile{style}"><dt>{escape(label(name))}</dt><dd>{text}</dd>{against}</div>'


def _against(other: str, found: Comparison) -> str:
    certain = found.p_randomisation < _CERTAIN
    style = "" if not certain else ' class="up"' if found.difference > 0 else ' class="down"'
    p = f"p = {found.p_randomisation:.3f}" if found.p_randomisation >= 0.001 else "p &lt; 0.001"
    return (
        f'<dd class="against"><span>{escape(other)} {100 * found.second:.1f}</span> '
        f"<span><b{style}>{signed(found.difference)}</b> "
        f"[{signed(found.interval.low)}, {signed(found.interval.high)}]</span> <span>{p}</span></dd>"
    )
