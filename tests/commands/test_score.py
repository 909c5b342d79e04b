"""im2txt.score, run as users run it."""

import json
from functools import partial

import pytest

from im2txt import score
from im2txt.metrics.caption_scores import METRICS, score_captions
from tests.helpers import run_command

CAPTIONS = {"1": "a dog runs", "2": "a cat sleeps"}
REFERENCES = {"2": ["A cat is sleeping.", "a cat sleeps"], "1": ["A dog runs!"]}
run = partial(run_command, score)


@pytest.fixture
def files(tmp_path):
    """The arguments that name a good predictions and a good references file; ids are numbers in one of them."""
    predictions = [{"image_id": image, "caption": caption} for image, caption in CAPTIONS.items()]
    annotations = [{"image_id": int(i), "caption": text} for i, texts in REFERENCES.items() for text in texts]
    content = {"images": [{"id": int(image)} for image in REFERENCES], "annotations": annotations}
    (tmp_path / "p.json").write_text(json.dumps(predictions), encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps(content), encoding="utf-8")
    return [f"--predictions={tmp_path / 'p.json'}", f"--references={tmp_path / 'r.json'}"]


def test_scores_are_printed_and_written_in_the_order_of_the_images(files, tmp_path):
    code, out, err = run(*files, f"--output={tmp_path / 'scores.json'}")
    expected = score_captions(CAPTIONS, REFERENCES)
    assert (code, err) == (0, "")
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert written == {"corpus": expected.corpus, "per_image": expected.per_image}
    assert list(written["per_image"]) == ["2", "1"]
    assert [line.split()[0] for line in out.splitlines()] == [*METRICS, "images"]
    assert f"CIDEr-D {expected.corpus['CIDEr-D']:8.4f}\n" in out
    assert "METEOR  not available\n" in out


def test_nothing_is_written_without_output(files, tmp_path):
    assert run(*files)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"p.json", "r.json"}


def test_help_names_the_flags():
    code, out, _ = run("--help")
    assert code == 0
    assert "--predictions" in out
    assert "COCO annotation file" in out


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ("[{", "p.json is not valid JSON: Expecting property name"),
        ("[" * 100_000, "p.json is not valid JSON: "),
        ('[{"image_id": 1, "caption": "a"}]', "1 of 2 images have references but no caption: 2."),
        ('[{"image_id": 9, "caption": "a"}]', "1 of 1 captions are for images that have no references: 9."),
        ('{"image_id": 9}', "p.json: expected a list"),
    ],
)
def test_bad_predictions_leave_one_message_and_no_scores(files, tmp_path, predictions, message):
    (tmp_path / "p.json").write_text(predictions, encoding="utf-8")
    code, out, err = run(*files, f"--output={tmp_path / 'scores.json'}")
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert not (tmp_path / "scores.json").exists()


def test_bytes_that_are_no_text_are_named(files, tmp_path):
    (tmp_path / "r.json").write_bytes(b"\xff\xfe\x00")
    code, _, err = run(*files)
    assert code == 1
    assert "r.json is not valid JSON: 'utf-8' codec" in err


def test_a_missing_file_is_named(files, tmp_path):
    code, _, err = run(f"--predictions={tmp_path / 'none.json'}", files[1])
    assert (code, err) == (1, f"error: Cannot read {tmp_path / 'none.json'}: No such file or directory.\n")


def test_an_output_folder_that_is_absent_is_named(files, tmp_path):
    code, _, err = run(*files, f"--output={tmp_path / 'none' / 'scores.json'}")
    assert code == 1
    assert f"error: Cannot write {tmp_path / 'none' / 'scores.json'}: No such file or directory." in err


def test_a_missing_flag_and_a_stray_argument_are_named(files):
    code, _, err = run(files[0])
    assert code == 1
    assert "--references" in err
    code, _, err = run(*files, "more.json")
    assert (code, err.split(".")[0]) == (1, "error: Unexpected argument 'more")
