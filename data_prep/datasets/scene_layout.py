"""Where the objects of a scene lie, and which relations follow.

Nothing about a layout is a matter of opinion. Sizes are far apart. In each direction two objects lie either
clearly apart (by `GAP` or more) or clearly in line (they share half of the narrower one's extent); side by
side they are near (up to `NEAR`) or far (from `FAR`). Layouts in between are thrown away. At most one pair,
the first two objects, is linked:

    on            the second stands on the flat top of the first
    inside        the second lies wholly within the outline of the first, or in the hole of a ring
    in front of   the second hides the foot of the first and sticks out below it
    next to       the second is near the first, side by side

Every length is a fraction of the picture, a box is (ymin, xmin, ymax, xmax).
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from im2txt.text.scene_lexicon import SHAPES

Box = tuple[float, float, float, float]

EXTENTS = {"small": (0.22, 0.26), "large": (0.38, 0.44), "huge": (0.60, 0.66)}
MARGIN, GAP, NEAR, FAR = 0.02, 0.05, 0.10, 0.18
TRIES = 40  # for one object, before the whole layout is given up
INTERIORS = {  # where a box fits within a shape: centre (y, x) and extent in fractions of the shape's box
    "circle": (0.5, 0.5, 0.66),
    "square": (0.5, 0.5, 0.86),
    "ring": (0.5, 0.5, 0.39),
    "triangle": (0.71, 0.5, 0.44),
    "heart": (0.42, 0.5, 0.56),
}
INVERSE = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
    "next to": "next to",
    "in front of": "behind",
}


class Link(NamedTuple):
    """A close relation: shapes of the first object, sizes of the two, and what is then true of the second."""

    shapes: tuple[str, ...]
    sizes: tuple[tuple[str, str], ...]
    relations: tuple[str, ...]


LINKS = {
    "on": Link(("square", "cross"), (("large", "small"), ("large", "large")), ("on", "above")),
    "inside": Link(tuple(INTERIORS), (("huge", "small"), ("large", "small")), ("inside",)),
    "in front of": Link(
        ("circle", "square", "ring", "triangle"),
        (("huge", "small"), ("huge", "large"), ("large", "small")),
        ("in front of",),
    ),
    "next to": Link(
        SHAPES, (("small", "small"), ("small", "large"), ("large", "small"), ("large", "large")), ("next to",)
    ),
}


def place(shapes: Sequence[str], sizes: Sequence[str], link: str | None, rng: random.Random) -> list[Box] | None:
    """Returns a box for every object, or None where a few tries found no clear layout."""
    boxes: list[Box] = []
    for index, size in enumerate(sizes):
        extent = rng.uniform(*EXTENTS[size])
        for _ in range(TRIES):
            if index == 1 and link:
                box = _linked(link, shapes[0], boxes[0], extent, rng)
            else:
                box = _box(rng.random(), rng.random(), extent)
            if box and _clear(box, boxes, link):
                boxes.append(box)
                break
        else:
            return None
    return boxes


def relations(boxes: Sequence[Box], link: str | None) -> list[list]:
    """Returns all true relations [object, name, object] of a layout that `place` found, both ways round."""
    found = []
    for second in range(len(boxes)):
        for first in range(second):
            for name in _between(boxes, first, second, link):
                found.append([second, name, first])
                if name in INVERSE:
                    found.append([first, INVERSE[name], second])
    return found


def _between(boxes: Sequence[Box], first: int, second: int, link: str | None) -> tuple[str, ...]:
    if link and (first, second) == (0, 1) and link != "next to":
        return LINKS[link].relations
    return _directions(boxes[second], boxes[first])


def _clear(box: Box, placed: Sequence[Box], link: str | None) -> bool:
    within = min(box) >= MARGIN and max(box) <= 1 - MARGIN
    boxes = [*placed, box]
    return within and all(_between(boxes, other, len(placed), link) for other in range(len(placed)))


def _directions(box: Box, other: Box) -> tuple[str, ...]:
    """Returns how `box` lies to `other`; nothing where that is not clear or they overlap."""
    gap_y, gap_x = (max(box[axis], other[axis]) - min(box[axis + 2], other[axis + 2]) for axis in (0, 1))
    in_line = -min(box[2] - box[0], other[2] - other[0]) / 2
    between = NEAR < gap_x < FAR and gap_y <= in_line
    if between or in_line < gap_y < GAP or in_line < gap_x < GAP or max(gap_y, gap_x) < GAP:
        return ()
    names = []
    if gap_x >= GAP:
        names.append("left of" if box[1] < other[1] else "right of")
    if gap_y >= GAP:
        names.append("above" if box[0] < other[0] else "below")
    elif gap_x <= NEAR:
        names.append("next to")
    return tuple(names)


def _linked(link: str, shape: str, base: Box, extent: float, rng: random.Random) -> Box | None:
    """Returns a box of the given extent that lies to `base`, the box of a `shape`, as `link` says."""
    ymin, xmin, ymax, xmax = base
    side, y, x = ymax - ymin, (ymin + ymax) / 2, (xmin + xmax) / 2
    if link == "next to":
        away = (side + extent) / 2 + rng.uniform(GAP, NEAR)
        return _box(y + rng.uniform(-0.04, 0.04), x + rng.choice([-away, away]), extent)
    if link == "inside":
        centre_y, centre_x, room = INTERIORS[shape]
        spare = max(0.0, room * side - extent) / 2
        y, x = ymin + side * centre_y, xmin + side * centre_x
        fits = room * side >= extent
        return _box(y + rng.uniform(-spare, spare), x + rng.uniform(-spare, spare), extent) if fits else None
    x += side * rng.uniform(-0.12, 0.12)
    return _box(ymin - extent / 2 if link == "on" else ymax + extent * rng.uniform(0, 0.15), x, extent)


def _box(y: float, x: float, extent: float) -> Box:
    return (y - extent / 2, x - extent / 2, y + extent / 2, x + extent / 2)
