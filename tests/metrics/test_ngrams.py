"""Keys of n-grams, against n-grams counted one by one."""

from collections import Counter

import numpy as np
import pytest

from im2txt.metrics.ngrams import Captions, Groups, References, caption_ngrams, find, merge, prefixes, smallest

CAPTIONS = [[5, 6, 5, 6], [], [7], [5, 6, 5, 6, 5, 8]]


def counted(captions):
    """Returns {order: {(caption, n-gram): count}}, spelled out of the keys."""
    spelled, found = [(caption,) for caption in range(len(captions))], {}
    for order, ngrams in enumerate(caption_ngrams(Captions.of_ids(captions)), start=1):
        words = ngrams.keys & (2**31 - 1)
        spelled = [(*spelled[prefix], word) for prefix, word in zip(prefixes(ngrams.keys), words)]
        assert [ngram[0] for ngram in spelled] == ngrams.captions.tolist()
        found[order] = dict(zip([(ngram[0], ngram[1:]) for ngram in spelled], ngrams.counts.tolist()))
    return found


def test_every_ngram_of_every_caption_is_counted():
    assert counted(CAPTIONS) == {
        order: Counter(
            (place, tuple(caption[start : start + order]))
            for place, caption in enumerate(CAPTIONS)
            for start in range(len(caption) - order + 1)
        )
        for order in range(1, 5)
    }


def test_no_captions_have_no_ngrams():
    assert counted([]) == {1: {}, 2: {}, 3: {}, 4: {}}


def test_merging_brings_the_same_ngrams_of_several_captions_together():
    places = np.array([0, 0, 1, 1])  # two images of two captions
    numbers = []
    for ngrams in caption_ngrams(Captions.of_ids(CAPTIONS)):
        keys, places = merge(ngrams.keys, places)
        assert np.all(np.diff(keys) > 0)
        numbers.append(len(keys))
    # 5 6 | 7 5 6 8; 56 65 | 56 65 58; 565 656 | 565 656 658; 5656 | 5656 6565 5658
    assert numbers == [2 + 4, 2 + 3, 2 + 3, 1 + 3]


def test_what_is_not_known_is_not_found():
    known, other = ([ngrams.keys for ngrams in caption_ngrams(Captions.of_ids([each]))] for each in ([5, 6], [4, 5, 6]))
    places = np.zeros(1, np.int64)
    found = [places := find(keys, places, table) for keys, table in zip(other, known)]
    assert [each.tolist() for each in found] == [[-1, 0, 1], [-1, 0], [-1], []]


def test_words_get_ids_that_stay():
    ids = {}
    assert Captions.of_texts(["a b", "", "b  c"], ids).words.tolist() == [0, 1, 1, 2]
    assert Captions.of_texts(["c d"], ids).words.tolist() == [2, 3]


def test_a_last_word_joins_every_caption():
    captions = Captions.of_ids(CAPTIONS).with_last(9)
    assert captions.words.tolist() == [5, 6, 5, 6, 9, 9, 7, 9, 5, 6, 5, 6, 5, 8, 9]
    assert captions.lengths.tolist() == [5, 1, 2, 7]


def test_groups_know_their_members():
    groups = Groups.of_sizes(np.array([2, 0, 3]))
    assert groups.members(np.array([2, 1, 0, 2])).tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
    assert [each.tolist() for each in groups.firsts_and_sizes(np.array([2, 1]))] == [[2, 2], [3, 0]]


def test_numbers_take_as_little_memory_as_they_can():
    assert smallest(np.array([0, 255])).dtype == np.uint8
    assert smallest(np.array([70_000])).tolist() == [70_000]
    assert smallest(np.array([], np.int64)).tolist() == []


def test_references_know_their_images():
    assert References.of_ids([[[4], [5]], [[]], [[6], [7]]]).images.tolist() == [0, 0, 1, 2, 2]


@pytest.mark.parametrize("word", [-1, 2**31])
def test_other_ids_are_refused(word):
    with pytest.raises(ValueError, match=rf"ids in \[0, 2\*\*31\). Received: .*{word}"):
        Captions.of_ids([[5], [word]])
