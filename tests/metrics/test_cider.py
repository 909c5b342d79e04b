"""CIDEr-D against sums done by hand, and against its formula, n-gram by n-gram."""

import math
import random
from collections import Counter

import pytest

from im2txt.metrics.cider import CiderD, DocumentFrequencies


def by_the_formula(candidates, references):
    """CIDEr-D as the paper writes it, with vectors over all n-grams."""
    frequencies = DocumentFrequencies.of(references)

    def vector(caption, order):
        words = caption.split()
        counts = Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))
        idf = {gram: math.log(len(references)) - math.log(max(1, frequencies.counts.get(gram, 0))) for gram in counts}
        return {gram: count * idf[gram] for gram, count in counts.items()}

    def similarity(candidate, reference):
        total = 0
        for order in range(1, 5):
            one, other = vector(candidate, order), vector(reference, order)
            product = sum(min(one[gram], other[gram]) * other[gram] for gram in one.keys() & other.keys())
            norms = [math.sqrt(sum(value**2 for value in each.values())) for each in (one, other)]
            total += product / math.prod(norms) / 4 if product else 0
        bigrams = [max(0, len(each.split()) - 1) for each in (candidate, reference)]
        return total * math.exp(-((bigrams[0] - bigrams[1]) ** 2) / 72)

    return [
        10 * sum(similarity(candidate, reference) for reference in captions) / len(captions)
        for candidate, captions in zip(candidates, references)
    ]


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
    assert [scorer.score([caption, "x"])[0] for caption in ("b b b", "b")] == pytest.approx(expected)


def test_the_score_is_the_mean_over_references():
    assert CiderD([["a b", "x y"], ["c d"]]).score(["a b", "x"]).tolist() == pytest.approx([2.5, 0])


def test_words_in_every_image_weigh_nothing():
    assert CiderD([["a"], ["a"]]).score(["a", "a"]).tolist() == [0, 0]


def test_empty_captions_and_references_score_zero():
    assert CiderD([["", "a b"], [""]]).score(["", ""]).tolist() == [0, 0]


def test_document_frequencies_count_images_not_captions():
    frequencies = DocumentFrequencies.of([["a b", "a a"], ["b"]])
    assert frequencies.images == 2
    assert frequencies.counts == {("a",): 1, ("b",): 2, ("a", "b"): 1, ("a", "a"): 1}


def test_random_captions_agree_with_the_formula():
    generator = random.Random(0)

    def caption():
        return " ".join(generator.choices("abcdefg", k=generator.choice([0, 1, 2, 5, 9, 30])))

    references = [[caption() for _ in range(generator.randint(1, 6))] for _ in range(40)]
    candidates = [caption() for _ in references]
    expected = by_the_formula(candidates, references)
    assert sum(score > 0 for score in expected) > 20
    assert CiderD(references).score(candidates).tolist() == pytest.approx(expected, rel=1e-13)


def test_the_same_captions_can_be_scored_again():
    scorer = CiderD([["a b"], ["c d"]])
    assert scorer.score(["a x", "c d"]).tolist() == scorer.score(["a x", "c d"]).tolist()


def test_a_wrong_number_of_captions_is_refused():
    with pytest.raises(ValueError, match=r"Expected 2 captions. Received: 1"):
        CiderD([["a"], ["b"]]).score(["a"])


def test_an_image_without_references_is_refused():
    with pytest.raises(ValueError, match=r"a reference for each image. Received: none for 1"):
        CiderD([["a"], []])


def test_no_images_are_refused():
    with pytest.raises(ValueError, match=r"at least one image. Received: 0"):
        CiderD([])
