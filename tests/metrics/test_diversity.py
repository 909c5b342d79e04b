"""Counts, mutual BLEU and self-CIDEr of a few captions, done by hand."""

import itertools
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from im2txt.metrics.bleu import bleu
from im2txt.metrics.cider import DocumentFrequencies
from im2txt.metrics.diversity import (
    Lengths,
    Variety,
    cider_kernel,
    copied_share,
    distinct,
    div_n,
    mutual_bleu,
    self_cider,
    unknown_word_share,
    variety,
)

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics" / "coco_human_loo.json"
CAPTIONS = ["a dog runs", "a dog", "a cat", "a dog"]
EVEN = DocumentFrequencies({}, 10)  # every n-gram weighs log 10
SETS = [["a dog runs", "a dog", "the dog sat down"], ["x y", "x z", "z"], ["b", "b", "b"]]


def test_variety_of_four_captions():
    # 9 words, 4 of them different; the pairs are a dog, dog runs, a cat; a dog comes twice as a caption
    assert variety(CAPTIONS) == Variety(
        captions=4,
        words=9,
        vocabulary=4,
        distinct_1=pytest.approx(4 / 9),
        distinct_2=pytest.approx(3 / 9),
        unique=3,
        unique_share=3 / 4,
        lengths=Lengths(9 / 4, pytest.approx(math.sqrt(3) / 4), 2, 2, 3),
    )


def test_ngrams_end_with_their_caption():
    assert distinct(["a b", "c d"], 2) == 2 / 4  # not b c
    assert distinct(["a b", "c d"], 3) == 0


def test_empty_captions_count_as_captions_without_words():
    result = variety(["", ""])
    assert (result.captions, result.words, result.vocabulary, result.unique) == (2, 0, 0, 1)
    assert (result.distinct_1, result.distinct_2) == (0, 0)


def test_copied_captions_are_whole_training_captions():
    assert copied_share(CAPTIONS, ["a dog", "a cat sat", "dog runs"]) == 2 / 4
    assert copied_share(CAPTIONS, []) == 0
    assert copied_share(CAPTIONS, iter(CAPTIONS)) == 1


def test_unknown_words_are_those_outside_the_vocabulary():
    assert unknown_word_share(CAPTIONS, ["a", "dog", "bird"]) == pytest.approx(2 / 9)  # runs, cat
    assert unknown_word_share(["a <unk> dog"], {"a", "dog"}) == pytest.approx(1 / 3)
    assert unknown_word_share([""], {"a"}) == 0


def test_div_n_is_of_each_set_alone():
    # 9 words, 6 different; 5 words, 3 different; 3 words, 1
    assert div_n(SETS, 1) == pytest.approx([6 / 9, 3 / 5, 1 / 3])
    # a dog, dog runs, the dog, dog sat, sat down; x y, x z; none
    assert div_n(SETS, 2) == pytest.approx([5 / 9, 2 / 5, 0])


def test_mutual_bleu_of_one_image():
    # a b c against {a b d, a x c}: all words; pairs: a b of two. a b d against {a b c, a x c}: 2 of 3, 1 of 2.
    # a x c against {a b c, a b d}: 2 of 3, none of 2
    result = mutual_bleu([["a b c", "a b d", "a x c"]])
    assert result.corpus[0] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3, rel=1e-6)
    assert result.corpus[1] == pytest.approx((math.sqrt(1 / 2) + math.sqrt(1 / 3) + 0) / 3, abs=1e-6)
    assert result.per_image[0] == pytest.approx(result.corpus)


def test_mutual_bleu_is_the_corpus_bleu_of_each_place():
    sets = SETS[:2]
    first = bleu(["a dog runs", "x y"], [["a dog", "the dog sat down"], ["x z", "z"]])
    second = bleu(["a dog", "x z"], [["a dog runs", "the dog sat down"], ["x y", "z"]])
    third = bleu(["the dog sat down", "z"], [["a dog runs", "a dog"], ["x y", "x z"]])
    result = mutual_bleu(sets)
    assert result.corpus == pytest.approx(np.mean([first.corpus, second.corpus, third.corpus], axis=0))
    assert result.per_image == pytest.approx(np.mean([first.per_image, second.per_image, third.per_image], axis=0))


def test_mutual_bleu_of_equal_captions_is_one():
    assert mutual_bleu([["a b c d"] * 3, ["e f g h i"] * 3]).corpus == pytest.approx([1] * 4, rel=1e-6)


def test_mutual_bleu_does_not_depend_on_the_order_of_images():
    result, turned = mutual_bleu(SETS), mutual_bleu(SETS[::-1])
    assert turned.corpus == pytest.approx(result.corpus)
    assert turned.per_image == result.per_image[::-1]


@pytest.mark.parametrize(
    ("sets", "received"), [([], r"\[\]"), ([["a"], ["b"]], r"\[1\]"), ([["a", "b"], ["a", "b", "c"]], r"\[2, 3\]")]
)
def test_mutual_bleu_needs_sets_of_one_size(sets, received):
    with pytest.raises(ValueError, match=rf"same number of captions, at least 2, of each image. Received: {received}"):
        mutual_bleu(sets)


def test_the_kernel_of_two_captions():
    # of 4, 3, 2, 1 n-grams they share 3, 2, 1, 0
    shared = (3 / 4 + 2 / 3 + 1 / 2 + 0) / 4
    assert cider_kernel(["a b c d", "a b c e"], EVEN) == pytest.approx(np.array([[1, shared], [shared, 1]]))


def test_the_kernel_weighs_by_document_frequency_and_count():
    # 10 images: a is in all, b in 5, c in none. a weighs 0, b log 2, c log 10; b comes twice in the first
    frequencies = DocumentFrequencies({("a",): 10, ("b",): 5}, 10)
    two, ten = math.log(2), math.log(10)
    first, second = np.array([2 * two, 0]), np.array([two, ten])  # b, c
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert cider_kernel(["b a b", "c b a"], frequencies)[0, 1] == pytest.approx((cosine + 1 / 2) / 4)  # and b a of two


def test_the_kernel_is_the_official_original_cider():
    if not GOLDEN.is_file():
        pytest.skip(f"{GOLDEN} is absent")
    images = json.loads(GOLDEN.read_text(encoding="utf-8"))["images"]
    frequencies = DocumentFrequencies.of([image["references_tok"] for image in images])
    for image in images[:200]:
        kernel = cider_kernel([image["candidate_tok"], *image["references_tok"]], frequencies)
        expected = image["scores"]["CIDEr_original_pyciderevalcap"]
        assert 10 * kernel[0, 1:].mean() == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_self_cider_of_two_captions():
    shared = (3 / 4 + 2 / 3 + 1 / 2 + 0) / 4  # the eigenvalues are 1 + shared and 1 - shared
    roots = math.sqrt(1 + shared), math.sqrt(1 - shared)
    expected = -math.log(roots[0] / sum(roots)) / math.log(2)
    assert self_cider([["a b c d", "a b c e"]], EVEN) == pytest.approx([expected])


def test_self_cider_of_two_equal_captions_and_another():
    # the kernel is two ones in a block and a one: eigenvalues 2, 1, 0
    expected = math.log((math.sqrt(2) + 1) / math.sqrt(2)) / math.log(3)
    assert self_cider([["a b c d", "e f g h", "a b c d"]], EVEN) == pytest.approx([expected])


def test_self_cider_is_zero_of_equal_captions_and_one_of_strangers():
    sets = [["a b c d e"] * 10, ["a b c d", "e f g h", "i j k l"], ["a", "b"], ["a", "a"]]
    assert self_cider(sets, EVEN) == pytest.approx([0, 1, 1, 0], abs=1e-12)


@pytest.mark.parametrize("captions", [["", ""], ["a", "a"], ["a", ""]])
def test_self_cider_of_captions_without_weight_is_zero(captions):
    assert self_cider([captions], DocumentFrequencies({("a",): 3}, 3)) == [0]


def test_self_cider_is_bounded_and_does_not_depend_on_order():
    generator = np.random.default_rng(0)
    frequencies = DocumentFrequencies({("a",): 9, ("b",): 3, ("a", "b"): 2}, 10)
    for _ in range(50):
        captions = [" ".join(generator.choice(list("abcde"), generator.integers(0, 9))) for _ in range(4)]
        values = [self_cider([order], frequencies)[0] for order in itertools.permutations(captions)]
        assert all(0 <= value <= 1 + 1e-12 for value in values)
        assert values == pytest.approx([values[0]] * len(values), abs=1e-9)


def test_self_cider_needs_two_captions():
    with pytest.raises(ValueError, match=r"at least 2 captions of each image. Received: 1"):
        self_cider([["a dog"]], EVEN)


def test_no_captions_are_refused():
    with pytest.raises(ValueError, match=r"at least one caption. Received: none"):
        variety([])
    with pytest.raises(ValueError, match=r"at least one caption. Received: none"):
        copied_share([], ["a dog"])
