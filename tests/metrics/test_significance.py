"""Paired tests on few images, where every resample can be listed by hand, and on many, where theory says the answer."""

import itertools
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from im2txt.metrics.bleu import bleu
from im2txt.metrics.significance import (
    Interval,
    approximate_randomisation,
    bleu_statistics,
    confidence_interval,
    mean_statistics,
    meteor_statistics,
    paired_bootstrap,
)

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"
RIGHT, POOR = ("a b c d e", ["a b c d e"]), ("a b x", ["a b c d e f"])


def generator(seed=0):
    return np.random.default_rng(seed)


def scores(mean, images=500, seed=0):
    return mean_statistics(np.random.default_rng(seed).normal(mean, 1, images))


def test_the_bootstrap_of_two_images():
    # the images differ by 1 and 0; of the four draws one gives 0, two give 1/2, one gives 1
    result = paired_bootstrap(mean_statistics([1, 3]), mean_statistics([0, 3]), generator())
    assert result.difference == pytest.approx((0, 1))
    assert result.first == pytest.approx((1, 3))
    assert result.second == pytest.approx((0, 3))
    assert result.wins == pytest.approx(3 / 4, abs=0.02)
    assert result.p_value == pytest.approx(2 * 1 / 4, abs=0.04)


def test_the_randomisation_of_three_images():
    # all differ by 1: of the eight ways to swap, those that swap all or none reach the difference of 1
    first, second = mean_statistics([1, 2, 3]), mean_statistics([0, 1, 2])
    assert approximate_randomisation(first, second, generator()) == pytest.approx(2 / 8, abs=0.02)


def test_the_randomisation_agrees_with_listing_all_swaps():
    one, other = generator(1).normal(0.5, 1, 8), generator(2).normal(0, 1, 8)
    signs = np.array(list(itertools.product([1, -1], repeat=8)))
    exact = np.mean(abs((signs * (one - other)).mean(axis=1)) >= abs(np.mean(one - other)) - 1e-12)
    found = approximate_randomisation(mean_statistics(one), mean_statistics(other), generator())
    assert found == pytest.approx(exact, abs=0.02)


def test_resampled_bleu_comes_from_summed_counts():
    candidates, references = zip(RIGHT, POOR)
    statistics = bleu_statistics(candidates, references, order=2)
    alone = [bleu([candidate], [refs]).corpus[1] for candidate, refs in (RIGHT, POOR)]
    together = bleu(candidates, references).corpus[1]
    assert together != pytest.approx(np.mean(alone), abs=0.01)
    # a quarter of the draws has the poor one twice, a quarter the right one twice (which only BLEU's constants tell
    # from once), and the half between has both
    assert statistics.corpus == pytest.approx(together, rel=1e-12)
    assert confidence_interval(statistics, generator()) == pytest.approx(sorted(alone), rel=1e-8)
    assert confidence_interval(statistics, generator(), confidence=0) == pytest.approx((together,) * 2, rel=1e-12)


def test_swapped_bleu_comes_from_summed_counts():
    # swapping both or neither reaches the difference found, swapping one makes both systems equal
    references = [RIGHT[1], RIGHT[1]]
    good, bad = bleu_statistics(["a b c d e"] * 2, references), bleu_statistics(["a b x d e"] * 2, references)
    assert approximate_randomisation(good, bad, generator()) == pytest.approx(1 / 2, abs=0.02)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bleu_of_every_order(order):
    candidates, references = zip(RIGHT, POOR)
    expected = bleu(candidates, references).corpus[order - 1]
    assert bleu_statistics(candidates, references, order).corpus == pytest.approx(expected, rel=1e-12)


def meteor_numbers(words, functions, content, function, chunks, matched):
    """The 23 numbers where caption and reference have the same; `content` and `function` are by module."""
    modules = [count for both in zip(content, function) for count in (both[0], both[0], both[1], both[1])]
    return [words, words, functions, functions, *modules, chunks, matched, matched]


HALF = meteor_numbers(4, 0, [2, 0, 0, 0], [0] * 4, 1, 2)  # two of four words match, in one chunk
WHOLE = meteor_numbers(3, 0, [3, 0, 0, 0], [0] * 4, 1, 3)
STEM = meteor_numbers(2, 1, [0, 1, 0, 0], [1, 0, 0, 0], 1, 2)  # a function word matches, and a stem


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([HALF], 1 / 2 * (1 - 0.6 * (1 / 2) ** 0.2)),
        ([WHOLE], 1),
        ([STEM], 0.75 * 0.6 + 0.25),
        ([HALF, WHOLE], 5 / 7 * (1 - 0.6 * (1 / 5) ** 0.2)),  # the chunk of the whole match is left out
        ([meteor_numbers(4, 0, [0] * 4, [0] * 4, 0, 0)], 0),
        ([[0] * 23], 0),
    ],
)
def test_meteor_from_its_23_numbers(numbers, expected):
    assert meteor_statistics(numbers).corpus == pytest.approx(expected, rel=1e-12)


def test_meteor_has_precision_and_recall_of_unequal_weight():
    # two of two words of the caption match two of four of the reference: P 1, R 1/2
    numbers = [2, 4, 0, 0, 2, 2, *[0] * 14, 1, 2, 2]
    f_mean = 1 / (0.15 / 1 + 0.85 / 0.5)
    assert meteor_statistics([numbers]).corpus == pytest.approx(f_mean * (1 - 0.6 * (1 / 2) ** 0.2), rel=1e-12)


@pytest.mark.parametrize("name", ["coco_human_loo", "coco_weak", "edge_scores"])
def test_meteor_and_bleu_of_golden_images_are_the_official_ones(name):
    path = GOLDEN / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    golden = json.loads(path.read_text(encoding="utf-8"))
    images = golden["images"]
    meteor = meteor_statistics([image["meteor_stats"].split() for image in images])
    assert meteor.corpus == pytest.approx(golden["corpus"]["METEOR"], rel=1e-12)
    expected = [image["scores"]["METEOR"] for image in images]
    assert meteor.score(meteor.per_image).tolist() == pytest.approx(expected, rel=1e-12)
    captions, references = ([image[f"{key}_tok"] for image in images] for key in ("candidate", "references"))
    assert bleu_statistics(captions, references).corpus == pytest.approx(golden["corpus"]["Bleu_4"], rel=1e-12)


def test_equal_systems_differ_by_chance():
    result = paired_bootstrap(scores(0), scores(0), generator(), resamples=99)
    assert result.difference == Interval(0, 0)
    assert (result.wins, result.p_value) == (0, 1)
    assert approximate_randomisation(scores(0), scores(0), generator(), trials=99) == 1


def test_no_p_is_zero():
    better, worse = mean_statistics([1.0] * 50), mean_statistics([0.0] * 50)
    result = paired_bootstrap(better, worse, generator(), resamples=199)
    assert (result.wins, result.p_value) == (1, 2 / 200)
    assert paired_bootstrap(worse, better, generator(), resamples=199).p_value == 2 / 200
    assert approximate_randomisation(better, worse, generator(), trials=199) == 1 / 200


def test_exchanging_the_systems_mirrors_the_result():
    one, other = scores(0.1, seed=1), scores(0, seed=2)
    result, mirrored = (paired_bootstrap(*pair, generator(), 2000) for pair in ((one, other), (other, one)))
    assert mirrored.difference == pytest.approx((-result.difference.high, -result.difference.low))
    assert (mirrored.first, mirrored.second) == (result.second, result.first)
    assert (mirrored.wins, mirrored.p_value) == (pytest.approx(1 - result.wins), result.p_value)
    tests = [approximate_randomisation(*pair, generator(), 2000) for pair in ((one, other), (other, one))]
    assert tests[0] == tests[1]


def test_a_seed_gives_the_same_result_again():
    one, other = scores(0.1, seed=1), scores(0, seed=2)
    for test in (paired_bootstrap, approximate_randomisation):
        assert test(one, other, generator(3), 500) == test(one, other, generator(3), 500)
        assert test(one, other, generator(3), 500) != test(one, other, generator(4), 500)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(2, 3, 2000)
    error = 1.96 * values.std() / math.sqrt(len(values))
    interval = confidence_interval(mean_statistics(values), generator())
    assert interval == pytest.approx((values.mean() - error, values.mean() + error), abs=0.02)
    narrow = confidence_interval(mean_statistics(values), generator(), confidence=0.5)
    assert narrow.high - narrow.low == pytest.approx(2 * error * 0.6745 / 1.96, abs=0.02)


def test_pairs_tell_more_than_the_systems_apart():
    # the images differ much, the systems little but always: only the paired difference shows it
    values = np.random.default_rng(0).normal(0, 1, 200)
    result = paired_bootstrap(mean_statistics(values + 0.01), mean_statistics(values), generator())
    assert result.difference == pytest.approx((0.01, 0.01))
    assert result.first.low < result.second.high
    assert result.wins == 1


@pytest.mark.parametrize("name", ["bootstrap", "randomisation"])
def test_alike_systems_are_rarely_told_apart(name):
    values = []
    for seed in range(200):
        one, other = scores(0, 60, seed), scores(0, 60, seed + 1000)
        if name == "bootstrap":
            values.append(paired_bootstrap(one, other, generator(seed), 199).p_value)
        else:
            values.append(approximate_randomisation(one, other, generator(seed), 199))
    assert np.mean(np.array(values) <= 0.2) == pytest.approx(0.2, abs=0.08)
    assert np.mean(values) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("test", [paired_bootstrap, approximate_randomisation])
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1, 2], [1, 2, 3], r"the same images.*Received: \[2, 2\] and \[3, 2\]"),
        ([], [], r"Received: \[0, 2\] and \[0, 2\]"),
    ],
)
def test_other_images_are_refused(test, first, second, message):
    with pytest.raises(ValueError, match=message):
        test(mean_statistics(first), mean_statistics(second), generator())


def test_two_metrics_are_not_compared():
    with pytest.raises(ValueError, match=r"Received: \[1, 2\] and \[1, 9\]"):
        paired_bootstrap(mean_statistics([1]), bleu_statistics(["a"], [["a"]]), generator())


def test_two_thousand_resamples_of_five_thousand_images_take_seconds():
    one, other = scores(0.1, 5000, 1), scores(0, 5000, 2)
    start = time.process_time()
    paired_bootstrap(one, other, generator(), 2000)
    approximate_randomisation(one, other, generator(), 2000)
    assert time.process_time() - start < 10  # it takes about one
