"""Files of the same images, and what is said of files that are not."""

import pytest

from im2txt.errors import UserError
from im2txt.metrics.image_sets import Captions, match_images

REFERENCES = {"2": ["a cat"], "1": ["a dog", "dogs"], "3": ["a cow"]}
ALL = Captions("p.json", {"1": "dog", "2": "cat", "3": "cow"})


def test_the_same_images_come_in_the_order_of_the_references():
    systems, references, left_out = match_images([ALL], REFERENCES, "r.json")
    assert [list(captions.items()) for captions in systems] == [[("2", "cat"), ("1", "dog"), ("3", "cow")]]
    assert list(references.items()) == list(REFERENCES.items())
    assert left_out == []


def test_a_subset_has_the_images_of_all_files():
    second = Captions("p2.json", {"9": "x", "2": "kitten", "3": "calf"})
    systems, references, left_out = match_images([ALL, second], {**REFERENCES, "3": []}, "r.json", subset=True)
    assert systems == [{"2": "cat"}, {"2": "kitten"}]
    assert references == {"2": ["a cat"]}
    assert left_out == [
        "r.json: 2 of 3 images are left out: 1, 3.",
        "p.json: 2 of 3 captions are left out: 1, 3.",
        "p2.json: 2 of 3 captions are left out: 9, 3.",
    ]


def test_a_subset_of_equal_files_leaves_nothing_out():
    assert match_images([ALL], REFERENCES, "r.json", subset=True) == match_images([ALL], REFERENCES, "r.json")


@pytest.mark.parametrize(
    ("captions", "references", "message"),
    [
        (
            {"1": "a", "2": "b", "3": "c", "9": "d"},
            REFERENCES,
            r"p.json: 1 of 4 captions are for images that have no references: 9. Score .*--subset",
        ),
        (
            {"8": "a", "9": "b"},
            REFERENCES,
            r"2 of 2 captions .*: 8, 9. None is for an image of r.json \(2, 1, 3\): .*same split",
        ),
        ({"1": "a"}, REFERENCES, r"p.json: 2 of 3 images have references but no caption: 2, 3. Caption all .*--subset"),
        ({}, {str(i): ["a"] for i in range(12)}, r"12 of 12 images .*: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"),
        (
            ALL.captions,
            {**REFERENCES, "1": []},
            r"r.json: 1 of 3 images are listed without a reference: 1. Give each .*--subset",
        ),
    ],
)
def test_files_of_different_images_are_refused(captions, references, message):
    with pytest.raises(UserError, match=message):
        match_images([Captions("p.json", captions)], references, "r.json")


def test_a_second_system_of_other_images_is_refused():
    with pytest.raises(UserError, match=r"p2.json: 2 of 3 images have references but no caption: 2, 3"):
        match_images([ALL, Captions("p2.json", {"1": "a"})], REFERENCES, "r.json")


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        (
            {"7": "a", "8": "b", "9": "c", "10": "d"},
            r"no image in common: captions are for 7, 8, 9, ..., references of 2, 1, 3\.",
        ),
        ({}, r"p.json and r.json have no image in common: captions are for none"),
    ],
)
def test_a_subset_without_an_image_is_refused(captions, message):
    with pytest.raises(UserError, match=message):
        match_images([Captions("p.json", captions)], REFERENCES, "r.json", subset=True)
