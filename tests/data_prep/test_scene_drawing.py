"""Pictures of scenes hold the graph's objects: where, in which colour, with which pattern."""

import itertools
import random

import numpy as np

from data_prep.datasets.scene_drawing import PALETTE, draw_scene
from data_prep.datasets.scene_sampling import sample_scene
from im2txt.text.scene_lexicon import BACKGROUNDS, COLOURS, SHAPES, TEXTURES


def test_boxes_are_where_the_pixels_are():
    size = 96
    for seed in range(60):
        scene = sample_scene(random.Random(seed))
        last = scene["objects"][-1]  # drawn over the others
        without = {**scene, "objects": scene["objects"][:-1]}
        pictures = (np.array(draw_scene(s, size, "x"), int) for s in (scene, without))
        rows, columns = np.nonzero(np.abs(np.subtract(*pictures)).sum(-1) > 24)
        found = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
        np.testing.assert_allclose(found, np.array(last["box"]) * size, atol=1.5, err_msg=str(last))


def test_objects_have_the_colour_of_their_name():
    for shape, colour in itertools.product(SHAPES, COLOURS):
        thing = {
            "shape": shape,
            "colour": colour,
            "size": "large",
            "texture": "plain",
            "box": [0.3, 0.3, 0.7, 0.7],
        }
        scene = {"background": "plain", "objects": [thing], "relations": []}
        picture = np.array(draw_scene(scene, 96, "x"), int)
        near = {name: np.abs(picture - rgb).max(-1) <= 8 for name, rgb in PALETTE.items()}
        assert max(near, key=lambda name: near[name].sum()) == colour
        assert near[colour].sum() > 150


def test_textures_and_backgrounds_differ_in_pixels():
    box = [0.2, 0.2, 0.8, 0.8]
    pictures = [
        draw_scene(
            {
                "background": background,
                "objects": [{"shape": "square", "colour": "red", "texture": texture, "box": box}],
                "relations": [],
            },
            64,
            "x",
        ).tobytes()
        for background in BACKGROUNDS
        for texture in TEXTURES
    ]
    assert len(set(pictures)) == len(BACKGROUNDS) * len(TEXTURES)
