"""The command that caches features, run as users run it."""

from functools import partial

import pytest

from im2txt import extract_features
from im2txt.data.records import read_manifest
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, run_command, write_records

WORDS = Vocabulary.build([("a", "dog", "runs")], min_count=1)
SMALL = ("--encoder=small_cnn", "--weights=random", "--image_size=32")
EXPERIMENT = """
from im2txt.experiment import ExperimentConfig
from im2txt.models.encoders import EncoderConfig

def get_config():
    return ExperimentConfig(encoder=EncoderConfig(name="small_cnn", weights="random", image_size=40))
"""
run = partial(run_command, extract_features)


@pytest.fixture
def photos(tmp_path):
    images = captioned_images([["a dog"], ["runs"], ["a dog runs"]], WORDS)
    return write_records(tmp_path / "photos", {"train": images, "val": images[:1]}, WORDS)


def test_a_named_encoder_makes_features_of_all_splits(photos, tmp_path):
    code, out, err = run(f"--records={photos}", f"--output={tmp_path / 'out'}", *SMALL)
    assert code == 0, err
    assert out == "train: 3 images, 4x4 regions of depth 256\nval: 1 images, 4x4 regions of depth 256\n"
    assert "4/4" in err  # the progress bar


def test_the_encoder_of_an_experiment_is_taken(photos, tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    arguments = (f"--records={photos}", f"--config={tmp_path / 'experiment.py'}", "--config.encoder.image_size=32")
    code, _, err = run(*arguments, f"--output={tmp_path / 'out'}", "--splits=val")
    assert code == 0, err
    manifest = read_manifest(tmp_path / "out")
    assert manifest["features"]["encoder"]["image_size"] == 32
    assert list(manifest["splits"]) == ["val"]


def test_training_images_are_kept_in_several_views(photos, tmp_path):
    code, out, err = run(f"--records={photos}", f"--output={tmp_path / 'out'}", *SMALL, "--views=3")
    assert code == 0, err
    size = "4x4 regions of depth 256"
    assert out == f"train: 3 images in 3 views, {size}\nval: 1 images, {size}\n"
    assert "4/4" in err  # the progress bar counts images


def test_an_image_has_a_view_at_least(photos, tmp_path):
    code, _, err = run(f"--records={photos}", f"--output={tmp_path / 'out'}", *SMALL, "--views=0")
    assert code == 1
    assert "views" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("both", [(), ("--encoder=small_cnn", "--config=x.py")])
def test_one_encoder_has_to_be_given(photos, tmp_path, both):
    (tmp_path / "x.py").write_text(EXPERIMENT)
    both = [argument.replace("x.py", str(tmp_path / "x.py")) for argument in both]
    code, _, err = run(f"--records={photos}", f"--output={tmp_path / 'out'}", *both)
    assert (code, err) == (1, "error: Give the encoder either by --config=FILE or by --encoder=NAME.\n")


@pytest.mark.parametrize("flag", ["weights=random", "end_point=mixed8", "image_size=32"])
def test_a_flag_that_the_experiment_would_not_heed_is_refused(photos, tmp_path, flag):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    arguments = (f"--records={photos}", f"--config={tmp_path / 'experiment.py'}", f"--{flag}")
    code, _, err = run(*arguments, f"--output={tmp_path / 'out'}")
    name = flag.split("=")[0]
    told = f"error: --{name} belongs to --encoder; beside --config it is --config.encoder.{name}.\n"
    assert (code, err) == (1, told)


def test_a_missing_folder_is_told_in_one_line(tmp_path):
    code, _, err = run(f"--records={tmp_path / 'absent'}", f"--output={tmp_path / 'out'}", *SMALL)
    assert code == 1
    assert err.startswith("error: Records folder")
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()
