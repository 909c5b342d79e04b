"""Draws lots for a scene: which objects there are, where they lie, and how they lie to each other.

A scene graph is a JSON object:

    {"background": "grass",
     "objects": [{"shape": "star", "colour": "red", "size": "small", "texture": "plain",
                  "box": [ymin, xmin, ymax, xmax]}, ...],
     "relations": [[0, "left of", 1], [1, "right of", 0], ...]}

Boxes are in fractions of height and width; objects stand in the order in which they are drawn; `relations` holds every
relation that is true, both ways round.

Nothing in a scene is a matter of opinion. Sizes are far apart, and small objects are plain, as a pattern on them would
not be seen. In each direction two objects lie either clearly apart (by `GAP` or more) or clearly in line (they share
half of the narrower one's extent), and side by side they are near (up to `NEAR`) or far (from `FAR`); any layout in
between is thrown away. At most one pair, the first two objects, is linked more closely:

    on            the second touches the flat top of the first
    inside        the second lies wholly within the outline of the first, or in the hole of a ring
    in front of   the second hides a part of the first and sticks out below it
    next to       the second is near the first, side by side
"""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from im2txt.text.scene_lexicon import BACKGROUNDS, COLOURS, SHAPES, TEXTURES

Box = tuple[float, float, float, float]  # ymin, xmin, ymax, xmax in fractions of the picture
Pair = tuple[str, str]  # shape, colour

HELD_OUT: tuple[Pair, ...] = (  # seen in the heldout split alone; every shape and every colour once
    ("circle", "purple"),
    ("square", "orange"),
    ("triangle", "black"),
    ("star", "green"),
    ("cross", "white"),
    ("ring", "red"),
    ("heart", "blue"),
    ("moon", "yellow"),
)
EXTENTS = {"small": (0.21, 0.25), "large": (0.37, 0.43), "huge": (0.60, 0.66)}
MARGIN, GAP, NEAR, FAR = 0.02, 0.05, 0.10, 0.18
INTERIORS = {  # where a box fits within a shape: its centre (y, x) and extent, in fractions of the shape's box
    "circle": (0.5, 0.5, 0.66),
    "square": (0.5, 0.5, 0.86),
    "ring": (0.5, 0.5, 0.42),
    "triangle": (0.71, 0.5, 0.44),
    "heart": (0.42, 0.5, 0.56),
}


class Link(NamedTuple):
    """What the first two objects of a link may be: the first one's shapes, and sizes of the two."""

    shapes: tuple[str, ...]
    sizes: tuple[tuple[str, str], ...]


LINKS = {
    "on": Link(("square", "cross"), (("large", "small"), ("large", "large"))),
    "inside": Link(tuple(INTERIORS), (("huge", "small"), ("large", "small"))),
    "in front of": Link(("circle", "square", "ring", "triangle"), (("huge", "small"), ("huge", "large"), ("large", "small"))),
    "next to": Link(SHAPES, (("small", "small"), ("small", "large"), ("large", "small"), ("large", "large"))),
}


def sample_scene(rng: random.Random, must: Pair | None = None) -> dict:
    """Returns a scene graph; an object of it is of the pair `must`. Without `must` none is of a `HELD_OUT` pair."""
    while True:
        count = rng.choices([1, 2, 3, 4], weights=[30, 30, 22, 18])[0]
        link = rng.choice([*LINKS, None, None]) if count > 1 else None
        looks = _sample_looks(count, link, must, rng)
        boxes = _place(looks, link, rng) if _allowed(looks, link, must) else None
        if boxes:
            objects = [{**look, "box": [round(side, 4) for side in box]} for look, box in zip(looks, boxes)]
            return {"background": rng.choice(BACKGROUNDS), "objects": objects, "relations": _relations(boxes, link)}


def _sample_looks(count: int, link: str | None, must: Pair | None, rng: random.Random) -> list[dict[str, str]]:
    sizes = rng.choices(tuple(EXTENTS), weights=[3, 4, 3] if count == 1 else [5, 4, 1], k=count)
    if link:
        sizes[:2] = rng.choice(LINKS[link].sizes)
    looks = []
    for size in sizes:
        look = {"shape": rng.choice(SHAPES), "colour": rng.choice(tuple(COLOURS)), "size": size}
        # Like objects are what counts are about: "two red circles", "three stars".
        shared = rng.choices([(), ("shape", "colour"), ("shape",), ("colour",)], weights=[45, 35, 10, 10])[0]
        look |= {name: looks[-1][name] for name in shared if looks}
        look["texture"] = "plain" if size == "small" else rng.choices(tuple(TEXTURES), weights=[6, 2, 2, 2])[0]
        looks.append(look)
    if must:
        rng.choice(looks).update(shape=must[0], colour=must[1])
    return looks


def _allowed(looks: Sequence[Mapping[str, str]], link: str | None, must: Pair | None) -> bool:
    if not must and any((look["shape"], look["colour"]) in HELD_OUT for look in looks):
        return False
    if not link:
        return True
    told_apart = link == "next to" or looks[0]["colour"] != looks[1]["colour"]
    return looks[0]["shape"] in LINKS[link].shapes and told_apart


def _place(looks: Sequence[Mapping[str, str]], link: str | None, rng: random.Random) -> list[Box] | None:
    """Returns a box for every object, or None where no clear layout was found in a few tries."""
    boxes = []
    for index, look in enumerate(looks):
        extent = rng.uniform(*EXTENTS[look["size"]])
        for _ in range(40):
            if index == 1 and link:
                box = _linked_box(link, looks[0]["shape"], boxes[0], extent, rng)
            else:
                box = _box(rng.uniform(0, 1), rng.uniform(0, 1), extent)
            within = min(box) >= MARGIN and max(box) <= 1 - MARGIN
            if within and all(_is_link(index, other, link) or _directions(box, boxes[other]) for other in range(index)):
                boxes.append(box)
                break
        else:
            return None
    return boxes


def _linked_box(link: str, shape: str, base: Box, extent: float, rng: random.Random) -> Box:
    """Returns a box that lies to `base`, the box of a `shape`, as `link` says (inside: or out of the picture)."""
    ymin, xmin, ymax, _ = base
    side = ymax - ymin
    x, y = xmin + side * rng.uniform(0.4, 0.6), (ymin + ymax) / 2
    if link == "on":
        return _box(ymin - extent / 2, x, extent)
    if link == "in front of":
        return _box(ymax + extent * rng.uniform(0, 0.15), x, extent)
    if link == "next to":
        away = (side + extent) / 2 + rng.uniform(GAP, NEAR)
        return _box(y + rng.uniform(-0.04, 0.04), xmin + side / 2 + rng.choice([-away, away]), extent)
    centre_y, centre_x, room = INTERIORS[shape]
    spare = (room * side - extent) / 2
    if spare < 0:
        return _box(-1, -1, extent)
    ...
