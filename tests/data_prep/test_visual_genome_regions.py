"""Regions of Visual Genome: boxes from pixels to fractions, and what is wrong with those that cannot be used."""

import re

import pytest

from data_prep.datasets.visual_genome_regions import read_region, region_id
from im2txt.data.regions import Region

SIZE = (400, 200)  # width and height of the image
SHADE = {"x": 100, "y": 50, "width": 100, "height": 50, "phrase": "shade is along the street "}


def placed(x, y, width, height):
    return {"x": x, "y": y, "width": width, "height": height, "phrase": "a cloud"}


def test_a_region_becomes_fractions_and_a_phrase_without_blanks_around_it():
    assert read_region(SHADE, 400, 200) == Region((0.25, 0.25, 0.5, 0.5), "shade is along the street")


# Beyond the top left corner, beyond the bottom right one, beyond all sides, and the whole image to the last pixel.
@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((-20, -10, 60, 60), (0.0, 0.0, 0.25, 0.1)),
        ((360, 150, 90, 90), (0.75, 0.9, 1.0, 1.0)),
        ((-5, -904, 500, 1200), (0.0, 0.0, 1.0, 1.0)),
        ((0, 0, 400, 200), (0.0, 0.0, 1.0, 1.0)),
    ],
)
def test_boxes_are_clipped_to_the_image(box, clipped):
    assert read_region(placed(*box), *SIZE) == Region(clipped, "a cloud")


@pytest.mark.parametrize(
    "box", [(181, -871, 25, 24), (-30, 0, 30, 10), (400, 10, 5, 5), (10, 200, 5, 5), (10, 10, 0, 5), (10, 10, 5, -5)]
)
def test_a_box_without_area(box):
    x, y, width, height = box
    reason = f"its box (x {x}, y {y}, width {width}, height {height}) has no area in the image of 400 x 200 pixels"
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_region(placed(*box), *SIZE)


@pytest.mark.parametrize("phrase", ["", " \n"])
def test_an_empty_phrase(phrase):
    with pytest.raises(ValueError, match="its phrase is empty"):
        read_region({**SHADE, "phrase": phrase}, *SIZE)


@pytest.mark.parametrize("entry", [7, {}, {**SHADE, "phrase": None}, {**SHADE, "x": None}, {**SHADE, "width": "9"}])
def test_a_malformed_region(entry):
    reason = f"expected `x`, `y`, `width`, `height` and `phrase`, found {str(entry)[:80]}"
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_region(entry, *SIZE)


def test_ids_of_all_versions():
    entries = [{"region_id": 1382, "image_id": 1}, {"id": 1382, "image": 1}, {"phrase": "a cat"}, 7]
    assert [region_id(entry) for entry in entries] == [1382, 1382, None, None]
