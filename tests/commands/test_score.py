"""im2txt.score, run as users run it."""

import csv
import json
import os
import subprocess
import sys
from functools import partial

import pytest

from im2txt import score
from im2txt.metrics.caption_scores import METRICS, score_captions
from tests.helpers import run_command

CAPTIONS = {"1": "a dog runs", "2": "a cat sleeps"}
REFERENCES = {"2": ["A cat is sleeping.", "a cat sleeps"], "1": ["A dog runs!"]}
DIVERSITY = ["captions", "words", "vocabulary", "distinct-1", "distinct-2", "unique", "unique_share"]
run = partial(run_command, score)


def results(captions):
    return json.dumps([{"image_id": image, "caption": caption} for image, caption in captions.items()])


def annotations(references, number=int):
    items = [{"image_id": number(i), "caption": text} for i, texts in references.items() for text in texts]
    return json.dumps({"images": [{"id": number(image)} for image in references], "annotations": items})


@pytest.fixture
def files(tmp_path):
    """The arguments that name a good predictions and a good references file; ids are numbers in one of them."""
    (tmp_path / "p.json").write_text(results(CAPTIONS), encoding="utf-8")
    (tmp_path / "r.json").write_text(annotations(REFERENCES), encoding="utf-8")
    return [f"--predictions={tmp_path / 'p.json'}", f"--references={tmp_path / 'r.json'}"]


def scored(tmp_path, *arguments):
    """Runs with --output; returns what was written, and what was noted."""
    code, _, err = run(*arguments, f"--output={tmp_path / 'scores.json'}")
    assert code == 0, err
    return json.loads((tmp_path / "scores.json").read_text(encoding="utf-8")), err


def test_scores_are_printed_and_written_in_the_order_of_the_images(files, tmp_path):
    code, out, err = run(*files, f"--output={tmp_path / 'scores.json'}")
    expected = score_captions(CAPTIONS, REFERENCES)
    assert (code, err) == (0, "")
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert list(written) == ["corpus", "per_image", "diversity"]
    assert (written["corpus"], written["per_image"]) == (expected.corpus, expected.per_image)
    assert list(written["per_image"]) == ["2", "1"]
    first, second = out.split("\n\nDiversity:\n")
    assert [line.split()[0] for line in first.splitlines()] == [*METRICS, "images"]
    assert [line.split()[0] for line in second.splitlines()] == [*DIVERSITY, *["length,"] * 5]
    assert f"CIDEr-D {expected.corpus['CIDEr-D']:8.4f}\n" in out


def test_a_metric_that_is_not_available_is_said_to_be(files, tmp_path, monkeypatch):
    with_none = score_captions(CAPTIONS, REFERENCES)
    for values in (with_none.corpus, *with_none.per_image.values()):
        values["METEOR"] = None
    monkeypatch.setattr("im2txt.metrics.caption_scores.score_captions", lambda *_: with_none)
    code, out, _ = run(*files, "--per_image", f"--csv={tmp_path / 's.csv'}", f"--against={tmp_path / 'p.json'}")
    assert code == 0
    assert "METEOR  not available\n" in out
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        assert [row["METEOR"] for row in csv.DictReader(file)] == ["", ""]


def test_diversity_is_that_of_the_tokens(files, tmp_path):
    # a cat sleeps, a dog runs: 6 words, 5 different; 4 pairs
    written, _ = scored(tmp_path, *files)
    lengths = {"mean": 3, "deviation": 0, "shortest": 3, "median": 3, "longest": 3}
    counts = {"captions": 2, "words": 6, "vocabulary": 5, "unique": 2, "unique_share": 1, "lengths": lengths}
    shares = {"distinct-1": pytest.approx(5 / 6), "distinct-2": pytest.approx(4 / 6)}
    assert written["diversity"] == counts | shares


def test_nothing_is_written_without_output(files, tmp_path):
    assert run(*files)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"p.json", "r.json"}


def test_help_names_the_flags():
    code, out, _ = run("--help")
    assert code == 0
    assert "--predictions" in out
    assert "COCO annotation file" in out
    assert '{"synonyms": [["person", "girl", ...], ...], "images":' in out


def test_a_subset_is_scored_and_what_is_left_out_is_told(files, tmp_path):
    references = {**REFERENCES, "3": ["a cow"], "4": []}
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "4": "a pig", "9": "a hen"}), encoding="utf-8")
    (tmp_path / "r.json").write_text(annotations(references), encoding="utf-8")
    assert run(*files)[0] == 1
    written, err = scored(tmp_path, *files, "--subset")
    assert written["corpus"] == score_captions(CAPTIONS, REFERENCES).corpus
    assert written["left_out"] == [
        f"{tmp_path / 'r.json'}: 2 of 4 images are left out: 3, 4.",
        f"{tmp_path / 'p.json'}: 2 of 4 captions are left out: 4, 9.",
    ]
    assert "".join(f"note: {note}\n" for note in written["left_out"]) in err


def test_images_are_printed_best_first(files):
    out = run(*files, "--per_image").out
    rows = out[out.index("All images, best CIDEr-D first:") :].splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["image", "1", "2"]
    assert rows[2].endswith("  a dog runs")


def test_csv_has_a_row_an_image(files, tmp_path):
    assert run(*files, f"--csv={tmp_path / 's.csv'}")[0] == 0
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image_id"], row["caption"]) for row in rows] == [("2", "a cat sleeps"), ("1", "a dog runs")]
    expected = score_captions(CAPTIONS, REFERENCES).per_image
    assert [float(row["CIDEr-D"]) for row in rows] == [expected["2"]["CIDEr-D"], expected["1"]["CIDEr-D"]]


def test_a_second_system_is_compared(files, tmp_path):
    other = {"1": "a dog", "2": "two hens"}
    (tmp_path / "p2.json").write_text(results(other), encoding="utf-8")
    arguments = [*files, f"--against={tmp_path / 'p2.json'}", "--samples=100", "--seed=3"]
    written, _ = scored(tmp_path, *arguments)
    against, corpus = written["against"], score_captions(other, REFERENCES).corpus
    assert (against["predictions"], against["samples"], against["seed"]) == (str(tmp_path / "p2.json"), 100, 3)
    assert tuple(against["metrics"]) == METRICS
    rouge = against["metrics"]["ROUGE-L"]
    assert rouge["second"] == pytest.approx(corpus["ROUGE-L"])
    assert rouge["difference"] == pytest.approx(written["corpus"]["ROUGE-L"] - corpus["ROUGE-L"])
    # the differences of the two images are the ends of what resampling two images can give
    ends = [score_captions(CAPTIONS, REFERENCES).per_image[i]["ROUGE-L"] for i in "12"]
    ends = [end - score_captions(other, REFERENCES).per_image[i]["ROUGE-L"] for i, end in zip("12", ends)]
    assert rouge["interval"] == pytest.approx(sorted(ends))
    assert 0 < rouge["p_randomisation"] <= 1
    assert 0 < rouge["p_bootstrap"] <= 1
    assert scored(tmp_path, *arguments)[0] == written
    others = [scored(tmp_path, *arguments, f"--seed={seed}")[0]["against"]["metrics"] for seed in (4, 5)]
    assert [each["ROUGE-L"]["p_randomisation"] for each in others] != [rouge["p_randomisation"]] * 2
    assert "(second), 100 samples:\nmetric " in run(*arguments).out


def test_a_system_does_not_differ_from_itself(files, tmp_path):
    written, _ = scored(tmp_path, *files, f"--against={tmp_path / 'p.json'}", "--samples=50")
    bleu = written["against"]["metrics"]["BLEU-4"]
    assert (bleu["difference"], bleu["interval"], bleu["p_bootstrap"], bleu["p_randomisation"]) == (0, [0, 0], 1, 1)


def test_a_second_system_of_other_images_is_refused(files, tmp_path):
    (tmp_path / "p2.json").write_text(results({"1": "a"}), encoding="utf-8")
    code, _, err = run(*files, f"--against={tmp_path / 'p2.json'}")
    assert code == 1
    assert "p2.json: 1 of 2 images have references but no caption: 2." in err


@pytest.mark.parametrize("flag", ["--samples=0", "--seed=-1"])
def test_impossible_numbers_are_refused(files, flag):
    code, _, err = run(*files, flag)
    assert (code, err[:7]) == (1, "error: ")
    assert flag[2:6] in err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.txt", "A dog runs .\n\nsomething else\n"),
        ("t.txt", "A dog runs\r\nsomething else"),
        ("t.json", annotations({"7": ["A dog runs."], "8": ["x", ""]})),
        ("noname", annotations({"7": ["A dog runs."]})),
    ],
)
def test_copied_captions_are_those_with_the_tokens_of_a_training_caption(files, tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode())
    written, _ = scored(tmp_path, *files, f"--training={tmp_path / name}")
    assert written["diversity"]["copied"] == 1 / 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.txt", b"\n \n", "t.txt: there is no caption in it."),
        ("t.txt", b"a\n\xff", "t.txt is not UTF-8 text: byte 0xff at place 2"),
        ("t.json", b'{"images": []}', "t.json: expected COCO annotations"),
        ("t.json", b"a dog", "t.json is not valid JSON"),
    ],
)
def test_bad_training_captions_are_named(files, tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text)
    code, out, err = run(*files, f"--training={tmp_path / name}")
    assert (code, out) == (1, "")
    assert message in err


def test_chair_of_captions(files, tmp_path):
    # image 1: a dog, annotated; image 2: a cat, which only its references name, and a person, whom nothing does
    objects = {"synonyms": [["person", "girl"], ["dog"], ["cat"]], "images": {"1": ["dog"], "2": [], "3": []}}
    (tmp_path / "o.json").write_text(json.dumps(objects), encoding="utf-8")
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "2": "A girl, a cat."}), encoding="utf-8")
    code, out, _ = run(*files, f"--chair={tmp_path / 'o.json'}")
    assert code == 0
    assert "\nObjects:\nCHAIR_i   0.3333\nCHAIR_s   0.5000\n" in out
    found = scored(tmp_path, *files, f"--chair={tmp_path / 'o.json'}")[0]["chair"]
    assert (found["CHAIR_i"], found["CHAIR_s"]) == (1 / 3, 1 / 2)
    assert found["per_image"]["2"] == {"mentioned": ["person", "cat"], "hallucinated": ["person"]}


def test_bad_objects_are_named(files, tmp_path):
    (tmp_path / "o.json").write_text('{"synonyms": [["dog"]], "images": {"1": []}}', encoding="utf-8")
    code, out, err = run(*files, f"--chair={tmp_path / 'o.json'}")
    assert (code, out) == (1, "")
    assert "o.json: 1 of 2 images have no objects: 2." in err


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
    assert f"note: {tmp_path / 'p.json'}: 1 of 2 captions are empty: 2.\n" in err


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


def test_a_missing_flag_and_a_stray_argument_are_named(files):
    code, _, err = run(files[0])
    assert code == 1
    assert "--references" in err
    code, _, err = run(*files, "more.json")
    assert (code, err.split(".")[0]) == (1, "error: Unexpected argument 'more")
