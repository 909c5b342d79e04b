"""Baselines of small records whose features are made so that the neighbours are known."""

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.evaluation.split_baselines import baseline_systems, encoder_name, read_truth
from im2txt.metrics.baseline_captions import CONSENSUS, NEAREST, RANDOM, BaselineOptions
from tests.evaluation.baseline_records import SPLITS, TRAINING, VOCABULARY, write_features, write_images
from tests.helpers import write_records

OPTIONS = BaselineOptions(neighbours=3, draws=2)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    return write_features(tmp_path_factory.mktemp("features") / "features")


@pytest.fixture(scope="module")
def truth(features):
    return read_truth(features, "val")


def test_neighbours_lend_their_first_caption_and_agree_on_one(features, truth):
    assert truth.references == {"v0": ["a dog", "one dog"], "v1": ["a car", "one car"]}
    systems = baseline_systems(truth, ["v0", "v1"], features, OPTIONS)
    assert list(systems) == [RANDOM, NEAREST, CONSENSUS]
    assert systems[NEAREST] == [{"v0": "A brown animal.", "v1": "a red car on a road"}]
    assert systems[CONSENSUS][0]["v0"] == "a dog runs in the snow"
    # the nearest of v1 are t3, t2 and t1: two captions about the car, of which one closest other is enough
    part = baseline_systems(truth, ["v1"], features, OPTIONS._replace(consensus=1))
    assert part[NEAREST] == [{"v1": "a red car on a road"}]
    assert part[CONSENSUS] == [{"v1": "a red car on a road"}]


def test_bleu_may_judge_the_neighbours(features, truth):
    systems = baseline_systems(truth, ["v0"], features, OPTIONS._replace(similarity="bleu"))
    assert systems[CONSENSUS] == [{"v0": "a dog runs in the snow"}]


def test_random_captions_are_those_of_training_and_differ_by_draw(truth):
    systems = baseline_systems(truth, [f"v{number}" for number in range(40)], None, OPTIONS)
    assert list(systems) == [RANDOM]
    first, second = systems[RANDOM]
    assert first != second
    assert set(first.values()) == {caption for captions in TRAINING for caption in captions}


def test_encoders_are_named(features, tmp_path):
    assert encoder_name(features) == "compass needle"
    regions = [np.ones([1, 2], np.float32)] * 2
    nameless = write_records(tmp_path / "nameless", {"val": SPLITS["val"]}, VOCABULARY, regions=regions)
    assert encoder_name(nameless) == "an unnamed encoder"


def test_training_images_have_no_baseline(features):
    with pytest.raises(UserError, match=r"--split=train is what the baselines take their captions from. Name a held-"):
        read_truth(features, "train")


def test_there_must_be_training_captions(tmp_path):
    with pytest.raises(UserError, match=r"has no split `train`. Known: val"):
        read_truth(write_images(tmp_path / "records", {"val": SPLITS["val"]}), "val")


def test_there_are_only_so_many_training_images(features, truth):
    with pytest.raises(UserError, match=r"--neighbours=5: there are only 4 training images. Ask for fewer."):
        baseline_systems(truth, ["v0"], features, OPTIONS._replace(neighbours=5))


def test_features_of_other_images_are_told(features, truth):
    other = truth._replace(training=[image._replace(image_id=f"u{image.image_id}") for image in truth.training])
    with pytest.raises(UserError, match=r"Split `train` of .*features holds other images than that of the records"):
        baseline_systems(other, ["v0"], features, OPTIONS)


def test_damage_is_told_in_captions_and_in_features(tmp_path, truth):
    folder = write_features(tmp_path / "features")
    path = folder / "train-00000-of-00001.tfrecord"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"A shard of .*features is damaged"):
        read_truth(folder, "val")
    with pytest.raises(UserError, match=r"A shard of .*features is damaged"):
        baseline_systems(truth, ["v0"], folder, OPTIONS)
