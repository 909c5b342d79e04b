import json

import pytest

from im2txt.errors import UserError
from im2txt.evaluation.predictions import read_metrics_log, write_n_best, write_predictions


@pytest.mark.parametrize(
    ("ids", "written"),
    [
        (["42", "7", "0"], [42, 7, 0]),
        (["42", "scene-7"], ["42", "scene-7"]),
        (["42", "007"], ["42", "007"]),
        (["٤٢"], ["٤٢"]),
        (["-1"], ["-1"]),
        ([], []),
    ],
)
def test_ids_are_numbers_only_where_every_one_survives_as_a_number(tmp_path, ids, written):
    write_predictions(tmp_path / "predictions.json", dict.fromkeys(ids, "a dog"))
    results = json.loads((tmp_path / "predictions.json").read_text(encoding="utf-8"))
    assert [result["image_id"] for result in results] == written


def test_captions_come_back_as_they_were_and_in_their_order(tmp_path):
    captions = {"b": 'a "quoted" <dog>', "a": "ein Hündchen\u2028 läuft"}
    write_predictions(tmp_path / "predictions.json", captions)
    results = json.loads((tmp_path / "predictions.json").read_text(encoding="utf-8"))
    assert results == [{"image_id": image_id, "caption": caption} for image_id, caption in captions.items()]
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.json"]


def test_all_hypotheses_are_written_with_ids_as_predictions_have_them(tmp_path):
    write_n_best(tmp_path / "n_best.json", {"7": [("a dög", -1.5), ("a dog", -2.25)], "3": []})
    assert json.loads((tmp_path / "n_best.json").read_text(encoding="utf-8")) == [
        {"image_id": 7, "captions": ["a dög", "a dog"], "log_probabilities": [-1.5, -2.25]},
        {"image_id": 3, "captions": [], "log_probabilities": []},
    ]
    write_n_best(tmp_path / "n_best.json", {"x7": []})
    assert json.loads((tmp_path / "n_best.json").read_text(encoding="utf-8"))[0]["image_id"] == "x7"


def log(folder, content):
    (folder / "metrics.jsonl").write_bytes(content)
    return read_metrics_log(folder / "metrics.jsonl")


def test_a_log_is_read_line_by_line(tmp_path):
    assert log(tmp_path, b'{"step": 1, "loss": 2.5}\n\n{"step": 2}\n') == [
        {"step": 1, "loss": 2.5},
        {"step": 2},
    ]


@pytest.mark.parametrize("cut", [b'{"step": 2, "lo', b"", b"\xc3", b"12"])
def test_a_last_line_that_was_cut_is_left_out(tmp_path, cut):
    assert log(tmp_path, b'{"step": 1}\n' + cut) == [{"step": 1}]


def test_a_last_line_that_lacks_only_its_line_feed_is_kept(tmp_path):
    assert log(tmp_path, b'{"step": 1}\n{"step": 2}') == [{"step": 1}, {"step": 2}]


def test_a_run_that_has_not_logged_has_no_lines(tmp_path):
    assert read_metrics_log(tmp_path / "metrics.jsonl") == []
    assert log(tmp_path, b"") == []


@pytest.mark.parametrize("line", [b"oops", b"[1]", b"\xff\xfe"])
def test_a_broken_line_in_the_middle_is_named(tmp_path, line):
    with pytest.raises(UserError, match=r"metrics\.jsonl, line 2: expected a JSON object, found '.*'\. Delete"):
        log(tmp_path, b'{"step": 1}\n' + line + b'\n{"step": 3}\n')
