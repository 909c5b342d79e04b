"""Layouts are clear: relations can be measured on the boxes, and nothing lies in between."""

import random

import pytest

from data_prep.datasets.scene_layout import INVERSE, LINKS, place, relations
from data_prep.datasets.scene_sampling import sample_scene


def test_relations_are_what_the_boxes_show():
    for seed in range(400):
        scene = sample_scene(random.Random(seed))
        boxes = [thing["box"] for thing in scene["objects"]]
        for first, name, second in scene["relations"]:
            (top, left, bottom, right), other = boxes[first], boxes[second]
            if name == "left of":
                assert other[1] - right >= 0.049
            elif name == "above":
                assert other[0] - bottom >= -1e-3
            elif name == "on":
                assert abs(other[0] - bottom) < 1e-3
                assert other[1] < (left + right) / 2 < other[3]
            elif name == "inside":
                assert other[0] < top < bottom < other[2]
                assert other[1] < left < right < other[3]
            elif name == "next to":
                assert max(other[1] - right, left - other[3]) < 0.101
                assert min(bottom, other[2]) > max(top, other[0])
            elif name == "in front of":
                assert first > second  # drawn later
                assert top < other[2] < bottom


def test_relations_hold_both_ways_round():
    for seed in range(100):
        found = sample_scene(random.Random(seed))["relations"]
        for first, name, second in found:
            if name in INVERSE:
                assert [second, INVERSE[name], first] in found


def test_sizes_are_told_apart_by_eye():
    areas = {"small": [], "large": [], "huge": []}
    for seed in range(300):
        for thing in sample_scene(random.Random(seed))["objects"]:
            areas[thing["size"]].append((thing["box"][2] - thing["box"][0]) ** 2)
    assert min(areas["large"]) > 2 * max(areas["small"])
    assert min(areas["huge"]) > 1.8 * max(areas["large"])


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        # Side by side: near, and too far to be sure that it is not near.
        ([(0.1, 0.1, 0.3, 0.3), (0.1, 0.38, 0.3, 0.58)], {"right of", "left of", "next to"}),
        ([(0.1, 0.1, 0.3, 0.3), (0.1, 0.6, 0.3, 0.8)], {"right of", "left of"}),
        ([(0.1, 0.1, 0.3, 0.3), (0.1, 0.44, 0.3, 0.64)], set()),
        # One below the other, and down to the right by less than half.
        ([(0.1, 0.1, 0.3, 0.3), (0.5, 0.12, 0.7, 0.32)], {"below", "above"}),
        ([(0.1, 0.1, 0.3, 0.3), (0.5, 0.25, 0.7, 0.45)], set()),
        # Far apart in both directions; touching; overlapping.
        ([(0.1, 0.1, 0.3, 0.3), (0.5, 0.5, 0.7, 0.7)], {"right of", "left of", "below", "above"}),
        ([(0.1, 0.1, 0.3, 0.3), (0.3, 0.1, 0.5, 0.3)], set()),
        ([(0.1, 0.1, 0.3, 0.3), (0.1, 0.1, 0.3, 0.3)], set()),
    ],
)
def test_relations_of_two_boxes(boxes, expected):
    assert {name for _, name, _ in relations(boxes, None)} == expected


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_true_of_the_second_object(link):
    shapes, sizes = (LINKS[link].shapes[0], "star"), LINKS[link].sizes[0]
    rng = random.Random(0)
    boxes = next(filter(None, (place(shapes, sizes, link, rng) for _ in range(100))))
    assert [1, link, 0] in relations(boxes, link)


def test_a_layout_that_has_no_room_is_given_up():
    assert place(["star"] * 4, ["huge"] * 4, None, random.Random(0)) is None
