"""Augmentation: seeds, and words that forbid mirroring."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.augmentation import Augmentation, any_word, decode_augmented, side_words
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import photo

IMAGES = tf.constant([photo(0, 24)] * 8)


def augmented(seed=(1, 2), may_flip=True, **options):
    augmentation = Augmentation(**{"crop": False, "flip": False, "colours": False, **options})
    return decode_augmented(IMAGES, 24, augmentation, tf.fill([8], may_flip), tf.constant(seed)).numpy()


def test_nothing_is_done_unless_it_is_asked_for():
    images = augmented()
    assert images.shape == (8, 24, 24, 3)
    assert len({image.tobytes() for image in images}) == 1


@pytest.mark.parametrize("kind", ["crop", "flip", "colours"])
def test_each_image_has_a_seed_of_its_own(kind):
    images = augmented(**{kind: True})
    assert len({image.tobytes() for image in images}) > 1
    np.testing.assert_array_equal(images, augmented(**{kind: True}))
    assert (images != augmented((3, 4), **{kind: True})).any()


def test_a_caption_that_tells_sides_forbids_mirroring():
    assert (augmented(flip=True) != augmented()).any()
    np.testing.assert_array_equal(augmented(flip=True, may_flip=False), augmented())


def test_any_word_of_any_caption_counts():
    captions = tf.ragged.constant([[[4, 5], [6]], [[5]], [], [[]]], ragged_rank=2)
    assert any_word(captions, [6, 7]).numpy().tolist() == [True, False, False, False]
    assert any_word(captions, []).numpy().tolist() == [False] * 4


def test_words_of_sides_are_found_by_their_beginnings_and_those_of_their_parts(tmp_path):
    sides = {"left", "leftmost", "right", "bottom-left", "far-right", "linken", "droite", "destra", "слева", "左"}
    vocabulary = Vocabulary.build([[*sides, "bright", "cleft", "dog", "destroyed"]], min_count=1)
    vocabulary.save(tmp_path / "vocabulary.txt")
    assert {vocabulary.words[number] for number in side_words(tmp_path)} == sides


def test_parts_of_words_cannot_tell_sides(tmp_path):
    Vocabulary.build([["le", "##ft"]], min_count=1).save(tmp_path / "vocabulary.txt")
    with pytest.raises(UserError, match=r"data\.random_flip must know which captions tell left from right"):
        side_words(tmp_path)
    with pytest.raises(UserError, match=r"--views must know .* holds parts of words. Do without --views."):
        side_words(tmp_path, "--views")
