"""Two systems, metric by metric: the same numbers as each test alone."""

import numpy as np
import pytest

from im2txt.metrics import score_comparison
from im2txt.metrics.caption_scores import METRICS, score_captions
from im2txt.metrics.meteor import Counts, MeteorScores, SideCounts, total_counts
from im2txt.metrics.score_comparison import caption_statistics, compare_systems, meteor_numbers
from im2txt.metrics.significance import (
    approximate_randomisation,
    bleu_statistics,
    mean_statistics,
    meteor_statistics,
    paired_bootstrap,
)

WORDS = "a dog cat runs sleeps on the red mat".split()
RANDOM = np.random.default_rng(0)
TARGETS = [[" ".join(RANDOM.choice(WORDS, 6)) for _ in range(2)] for _ in range(30)]
REFERENCES = dict(enumerate(TARGETS))
GOOD = [" ".join([*group[0].split()[:5], "dog"]) for group in TARGETS]
POOR = [" ".join([*group[0].split()[:3], "dog", "cat"]) for group in TARGETS]


COUNTS = [
    Counts(SideCounts(5, 2, (1, 1, 0, 0), (1, 0, 0, 0)), SideCounts(7, 3, (1, 0, 1, 2), (1, 0, 0, 1)), 2),
    Counts(SideCounts(2, 1, (1, 0, 0, 0), (1, 0, 0, 0)), SideCounts(2, 1, (1, 0, 0, 0), (1, 0, 0, 0)), 1),
]


def statistics(captions, meteor=None):
    scores = score_captions(dict(enumerate(captions)), REFERENCES)
    return caption_statistics(scores._replace(corpus=scores.corpus | {"METEOR": meteor}), captions, TARGETS)


def test_statistics_give_the_corpus_scores():
    corpus = score_captions(dict(enumerate(GOOD)), REFERENCES).corpus
    found = statistics(GOOD)
    assert set(found) == set(METRICS) - {"METEOR"}
    for name, each in found.items():
        assert each.corpus == pytest.approx(corpus[name], rel=1e-12), name


@pytest.mark.parametrize("name", ["BLEU-1", "BLEU-4", "CIDEr-D"])
def test_each_metric_is_tested_as_it_would_be_alone(name):
    def alone(captions):
        if name == "CIDEr-D":
            per_image = score_captions(dict(enumerate(captions)), REFERENCES).per_image
            return mean_statistics([image[name] for image in per_image.values()])
        return bleu_statistics(captions, TARGETS, int(name[-1]))

    found = compare_systems(statistics(GOOD), statistics(POOR), samples=200, seed=3)[name]
    bootstrap = paired_bootstrap(alone(GOOD), alone(POOR), np.random.default_rng(3), 200)
    p = approximate_randomisation(alone(GOOD), alone(POOR), np.random.default_rng(3), 200)
    assert (found.first, found.second) == pytest.approx((alone(GOOD).corpus, alone(POOR).corpus))
    assert found.difference == pytest.approx(found.first - found.second)
    assert found.difference > 0.05
    assert found.interval == pytest.approx(bootstrap.difference)
    assert (found.wins, found.p_bootstrap, found.p_randomisation) == (bootstrap.wins, bootstrap.p_value, p)


def test_meteor_is_scored_from_the_numbers_of_its_program():
    assert meteor_numbers(COUNTS[0]) == [5, 7, 2, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 2, 3, 6]
    for chosen in (COUNTS, COUNTS[:1], COUNTS[1:]):
        found = meteor_statistics([meteor_numbers(counts) for counts in chosen])
        assert found.corpus == pytest.approx(total_counts(chosen).score(), rel=1e-12)


def test_meteor_is_counted_where_it_is_available(monkeypatch):
    monkeypatch.setattr(score_comparison, "meteor_data", lambda: "data")
    counted = MeteorScores(0.0, [], COUNTS)
    monkeypatch.setattr(
        score_comparison, "meteor", lambda *given: counted if given == (GOOD, TARGETS, "data") else None
    )
    assert statistics(GOOD, meteor=0.5)["METEOR"].corpus == pytest.approx(total_counts(COUNTS).score())
    assert "METEOR" not in statistics(GOOD, meteor=None)


def test_a_seed_gives_the_same_comparison_again():
    systems = statistics(GOOD), statistics(POOR)
    first = compare_systems(*systems, samples=50, seed=1)
    assert compare_systems(*systems, samples=50, seed=1) == first
    assert compare_systems(*systems, samples=50, seed=2) != first


def test_a_metric_that_one_system_lacks_is_not_available():
    lacking = {name: each for name, each in statistics(POOR).items() if name != "ROUGE-L"}
    found = compare_systems(statistics(GOOD), lacking, samples=10)
    assert tuple(found) == METRICS
    assert found["METEOR"] is None
    assert found["ROUGE-L"] is None
    assert found["BLEU-1"] is not None
