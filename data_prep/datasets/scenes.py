"""The scenes dataset: drawn pictures of shapes with captions that are known to be true. Needs no download.

A scene holds one to four objects on a background (`scene_sampling`, `scene_layout`), five captions worded by
a grammar (`scene_captions`, `im2txt.text.scene_language`), a box and a phrase for every object, and its scene
graph as metadata, against which `im2txt.metrics.caption_truth` judges captions.

Every scene of split `heldout` shows, and every caption of it names, a pair of colour and shape that no scene
of another split shows: to caption these, one must have learned colours and shapes and not their pairs.

Scene number i of a split depends on the seed alone, not on how many there are, nor on who draws it. Graphs
and captions are made here; pictures by whoever asks for them, so that workers share the drawing.
"""

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.datasets.scene_captions import caption_scene, name_object
from data_prep.datasets.scene_drawing import encode_scene
from data_prep.datasets.scene_sampling import HELD_OUT, sample_scene
from data_prep.examples import CaptionedImage
from im2txt.data.regions import Region
from im2txt.errors import UserError

DOWNLOAD = "Scenes are drawn, so there is nothing to download."
SPLITS = ("train", "val", "test", "heldout")
SMALLEST = 32  # pixels; below, a small object is a few pixels wide


@dataclass(frozen=True)
class Config:
    """Options of the dataset: images in each split, side of the pictures in pixels, seed."""

    train: int = 6000
    val: int = 500
    test: int = 500
    heldout: int = 500
    size: int = 96
    seed: int = 0


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage]:
    """Yields all scenes, split by split.

    Raises:
        UserError: a source was given, or an option makes no sense.
    """
    if source is not None:
        raise UserError(f"Dataset scenes is drawn, not read: it takes no --source={source}. Leave --source out.")
    counts = {split: getattr(config, split) for split in SPLITS}
    for split, count in counts.items():
        if count < 0:
            raise UserError(f"Option {split}={count}: dataset scenes cannot draw a negative number of images.")
    if config.size < SMALLEST:
        raise UserError(f"Option size={config.size}: a scene needs {SMALLEST} pixels or more to be seen.")
    return (scene_example(split, index, config) for split in SPLITS for index in range(counts[split]))


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: there are as many scenes as are asked for."""
    del config
    return {}


def scene_example(split: str, index: int, config: Config) -> CaptionedImage:
    """Returns scene number `index` of a split; only `config.seed` and `config.size` matter."""
    key = f"{config.seed}/{split}/{index}"
    rng = random.Random(key)
    must = rng.choice(HELD_OUT) if split == "heldout" else None
    scene = sample_scene(rng, must)
    regions = (Region(tuple(thing["box"]), name_object(thing, rng)) for thing in scene["objects"])
    return CaptionedImage(
        image_id=f"{split}-{index:06d}",
        split=split,
        captions=caption_scene(scene, rng, must=must),
        image=functools.partial(encode_scene, scene, config.size, key),
        regions=tuple(regions),
        metadata=scene,
        where=f"scene {index} of {split}",
    )
