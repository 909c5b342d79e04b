"""Scores of baselines and systems side by side, on all references and on equally many.

A row of the table is the mean of one or more trials: of several random draws, or of several captions of people held
out. People have one reference fewer than systems have, since one of their captions is what is scored; `equal_trials`
scores the systems on the references that people have.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from im2txt.metrics.baseline_captions import HUMAN, hold_out
from im2txt.metrics.caption_scores import METRICS, score_captions
from im2txt.metrics.diversity import variety
from im2txt.metrics.tokenize_ptb import tokenize_captions


class Trial(NamedTuple):
    """A caption for each image, and what to score it against."""

    captions: Mapping[str, str]
    references: Mapping[str, Sequence[str]]


class Row(NamedTuple):
    """The mean scores of some trials.

    Attributes:
        corpus: for each name of `METRICS` the mean, a fraction; None where it is not available.
        deviation: the standard deviation of the trials, estimated from them; None of a single trial.
        trials: how many.
        references: the least and the most references that an image has.
        words: different words in the captions of a trial, the mean.
    """

    corpus: dict[str, float | None]
    deviation: dict[str, float | None] | None
    trials: int
    references: tuple[int, int]
    words: float


class Tables(NamedTuple):
    """Rows by name: against all references, and against those that people have (empty where that is not asked)."""

    rows: dict[str, Row]
    equal_references: dict[str, Row]


def held_out_places(references: Mapping[str, Sequence[str]], every: bool) -> range:
    """Returns the places of the captions to hold out: the first, or every place that all images have.

    It is empty where an image has a single caption, which cannot be held out.
    """
    least = min(map(len, references.values()))
    return range(0 if least < 2 else least if every else 1)


def full_trials(
    systems: Mapping[str, Sequence[Mapping[str, str]]], references: Mapping[str, Sequence[str]], places: Sequence[int]
) -> dict[str, list[Trial]]:
    """Returns the trials of each system against all references, and of people where there are places to hold out."""
    trials = {name: [Trial(captions, references) for captions in runs] for name, runs in systems.items()}
    human = [Trial(*hold_out(references, place)) for place in places]
    return trials | ({HUMAN: human} if human else {})


def equal_trials(trials: Mapping[str, Sequence[Trial]]) -> dict[str, list[Trial]]:
    """Returns the trials of each system against the references that people have: one trial for each of theirs."""
    people = trials[HUMAN]
    return {
        name: [Trial(trial.captions, person.references) for trial in each for person in people]
        for name, each in trials.items()
        if name != HUMAN
    }


def score_tables(trials: Mapping[str, Sequence[Trial]], equal_references: bool) -> Tables:
    """Scores all trials, and with `equal_references` those of `equal_trials`, if there are people."""
    rows = score_trials(trials)
    if not equal_references or HUMAN not in rows:
        return Tables(rows, {})
    return Tables(rows, {**score_trials(equal_trials(trials)), HUMAN: rows[HUMAN]})


def score_trials(trials: Mapping[str, Sequence[Trial]]) -> dict[str, Row]:
    """Scores all trials; returns a row for each name."""
    rows = {}
    with tqdm(total=sum(map(len, trials.values())), desc="score", dynamic_ncols=True) as progress:
        for name, each in trials.items():
            scores = []
            for trial in each:
                scores.append(score_captions(trial.captions, trial.references).corpus)
                progress.update()
            rows[name] = _row(each, scores)
    return rows


def _row(trials: Sequence[Trial], scores: Sequence[Mapping[str, float | None]]) -> Row:
    columns = {name: [each[name] for each in scores] for name in METRICS}
    counts = [len(captions) for trial in trials for captions in trial.references.values()]
    words = [variety(tokenize_captions(list(trial.captions.values()))).vocabulary for trial in trials]
    return Row(
        {name: _known(np.mean, values) for name, values in columns.items()},
        {name: _known(_deviation, values) for name, values in columns.items()} if len(trials) > 1 else None,
        len(trials),
        (min(counts), max(counts)),
        float(np.mean(words)),
    )


def _known(summary: Callable[[Sequence[float]], np.ndarray], values: Sequence[float | None]) -> float | None:
    return None if None in values else float(summary(values))


def _deviation(values: Sequence[float]) -> np.ndarray:
    return np.std(values, ddof=1)
