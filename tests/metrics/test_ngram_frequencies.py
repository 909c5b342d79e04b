"""Document frequencies of ids, and the file they are kept in."""

import math

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.metrics.ngram_frequencies import NgramFrequencies
from im2txt.metrics.ngrams import References

# 4 is in two images, 5 in two (twice in one of them), 6 in one; 4 5 in both, 5 4 in one
FREQUENCIES = NgramFrequencies.of(References.of_ids([[[4, 5, 4], [5]], [[4, 5], [6]], [[]]]))


def test_images_are_counted_and_not_captions():
    assert FREQUENCIES.images == 3
    assert [counts.tolist() for counts in FREQUENCIES.counts] == [[2, 2, 1], [2, 1], [1], []]
    assert FREQUENCIES.keys[0].tolist() == [4, 5, 6]


def test_what_no_image_has_weighs_as_what_one_has():
    words, pairs, triples, quadruples = FREQUENCIES.squared_idf()
    common, rare = math.log(3 / 2) ** 2, math.log(3) ** 2
    assert words.tolist() == pytest.approx([common, common, rare, rare])
    assert [each.tolist() for each in (pairs, triples, quadruples)] == [
        pytest.approx([common, rare, rare]),
        pytest.approx([rare, rare]),
        pytest.approx([rare]),
    ]


def test_what_all_images_have_weighs_nothing():
    assert NgramFrequencies.of(References.of_ids([[[4]]] * 7)).squared_idf()[0][0] == 0


def test_saving_and_loading(tmp_path):
    FREQUENCIES.save(tmp_path / "file.npz", "train")
    loaded = NgramFrequencies.load(tmp_path / "file.npz", "train")
    assert loaded.images == 3
    for one, other in zip((*loaded.keys, *loaded.counts), (*FREQUENCIES.keys, *FREQUENCIES.counts)):
        assert np.array_equal(one, other)


def test_a_file_of_another_source_is_refused(tmp_path):
    FREQUENCIES.save(tmp_path / "file.npz", "train")
    with pytest.raises(UserError, match=r"file.npz has document frequencies of train, not of train of 2014. Make it"):
        NgramFrequencies.load(tmp_path / "file.npz", "train of 2014")


def test_no_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"Cannot read .*file.npz: No such file"):
        NgramFrequencies.load(tmp_path / "file.npz", "train")


@pytest.mark.parametrize("damage", [lambda content: b"words", lambda content: content[:-200], lambda content: b""])
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "file.npz"
    FREQUENCIES.save(path, "train")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"file.npz is no whole file of document frequencies \(.*\). Make it anew"):
        NgramFrequencies.load(path, "train")


def test_another_numpy_file_is_refused(tmp_path):
    np.save(tmp_path / "file.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"no whole file of document frequencies"):
        NgramFrequencies.load(tmp_path / "file.npy", "train")
    np.savez(tmp_path / "file.npz", zeros=np.zeros(3))
    with pytest.raises(UserError, match=r"no whole file of document frequencies"):
        NgramFrequencies.load(tmp_path / "file.npz", "train")
