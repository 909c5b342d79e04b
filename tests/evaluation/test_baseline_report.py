"""The table of baselines, its notes, and the files of a run."""

import json

import pytest

from im2txt.evaluation.baseline_report import reading_notes, report, table_lines, write_files
from im2txt.metrics.baseline_captions import CONSENSUS, HUMAN, NEAREST, RANDOM, BaselineOptions
from im2txt.metrics.baseline_scores import Row, Tables, Trial
from im2txt.metrics.caption_scores import METRICS

SCORES = dict(zip(METRICS, (0.7, 0.5, 0.4, 0.30046, None, 0.5, 1.2346)))
SPREAD = dict(zip(METRICS, (0.01, 0.01, 0.01, 0.0234, None, 0.01, 0.001)))
ROWS = {"NIC|2": Row(SCORES, None, 1, (5, 5), 1234.4), RANDOM: Row(SCORES, SPREAD, 5, (4, 7), 8.0)}
PEOPLE = Row(SCORES, None, 1, (4, 4), 9.0)


def test_the_table_has_the_columns_of_the_paper_times_a_hundred():
    assert table_lines(ROWS) == [
        "| system | references |     BLEU-4 | METEOR |     CIDEr-D |",
        "| ------ | ---------: | ---------: | -----: | ----------: |",
        "| NIC\\|2 |          5 |       30.0 |    n/a |       123.5 |",
        "| Random |     4 to 7 | 30.0 ± 2.3 |    n/a | 123.5 ± 0.1 |",
    ]


def test_all_metrics_and_the_words_used_can_be_had():
    head, _, first, _ = table_lines(ROWS, every_metric=True)
    assert [cell.strip() for cell in head.split("|")[1:-1]] == ["system", "references", *METRICS, "words"]
    assert first.endswith(" 1,234 |")


def notes_of(rows, equal=None, **options):
    return "\n".join(reading_notes(Tables(rows, equal or {}), BaselineOptions(**options), "compass needle"))


def test_notes_say_how_the_rows_were_made():
    rows = {RANDOM: ROWS[RANDOM], NEAREST: PEOPLE, CONSENSUS: PEOPLE, HUMAN: PEOPLE}
    notes = notes_of(rows, neighbours=7, consensus=9, similarity="bleu", seed=3)
    assert "the mean of 5 draws ± their standard deviation, seed 3." in notes
    assert "METEOR is not available" in notes
    assert "features are those of compass needle." in notes
    assert "the 7 nearest training images, the one with the highest mean BLEU-4 to the 9 others closest" in notes
    assert "Human: the first caption of each image against its others. That is one reference fewer" in notes
    assert notes.endswith("compare them with --equal_references.")


def test_notes_say_only_what_is_so():
    full = PEOPLE._replace(corpus={**SCORES, "METEOR": 0.2})
    notes = notes_of({RANDOM: full, HUMAN: full._replace(trials=5)}, {HUMAN: full}, draws=1)
    assert "METEOR" not in notes
    assert "nearest" not in notes
    assert "a random training caption for each image; one draw, seed 0." in notes
    assert "each of 5 captions of an image in turn against its others, ± their standard deviation." in notes
    assert notes.endswith("compare them in the second table.")
    assert "Human" not in notes_of({RANDOM: full})


def test_the_second_table_is_there_where_it_is_asked_for():
    text = report("Title", Tables(ROWS, {}), ["one", "two"], every_metric=False)
    assert text.startswith("# Title\n\nScores of the official COCO caption scorer, x100.\n\n| system ")
    assert text.endswith(" |\n\n* one\n* two\n")
    assert "The same references" not in text
    text = report("Title", Tables(ROWS, {HUMAN: PEOPLE}), [], every_metric=False)
    assert "## The same references for all\n\nEach row against the references that Human has.\n\n| system" in text


@pytest.mark.parametrize("times", [1, 2])
def test_files_hold_the_scores_and_the_captions_of_the_baselines(tmp_path, times):
    trials = {
        "NIC": [Trial({"7": "a dog"}, {})],
        RANDOM: [Trial({"7": "first"}, {}), Trial({"7": "second"}, {})],
        HUMAN: [Trial({"7": "people"}, {})],
    }
    output = tmp_path / "new" / "output"
    for _ in range(times):
        write_files(output, "text", Tables(ROWS, {}), {"split": "val"}, trials)
    names = ["baselines.md", "metrics.json", "predictions_human.json", "predictions_random.json"]
    assert sorted(path.name for path in output.iterdir()) == names
    assert (output / "baselines.md").read_text() == "text"
    assert json.loads((output / "predictions_random.json").read_text()) == [{"image_id": 7, "caption": "first"}]
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["rows"]["NIC|2"]["corpus"] == SCORES
    assert metrics["rows"][RANDOM]["deviation"] == SPREAD
    assert (metrics["equal_references"], metrics["run"]) == ({}, {"split": "val"})
