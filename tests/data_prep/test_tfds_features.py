"""Which features of a dataset of TensorFlow Datasets are the image, its captions and its id."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from data_prep.datasets.tfds_features import choose, undecoded_images
from im2txt.errors import UserError

Image, Sequence, Text = tfds.features.Image, tfds.features.Sequence, tfds.features.Text

# as in tensorflow_datasets/object_detection/coco_captions.py, version 1.1.0
COCO = {
    "image": Image(encoding_format="jpeg"),
    "image/filename": Text(),
    "image/id": np.int64,
    "objects": Sequence({"id": np.int64, "bbox": tfds.features.BBoxFeature(), "is_crowd": np.bool_}),
    "captions": Sequence({"text": np.str_, "id": np.int64}),
}
PAIR = {"image": Image(), "text": Text()}


def chosen(features, **names):
    """The names of image, captions and id."""
    found = choose(tfds.features.FeaturesDict(features), **names)
    return found.image.name, found.captions.name, found.id and found.id.name


def test_coco_captions_needs_no_options():
    assert chosen(COCO) == ("image", "captions/text", "image/id")
    assert choose(tfds.features.FeaturesDict(COCO)).captions.repeated


@pytest.mark.parametrize(
    ("features", "names"),
    [
        (PAIR, ("image", "text", None)),
        ({**PAIR, "text": Sequence(Text())}, ("image", "text", None)),
        ({**PAIR, "mask": tfds.features.LabeledImage(labels=2)}, ("image", "text", None)),
        ({**PAIR, "crops": Sequence(Image())}, ("image", "text", None)),
        ({**PAIR, "words": Sequence(Sequence(Text()))}, ("image", "text", None)),
        ({**PAIR, "label": tfds.features.ClassLabel(num_classes=2)}, ("image", "text", None)),
        ({**PAIR, "id": tfds.features.ClassLabel(num_classes=2)}, ("image", "text", None)),
        ({**PAIR, "id": Sequence(np.int64)}, ("image", "text", None)),
        ({**PAIR, "id": np.float32}, ("image", "text", None)),
        ({**PAIR, "id": np.int32}, ("image", "text", "id")),
        ({**PAIR, "filename": Text(), "id": Text()}, ("image", "text", "id")),
        ({"image": Image(), "caption": Text(), "url": Text(), "filename": Text()}, ("image", "caption", "filename")),
        ({"image": Image(), "caption": Text(), "id": np.int64, "image_id": Text()}, ("image", "caption", "image_id")),
        ({"a": {"photo": Image()}, "b": {"c": Sequence({"d": Text()})}}, ("a/photo", "b/c/d", None)),
    ],
)
def test_features_are_found_by_what_they_are(features, names):
    assert chosen(features) == names


def test_options_choose():
    features = {**COCO, "depth": Image(shape=(None, None, 1)), "title": Text()}
    options = {"image": "depth", "captions": "title", "image_id": "image/filename"}
    assert chosen(features, **options) == ("depth", "title", "image/filename")


@pytest.mark.parametrize("name", ["captions/text", "captions.text"])
def test_names_have_slashes_or_dots(name):
    features = {**COCO, "captions_of_others": Text()}
    assert chosen(features, captions=name)[1] == "captions/text"


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            {**COCO, "depth": Image(shape=(None, None, 1))},
            r"--option=image_feature=NAME is needed: several may be it: image, depth\. Features of the dataset: "
            r"image \(Image\), image/filename \(Text\), .* captions/text \(Sequence of Tensor\), .* depth \(Image\)\.",
        ),
        ({"text": Text()}, r"--option=image_feature=NAME is needed: none can be it\. .*: text \(Text\)\."),
        ({"image": Image()}, r"--option=caption_feature=NAME is needed: none can be it"),
        (
            {**PAIR, "title": Text(), "id": Text()},
            r"--option=caption_feature=NAME is needed: several may be it: text, title\.",
        ),
        (
            {**PAIR, "caption": Text(), "alt_caption": Text()},
            r"--option=caption_feature=NAME is needed: several may be it: caption, alt_caption\.",
        ),
    ],
)
def test_what_is_not_clear_is_asked(features, message):
    with pytest.raises(UserError, match=message):
        chosen(features)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": "imgae"}, r"--option=image_feature=imgae: .* of the right kind\. Did you mean `image`\?"),
        ({"image": "image/id"}, r"--option=image_feature=image/id: .*Known: image\."),
        ({"captions": "objects/id"}, r"--option=caption_feature=objects/id: .*Known: captions/text, image/filename\."),
        ({"image_id": "captions/id"}, r"--option=id_feature=captions/id: .*Known: image/filename, image/id\."),
    ],
)
def test_a_name_that_will_not_do(options, message):
    with pytest.raises(UserError, match=message):
        chosen(COCO, **options)


def test_the_value_of_a_feature_is_found_in_an_example():
    found = choose(tfds.features.FeaturesDict(COCO))
    assert found.captions.of({"image": b"", "captions": {"text": [b"A dog"]}}) == [b"A dog"]


def test_every_image_outside_of_sequences_is_left_undecoded():
    features = {"image": Image(), "a": {"b": Image(), "c": Text()}, "text": Text(), "crops": Sequence(Image())}
    decoders = undecoded_images(tfds.features.FeaturesDict(features))
    assert (set(decoders), set(decoders["a"])) == ({"image", "a"}, {"b"})
    assert isinstance(decoders["a"]["b"], tfds.decode.SkipDecoding)
