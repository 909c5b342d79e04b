import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.evaluation import pooled_features
from im2txt.evaluation.pooled_features import read_pooled
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, write_records

VOCABULARY = Vocabulary.build([["a", "dog"]], min_count=1)
IMAGES = captioned_images([["a dog"]] * 5, VOCABULARY)
IDS = [image.image_id for image in IMAGES]
REGIONS = [np.array([[number, 0.5, 1], [number, 1.5, 3]], np.float32) for number in range(5)]


@pytest.fixture
def features(tmp_path):
    return write_records(tmp_path / "features", {"val": IMAGES}, VOCABULARY, shards=2, regions=REGIONS)


def test_each_image_has_the_mean_of_its_regions(features, monkeypatch):
    monkeypatch.setattr(pooled_features, "_BATCH", 2)
    found = read_pooled(features, "val", IDS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[number, 1, 2] for number in range(5)])


def test_of_several_views_the_whole_image_is_read(tmp_path):
    views = [np.stack([regions, regions + 7]) for regions in REGIONS]
    folder = write_records(tmp_path / "viewed", {"train": IMAGES}, VOCABULARY, regions=views)
    np.testing.assert_array_equal(read_pooled(folder, "train", IDS), [[number, 1, 2] for number in range(5)])


@pytest.mark.parametrize("images", [IDS[:-1], [*IDS, "more"], [*IDS[:-2], *IDS[:2:-1]], ["other", *IDS[1:]]])
def test_other_images_are_refused(features, images):
    with pytest.raises(UserError, match=r"Split `val` of .* holds other images than that of the records, or in"):
        read_pooled(features, "val", images)


def test_images_are_not_features(tmp_path):
    records = write_records(tmp_path / "records", {"val": IMAGES}, VOCABULARY)
    with pytest.raises(UserError, match=r"holds images, not features. Make features of them with: python -m im2txt"):
        read_pooled(records, "val", IDS)


def test_a_split_that_is_not_there_is_told(features):
    with pytest.raises(UserError, match=r"has no split `train`. Known: val"):
        read_pooled(features, "train", IDS)
