"""The table of baselines and systems as Markdown, and the files of a run of im2txt.baselines.

    baselines.md             the table, x100, with what has to be known to read it
    metrics.json             every score as a fraction in full precision, and what was run
    predictions_NAME.json    a COCO result file for each baseline

NAME is `random` (the first draw), `nearest`, `consensus` or `human` (the first captions).
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from im2txt.evaluation.predictions import write_predictions
from im2txt.files import write_whole
from im2txt.metrics.baseline_captions import CONSENSUS, HUMAN, NEAREST, RANDOM, BaselineOptions
from im2txt.metrics.baseline_scores import Row, Tables, Trial
from im2txt.metrics.caption_scores import METRICS

PAPERS = ("BLEU-4", "METEOR", "CIDEr-D")  # the columns of Show and Tell's table
FILES = {RANDOM: "random", NEAREST: "nearest", CONSENSUS: "consensus", HUMAN: "human"}
_SIMILARITIES = {"cider": "CIDEr", "bleu": "BLEU-4"}
_NOT_AVAILABLE = "n/a"


def report(title: str, tables: Tables, notes: Sequence[str], every_metric: bool) -> str:
    """Returns baselines.md: the tables, and a list of notes."""
    lines = [f"# {title}", "", "Scores of the official COCO caption scorer, x100.", ""]
    lines += [*table_lines(tables.rows, every_metric), ""]
    if tables.equal_references:
        lines += ["## The same references for all", "", f"Each row against the references that {HUMAN} has.", ""]
        lines += [*table_lines(tables.equal_references, every_metric), ""]
    return "\n".join([*lines, *(f"* {note}" for note in notes), ""])


def table_lines(rows: Mapping[str, Row], every_metric: bool = False) -> list[str]:
    """Returns a Markdown table of scores x100, a line a row; with `every_metric` all of them, and the words used."""
    metrics = METRICS if every_metric else PAPERS
    head = ["system", "references", *metrics, *(["words"] if every_metric else [])]
    lines = [head]
    for name, row in rows.items():
        words = [f"{row.words:,.0f}"] if every_metric else []
        scores = [_score(row, metric) for metric in metrics]
        lines.append([name.replace("|", "\\|"), _span(row.references), *scores, *words])
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    aligned = (
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))] for line in lines
    )
    return [f"| {' | '.join(cells)} |" for cells in aligned]


def reading_notes(tables: Tables, options: BaselineOptions, encoder: str | None) -> list[str]:
    """Returns what has to be known to read the tables; `encoder` made the features of the neighbours."""
    rows = tables.rows
    notes = ["CIDEr-D is what the official scorer, and most papers, print as CIDEr."]
    if any(row.corpus["METEOR"] is None for row in rows.values()):
        notes.append('METEOR is not available: it needs the data of pycocoevalcap, `pip install -e ".[official]"`.')
    draws = f"the mean of {options.draws} draws ± their standard deviation" if options.draws > 1 else "one draw"
    notes.append(f"{RANDOM}: a random training caption for each image; {draws}, seed {options.seed}.")
    if NEAREST in rows:
        notes += [
            f"{NEAREST}: the first caption of the training image with the most similar features, by cosine; the "
            f"features are those of {encoder}.",
            f"{CONSENSUS}: of all captions of the {options.neighbours} nearest training images, the one with the "
            f"highest mean {_SIMILARITIES[options.similarity]} to the {options.consensus} others closest to it.",
        ]
    return [*notes, _human_note(rows[HUMAN], bool(tables.equal_references))] if HUMAN in rows else notes


def write_files(
    output: str | os.PathLike,
    text: str,
    tables: Tables,
    details: Mapping[str, Any],
    trials: Mapping[str, Sequence[Trial]],
) -> None:
    """Writes the files of a run into `output`, which is made if absent; each is whole or absent.

    Args:
        output: folder.
        text: content of baselines.md.
        tables: the scores.
        details: what was run; kept in metrics.json.
        trials: those of every row; the first trial of a baseline is what its predictions are.
    """
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    for name, file in FILES.items():
        if name in trials:
            write_predictions(output / f"predictions_{file}.json", trials[name][0].captions)
    scores = {part: {name: row._asdict() for name, row in rows.items()} for part, rows in tables._asdict().items()}
    write_whole(output / "metrics.json", json.dumps({**scores, "run": details}, indent=1) + "\n")
    write_whole(output / "baselines.md", text)


def _human_note(row: Row, equal: bool) -> str:
    held = "the first caption of each image against its others"
    if row.trials > 1:
        held = f"each of {row.trials} captions of an image in turn against its others, ± their standard deviation"
    remedy = "compare them in the second table" if equal else "compare them with --equal_references"
    return (
        f"{HUMAN}: {held}. That is one reference fewer than the other rows have, and all metrics but CIDEr-D gain from "
        f"every reference: {remedy}."
    )


def _score(row: Row, metric: str) -> str:
    if row.corpus[metric] is None:
        return _NOT_AVAILABLE
    spread = f" ± {100 * row.deviation[metric]:.1f}" if row.deviation else ""
    return f"{100 * row.corpus[metric]:.1f}{spread}"


def _span(counts: tuple[int, int]) -> str:
    least, most = counts
    return str(least) if least == most else f"{least} to {most}"
