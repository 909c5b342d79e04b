"""Draws lots for a scene: its background, its objects and their looks.

A scene graph is a JSON object:

    {"background": "grass",
     "objects": [{"shape": "star", "colour": "red", "size": "small", "texture": "plain",
                  "box": [ymin, xmin, ymax, xmax]}, ...],
     "relations": [[0, "left of", 1], [1, "right of", 0], ...]}

Boxes are in fractions of height and width. Objects stand in the order in which they are drawn. `relations`
holds every relation that is true, both ways round (`scene_layout`).

Small objects are plain, as a pattern on them would not be seen; objects that overlap differ in colour.
"""

import random
from collections.abc import Mapping, Sequence

from data_prep.datasets.scene_layout import EXTENTS, LINKS, place, relations
from im2txt.text.scene_lexicon import BACKGROUNDS, COLOURS, SHAPES, TEXTURES

HELD_OUT = (  # pairs of shape and colour that only the heldout split shows; every shape and every colour once
    ("circle", "purple"),
    ("square", "orange"),
    ("triangle", "black"),
    ("star", "green"),
    ("cross", "white"),
    ("ring", "red"),
    ("heart", "blue"),
    ("moon", "yellow"),
)
COUNTS = (0.32, 0.30, 0.22, 0.16)  # share of scenes with 1, 2, 3 and 4 objects
SIZE_WEIGHTS = {1: (3, 4, 3), 2: (5, 5, 2), 3: (6, 4, 0), 4: (7, 3, 0)}  # of small, large and huge
# How often an object takes after the one before it: like objects are what "two red circles" needs.
LIKENESS = {(): 0.45, ("shape", "colour"): 0.35, ("shape",): 0.1, ("colour",): 0.1}


def sample_scene(rng: random.Random, must: tuple[str, str] | None = None) -> dict:
    """Returns a scene graph.

    Args:
        rng: where the lots come from.
        must: shape and colour of one object. Without it, no object is of a `HELD_OUT` pair.
    """
    count = rng.choices(range(1, 5), weights=COUNTS)[0]
    link = rng.choice([*LINKS, None, None]) if count > 1 else None
    while True:
        looks = _sample_looks(count, link, must, rng)
        if not _allowed(looks, link, must):
            continue
        boxes = place([look["shape"] for look in looks], [look["size"] for look in looks], link, rng)
        if boxes:
            boxes = [tuple(round(side, 4) for side in box) for box in boxes]
            return {
                "background": rng.choice(BACKGROUNDS),
                "objects": [{**look, "box": list(box)} for look, box in zip(looks, boxes)],
                "relations": relations(boxes, link),
            }


def _sample_looks(
    count: int, link: str | None, must: tuple[str, str] | None, rng: random.Random
) -> list[dict[str, str]]:
    sizes = rng.choices(tuple(EXTENTS), weights=SIZE_WEIGHTS[count], k=count)
    if link:
        sizes[:2] = rng.choice(LINKS[link].sizes)
    looks: list[dict[str, str]] = []
    for size in sizes:
        shapes = LINKS[link].shapes if link and not looks else SHAPES
        look = {"shape": rng.choice(shapes), "colour": rng.choice(tuple(COLOURS)), "size": size}
        alike = rng.choices(tuple(LIKENESS), weights=LIKENESS.values())[0]
        look |= {name: looks[-1][name] for name in alike if looks}
        patterns = TEXTURES if size != "small" else ["plain"]
        look["texture"] = rng.choices(tuple(patterns), weights=[6, 2, 2, 2][: len(patterns)])[0]
        looks.append(look)
    if must:
        rng.choice(looks).update(shape=must[0], colour=must[1])
    return looks


def _allowed(looks: Sequence[Mapping[str, str]], link: str | None, must: tuple[str, str] | None) -> bool:
    seen = must or not any((look["shape"], look["colour"]) in HELD_OUT for look in looks)
    if link in (None, "next to"):
        return bool(seen)
    return bool(seen) and looks[0]["shape"] in LINKS[link].shapes and looks[0]["colour"] != looks[1]["colour"]
