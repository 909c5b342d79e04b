import numpy as np
import tensorflow as tf

from im2txt.data.tokens import caption_tensors, sample_captions

# two images: three captions of 2, 1 and 3 words, and one caption of 2 words
CAPTIONS = tf.ragged.constant([[[10, 11], [12], [13, 14, 15]], [[20, 21]]], dtype=tf.int64)


def test_captions_become_shifted_padded_tensors():
    tensors = caption_tensors(CAPTIONS)
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


def test_a_cut_caption_does_not_teach_its_end():
    tensors = caption_tensors(CAPTIONS, max_length=2)
    np.testing.assert_array_equal(tensors["input_ids"][0], [[1, 10, 11], [1, 12, 0], [1, 13, 0]])
    np.testing.assert_array_equal(tensors["target_ids"][0], [[10, 11, 2], [12, 2, 0], [13, 14, 0]])
    np.testing.assert_array_equal(tensors["weights"][0], [[1, 1, 1], [1, 1, 0], [1, 1, 0]])


def test_an_empty_caption_is_an_end_and_no_captions_are_nothing():
    tensors = caption_tensors(tf.ragged.constant([[[]], []], ragged_rank=2, dtype=tf.int64))
    np.testing.assert_array_equal(tensors["target_ids"], [[[2]], [[0]]])
    np.testing.assert_array_equal(tensors["weights"], [[[1]], [[0]]])
    none = caption_tensors(tf.ragged.constant([[], []], ragged_rank=2, dtype=tf.int64))
    assert none["weights"].shape == (2, 0, 0)


def test_the_captions_axis_can_be_given():
    assert caption_tensors(CAPTIONS, captions=5)["weights"].shape == (2, 5, 4)


def test_sampling_draws_without_repetition():
    for seed in range(10):
        first, second = sample_captions(CAPTIONS, 2, [0, seed]).to_list()
        assert len(first) == len({tuple(caption) for caption in first}) == 2
        assert all(caption in CAPTIONS[0].to_list() for caption in first)
        assert second == [[20, 21]]  # the only one it has


def test_every_caption_is_drawn_equally_often():
    draws = [sample_captions(CAPTIONS, 1, [0, seed])[0, 0].numpy().tolist() for seed in range(300)]
    counts = [draws.count(caption) for caption in CAPTIONS[0].to_list()]
    assert sum(counts) == 300
    assert min(counts) > 70  # mean 100, standard deviation 8


def test_sampling_is_a_function_of_the_seed():
    again = [sample_captions(CAPTIONS, 2, [4, 2]).to_list() for _ in range(2)]
    assert again[0] == again[1]
    assert any(sample_captions(CAPTIONS, 2, [4, seed]).to_list() != again[0] for seed in range(10))
