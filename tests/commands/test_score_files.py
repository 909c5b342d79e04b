"""What im2txt.score says of odd files and odd captions."""

import os
import subprocess
import sys

import pytest

from im2txt.metrics.caption_scores import score_captions
from tests.commands.score_files import CAPTIONS, REFERENCES, annotations, results, run, scored


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ("[{", "p.json is not valid JSON: Expecting property name"),
        ("[" * 100_000, "p.json is not valid JSON: "),
        ("", "p.json is not valid JSON: "),
        ("[]", "2 of 2 images have references but no caption: 2, 1."),
        ('[{"image_id": 1, "caption": "a"}]', "1 of 2 images have references but no caption: 2."),
        ('[{"image_id": 9, "caption": "a"}]', "1 of 1 captions are for images that have no references: 9. None is"),
        ('[{"image_id": 1, "caption": "a"}, {"image_id": "1", "caption": "a"}]', "more than one caption for 1 images"),
        ('[{"image_id": 1, "caption": NaN}]', "item 0 (image 1): `caption` must be a string, found NaN."),
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


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({**REFERENCES, "1": []}, "r.json: 1 of 2 images are listed without a reference: 1."),
        ({"1": [""], "2": [" .", ""]}, "r.json: no reference has a word"),
    ],
)
def test_images_without_words_to_score_against_are_named(files, tmp_path, references, message):
    (tmp_path / "r.json").write_text(annotations(references), encoding="utf-8")
    code, out, err = run(*files)
    assert (code, out) == (1, "")
    assert message in err


def test_one_image_is_refused(files, tmp_path):
    (tmp_path / "p.json").write_text(results({"1": "a dog"}), encoding="utf-8")
    code, _, err = run(*files, "--subset")
    assert code == 1
    assert "CIDEr-D needs at least two images" in err


def test_two_captions_for_an_image_are_refused_in_a_subset_too(files, tmp_path):
    (tmp_path / "p.json").write_text('[{"image_id": 1, "caption": "a"}, {"image_id": "1", "caption": "b"}]')
    code, _, err = run(*files, "--subset")
    assert code == 1
    assert "more than one caption for 1 images: 1." in err


def test_empty_captions_are_scored_and_told(files, tmp_path):
    captions = {"1": "a dog runs", "2": "  "}
    (tmp_path / "p.json").write_text(results(captions), encoding="utf-8")
    written, err = scored(tmp_path, *files)
    assert written["per_image"]["2"]["ROUGE-L"] == 0
    assert written["corpus"] == score_captions(captions, REFERENCES).corpus
    assert f"note: {tmp_path / 'p.json'}: 1 of 2 captions are empty, or have no word: 2.\n" in err


@pytest.mark.parametrize("mark", ["\r", "\v", "\f", "\u2028", "\u2029"])
def test_line_breaks_in_captions_are_spaces_and_told(files, tmp_path, mark):
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "1": f"a dog{mark}runs"}), encoding="utf-8")
    references = {**REFERENCES, "2": [f"a{mark}cat", f"a cat{mark}sleeps"]}
    (tmp_path / "r.json").write_text(annotations(references), encoding="utf-8")
    written, err = scored(tmp_path, *files)
    assert written["corpus"] == score_captions(CAPTIONS, {**REFERENCES, "2": ["a cat", "a cat sleeps"]}).corpus
    assert "p.json: captions of 1 images hold a carriage return or another line break" in err
    assert "r.json: captions of 1 images hold" in err
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "1": "a dog\nruns"}), encoding="utf-8")
    assert "p.json" not in scored(tmp_path, *files)[1]


def test_any_character_can_be_scored_and_written(files, tmp_path):
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "1": "half \ud83d of a \U0001f600"}), encoding="utf-8")
    assert run(*files, "--per_image", f"--csv={tmp_path / 's.csv'}", f"--output={tmp_path / 's.json'}")[0] == 0
    assert "half \\ud83d of a \U0001f600" in (tmp_path / "s.csv").read_text(encoding="utf-8")


def test_a_terminal_without_unicode_gets_escapes(files, tmp_path):
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "1": "a café"}), encoding="utf-8")
    command = [sys.executable, "-m", "im2txt.score", *files, "--per_image"]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert b"a caf\\xe9" in done.stdout


def test_bytes_that_are_no_text_are_named(files, tmp_path):
    (tmp_path / "r.json").write_bytes(b"\xff\xfe\x00")
    code, _, err = run(*files)
    assert code == 1
    assert "r.json is not UTF-8 text: byte 0xff at place 0 (invalid start byte). Save it as UTF-8." in err


def test_a_byte_order_mark_is_no_mistake(files, tmp_path):
    (tmp_path / "p.json").write_text(results(CAPTIONS), encoding="utf-8-sig")
    assert scored(tmp_path, *files)[0]["corpus"] == score_captions(CAPTIONS, REFERENCES).corpus


def test_a_missing_file_is_named(files, tmp_path):
    code, _, err = run(f"--predictions={tmp_path / 'none.json'}", files[1])
    assert (code, err) == (1, f"error: Cannot read {tmp_path / 'none.json'}: No such file or directory.\n")


@pytest.mark.parametrize("flag", ["output", "csv"])
def test_an_output_folder_that_is_absent_is_named(files, tmp_path, flag):
    code, _, err = run(*files, f"--{flag}={tmp_path / 'none' / 'scores'}")
    assert code == 1
    assert f"error: Cannot write {tmp_path / 'none' / 'scores'}: No such file or directory." in err
