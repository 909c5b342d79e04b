"""Attention pictures, looked at by their pixels."""

import numpy as np
import pytest
from PIL import Image

from im2txt.evaluation.attention_pictures import GAP, LABEL, MARGIN, AttentionFolder, attention_strip, light
from tests.helpers import encoded

PHOTO = np.full((60, 80, 3), (100, 150, 200), np.uint8)


def panel_at(strip, column, row=0, width=80, height=60):
    x, y = MARGIN + column * (width + GAP), MARGIN + row * (height + LABEL + GAP) + LABEL
    return np.asarray(strip)[y : y + height, x : x + width].astype(int)


def test_the_photo_comes_first_and_then_one_panel_a_word():
    maps = np.zeros((2, 2, 2))
    maps[0, 0, 0] = maps[1, 1, 1] = 1.0  # top left, then bottom right
    strip = attention_strip(PHOTO, ["red", "dog"], maps, panel=80)
    assert strip.size == (2 * MARGIN + 3 * 80 + 2 * GAP, 2 * MARGIN + 60 + LABEL)
    assert (panel_at(strip, 0) == PHOTO).all()
    first, second = panel_at(strip, 1), panel_at(strip, 2)
    assert first[5, 5].sum() > 2 * first[55, 75].sum()
    assert second[55, 75].sum() > 2 * second[5, 5].sum()
    labels = np.asarray(strip.convert("L"))[MARGIN : MARGIN + LABEL]
    dark = [(labels[:, MARGIN + i * (80 + GAP) :][:, :80] < 128).any() for i in range(3)]
    assert dark == [False, True, True]  # the photo has no label, the words do


def test_words_wrap_into_rows():
    strip = attention_strip(PHOTO, ["w"] * 6, np.ones((6, 3, 3)), panel=80, columns=4)
    assert strip.size == (2 * MARGIN + 4 * 80 + 3 * GAP, 2 * MARGIN + 2 * (60 + LABEL) + GAP)
    assert (panel_at(strip, 2, row=1) == panel_at(strip, 1)).all()
    assert (panel_at(strip, 3, row=1) == 255).all()  # 1 + 6 panels leave the last place white


def test_small_photos_are_enlarged_and_their_shape_is_kept():
    strip = attention_strip(PHOTO[:30, :20], [], np.zeros((0, 2, 2)), panel=120)
    assert strip.size == (2 * MARGIN + 80, 2 * MARGIN + 120 + LABEL)


def test_an_even_map_lights_evenly_and_a_dark_photo_shows_light():
    black = Image.new("RGB", (40, 40))
    even = np.asarray(light(black, np.full((4, 4), 1 / 16)))
    assert (even == even[0, 0]).all()
    assert even[0, 0].min() > 0
    assert (np.asarray(light(black, np.zeros((4, 4)))) == 0).all()


def test_long_words_are_made_to_fit():
    word = "supercalifragilisticexpialidocious"
    strip = attention_strip(PHOTO, ["a", word], np.ones((2, 2, 2)), panel=168)
    left = MARGIN + 2 * (168 + GAP)
    labels = np.asarray(strip.convert("L"))[MARGIN : MARGIN + LABEL]
    assert (labels[:, left : left + 168] < 128).any()
    assert (labels[:, left - GAP : left] > 200).all()


def test_a_map_for_each_word():
    with pytest.raises(ValueError, match=r"Expected a map for each of 1 words. Received: 2."):
        attention_strip(PHOTO, ["one"], np.ones((2, 2, 2)))


def test_the_narrowest_photo_has_a_strip():
    strip = attention_strip(np.zeros((400, 1, 3), np.uint8), ["a"], np.ones((1, 2, 2)))
    assert strip.width > 2 * MARGIN


def test_files_of_the_same_name_are_numbered(tmp_path):
    image_bytes = encoded(Image.fromarray(PHOTO), "JPEG")
    folder = AttentionFolder(tmp_path / "new" / "pictures")
    names = ["a.jpg", "below/a.jpg", "a.png", "b.c.jpg"]
    paths = [folder.draw(name, image_bytes, ["dog"], np.ones((1, 2, 2))) for name in names]
    assert [path.name for path in paths] == ["a.png", "below_a.png", "a-2.png", "b.c.png"]
    with Image.open(paths[0]) as strip:
        assert strip.width == 2 * MARGIN + 2 * 168 + GAP
