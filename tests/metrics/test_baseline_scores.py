"""Rows of the baselines' table: which references they are scored on, their means and spreads."""

import numpy as np
import pytest

from im2txt.metrics.baseline_captions import HUMAN
from im2txt.metrics.baseline_scores import equal_trials, full_trials, held_out_places, score_tables, score_trials
from im2txt.metrics.caption_scores import METRICS, score_captions

REFERENCES = {
    "x": ["a dog runs", "the dog is running", "a brown dog"],
    "y": ["a cat sleeps", "the cat", "one cat sleeps on a bed", "cats"],
}
NIC = {"x": "a dog runs", "y": "a dog sleeps"}
OTHER = {"x": "a dog is running", "y": "a dog"}
pytestmark = pytest.mark.usefixtures("without_meteor")


@pytest.mark.parametrize(("counts", "every", "places"), [((3, 4), False, 1), ((3, 4), True, 3), ((1, 5), True, 0)])
def test_what_every_image_has_is_held_out(counts, every, places):
    assert held_out_places({count: ["a"] * count for count in counts}, every) == range(places)


def test_systems_have_all_references_and_people_one_fewer():
    rows = score_trials(full_trials({"NIC": [NIC]}, REFERENCES, range(1)))
    assert list(rows) == ["NIC", HUMAN]
    assert rows["NIC"].corpus == score_captions(NIC, REFERENCES).corpus
    first, others = {"x": "a dog runs", "y": "a cat sleeps"}, {i: texts[1:] for i, texts in REFERENCES.items()}
    assert rows[HUMAN].corpus == score_captions(first, others).corpus
    assert [row.references for row in rows.values()] == [(3, 4), (2, 3)]
    assert [(row.trials, row.deviation, row.words) for row in rows.values()] == [(1, None, 4), (1, None, 5)]


def test_equal_references_are_those_of_people():
    trials = full_trials({"NIC": [NIC, OTHER]}, REFERENCES, range(2))
    tables = score_tables(trials, equal_references=True)
    assert tables.equal_references[HUMAN] == tables.rows[HUMAN]
    row = tables.equal_references["NIC"]
    assert (row.trials, row.references) == (4, (2, 3))
    rests = [{i: [*texts[:place], *texts[place + 1 :]] for i, texts in REFERENCES.items()} for place in range(2)]
    scores = [score_captions(captions, rest).corpus["BLEU-1"] for captions in (NIC, OTHER) for rest in rests]
    assert row.corpus["BLEU-1"] == pytest.approx(np.mean(scores))
    assert list(equal_trials(trials)) == ["NIC"]
    assert score_tables(trials, equal_references=False).equal_references == {}


def test_without_people_there_is_no_second_table():
    trials = full_trials({"NIC": [NIC]}, REFERENCES, range(0))
    assert list(trials) == ["NIC"]
    assert score_tables(trials, equal_references=True).equal_references == {}


def test_several_draws_have_a_mean_and_a_spread():
    row = score_trials(full_trials({"Random": [NIC, OTHER]}, REFERENCES, ()))["Random"]
    first, second = (score_captions(captions, REFERENCES).corpus["CIDEr-D"] for captions in (NIC, OTHER))
    assert row.corpus["CIDEr-D"] == pytest.approx((first + second) / 2)
    assert row.deviation["CIDEr-D"] == pytest.approx(abs(first - second) / 2**0.5)  # sqrt(2 * (d / 2)^2 / (2 - 1))
    assert (row.corpus["METEOR"], row.deviation["METEOR"]) == (None, None)
    assert list(row.corpus) == list(row.deviation) == list(METRICS)
    assert row.words == (4 + 4) / 2
