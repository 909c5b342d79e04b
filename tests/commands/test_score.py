"""im2txt.score, run as users run it: its scores and how two systems compare."""

import csv
import json

import pytest

from im2txt.metrics.caption_scores import METRICS, score_captions
from tests.commands.score_files import CAPTIONS, REFERENCES, annotations, results, run, scored

DIVERSITY = ["captions", "words", "vocabulary", "distinct-1", "distinct-2", "unique", "unique_share"]


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


def test_a_missing_flag_and_a_stray_argument_are_named(files):
    code, _, err = run(files[0])
    assert code == 1
    assert "--references" in err
    code, _, err = run(*files, "more.json")
    assert (code, err.split(".")[0]) == (1, "error: Unexpected argument 'more")


def test_the_original_cider_is_a_score_more_on_demand(files, tmp_path):
    # both captions are references; of "a cat sleeps" the other reference shares a, cat, which weigh 0 and log 2
    code, out, _ = run(*files, "--cider", f"--csv={tmp_path / 's.csv'}", f"--output={tmp_path / 's.json'}")
    assert code == 0
    written = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert list(written["corpus"]) == [*METRICS, "CIDEr"]
    assert written["per_image"]["1"]["CIDEr"] == pytest.approx(7.5)  # three of four orders
    shared = 1 / (2**0.5 * 3**0.5), 1 / (2**0.5 * 3**0.5)
    expected = (7.5 + 10 / 4 * sum(shared)) / 2
    assert written["per_image"]["2"]["CIDEr"] == pytest.approx(expected)
    assert f"CIDEr   {(7.5 + expected) / 2:8.4f}\n" in out
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        assert [float(row["CIDEr"]) for row in csv.DictReader(file)] == pytest.approx([expected, 7.5])
