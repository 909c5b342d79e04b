"""The reward of self-critical training: official scores, the end as a word, and what is refused."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from im2txt.metrics.cider_reward import CiderReward
from im2txt.metrics.ngram_frequencies import NgramFrequencies
from im2txt.metrics.ngrams import References
from im2txt.metrics.tokenize_ptb import tokenize_captions
from im2txt.text.vocabulary import END, PAD, UNK

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"
A, B, C, D, E, F = range(4, 10)


class Ids:
    """Gives words ids as a vocabulary does."""

    def __init__(self):
        self.ids = {}

    def __call__(self, captions):
        return [[self.ids.setdefault(word, len(self.ids) + UNK + 1) for word in text.split()] for text in captions]


def batch(captions, end=True):
    """Makes one array of captions of ids."""
    rows = [[*caption, END] if end else caption for caption in captions]
    sequences = np.full([len(rows), max(map(len, rows))], PAD, np.int32)
    for sequence, row in zip(sequences, rows):
        sequence[: len(row)] = row
    return sequences


def test_rewards_are_official_scores_with_external_frequencies():
    paths = [GOLDEN / "coco_human_loo.json", GOLDEN / "coco_fakecap.json"]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"{GOLDEN} has no COCO scores")
    source, target = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    encode = Ids()
    frequencies = NgramFrequencies.of(
        References.of_ids([encode(image["references_tok"]) for image in source["images"]])
    )
    references = [encode(image["references_tok"]) for image in target["images"]]
    reward = CiderReward(references, frequencies, count_end=False)
    captions = encode(tokenize_captions([image["candidate"] for image in target["images"]]))
    scores = reward(np.arange(len(captions)), batch(captions))
    expected = [image["scores"]["CIDErD_external_df"] for image in target["images"]]
    assert scores.dtype == np.float64
    assert scores.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert scores.mean() == pytest.approx(target["corpus"]["CIDErD_external_df"], rel=1e-12)


def test_rewards_with_own_frequencies_are_reported_scores_in_any_order():
    golden = json.loads(Path(__file__).with_name("golden_scores.json").read_text(encoding="utf-8"))
    encode = Ids()
    reward = CiderReward([encode(image["references_tok"]) for image in golden["images"]], count_end=False)
    captions = encode(image["candidate_tok"] for image in golden["images"])
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(len(captions)), 2)).astype(np.int32)
    expected = [golden["images"][place]["scores"]["CIDEr-D"] for place in order]
    assert reward(order, batch([captions[place] for place in order])).tolist() == pytest.approx(expected, rel=1e-12)


def test_the_end_is_a_word():
    # Both images have an end, so it weighs 0, but "d end" weighs log 2 as a b, b c and c d do. Of the references'
    # n-grams of 1 to 4 words (4 that weigh, 4, 3, 2), a caption that stops at c has 3, 2, 1, 0.
    reward = CiderReward([[[A, B, C, D]], [[E, F]]])
    whole, cut = reward(np.array([0, 0]), np.array([[A, B, C, D, END], [A, B, C, PAD, PAD]]))
    assert whole == pytest.approx(10)
    cosines = [3 / math.sqrt(3 * 4), 2 / math.sqrt(2 * 4), 1 / math.sqrt(1 * 3), 0]
    assert cut == pytest.approx(10 * sum(cosines) / 4 * math.exp(-4 / 72))


def test_an_end_too_early_costs():
    # with an end, "a b c" has two n-grams that nobody has: c end, b c end, a b c end; one of each order from 2 on
    references = [[[A, B, C, D]], [[E, F]]]
    early, cut = batch([[A, B, C]]), batch([[A, B, C]], end=False)
    reward, lenient = CiderReward(references), CiderReward(references, count_end=False)
    image = np.array([0])
    cosines = [3 / math.sqrt(3 * 4), 2 / math.sqrt(3 * 4), 1 / math.sqrt(2 * 3), 0]
    assert reward(image, early) == pytest.approx(10 * sum(cosines) / 4 * math.exp(-1 / 72))
    assert lenient(image, early) == lenient(image, cut) > reward(image, early)


def test_what_follows_the_end_does_not_count():
    reward = CiderReward([[[A, B]], [[C]]])
    images = np.zeros(4, np.int64)
    sequences = np.array([[A, B, END, PAD], [A, B, END, C], [A, B, PAD, C], [A, B, PAD, END]])
    ended, longer, cut, padded = reward(images, sequences)
    assert ended == longer
    assert cut == padded < ended


def test_empty_captions_and_batches():
    reward = CiderReward([[[], [A]], [[C]]], count_end=False)
    assert reward(np.array([0, 1]), np.full((2, 3), PAD)).tolist() == [0, 0]
    assert reward(np.array([0, 1]), np.empty((2, 0), np.int32)).tolist() == [0, 0]
    assert reward(np.empty(0, np.int32), np.empty((0, 5), np.int32)).tolist() == []


def test_large_ids_are_told_apart():
    big = 2**31 - 1
    reward = CiderReward([[[A, big, B]], [[C]]])
    assert reward(np.array([0]), np.array([[A, big, B, END]])) == pytest.approx(10)


def test_given_frequencies_weigh_and_stay():
    # of 10 images 5 have a, so it weighs log 2; b, which none has, log 10. "a c" shares a: both have one bigram.
    frequencies = NgramFrequencies.of(References.of_ids([[[A]]] * 5 + [[[D]]] * 5))
    before = [counts.tolist() for counts in frequencies.counts]
    reward = CiderReward([[[A, B]]], frequencies, count_end=False)
    expected = 10 / 4 * math.log(2) ** 2 / (math.log(2) ** 2 + math.log(10) ** 2)
    assert reward(np.array([0]), np.array([[A, C]])) == pytest.approx(expected)
    assert reward.frequencies is frequencies
    assert [counts.tolist() for counts in frequencies.counts] == before


@pytest.mark.parametrize("word", [PAD, END])
def test_references_with_marks_are_refused(word):
    with pytest.raises(ValueError, match=r"Expected references without <pad>, <start> and <end>. Received: one with"):
        CiderReward([[[A, word]], [[B]]])


def test_other_shapes_are_refused():
    reward = CiderReward([[[A]], [[B]]])
    with pytest.raises(ValueError, match=r"`sequences` of shape \[batch, length\]. Received: \[1\] and \[1, 2, 3\]"):
        reward(np.array([0]), np.zeros([1, 2, 3], np.int64))
    with pytest.raises(ValueError, match=r"`images` of shape \[batch\].*Received: \[3\] and \[2, 4\]"):
        reward(np.array([0, 1, 0]), np.zeros([2, 4], np.int64))
