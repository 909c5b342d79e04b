"""The command that retrieves, run as users run it, on a run with random weights."""

import json
from functools import partial

import numpy as np
import pytest

from im2txt import retrieve as command
from im2txt.evaluation import caption_similarity
from im2txt.evaluation.feature_extraction import extract_features
from im2txt.experiment import ExperimentConfig
from im2txt.metrics.retrieval import retrieval
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.workdir import load_run
from tests.helpers import captioned_images, damage, run_command, untrained_run, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats"]], min_count=1)
CAPTIONS = [("a dog runs", "a dog"), ("two cats",), ("dog", "runs"), ("cats",)]
IMAGES = captioned_images(CAPTIONS, WORDS)
CONFIG = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=48), decoder=LSTMConfig(units=8, embedding=8)
)
OUTPUTS = ["retrieval.html", "retrieval.json", "similarity.json", "similarity.npy"]
run = partial(run_command, command)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run, the image records to search in, and the features that its encoder makes of them."""
    folder = tmp_path_factory.mktemp("retrieve")
    write_records(folder / "records", {"val": IMAGES}, WORDS)
    untrained_run(folder / "run", CONFIG, WORDS, step=12)
    encoder = load_run(folder / "run").captioner.encoder
    extract_features(folder / "records", folder / "features", encoder, CONFIG.encoder)
    return folder


def arguments(folders, output, **changes):
    given = {"workdir": folders / "run", "records": folders / "records", "output": output, **changes}
    return [f"--{name}={value}" for name, value in given.items()]


def read(output):
    return json.loads((output / "retrieval.json").read_text()), np.load(output / "similarity.npy")


def test_a_split_is_searched_and_another_score_needs_no_new_pairs(folders, tmp_path):
    code, out, err = run(*arguments(folders, tmp_path, score="log_probability", folds=2))
    assert code == 0, err
    assert sorted(path.name for path in tmp_path.iterdir()) == OUTPUTS
    content, matrix = read(tmp_path)
    owners = [0, 0, 1, 2, 2, 3]
    assert matrix.shape == (4, 6)
    assert (content["score"], content["images"], content["captions"]) == ("log_probability", 4, 6)
    assert [*content["text_to_image"].values()] == [*retrieval(matrix, owners).text_to_image]
    assert content["folds"]["folds"] == 2
    assert (content["run"]["step"], content["run"]["split"], content["run"]["records"]) == (12, "val", "records")
    lines = out.splitlines()
    assert lines[0].split() == ["R@1", "R@5", "R@10", "median", "rank", "mean", "rank"]
    assert [line[:29] for line in lines[1:3]] == ["image to text, all 4 images  ", "text to image, all 4 images  "]
    assert lines[-1] == f"Page: {tmp_path / 'retrieval.html'}"
    assert "24.0/24.0" in err  # the progress bar
    assert (tmp_path / "retrieval.html").read_text().count("data:image/jpeg;base64") >= 4

    code, _, err = run(*arguments(folders, tmp_path))
    assert code == 0, err
    assert "pairs" not in err
    again, same = read(tmp_path)
    assert again["score"] == "mutual_information"
    assert again["text_to_image"] == content["text_to_image"]
    np.testing.assert_array_equal(same, matrix)


def test_a_search_that_was_stopped_goes_on_where_it_was(folders, tmp_path, monkeypatch):
    run(*arguments(folders, tmp_path / "whole"))
    options = arguments(folders, tmp_path / "out", pairs=6)  # an image at a time
    write = caption_similarity.write_rows

    def write_and_stop(matrix, rows, values):
        write(matrix, rows, values - 1.0)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(caption_similarity, "write_rows", write_and_stop)
        code, _, err = run(*options)
    assert code == 130
    assert err.endswith("stopped\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["similarity.json", "similarity.npy.part"]
    code, _, err = run(*options)
    assert code == 0, err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS
    (_, whole), (_, matrix) = read(tmp_path / "whole"), read(tmp_path / "out")
    np.testing.assert_allclose(matrix - whole, [[-1.0] * 6, *[[0.0] * 6] * 3], atol=1e-5)  # the first row stayed


def test_features_find_what_their_images_find(folders, tmp_path):
    run(*arguments(folders, tmp_path / "images"))
    photos = folders / "records"
    code, _, err = run(*arguments(folders, tmp_path / "features", records=folders / "features", photos=photos))
    assert code == 0, err
    (_, images), (_, features) = read(tmp_path / "images"), read(tmp_path / "features")
    np.testing.assert_allclose(features, images, rtol=1e-3)
    assert "data:image/jpeg;base64" in (tmp_path / "features" / "retrieval.html").read_text()
    code, _, err = run(*arguments(folders, tmp_path / "bare", records=folders / "features"))
    assert code == 0, err
    assert "no photo to show" in (tmp_path / "bare" / "retrieval.html").read_text()


def test_fewer_images_or_captions_are_told(folders, tmp_path):
    code, _, err = run(*arguments(folders, tmp_path / "a", images=2, captions_per_image=1))
    assert code == 0, err
    assert "note: only the first 2 of 4 images, which are easier to tell apart than all.\n" in err
    assert read(tmp_path / "a")[1].shape == (2, 2)
    code, _, err = run(*arguments(folders, tmp_path / "b", captions_per_image=1))
    assert code == 0, err
    assert "note: only 1 captions an image: 4 of 6.\n" in err
    assert "note:" not in run(*arguments(folders, tmp_path / "c", images=9)).err


def test_the_output_of_another_search_is_refused(folders, tmp_path):
    run(*arguments(folders, tmp_path, images=2))
    before = (tmp_path / "similarity.npy").read_bytes()
    code, _, err = run(*arguments(folders, tmp_path))
    assert code == 1
    assert f"error: {tmp_path} holds the similarities of something else: shape of" in err
    assert (tmp_path / "similarity.npy").read_bytes() == before


def other_words(folder):
    words = Vocabulary.build([["a", "dog"]], min_count=1)
    return write_records(folder, {"val": captioned_images([("a dog",), ("dog",)], words)}, words)


def other_features(folder):
    return write_records(folder, {"val": IMAGES}, WORDS, regions=[np.zeros([9, 256], "f4")] * 4)


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
        (other_features, "were made by another encoder"),
        (no_captions, "has no captions to compare with: "),
        (damaged, "other is damaged. Find out which with: python -m data_prep.inspect_records"),
    ],
    ids=["absent", "words", "features", "captions", "damaged"],
)
def test_records_that_do_not_belong_are_refused(folders, tmp_path, make, message):
    refused(arguments(folders, tmp_path / "out", records=make(tmp_path / "other")), message, tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "vla"}, "has no split `vla`. Did you mean `val`? Known: val."),
        ({"workdir": "/nowhere"}, "/nowhere is no workdir: it has no config.json. Train first: "),
        ({"images": 1}, "--images=1: to find an image among others takes two or more."),
        ({"folds": 3}, "--folds=3: 4 images do not divide into 3 folds."),
        ({"score": "cosine"}, "should be one of <mutual_information|log_probability|per_word>"),
        ({"pairs": 0}, "flag --pairs=0: "),
    ],
)
def test_mistakes_are_told_in_one_sentence(folders, tmp_path, changes, message):
    refused(arguments(folders, tmp_path / "out", **changes), message, tmp_path / "out")


def refused(options, message, output):
    code, out, err = run(*options)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_an_output_that_is_a_file_and_photos_of_others_are_refused(folders, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run(*arguments(folders, tmp_path / "file"))
    assert (code, err) == (1, f"error: --output={tmp_path / 'file'} is a file; name a folder.\n")
    fewer = write_records(tmp_path / "fewer", {"val": IMAGES[:2]}, WORDS)
    refused(arguments(folders, tmp_path / "out", photos=fewer), "fewer holds other images than that of", tmp_path / "o")
