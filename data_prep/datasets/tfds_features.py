"""Finds the image, its captions and its id among the features of a dataset of TensorFlow Datasets.

A feature is named by the keys that lead to it, `captions/text` or `captions.text`. Without an option,

* the image is the one Image feature (masks, which are LabeledImage, are none);
* the captions are the one text feature that is not of `ID_NAMES` or, among several, the one that has `caption` in its
  name: a single text or a Sequence of them, or texts in a Sequence of dicts, as in coco_captions;
* the id is the first feature of `ID_NAMES` that is a text or a whole number; there may be none.

Where that leaves none or several, the user is asked, with the list of features.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from im2txt.errors import UserError, did_you_mean

ID_NAMES = ("image/id", "image_id", "id", "image/filename", "image_filename", "filename", "file_name")


class Feature(NamedTuple):
    """A feature that is no dict.

    Attributes:
        keys: those that lead to it in an example.
        connector: what TensorFlow Datasets says it is.
        repeated: whether it is in a Sequence, so that an example has many of it.
    """

    keys: tuple[str, ...]
    connector: Any
    repeated: bool

    @property
    def name(self) -> str:
        """Its keys, as users write them."""
        return "/".join(self.keys)

    def of(self, example: dict) -> Any:
        """Returns its value in an example: for a repeated one, an array."""
        for key in self.keys:
            example = example[key]
        return example


class Chosen(NamedTuple):
    """The features that are read; `id` is None where there is none."""

    image: Feature
    captions: Feature
    id: Feature | None


def choose(features: Any, image: str = "", captions: str = "", image_id: str = "") -> Chosen:
    """Returns the features to read.

    Args:
        features: the FeaturesDict of a dataset.
        image: name of the feature with the image; empty to look for it. So are the others.
        captions: name of the feature with the captions.
        image_id: name of the feature with the image's id.

    Raises:
        UserError: a name is wrong, or what to take is not clear.
    """
    found = list(_leaves(features))
    images = [each for each in found if _is_image(each)]
    texts = [each for each in found if _is_text(each)]
    ids = [each for each in found if not each.repeated and (_is_text(each) or _is_whole_number(each))]
    likely_ids = [each for name in ID_NAMES for each in ids if each.name == name]
    likely_texts = [each for each in texts if each.name not in ID_NAMES]
    if len(likely_texts) > 1:
        likely_texts = [each for each in likely_texts if "caption" in each.name.lower()] or likely_texts
    return Chosen(
        _one("image_feature", image, images, images, found),
        _one("caption_feature", captions, texts, likely_texts, found),
        _one("id_feature", image_id, ids, likely_ids[:1], found) if image_id or likely_ids else None,
    )


def undecoded_images(features: Any) -> dict:
    """Returns decoders that leave images as the bytes that are stored, in the same nest of dicts."""
    import tensorflow_datasets as tfds

    decoders = {}
    for key, connector in features.items():
        if isinstance(connector, tfds.features.FeaturesDict):
            decoders[key] = undecoded_images(connector)
        elif isinstance(connector, tfds.features.Image):
            decoders[key] = tfds.decode.SkipDecoding()
    return decoders


def _one(option: str, wanted: str, fit: list[Feature], likely: list[Feature], features: list[Feature]) -> Feature:
    """Returns the feature of those that fit that is wanted, or else the likely one, if there is one."""
    if wanted:
        likely = [each for each in fit if each.name.replace(".", "/") == wanted.replace(".", "/")]
    if len(likely) == 1:
        return likely[0]
    if wanted:
        known = did_you_mean(wanted, [each.name for each in fit])
        raise UserError(f"--option={option}={wanted}: there is no such feature of the right kind. {known}")
    what = f"several may be it: {', '.join(each.name for each in likely)}" if likely else "none can be it"
    listed = ", ".join(map(_described, features))
    raise UserError(f"--option={option}=NAME is needed: {what}. Features of the dataset: {listed}.")


def _leaves(connector: Any, keys: tuple[str, ...] = (), repeated: bool = False) -> Iterator[Feature]:
    """Yields the features below a connector; those deeper than one Sequence stay in one piece."""
    import tensorflow_datasets as tfds

    if isinstance(connector, tfds.features.FeaturesDict):
        for key, inner in connector.items():
            yield from _leaves(inner, (*keys, key), repeated)
    elif type(connector) is tfds.features.Sequence and not repeated:  # its subclasses come as no arrays
        yield from _leaves(connector.feature, keys, True)
    else:
        yield Feature(keys, connector, repeated)


def _is_image(feature: Feature) -> bool:
    import tensorflow_datasets as tfds

    connector = feature.connector
    masks = isinstance(connector, tfds.features.LabeledImage)
    return isinstance(connector, tfds.features.Image) and not masks and not feature.repeated


def _is_text(feature: Feature) -> bool:
    return _is_scalar(feature) and feature.connector.np_dtype == np.object_


def _is_whole_number(feature: Feature) -> bool:
    import tensorflow_datasets as tfds

    classes = isinstance(feature.connector, tfds.features.ClassLabel)
    return _is_scalar(feature) and not classes and np.issubdtype(feature.connector.np_dtype, np.integer)


def _is_scalar(feature: Feature) -> bool:
    import tensorflow_datasets as tfds

    return isinstance(feature.connector, tfds.features.Tensor) and feature.connector.shape == ()


def _described(feature: Feature) -> str:
    kind = type(feature.connector).__name__
    return f"{feature.name} ({f'Sequence of {kind}' if feature.repeated else kind})"
