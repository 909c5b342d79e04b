"""METEOR by hand on the small data of conftest.py, and equal to the official program's numbers on golden files."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from im2txt.metrics import meteor as module
from im2txt.metrics.caption_scores import score_captions
from im2txt.metrics.meteor import Counts, SideCounts, meteor
from im2txt.metrics.meteor_data import meteor_data

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"

# Words of the candidate: 3 content, 3 function; of the reference: 2 content, 4 function (the, on, of, a, is).
# the-the, dog-hound (synonym), on-on, box-box: 3 chunks of 4 words.
BROKEN = ("the dog sits on a box", ["the hound is on the box"])
# many - a lot of (paraphrase), dogs-dogs: all words in one chunk.
UNBROKEN = ("many dogs", ["a lot of dogs"])


def f_mean(precision, recall):
    return 1 / (0.15 / precision + 0.85 / recall)


def penalty(fragmentation):
    return 1 - 0.6 * fragmentation**0.2


def test_a_synonym_and_three_chunks(small_data):
    scores = meteor([BROKEN[0]], [BROKEN[1]], small_data)
    matched = 0.75 * (1 + 0.8) + 0.25 * 2
    words = 0.75 * 3 + 0.25 * 3, 0.75 * 2 + 0.25 * 4
    expected = f_mean(matched / words[0], matched / words[1]) * penalty(3 / 4)
    assert scores.per_image == pytest.approx([expected], rel=1e-14)
    assert scores.corpus == scores.per_image[0]
    sides = [SideCounts(6, functions, (1, 0, 1, 0), (2, 0, 0, 0)) for functions in (3, 4)]
    assert scores.counts == [Counts(*sides, chunks=3)]


def test_a_paraphrase_and_no_penalty_on_a_single_chunk(small_data):
    scores = meteor([UNBROKEN[0]], [UNBROKEN[1]], small_data)
    precision = 0.75 * (1 + 0.6) / (0.75 * 2)
    recall = (0.75 * (1 + 0.6) + 0.25 * 0.6 * 2) / (0.75 * 2 + 0.25 * 2)
    assert scores.per_image == pytest.approx([f_mean(precision, recall)], rel=1e-14)
    sides = SideCounts(2, 0, (1, 0, 0, 1), (0, 0, 0, 0)), SideCounts(4, 2, (1, 0, 0, 1), (0, 0, 0, 2))
    assert scores.counts == [Counts(*sides, chunks=1)]


def test_the_corpus_adds_counts_without_the_chunk_of_an_unbroken_caption(small_data):
    candidates, references = zip(BROKEN, UNBROKEN)
    matched = 1.85 + 0.75 * 1.6, 1.85 + 0.75 * 1.6 + 0.25 * 1.2
    expected = f_mean(matched[0] / (3 + 1.5), matched[1] / (2.5 + 2)) * penalty(3 / ((6 + 8) / 2))
    assert meteor(candidates, references, small_data).corpus == pytest.approx(expected, rel=1e-14)


def test_a_stem_alone_counts_and_one_that_is_a_synonym_too_opens_no_chunk(small_data):
    # so the official program: two candidates for one pair leave it to the search, which prefers no chunk to no word
    assert meteor(["zugs", "dogs"], [["zug"], ["dog"]], small_data).per_image == pytest.approx([0.6, 0.0])


def test_the_best_reference_counts_and_the_first_of_equals(small_data):
    scores = meteor(["a dog", "zebra"], [["a box", "a dog", "dog"], ["a dog", "box"]], small_data)
    assert scores.per_image == [1.0, 0.0]
    assert [counts.reference.words for counts in scores.counts] == [2, 2]


@pytest.mark.parametrize(("candidate", "reference"), [("", "a dog"), ("a dog", ""), ("", ""), ("dog", "bird")])
def test_nothing_in_common_scores_zero(small_data, candidate, reference):
    scores = meteor([candidate], [[reference]], small_data)
    assert (scores.corpus, scores.per_image) == (0.0, [0.0])


def test_images_are_scored_in_parts(small_data, monkeypatch):
    candidates, references = zip(*[BROKEN, UNBROKEN, ("", ["a dog"])] * 3)
    expected = meteor(candidates, references, small_data)
    monkeypatch.setattr(module, "_IMAGES_AT_ONCE", 2)
    assert meteor(candidates, references, small_data) == expected


def test_all_metrics_together_have_it(small_data):
    scores = score_captions({"x": "Many dogs!", "y": BROKEN[0]}, {"y": BROKEN[1], "x": ["A lot of dogs."]})
    expected = meteor([BROKEN[0], UNBROKEN[0]], [BROKEN[1], UNBROKEN[1]], small_data)
    assert scores.corpus["METEOR"] == expected.corpus
    assert [scores.per_image[image]["METEOR"] for image in ("y", "x")] == expected.per_image


def test_all_metrics_together_do_without_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    scores = score_captions({"x": "a dog", "y": "a cat"}, {"x": ["a dog"], "y": ["cats"]})
    assert [scores.corpus["METEOR"], *(image["METEOR"] for image in scores.per_image.values())] == [None] * 3
    assert scores.corpus["BLEU-1"] is not None


def numbers(counts):
    """The 23 numbers of the official program: hypothesis and reference in turn."""
    sides = counts.hypothesis, counts.reference
    modules = [
        side_counts[index]
        for index in range(4)
        for kind in ("content_matches", "function_matches")
        for side_counts in (getattr(side, kind) for side in sides)
    ]
    lengths = [side.words for side in sides] + [side.function_words for side in sides]
    return [*lengths, *modules, counts.chunks, *(side.matches for side in sides)]


@pytest.mark.parametrize("name", ["coco_human_loo", "coco_fakecap", "coco_weak", "flickr8k_human_loo", "edge_scores"])
def test_shared_golden_files_get_the_official_numbers_and_scores(name):
    path = GOLDEN / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    if importlib.util.find_spec("pycocoevalcap") is None:
        pytest.skip("pycocoevalcap is not installed: pip install im2txt[official]")
    golden = json.loads(path.read_text(encoding="utf-8"))
    images = golden["images"]
    scores = meteor([i["candidate_tok"] for i in images], [i["references_tok"] for i in images], meteor_data())
    for image, counts, score in zip(images, scores.counts, scores.per_image, strict=True):
        assert numbers(counts) == [float(number) for number in image["meteor_stats"].split()], image["candidate"]
        assert score == pytest.approx(image["scores"]["METEOR"], rel=1e-12, abs=1e-15), image["candidate"]
    assert scores.corpus == pytest.approx(golden["corpus"]["METEOR"], rel=1e-12)
