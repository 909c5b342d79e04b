"""Scores as text: lines to print and comma-separated values."""

import csv
import io

from im2txt.metrics.caption_scores import METRICS, Scores
from im2txt.metrics.score_comparison import Comparison
from im2txt.metrics.score_tables import comparison_lines, image_csv, image_lines, printable, value_lines
from im2txt.metrics.significance import Interval


def scores(ciders):
    values = [dict.fromkeys(METRICS, 0.5) | {"METEOR": None, "CIDEr-D": cider} for cider in ciders]
    return Scores({}, {f"image{place}": each for place, each in enumerate(values)})


def captions(number, text="a dog"):
    return {f"image{place}": text for place in range(number)}


def test_a_line_a_value():
    assert value_lines({"BLEU-1": 0.12345, "METEOR": None, "images": 7}) == [
        "BLEU-1    0.1235",
        "METEOR  not available",
        "images         7",
    ]
    assert value_lines({"a longer name": 1, "x": 0.5}) == ["a longer name        1", "x               0.5000"]
    assert value_lines({}) == []


def test_few_images_are_listed_once_best_first():
    lines = image_lines(scores([0.1, 2.0, 1.0]), captions(3))
    assert lines[:2] == ["", "All images, best CIDEr-D first:"]
    assert lines[2].split() == ["image", *METRICS, "caption"]
    assert [line.split()[0] for line in lines[3:]] == ["image1", "image2", "image0"]
    assert lines[3].split() == ["image1", *["0.5000"] * 4, "-", "0.5000", "2.0000", "a", "dog"]
    assert lines[2].index("caption") == lines[3].index("a dog")


def test_of_many_images_the_best_and_the_worst_are_listed():
    lines = image_lines(scores([float(place) for place in range(30)]), captions(30))
    titles = [place for place, line in enumerate(lines) if line.startswith("The 10 ")]
    assert [lines[place] for place in titles] == [
        "The 10 best images by CIDEr-D:",
        "The 10 worst images by CIDEr-D, worst last:",
    ]
    rows = [[line.split()[0] for line in lines[place + 2 : place + 12]] for place in titles]
    assert rows == [[f"image{i}" for i in range(29, 19, -1)], [f"image{i}" for i in range(9, -1, -1)]]


def test_captions_stay_on_their_line_and_are_cut():
    lines = image_lines(scores([1.0, 1.0]), {"image0": "a\ndog\r\x1b[2J\u2028b", "image1": "x" * 61})
    assert lines[3].endswith("a dog  [2J b")
    assert lines[4].endswith(" " + "x" * 57 + "...")


def test_csv_has_every_image_in_full_precision():
    text = image_csv(scores([1 / 3, 2.0]), {"image0": 'a "dog",\nor\r two', "image1": "c\ud800\ré"})
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head == ["image_id", "caption", *METRICS]
    assert [row[:2] for row in rows] == [["image0", 'a "dog",\nor\r two'], ["image1", "c\\ud800\ré"]]
    assert dict(zip(head, rows[0]))["METEOR"] == ""
    assert float(dict(zip(head, rows[0]))["CIDEr-D"]) == 1 / 3


def test_a_comparison_has_a_line_a_metric():
    result = Comparison(0.5, 0.6, -0.1, Interval(-0.2, 0.01), 0.04, 0.08, 0.075)
    head, first, second = comparison_lines({"BLEU-1": result, "METEOR": None})
    assert first.split() == "BLEU-1 0.5000 0.6000 -0.1000 [-0.2000, +0.0100] 0.0800 0.0750".split()
    assert second == "METEOR   not available"
    assert len(first) == len(head)


def test_what_an_encoding_lacks_is_escaped():
    assert printable("é\ud800", "ascii") == "\\xe9\\ud800"
    assert printable("é") == "é"
