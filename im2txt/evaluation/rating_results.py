"""The summary of people's ratings as lines of text and as a small page with a histogram of every system."""

import os
from collections.abc import Mapping
from html import escape

from im2txt.evaluation.rating_page import asset, fill
from im2txt.evaluation.ratings import SCALE
from im2txt.files import write_whole

_COLUMNS = ("captions", "ratings", "mean", "95 % interval", "1", "2", "3", "4", ">= 2", ">= 3", ">= 4")
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 320, 190, 22, 40


def as_text(summary: Mapping) -> str:
    """Returns the summary for people, one line a system."""
    rows = [("system", *_COLUMNS), *((name, *_cells(system)) for name, system in summary["systems"].items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in rows
    ]
    return "\n".join([*lines, "", *(f"{name}: {value}" for name, value in facts(summary).items()), ""])


def facts(summary: Mapping) -> dict[str, str]:
    """Returns what there is to say of all systems together."""
    agreement = summary["agreement"]
    raters = ", ".join(f"{rater} ({count} ratings)" for rater, count in summary["raters"].items())
    share = agreement["same_rating"]
    return {
        "raters": raters,
        "images": f"{summary['images']}, of which {summary['images_of_two_raters']} by two raters or more",
        "captions by two raters or more": str(agreement["captions"]),
        "same rating by two raters": "not defined" if share is None else f"{share:.1%} of pairs",
        "Krippendorff's alpha, ordinal": _alpha(agreement["alpha_ordinal"]),
        "Krippendorff's alpha, interval": _alpha(agreement["alpha_interval"]),
    }


def write_results_page(path: str | os.PathLike, summary: Mapping) -> None:
    """Writes the page; the file is whole or absent."""
    systems = summary["systems"]
    rows = "".join(_row("td", (name, *_cells(system))) for name, system in systems.items())
    parts = {
        "style": asset("style.css"),
        "facts": "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts(summary).items()),
        "table": _row("th", ("system", *_COLUMNS)) + rows,
        "charts": "".join(_figure(name, system) for name, system in systems.items() if system["ratings"]),
    }
    write_whole(path, fill("results.html", parts))


def _cells(system: Mapping) -> tuple[str, ...]:
    counts = (str(system["captions"]), str(system["ratings"]))
    if not system["ratings"]:
        return (*counts, *["-"] * (len(_COLUMNS) - len(counts)))
    low, high = system["interval"]
    shares = [*system["shares"].values(), *system["at_least"].values()]
    return (*counts, f"{system['mean']:.2f}", f"{low:.2f} to {high:.2f}", *(f"{share:.1%}" for share in shares))


def _alpha(alpha: float | None) -> str:
    return "not defined" if alpha is None else f"{alpha:.3f}"


def _row(tag: str, cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _figure(name: str, system: Mapping) -> str:
    title = f"{name}: mean {system['mean']:.2f}"
    bars = "".join(_bar(int(rating), share) for rating, share in system["shares"].items())
    base = _HEIGHT - _BOTTOM
    axis = f'<line x1="0" y1="{base}" x2="{_WIDTH}" y2="{base}"/>'
    svg = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">{bars}{axis}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def _bar(rating: int, share: float) -> str:
    """Draws one bar of the histogram; all systems have the same scale, 0 to 100 %."""
    slot = _WIDTH / len(SCALE)
    middle, base = slot * (rating - 0.5), _HEIGHT - _BOTTOM
    height = share * (base - _TOP)
    return (
        f'<rect class="bar-{rating}" x="{middle - slot * 0.36:.1f}" y="{base - height:.1f}" '
        f'width="{slot * 0.72:.1f}" height="{height:.1f}" rx="2"/>'
        f'<text class="value" x="{middle:.1f}" y="{base - height - 6:.1f}">{share:.1%}</text>'
        f'<text x="{middle:.1f}" y="{base + 16}">{rating}</text>'
        f'<text x="{middle:.1f}" y="{base + 31}" class="name">{SCALE[rating]}</text>'
    )
