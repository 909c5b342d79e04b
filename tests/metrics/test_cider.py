"""CIDEr-D against sums done by hand, and with the document frequencies of another collection."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from im2txt.metrics.cider import CiderD, DocumentFrequencies
from im2txt.metrics.tokenize_ptb import tokenize_captions

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"


def test_a_perfect_caption_of_four_new_words_scores_ten():
    assert CiderD([["a b c d"], ["e f g h"]]).score(["a b c d", "x"]).tolist() == pytest.approx([10, 0])


def test_only_orders_that_exist_count():
    # two words have no triples and quadruples: two of four orders are perfect
    assert CiderD([["a b"], ["c d"]]).score(["a b", "c d"]).tolist() == pytest.approx([5, 5])


def test_weights_clipping_and_length_penalty():
    # N = 2; df(a) = 2, so a weighs 0; b and c weigh log 2. Candidate "b b b", reference "a b c":
    # unigrams: min(3, 1) * 1 / (3 * sqrt(2)); bigrams: bb against ab, bc: 0; lengths in bigrams are 2 and 2
    # candidate "b" (no bigram) against the same: 1 / sqrt(2), lengths 0 and 2
    scorer = CiderD([["a b c"], ["a"]])
    expected = [10 / 4 / (3 * math.sqrt(2)) * 3 / 3 * 1, 10 / 4 / math.sqrt(2) * math.exp(-4 / 72)]
    assert scorer.score(["b b b", "b"], [0, 0]).tolist() == pytest.approx(expected)


def test_the_score_is_the_mean_over_references():
    assert CiderD([["a b", "x y"], ["c d"]]).score(["a b"], [0]).tolist() == pytest.approx([2.5])


def test_words_in_every_image_weigh_nothing():
    assert CiderD([["a"], ["a"]]).score(["a", "a"]).tolist() == [0, 0]


def test_empty_captions_and_references_score_zero():
    assert CiderD([["", "a b"], [""]]).score(["", ""]).tolist() == [0, 0]


def test_document_frequencies_count_images_not_captions():
    frequencies = DocumentFrequencies.of([["a b", "a a"], ["b"]])
    assert frequencies.images == 2
    assert frequencies.counts == {("a",): 1, ("b",): 2, ("a", "b"): 1, ("a", "a"): 1}


def test_given_frequencies_are_used_and_do_not_grow():
    counts = {("a",): 5}
    scorer = CiderD([["a z"]], DocumentFrequencies(counts, 10))
    # a weighs log 2, z and "a z", which nobody has seen, log 10; "a q" shares only a, and both have one bigram
    expected = 10 / 4 * math.log(2) ** 2 / (math.log(2) ** 2 + math.log(10) ** 2)
    assert scorer.score(["a q"]).tolist() == pytest.approx([expected])
    assert counts == {("a",): 5}


def test_ids_are_as_good_as_words():
    references = [["a dog runs", "a cat"], ["a bird"]]
    words = sorted({word for group in references for caption in group for word in caption.split()})
    ids = [[" ".join(str(words.index(word)) for word in caption.split()) for caption in group] for group in references]
    assert np.array_equal(CiderD(references).score(["a dog", "a bird"]), CiderD(ids).score(["0 3", "0 1"]))


def test_a_wrong_number_of_captions_is_refused():
    with pytest.raises(ValueError, match=r"Expected 2 captions. Received: 1"):
        CiderD([["a"], ["b"]]).score(["a"])


def test_no_documents_are_refused():
    with pytest.raises(ValueError, match=r"at least one image. Received: 0"):
        CiderD([["a"]], DocumentFrequencies({}, 0))


def test_external_frequencies_match_the_official_reward():
    paths = [GOLDEN / "coco_human_loo.json", GOLDEN / "coco_fakecap.json"]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"{GOLDEN} has no COCO scores")
    source, target = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    frequencies = DocumentFrequencies.of([image["references_tok"] for image in source["images"]])
    scores = CiderD([image["references_tok"] for image in target["images"]], frequencies).score(
        tokenize_captions([image["candidate"] for image in target["images"]])
    )
    assert scores.mean() == pytest.approx(target["corpus"]["CIDErD_external_df"], rel=1e-12)
    expected = [image["scores"]["CIDErD_external_df"] for image in target["images"]]
    assert scores.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)
