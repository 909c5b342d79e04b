"""Retrieval scores of small matrices, ranked by hand."""

import time

import numpy as np
import pytest

from im2txt.metrics.retrieval import Direction, mean_of_folds, rank, retrieval

# Three images; captions 0 and 1 are of image 0, 2 of image 1, 3 and 4 of image 2.
OWNERS = [0, 0, 1, 2, 2]
SIMILARITIES = np.array(
    [
        [0.9, 0.1, 0.5, 0.2, 0.3],  # its captions are 1st and 5th
        [0.8, 0.6, 0.7, 0.4, 0.1],  # its caption is 2nd, after caption 0
        [0.4, 0.3, 0.8, 0.6, 0.5],  # its captions are 2nd and 3rd, after caption 2
    ]
)  # down the columns, the right images are 1st, 3rd, 2nd, 1st and 1st


def random_similarities(images=40, captions=5, seed=0):
    similarities = np.random.default_rng(seed).normal(size=(images, images * captions))
    return similarities, np.repeat(np.arange(images), captions)


def test_ranks_of_both_directions():
    of_images, of_captions = rank(SIMILARITIES, OWNERS)
    assert of_images.ranks.tolist() == [1, 2, 2]
    assert of_captions.ranks.tolist() == [1, 3, 2, 1, 1]
    assert not of_images.tied.any()
    assert not of_captions.tied.any()


def test_scores_of_both_directions():
    scores = retrieval(SIMILARITIES, OWNERS)
    assert scores.image_to_text == pytest.approx(Direction(1 / 3, 1, 1, 2, 5 / 3, 0))
    assert scores.text_to_image == pytest.approx(Direction(3 / 5, 1, 1, 1, 8 / 5, 0))
    assert scores.recall_sum == pytest.approx(1 / 3 + 3 / 5 + 4)


def test_cutoffs_are_inclusive():
    # one query caption each for 12 images; image i is the right one and i others are more similar
    similarities = np.where(np.tri(12, k=-1).T > 0, 2.0, 0.0) + np.eye(12)
    scores = retrieval(similarities, range(12)).text_to_image
    assert rank(similarities, range(12))[1].ranks.tolist() == list(range(1, 13))
    assert (scores.recall_1, scores.recall_5, scores.recall_10) == pytest.approx((1 / 12, 5 / 12, 10 / 12))
    assert (scores.median_rank, scores.mean_rank) == (6, 6.5)  # the median of 6 and 7, rounded down


def test_the_identity_is_perfect():
    scores = retrieval(np.repeat(np.eye(20), 5, axis=1), np.repeat(np.arange(20), 5))
    assert scores.image_to_text == scores.text_to_image == Direction(1, 1, 1, 1, 1, 0)
    assert scores.recall_sum == 6


def test_a_constant_similarity_finds_nothing_and_is_all_ties():
    scores = retrieval(np.ones((20, 100)), np.repeat(np.arange(20), 5))
    assert scores.image_to_text == Direction(0, 0, 0, 96, 96, 1)  # 95 captions of others come before
    assert scores.text_to_image == Direction(0, 0, 0, 20, 20, 1)


def test_a_tie_with_a_wrong_item_counts_against_and_with_a_right_one_does_not():
    of_images, of_captions = rank(np.array([[3.0, 3.0, 3.0], [1.0, 2.0, 3.0]]), [0, 0, 1])
    assert of_images.ranks.tolist() == [2, 1]  # image 0: caption 2 is level with captions 0 and 1
    assert of_images.tied.tolist() == [True, False]
    assert of_captions.ranks.tolist() == [1, 1, 2]
    assert of_captions.tied.tolist() == [False, False, True]


def test_the_ranks_are_those_of_sorting_where_nothing_is_level():
    similarities, owners = random_similarities()
    of_images, of_captions = rank(similarities, owners)
    for image, row in enumerate(similarities):
        order = np.argsort(row)[::-1]
        assert of_images.ranks[image] == 1 + min(np.flatnonzero(owners[order] == image))
    for caption, column in enumerate(similarities.T):
        assert of_captions.ranks[caption] == 1 + np.flatnonzero(np.argsort(column)[::-1] == owners[caption])[0]


def test_the_order_of_images_and_captions_does_not_matter():
    similarities, owners = random_similarities()
    generator = np.random.default_rng(1)
    rows, columns = generator.permutation(40), generator.permutation(200)
    shuffled = retrieval(similarities[rows][:, columns], np.argsort(rows)[owners][columns])
    assert np.array(shuffled) == pytest.approx(np.array(retrieval(similarities, owners)))


def test_scores_are_bounded_and_recall_grows_with_the_cutoff():
    for direction in retrieval(*random_similarities(seed=2)):
        assert 0 <= direction.recall_1 <= direction.recall_5 <= direction.recall_10 <= 1
        assert direction.median_rank >= 1
        assert 1 <= direction.mean_rank <= 200


def test_folds_see_their_own_images_and_captions_and_are_averaged():
    # images 0 and 1 against captions 0 and 1: both right; images 2 and 3 against 2 and 3: both wrong;
    # the great numbers outside the folds would spoil every rank
    similarities = np.full((4, 4), 9.0)
    similarities[:2, :2] = np.eye(2)
    similarities[2:, 2:] = 1 - np.eye(2)
    scores = mean_of_folds(similarities, range(4), folds=2)
    assert scores.image_to_text == scores.text_to_image == Direction(0.5, 1, 1, 1.5, 1.5, 0)
    assert retrieval(similarities, range(4)).image_to_text.recall_1 == 0


def test_folds_follow_the_owners_and_not_the_order_of_captions():
    similarities, owners = random_similarities()
    columns = np.random.default_rng(1).permutation(200)
    assert mean_of_folds(similarities[:, columns], owners[columns]) == mean_of_folds(similarities, owners)
    assert mean_of_folds(similarities, owners, folds=1) == retrieval(similarities, owners)


@pytest.mark.parametrize(
    ("similarities", "owners", "message"),
    [
        (np.ones((2, 2)), [0, 1, 1], r"an owner for each caption. Received: \[2, 2\] and \[3\]"),
        (np.ones(2), [0, 1], r"shape \[images, captions\].*Received: \[2\]"),
        (np.ones((0, 0)), [], r"Received: \[0, 0\]"),
        (np.ones((2, 3)), [0, 1, 2], r"Expected owners from 0 to 1. Received: 0 to 2"),
        (np.ones((2, 3)), [-1, 0, 1], r"Received: -1 to 1"),
        (np.ones((2, 3)), [0, 0, 0], r"Received: none for image 1"),
        (np.array([[1.0, np.nan], [0.0, 1.0]]), [0, 1], r"that are numbers. Received: NaN"),
    ],
)
def test_unusable_input_is_refused(similarities, owners, message):
    with pytest.raises(ValueError, match=message):
        retrieval(similarities, owners)


@pytest.mark.parametrize("folds", [3, 10])
def test_folds_must_divide_the_images(folds):
    with pytest.raises(ValueError, match=rf"divide into {folds} folds. Received: 5 images"):
        mean_of_folds(np.eye(5), range(5), folds=folds)


def test_a_thousand_images_take_less_than_two_seconds():
    similarities, owners = random_similarities(images=1000)
    start = time.process_time()
    retrieval(similarities, owners)
    assert time.process_time() - start < 2
