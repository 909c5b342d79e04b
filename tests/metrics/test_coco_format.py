"""COCO's formats: what is read, and what is said of what cannot be read."""

import pytest

from im2txt.errors import UserError
from im2txt.metrics.coco_format import parse_predictions, parse_references, parse_training_captions

DOG = {"image_id": 1, "caption": "a dog"}


def test_predictions_become_a_dict():
    assert parse_predictions([DOG, {"image_id": "b", "caption": "a cat"}], "P") == {"1": "a dog", "b": "a cat"}


def test_references_keep_the_order_of_the_images_and_of_the_captions():
    content = {
        "images": [{"id": 2}, {"id": 1}, {"id": 3}],
        "annotations": [DOG, {"image_id": 2, "caption": "x"}, {"image_id": "1", "caption": "dogs"}],
    }
    references = parse_references(content, "R")
    assert list(references.items()) == [("2", ["x"]), ("1", ["a dog", "dogs"]), ("3", [])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": []}, r"P: expected a list .*found an object with `images`"),
        (["a dog"], r"P, item 0: `image_id` must be a number or a string, found nothing in a string"),
        ([DOG, {"caption": "x"}], r"P, item 1: `image_id` must .*found nothing in an object with `caption`"),
        ([{"image_id": True, "caption": "x"}], r"found a boolean"),
        ([{"image_id": 1.5, "caption": "x"}], r"found a fraction"),
        ([{"image_id": 1}], r"P, item 0 \(image 1\): `caption` must be a string, found nothing"),
        ([{"image_id": 1, "caption": float("nan")}], r"`caption` must be a string, found NaN"),
        ([{"image_id": float("nan"), "caption": "x"}], r"`image_id` must .*found NaN"),
        ([{"image_id": 1, "caption": ["x"]}], r"`caption` must be a string, found a list"),
        ([DOG, DOG, {"image_id": "1", "caption": "x"}], r"P: more than one caption for 1 images: 1. Keep one"),
    ],
)
def test_bad_predictions_are_named(content, message):
    with pytest.raises(UserError, match=message):
        parse_predictions(content, "P")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([DOG], r"R: expected COCO annotations .*found a list"),
        ({"annotations": [DOG]}, r"R: expected COCO annotations .*found an object with `annotations`"),
        ({}, r"found an object with no keys"),
        ({"images": [{"file": 1}], "annotations": []}, r"R, images item 0: `id` must .*found nothing"),
        ({"images": [{"id": 1}, {"id": 1}], "annotations": []}, r"R: `images` lists more than once 1 images: 1"),
        ({"images": [{"id": 2}], "annotations": [DOG]}, r"1 annotations are of images that `images` does not list: 1"),
        ({"images": [{"id": 1}], "annotations": [{"image_id": 1}]}, r"annotations item 0 \(image 1\): `caption`"),
    ],
)
def test_bad_references_are_named(content, message):
    with pytest.raises(UserError, match=message):
        parse_references(content, "R")


@pytest.mark.parametrize("content", [[DOG, {"caption": ""}], {"annotations": [DOG, {"caption": ""}], "images": 7}])
def test_training_captions_are_read_whatever_their_images(content):
    assert parse_training_captions(content, "T") == ["a dog", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": []}, r"T: expected COCO annotations .*found an object with `images`. Captions without JSON"),
        ("a dog", r"T: expected COCO annotations .*found a string"),
        ([DOG, "a dog"], r"T, annotations item 1: `caption` must be a string, found nothing"),
    ],
)
def test_bad_training_captions_are_named(content, message):
    with pytest.raises(UserError, match=message):
        parse_training_captions(content, "T")
