"""Where attention lies while a noun is said, on scenes of two objects and a grid of 2 x 2 cells."""

import numpy as np
import pytest

from im2txt.metrics.attention_correctness import attention_correctness, coverage

GRID = (2, 2)
TOP_LEFT, TOP_RIGHT, EVERYWHERE = [1, 0, 0, 0], [0, 1, 0, 0], [0.25] * 4


def thing(shape, colour, box):
    return {"shape": shape, "colour": colour, "size": "small", "texture": "plain", "box": box}


# A red circle that fills the cell at the top left, a blue square in half of the one at the top right.
SCENE = {
    "background": "sky",
    "objects": [thing("circle", "red", [0, 0, 0.5, 0.5]), thing("square", "blue", [0, 0.5, 0.5, 0.75])],
    "relations": [[0, "left of", 1], [1, "right of", 0]],
}


def correctness(*captions, scene=SCENE):
    said = [(text.split(), np.array(maps, np.float32)) for text, maps in captions]
    return attention_correctness(said, [scene] * len(said), GRID)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 0.5, 0.5], [[1, 0], [0, 0]]),
        ([0.25, 0, 0.75, 0.25], [[0.25, 0], [0.25, 0]]),
        ([0, 0, 1, 1], [[1, 1], [1, 1]]),
    ],
)
def test_coverage_is_the_share_of_a_cell_in_the_box(box, expected):
    np.testing.assert_allclose(coverage(box, GRID), expected)


def test_grids_need_not_be_square():
    np.testing.assert_allclose(coverage([0, 0.5, 1, 1], (1, 3)), [[0, 0.5, 1]])


def test_only_nouns_count():
    caption = "a red circle", [TOP_RIGHT, TOP_RIGHT, TOP_LEFT]
    assert correctness(caption) == {"attention_in_box": 1.0, "attention_touching_box": 1.0}


def test_a_cell_counts_by_its_area_or_in_full():
    caption = "something blue", [TOP_RIGHT, EVERYWHERE]
    assert correctness(caption) == {"attention_in_box": 0.5, "attention_touching_box": 1.0}


def test_every_noun_of_every_caption_weighs_the_same():
    two = "a circle left of a blue square", [EVERYWHERE, TOP_LEFT, *[EVERYWHERE] * 4, TOP_LEFT]
    found = correctness(two, ("the disc is red", [TOP_LEFT, EVERYWHERE, TOP_LEFT, TOP_LEFT]))
    assert found["attention_in_box"] == pytest.approx((1 + 0 + 0.25) / 3)
    assert found["attention_touching_box"] == pytest.approx((1 + 0 + 0.25) / 3)


def test_a_noun_may_look_at_any_object_that_it_fits():
    found = correctness(("two shapes", [TOP_LEFT, [0.5, 0.5, 0, 0]]))
    assert found == {"attention_in_box": 0.75, "attention_touching_box": 1.0}


def test_false_captions_are_left_out():
    lie = "a green circle", [TOP_LEFT] * 3
    assert correctness(lie) == {}
    assert correctness(lie, ("a circle", [TOP_LEFT] * 2))["attention_in_box"] == 1.0
