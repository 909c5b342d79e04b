"""The reader of TensorFlow Datasets on a dataset like coco_captions that is prepared here."""

import io
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core import registered

from data_prep.datasets import tfds_builder
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo

COUNTS = {"train": 40, "validation": 3, "test": 2, "restval": 2, "minival": 2}
FIRST = {"train": 0, "validation": 100, "test": 200, "restval": 300, "minival": 400}  # numbers of images
NAME = "im2txt_tiny_captions"


def captions(number):
    return [f"A dog number {number} .", f"Caf\u00e9 {number}"]


class Im2txtTinyCaptions(tfds.core.GeneratorBasedBuilder):
    """Features and form of coco_captions; a photo's number is its id."""

    VERSION = tfds.core.Version("1.0.0")
    broken = False

    def _info(self):
        features = {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "image/filename": tfds.features.Text(),
            "image/id": np.int64,
            "captions": tfds.features.Sequence({"id": np.int64, "text": np.str_}),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        if self.broken:
            raise AssertionError("put the photos into a folder by hand")
        return {split: self._generate_examples(FIRST[split], count) for split, count in COUNTS.items()}

    def _generate_examples(self, first, count):
        for number in range(first, first + count):
            texts = captions(number) if number != 4 else ["", " "]
            yield (
                number,
                {
                    "image": io.BytesIO(photo(number, kind="JPEG")),
                    "image/filename": f"{number}.jpg",
                    "image/id": number,
                    "captions": [{"id": 0, "text": text} for text in texts],
                },
            )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorflow_datasets")
    # Two shards of more images than are read from one at a time unless told otherwise, which is 16.
    config = tfds.download.DownloadConfig(num_shards=2)
    Im2txtTinyCaptions(data_dir=folder).download_and_prepare(download_config=config)
    return folder


def read(source, **options):
    return list(tfds_builder.read(source, tfds_builder.Config(**{"name": NAME, **options})))


def images(source, **options):
    return [item for item in read(source, **options) if isinstance(item, CaptionedImage)]


def test_every_image_comes_with_its_original_bytes_and_all_captions(source):
    found = {int(item.image_id): item for item in images(source)}
    assert sorted(found) == [*set(range(40)) - {4}, 100, 101, 102, 200, 201, 300, 301, 400, 401]
    for number, item in found.items():
        assert item.image == photo(number, kind="JPEG")
        assert item.captions == tuple(captions(number))
        assert type(item.image_id) is str


def test_validation_is_val_and_restval_joins_train(source):
    assert {int(item.image_id): item.split for item in images(source)} == {
        **dict.fromkeys({*range(40), 300, 301} - {4}, "train"),
        **dict.fromkeys([100, 101, 102], "val"),
        **dict.fromkeys([200, 201], "test"),
        **dict.fromkeys([400, 401], "minival"),
    }


@pytest.mark.parametrize("number", [0, 17, 20, 39])
def test_an_example_is_where_tensorflow_datasets_says_it_is(source, number):
    builder = tfds.builder(NAME, data_dir=source)
    (example,) = tfds.as_numpy(builder.as_dataset(split=f"train[{number}:{number + 1}]"))
    places = {item.where: item.image_id for item in read(source)}
    assert places[f"train[{number}]"] == str(example["image/id"])


def test_an_image_without_captions_is_skipped(source):
    (item,) = [item for item in read(source) if isinstance(item, Skipped)]
    assert item.image_id == "4"
    assert item.where.startswith("train[")
    assert item.reason == "`captions/text` is empty"


def test_the_same_is_read_each_time_and_max_takes_the_first(source):
    everything = read(source)
    assert read(source) == everything
    firsts = {}
    for item in everything:
        firsts.setdefault(item.where.partition("[")[0], item)
    assert read(source, max=1) == list(firsts.values())


def test_features_can_be_chosen(source):
    options = {"caption_feature": "image.filename", "id_feature": "image/filename"}
    item = images(source, **options)[-1]
    assert item.captions == (item.image_id,)
    assert item.image_id.endswith(".jpg")


def test_the_folder_can_be_an_option(source):
    assert len(read(None, data_dir=str(source))) == sum(COUNTS.values())


def test_files_are_read_without_the_code_of_their_builder(source, monkeypatch):
    everything = read(source)
    monkeypatch.delitem(registered._DATASET_REGISTRY, NAME)
    assert read(source) == everything


def test_the_module_imports_no_tensorflow():
    code = (
        "import sys, data_prep.datasets.tfds_builder; print({'tensorflow', 'tensorflow_datasets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_without_a_feature_for_it_the_id_is_the_place(source):
    features = {"image": tfds.features.Image(), "caption": tfds.features.Text()}
    with mocked(features, [{"image": b"a", "caption": b"A dog"}, {"image": b"b", "caption": b"caf\xe9"}]):
        assert read(source) == [
            CaptionedImage("train[0]", "train", ("A dog",), b"a", where="train[0]"),
            Skipped("train[1]", "train[1]", r"a text is not UTF-8: b'caf\xe9'"),
        ]


def mocked(features, examples):
    """A prepared dataset of these examples in place of any other."""
    builder = mock.MagicMock()
    builder.info.features = tfds.features.FeaturesDict(features)
    builder.info.splits = {"train": None}
    builder.as_dataset.return_value.take.return_value = examples
    return mock.patch.multiple(tfds, builder=lambda *_, **__: builder, as_numpy=list)


# What stops a build


def test_no_such_dataset(tmp_path):
    message = r"--option=name=coco_captionz: Dataset coco_captionz not found\. Did you mean: .*coco_captions"
    with pytest.raises(UserError, match=message):
        read(tmp_path, name="coco_captionz")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("coco_captions/2019", "BuilderConfig 2019 not found"),
        ("coco_captions:0.0.1", "cannot be loaded at version 0.0.1, only: 1.1.0"),
        ("a b", "Parsing builder name string a b failed"),
    ],
)
def test_no_such_config_version_or_name(tmp_path, name, message):
    with pytest.raises(UserError, match=rf"--option=name={name}: .*{message}.*\nTensorFlow Datasets downloads"):
        read(tmp_path, name=name)


def test_a_dataset_that_is_not_prepared(tmp_path):
    message = (
        rf"im2txt_tiny_captions/1\.0\.0 is not prepared in {tmp_path}\. Either run: "
        rf"tfds build im2txt_tiny_captions --data_dir={tmp_path}, or add --option=download=true\."
    )
    with pytest.raises(UserError, match=message):
        read(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_is_prepared_if_that_is_wanted(tmp_path, capsys):
    assert len(read(tmp_path, download=True)) == sum(COUNTS.values())
    assert f"note: downloads and prepares {NAME}/1.0.0 in {tmp_path}\n" in capsys.readouterr().err


def test_a_dataset_that_cannot_be_prepared(tmp_path, monkeypatch):
    monkeypatch.setattr(Im2txtTinyCaptions, "broken", True)
    with pytest.raises(UserError, match=r"1\.0\.0 cannot be prepared: AssertionError: put the photos into a folder"):
        read(tmp_path, download=True)


def test_features_that_are_not_clear(source):
    with pytest.raises(UserError, match=r"--option=id_feature=name: there is no such feature of the right kind"):
        read(source, id_feature="name")


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=tfds needs --source=DIR, .*\nTensorFlow Datasets downloads"):
        read(None)


def test_max_is_a_number_of_images():
    with pytest.raises(UserError, match=r"--option=max=-1: expected a number of images, or 0"):
        tfds_builder.Config(max=-1)


def test_the_builder_is_not_asked_for_counts():
    assert tfds_builder.expected(tfds_builder.Config()) == {}
