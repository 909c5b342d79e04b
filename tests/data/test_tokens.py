import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.tokens import caption_tensors, sample_captions

# two images: three captions of 2, 1 and 3 words, and one caption of 2 words
WORDS = [[[10, 11], [12], [13, 14, 15]], [[20, 21]]]


@pytest.fixture
def captions():
    return tf.ragged.constant(WORDS, dtype=tf.int64)


def test_captions_become_shifted_padded_tensors(captions):
    tensors = caption_tensors(captions)
    assert tensors["input_ids"].dtype == tensors["target_ids"].dtype == tf.int32
    np.testing.assert_array_equal(
        tensors["input_ids"],
        [[[1, 10, 11, 0], [1, 12, 0, 0], [1, 13, 14, 15]], [[1, 20, 21, 0], [0, 0, 0, 0], [0, 0, 0, 0]]],
    )
    np.testing.assert_array_equal(
        tensors["target_ids"],
        [[[10, 11, 2, 0], [12, 2, 0, 0], [13, 14, 15, 2]], [[20, 21, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]],
    )
    np.testing.assert_array_equal(
        tensors["weights"],
        [[[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]], [[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]],
    )


def test_a_cut_caption_does_not_teach_its_end(captions):
    tensors = caption_tensors(captions, max_length=2)
    np.testing.assert_array_equal(tensors["input_ids"][0], [[1, 10, 11], [1, 12, 0], [1, 13, 0]])
    np.testing.assert_array_equal(tensors["target_ids"][0], [[10, 11, 2], [12, 2, 0], [13, 14, 0]])
    np.testing.assert_array_equal(tensors["weights"][0], [[1, 1, 1], [1, 1, 0], [1, 1, 0]])


def test_an_empty_caption_is_an_end_and_no_captions_are_nothing():
    tensors = caption_tensors(tf.ragged.constant([[[]], []], ragged_rank=2, dtype=tf.int64))
    np.testing.assert_array_equal(tensors["target_ids"], [[[2]], [[0]]])
    np.testing.assert_array_equal(tensors["weights"], [[[1]], [[0]]])
    none = caption_tensors(tf.ragged.constant([[], []], ragged_rank=2, dtype=tf.int64))
    assert none["weights"].shape == (2, 0, 1)


def test_the_captions_axis_can_be_given(captions):
    assert caption_tensors(captions, captions=5)["weights"].shape == (2, 5, 4)


def test_sampling_draws_without_repetition(captions):
    for seed in range(10):
        first, second = sample_captions(captions, 2, [0, seed]).to_list()
        assert len(first) == len({tuple(caption) for caption in first}) == 2
        assert all(caption in WORDS[0] for caption in first)
        assert second == [[20, 21]]  # the only one it has


def test_every_caption_is_drawn_equally_often():
    many = tf.ragged.constant([[[10], [11], [12]]] * 300, dtype=tf.int64)
    draws = sample_captions(many, 1, [0, 1]).flat_values.numpy().tolist()
    assert len(draws) == 300
    assert min(draws.count(word) for word in (10, 11, 12)) > 70  # mean 100, standard deviation 8


def test_sampling_is_a_function_of_the_seed(captions):
    again = [sample_captions(captions, 2, [4, 2]).to_list() for _ in range(2)]
    assert again[0] == again[1]
    assert any(sample_captions(captions, 2, [4, seed]).to_list() != again[0] for seed in range(10))
