"""The command that evaluates, run as users run it, on a run with random weights."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest

from im2txt import evaluate as command
from im2txt.data.records import MANIFEST
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.feature_extraction import extract_features
from im2txt.experiment import ExperimentConfig
from im2txt.metrics.caption_scores import METRICS
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.workdir import load_run
from tests.helpers import captioned_images, damage, run_command, untrained_run, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats"]], min_count=1)
IMAGES = captioned_images([("a dog runs", "a dog"), ("two cats",), ("a dog",)], WORDS)
CONFIG = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=48),
    decoder=SoftAttentionConfig(units=8, embedding=8, attention_units=8),
    decoding=DecodingConfig(beam_size=2, max_length=5),
)
run = partial(run_command, command)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run, the image records it evaluates on, and the features that its encoder makes of them."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_records(folder / "records", {"val": IMAGES}, WORDS)
    untrained_run(folder / "run", CONFIG, WORDS, step=12)
    (folder / "run" / "metrics.jsonl").write_text('{"step": 12, "epoch": 1.0, "loss": 2.5}\n')
    encoder = load_run(folder / "run").captioner.encoder
    extract_features(folder / "records", folder / "features", encoder, CONFIG.encoder)
    return folder


def arguments(folders, output, **changes):
    given = {"workdir": folders / "run", "records": folders / "records", "output": output, **changes}
    return [f"--{name}={value}" for name, value in given.items()]


def read(output):
    return (json.loads((output / name).read_text()) for name in ("predictions.json", "metrics.json"))


@pytest.mark.usefixtures("without_meteor")
def test_a_split_is_evaluated(folders, tmp_path):
    code, out, err = run(*arguments(folders, tmp_path / "out"))
    assert code == 0, err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "metrics.json",
        "n_best.json",
        "predictions.json",
        "report.html",
    ]
    predictions, metrics = read(tmp_path / "out")
    assert [line["image_id"] for line in predictions] == ["image0", "image1", "image2"]
    assert list(metrics["corpus"]) == list(METRICS)
    assert set(metrics["per_image"]) == {"image0", "image1", "image2"}
    run_facts = metrics["run"]
    assert (run_facts["split"], run_facts["images"], run_facts["step"]) == ("val", 3, 12)
    assert run_facts["decoding"] == dataclasses.asdict(CONFIG.decoding)
    assert run_facts["config"] == json.loads(json.dumps(dataclasses.asdict(CONFIG)))
    lines = out.splitlines()
    assert lines[-1] == f"Report: {tmp_path / 'out' / 'report.html'}"
    assert f"CIDEr-D {metrics['corpus']['CIDEr-D']:.4f}" in lines
    assert "METEOR  not available" in lines
    assert "1/1" in err  # the progress bar
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:image/jpeg;base64") >= 3


def test_features_have_the_same_captions_and_take_photos_from_elsewhere(folders, tmp_path):
    run(*arguments(folders, tmp_path / "images"))
    photos = folders / "records"
    code, _, err = run(*arguments(folders, tmp_path / "features", records=folders / "features", photos=photos))
    assert code == 0, err
    (images, ours), (features, theirs) = (read(tmp_path / name) for name in ("images", "features"))
    assert features == images
    assert theirs["corpus"] == ours["corpus"]
    assert (tmp_path / "features" / "report.html").read_text().count("data:image/jpeg;base64") >= 3


def test_options_of_the_search_replace_those_of_the_run(folders, tmp_path):
    options = {"beam_size": 1, "max_length": 2, "length_normalization": 0.5}
    assert run(*arguments(folders, tmp_path, **options)).code == 0
    predictions, metrics = read(tmp_path)
    assert metrics["run"]["decoding"] == options
    assert all(len(line["caption"].split()) <= 2 for line in predictions)


def test_another_evaluation_is_set_beside(folders, tmp_path):
    assert run(*arguments(folders, tmp_path / "wide")).code == 0
    code, out, err = run(*arguments(folders, tmp_path / "narrow", beam_size=1, compare=tmp_path / "wide"))
    assert code == 0, err
    lines = out.splitlines()
    table = lines.index("narrow (first) against wide (second):")
    (_, ours), (_, theirs) = (read(tmp_path / name) for name in ("narrow", "wide"))
    (row,) = (line.split() for line in lines[table:] if line.startswith("CIDEr-D"))
    assert row[1:3] == [f"{metrics['corpus']['CIDEr-D']:.4f}" for metrics in (ours, theirs)]
    assert ours["against"]["metrics"]["CIDEr-D"]["second"] == pytest.approx(theirs["corpus"]["CIDEr-D"])
    assert "narrow minus wide" in (tmp_path / "narrow" / "report.html").read_text()


def test_what_cannot_be_compared_is_told_before_anything_is_captioned(folders, tmp_path):
    output = tmp_path / "out"
    code, out, err = run(*arguments(folders, output, compare=output))
    assert (code, out) == (1, "")
    assert err == f"error: --compare={output} is the folder that is written; name that of another evaluation.\n"
    code, out, err = run(*arguments(folders, output, compare=tmp_path))
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {tmp_path} is no evaluation: it has no predictions.json. ")
    assert not output.exists()


def other_words(folder):
    words = Vocabulary.build([["a", "dog"]], min_count=1)
    return write_records(folder, {"val": captioned_images([("a dog",)], words)}, words)


def other_schema(folder):
    records = write_records(folder, {"val": IMAGES}, WORDS)
    manifest = json.loads((records / MANIFEST).read_text())
    (records / MANIFEST).write_text(json.dumps({**manifest, "schema": 2}))
    return records


def other_features(folder):
    return write_records(folder, {"val": IMAGES}, WORDS, regions=[np.zeros([9, 256], "f4")] * 3)


def no_captions(folder):
    return write_records(folder, {"val": [i._replace(captions=(), caption_ids=()) for i in IMAGES]}, WORDS)


def damaged(folder):
    records = write_records(folder, {"val": IMAGES}, WORDS)
    (shard,) = records.glob("val-*")
    damage(shard)
    return records


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder, "does not exist. Build the records with: "),
        (other_words, "The vocabulary of "),
        (other_schema, "manifest.json is of schema version 2; this im2txt reads version 1. Build "),
        (other_features, "were made by another encoder"),
        (no_captions, "has no captions to compare with: "),
        (damaged, "other is damaged. Find out which with: python -m data_prep.inspect_records"),
    ],
    ids=["absent", "words", "schema", "features", "captions", "damaged"],
)
def test_records_that_do_not_belong_are_refused(folders, tmp_path, make, message):
    records = make(tmp_path / "other")
    code, out, err = run(*arguments(folders, tmp_path / "out", records=records))
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "vla"}, "has no split `vla`. Did you mean `val`? Known: val."),
        ({"workdir": "/nowhere"}, "/nowhere is no workdir: it has no config.json. Train first: "),
        ({"checkpoint": "latest"}, "holds no checkpoint. Train first: "),
        ({"checkpoint": "newest"}, "should be one of <best|latest>"),
        ({"beam_size": 0}, "Decoding option beam_size is 0; it must be 1 or more."),
        ({"length_normalization": -1}, "Decoding option length_normalization is -1.0; it must be from 0 to 10."),
    ],
)
def test_mistakes_are_told_in_one_sentence(folders, tmp_path, changes, message):
    code, out, err = run(*arguments(folders, tmp_path / "out", **changes))
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_photos_of_other_images_are_refused(folders, tmp_path):
    fewer = write_records(tmp_path / "fewer", {"val": IMAGES[:2]}, WORDS)
    code, _, err = run(*arguments(folders, tmp_path / "out", photos=fewer))
    assert code == 1
    assert "fewer holds other images than that of" in err
    code, _, err = run(*arguments(folders, tmp_path / "out", photos=folders / "features"))
    assert code == 1
    assert "features holds features, no" in err
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_left_alone(folders, tmp_path):
    (tmp_path / "notes").write_text("mine")
    code, _, err = run(*arguments(folders, tmp_path / "notes"))
    assert (code, err) == (1, f"error: --output={tmp_path / 'notes'} is a file; name a folder.\n")
    assert (tmp_path / "notes").read_text() == "mine"
