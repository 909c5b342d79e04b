"""Attention correctness: how much of a noun's attention lies on the object that it names, on the scenes dataset.

Source: Liu et al. 2017, Attention Correctness in Neural Image Captioning: the sum of a word's attention within the
region of the object. Which word names which object is known here, as captions are read back by the grammar of the
dataset (`im2txt.text.scene_language`). A noun that fits several objects may look at any of them. Captions that are not
true are left out: they name nothing that is there.

A region of the grid is taken as the cell of the picture that lies under it, and boxes seldom end where cells do:

    attention_in_box        the attention of a cell counts by the share of its area in the box
    attention_touching_box  it counts in full where the box touches the cell

Where several boxes lie in a cell, the largest of their shares counts, not that of their union: attention_in_box is then
slightly low.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from im2txt.metrics.caption_truth import judge
from im2txt.text.scene_language import parse
from im2txt.text.scene_lexicon import ANY_SHAPE, NOUNS

IN_BOX, TOUCHING_BOX = "attention_in_box", "attention_touching_box"
_NOUNS = {form for forms in (*NOUNS.values(), ANY_SHAPE) for pair in forms for form in pair} | {"something"}


def attention_correctness(
    captions: Iterable[tuple[Sequence[str], np.ndarray]], scenes: Iterable[Mapping], grid: tuple[int, int]
) -> dict[str, float]:
    """Returns the mean over all nouns of true captions of IN_BOX and TOUCHING_BOX; nothing where there is no such noun.

    Args:
        captions: of each image the words of a caption and their attention [words, regions], which sums to one.
        scenes: their scene graphs.
        grid: height and width of the maps, regions.
    """
    shares = [share for (words, maps), scene in zip(captions, scenes) for share in _shares(words, maps, scene, grid)]
    return dict(zip((IN_BOX, TOUCHING_BOX), np.mean(shares, axis=0).tolist())) if shares else {}


def _shares(words: Sequence[str], maps: np.ndarray, scene: Mapping, grid: tuple[int, int]) -> list[tuple[float, float]]:
    """Returns the two shares of every noun of a caption; none where it is not true."""
    caption = " ".join(words)
    if not judge(caption, scene).true:
        return []
    nouns = [place for place, word in enumerate(words) if word.lower().strip(".,") in _NOUNS]
    found = []
    for place, thing in zip(nouns, parse(caption).things, strict=True):
        boxes = [candidate["box"] for candidate in scene["objects"] if thing.fits(candidate)]
        covered = np.max([coverage(box, grid) for box in boxes], axis=0).ravel()
        found.append((float(maps[place] @ covered), float(maps[place] @ (covered > 0))))
    return found


def coverage(box: Sequence[float], grid: tuple[int, int]) -> np.ndarray:
    """Returns the share of each cell of a grid [height, width] that lies in a box (ymin, xmin, ymax, xmax)."""
    ymin, xmin, ymax, xmax = box
    return np.outer(_covered(ymin, ymax, grid[0]), _covered(xmin, xmax, grid[1]))


def _covered(begin: float, end: float, cells: int) -> np.ndarray:
    edges = np.arange(cells)
    return np.clip(np.minimum(end * cells, edges + 1) - np.maximum(begin * cells, edges), 0, 1)
