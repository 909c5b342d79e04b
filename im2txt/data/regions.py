"""A box in an image and what is in it. Imports no TensorFlow, so that worker processes of `data_prep` start quickly."""

from typing import NamedTuple


class Region(NamedTuple):
    """A box and what is in it: `box` is (ymin, xmin, ymax, xmax) in fractions of height and width."""

    box: tuple[float, float, float, float]
    phrase: str
