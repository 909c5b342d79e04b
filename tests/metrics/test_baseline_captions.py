"""Random, nearest, consensus and held-out captions on a few by hand."""

import numpy as np
import pytest

from im2txt.metrics import baseline_captions
from im2txt.metrics.baseline_captions import consensus, consensus_captions, hold_out, nearest_images, random_captions


def test_a_seed_gives_the_same_captions_and_another_draw_others():
    training = [str(number) for number in range(1000)]
    first = random_captions(training, 50, seed=1, draw=0)
    assert first == random_captions(training, 50, seed=1, draw=0)
    assert first != random_captions(training, 50, seed=1, draw=1)
    assert first != random_captions(training, 50, seed=2, draw=0)
    assert set(random_captions(["a", "b"], 50, seed=1, draw=0)) == {"a", "b"}


def test_near_is_what_points_the_same_way(monkeypatch):
    monkeypatch.setattr(baseline_captions, "_BLOCK", 2)  # the last block is not full
    training = np.array([[0.0, 1], [5, 5], [1, 0], [0, 0], [100, 99]], np.float16)
    features = np.array([[1.0, 0], [0, 2], [3, 3]], np.float16)
    assert nearest_images(features, training, 2).tolist() == [[2, 4], [0, 1], [1, 4]]
    # 4 is a little nearer to the first axis than 1; what has no direction is like nothing
    assert nearest_images(features[:1], training, 5).tolist() == [[2, 4, 1, 0, 3]]


def test_the_first_of_equals_is_nearer():
    training = np.ones([5, 2])
    assert nearest_images(np.ones([1, 2]), training, 5).tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("count", [0, 3])
def test_there_are_only_so_many_neighbours(count):
    with pytest.raises(ValueError, match=f"Expected a count from 1 to 2. Received: {count}"):
        nearest_images(np.ones([1, 2]), np.ones([2, 2]), count)


# Caption 0 is in the middle of a loose group of three, captions 3 and 4 are almost the same.
SIMILARITIES = np.array(
    [
        [9.0, 0.6, 0.5, 0.1, 0.1],
        [0.6, 9.0, 0.2, 0.1, 0.1],
        [0.5, 0.2, 9.0, 0.1, 0.0],
        [0.1, 0.1, 0.1, 9.0, 0.9],
        [0.1, 0.1, 0.0, 0.9, 9.0],
    ]
)


@pytest.mark.parametrize(("closest", "winner"), [(1, 3), (2, 0), (4, 0), (125, 0)])
def test_the_consensus_counts_the_closest_and_no_caption_itself(closest, winner):
    # of one: 0.9; of two: (0.6 + 0.5) / 2 against (0.9 + 0.1) / 2; of four: 1.3 / 4 against 1.2 / 4
    before = SIMILARITIES.copy()
    assert consensus(SIMILARITIES, closest) == winner
    np.testing.assert_array_equal(SIMILARITIES, before)


def test_the_rows_are_judged_where_similarity_has_a_direction():
    assert consensus(np.array([[0, 0.1], [0.9, 0]]), 1) == 1


def test_a_single_caption_is_its_own_consensus():
    assert consensus(np.array([[np.nan]]), 3) == 0


def test_candidates_are_all_captions_of_the_neighbours_nearest_first():
    owners = np.array([0, 0, 1, 2, 2, 2])
    seen = []

    def similarity(captions):
        seen.append(captions.tolist())
        return np.ones([len(captions)] * 2)

    found = list(consensus_captions(np.array([[2, 0], [1, 2]]), owners, similarity, 2))
    assert seen == [[3, 4, 5, 0, 1], [2, 3, 4, 5]]
    assert found == [3, 2]  # of equals the first, which is of the nearest image


def test_one_caption_is_held_out():
    held, rest = hold_out({"x": ("a", "b", "c"), "y": ("d", "e")}, 1)
    assert held == {"x": "b", "y": "e"}
    assert rest == {"x": ["a", "c"], "y": ["d"]}
