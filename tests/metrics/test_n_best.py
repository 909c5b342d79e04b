"""Several captions of each image: their file format, and each measure under its name."""

import pytest

from im2txt.errors import UserError
from im2txt.metrics.cider import DocumentFrequencies
from im2txt.metrics.diversity import mutual_bleu, self_cider
from im2txt.metrics.n_best import parse_n_best, score_sets

SETS = [["a dog runs", "a dog"], ["x y", "x z"]]
REFERENCES = [["a dog"], ["x y z"]]


def item(image, captions, **others):
    return {"image_id": image, "captions": captions, **others}


def test_captions_are_read_by_image_and_ids_may_be_numbers():
    content = [item(17, ["a", "b"], log_probabilities=[-1.5, -2.0]), item("x", ["c", ""])]
    assert parse_n_best(content, "n.json") == {"17": ["a", "b"], "x": ["c", ""]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, r'^n\.json: expected a list \[\{"image_id": 1, "captions": .*found \{"a": 1\}\.'),
        ([{"image_id": 1, "caption": "a"}], r'item 0: expected \{.*\}, found \{"image_id": 1, "caption": "a"\}\.'),
        ([item(1, ["a", "b"]), item(2, ["a", None])], r'item 1: expected .*found .*\["a", null\]'),
        ([item(1, "ab")], r"item 0: expected"),
        ([item(True, ["a", "b"])], r"item 0: expected"),
        ([item(1, ["a" * 90, 2])], r'found \{"image_id": 1, "captions": \["a{30,40}\.\.\.\.$'),
        ([item(1, ["a", "b"]), item("1", ["a", "b"])], r"1 images have more than one item: 1\. Keep one of each"),
        ([item(1, ["a", "b"]), item(2, ["a"]), item(3, [])], r"2 of 3 images have fewer than two captions: 2, 3\. G"),
    ],
)
def test_what_is_not_this_format_is_named(content, message):
    with pytest.raises(UserError, match=message):
        parse_n_best(content, "n.json")


def test_every_measure_stands_under_its_name():
    corpus, per_image = score_sets(SETS, REFERENCES)
    # 5 words, 3 different, pairs a dog, dog runs; 4 words, 3 different, pairs x y, x z
    assert [(values["Div-1"], values["Div-2"]) for values in per_image] == [(3 / 5, 2 / 5), (3 / 4, 2 / 4)]
    assert (corpus["Div-1"], corpus["Div-2"]) == pytest.approx(((3 / 5 + 3 / 4) / 2, (2 / 5 + 2 / 4) / 2))
    spread = self_cider(SETS, DocumentFrequencies.of(REFERENCES))
    assert [values["self-CIDEr"] for values in per_image] == spread
    assert corpus["self-CIDEr"] == pytest.approx(sum(spread) / 2)
    assert spread[0] != spread[1]
    expected = mutual_bleu(SETS)
    for order in range(4):
        assert corpus[f"mBLEU-{order + 1}"] == expected.corpus[order]
        assert [each[f"mBLEU-{order + 1}"] for each in per_image] == [bleus[order] for bleus in expected.per_image]
    assert corpus["captions an image"] == 2
    assert set(corpus) == set(per_image[0]) == set(per_image[1])


def test_mutual_bleu_is_not_available_of_sets_of_different_sizes():
    corpus, per_image = score_sets([["a", "b", "c"], ["x", "y"]], REFERENCES)
    assert [values["mBLEU-4"] for values in (corpus, *per_image)] == [None] * 3
    assert [values["captions an image"] for values in (corpus, *per_image)] == [2.5, 3, 2]
    assert corpus["Div-1"] == 1
