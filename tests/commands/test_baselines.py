"""im2txt.baselines, run as users run it."""

import json
from functools import partial

import pytest

from im2txt import baselines
from im2txt.metrics.caption_scores import METRICS, score_captions
from tests.evaluation.baseline_records import HELD_OUT, SPLITS, named, write_features, write_images
from tests.helpers import run_command

run = partial(run_command, baselines)
pytestmark = pytest.mark.usefixtures("without_meteor")
NIC = {"v0": "a dog", "v1": "a dog"}
REFERENCES = {f"v{number}": captions for number, captions in enumerate(HELD_OUT)}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("images") / "images")


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    return write_features(tmp_path_factory.mktemp("features") / "features")


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"image_id": image, "caption": caption} for image, caption in NIC.items()]))
    return f"--predictions=NIC={path}"


def rows_of(text):
    """Returns the names of the rows of each table."""
    tables = text.split("## ")
    return [[line.split("|")[1].strip() for line in table.splitlines() if line[:2] == "| "][2:] for table in tables]


def test_one_command_prints_and_writes_the_table(images, features, predictions, tmp_path):
    output = tmp_path / "baselines"
    done = run(f"--records={images}", f"--features={features}", predictions, f"--output={output}", "--neighbours=2")
    assert done.code == 0, done.err
    names = ["NIC", "Random", "Nearest neighbour", "Nearest neighbours' consensus", "Human"]
    assert rows_of(done.out) == [names]
    assert done.out.startswith(f"# Baselines on the split `val` of {images}, 2 images\n")
    assert (output / "baselines.md").read_text(encoding="utf-8") == done.out
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["rows"]["NIC"]["corpus"] == score_captions(NIC, REFERENCES).corpus
    assert metrics["rows"]["NIC"]["references"] == [2, 2]
    assert metrics["rows"]["Human"]["references"] == [1, 1]
    assert metrics["run"] == {
        "records": "images",
        "split": "val",
        "images": 2,
        "human": "first",
        "encoder": "compass needle",
        "neighbours": 2,
        "consensus": 125,
        "similarity": "cider",
        "draws": 5,
        "seed": 0,
        "left_out": [],
    }
    nearest = json.loads((output / "predictions_nearest.json").read_text())
    assert nearest[1] == {"image_id": "v1", "caption": "a red car on a road"}
    assert len(list(output.glob("predictions_*.json"))) == 4


def test_records_of_features_need_no_other_features(features):
    done = run(f"--records={features}", "--neighbours=1", "--human=all", "--equal_references", "--all", "--draws=1")
    assert done.code == 0, done.err
    names = ["Random", "Nearest neighbour", "Nearest neighbours' consensus", "Human"]
    assert rows_of(done.out) == [names, names]
    assert all(name in done.out.splitlines()[4] for name in METRICS)
    assert "* Human: each of 2 captions of an image in turn" in done.out


def test_without_features_the_neighbours_are_left_out_and_told(images):
    done = run(f"--records={images}")
    assert done.code == 0, done.err
    assert rows_of(done.out) == [["Random", "Human"]]
    assert "* The nearest neighbours are left out: they need --features=FOLDER. Make it with: python -m im2" in done.out


def test_a_single_caption_cannot_be_held_out(tmp_path):
    images = named([["a dog"], ["a cat", "one cat"]], "v")
    records = write_images(tmp_path / "records", {**SPLITS, "val": images})
    done = run(f"--records={records}", "--equal_references")
    assert done.code == 0, done.err
    assert rows_of(done.out) == [["Random"]]
    assert "* Human is left out: there are images with a single caption, which cannot be held out." in done.out


def test_a_subset_is_scored_only_where_it_is_asked_for(tmp_path, features):
    records = write_images(tmp_path / "records", {**SPLITS, "val": named([*HELD_OUT, ["a cat", "one cat"]], "v")})
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"image_id": image, "caption": "a dog"} for image in ("v0", "v2")]))
    arguments = [f"--records={records}", f"--predictions=NIC={path}"]
    done = run(*arguments)
    assert (done.code, done.out) == (1, "")
    assert "--predictions=NIC: 1 of 3 images have references but no caption: v1." in done.err
    done = run(*arguments, "--subset")
    assert done.code == 0, done.err
    assert ", 2 images\n" in done.out
    assert f"* the split `val` of {records}: 1 of 3 images are left out: v1." in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split=train"], "--split=train is what the baselines take their captions from."),
        (["--split=vall"], "has no split `vall`. Did you mean `val`?"),
        (["--predictions=Random=p.json"], "there is already a system `Random`."),
        (["--predictions=a=gone.json"], "Cannot read gone.json: No such file or directory."),
        (["--features=gone"], "Records folder gone does not exist."),
        (["--neighbours=0"], "flag --neighbours=0"),
        (["--similarity=meteor"], "value should be one of <cider|bleu>"),
    ],
)
def test_mistakes_are_one_line(images, arguments, message):
    done = run(f"--records={images}", "--neighbours=1", *arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_mistakes_about_features_and_output_are_told(images, tmp_path):
    done = run(f"--records={images}", f"--features={images}", "--neighbours=1")
    assert (done.code, done.out) == (1, "")
    assert f"error: {images} holds images, not features." in done.err
    (tmp_path / "file").touch()
    done = run(f"--records={images}", f"--output={tmp_path / 'file'}")
    assert (done.code, done.err) == (1, f"error: --output={tmp_path / 'file'} is a file; name a folder.\n")
