"""How captions are compared, on small matrices worked by hand."""

import json

import numpy as np
import pytest

from im2txt.evaluation.caption_retrieval import SCORES, as_table, summarize

# P(caption | image) of two images and three captions, the last one common and short
PROBABILITIES = np.array([[0.03, 0.01, 0.5], [0.01, 0.01, 0.4]])
VALUES = np.log(PROBABILITIES).astype("f4")
LENGTHS = [4, 4, 2]


def test_the_scores_by_hand():
    np.testing.assert_array_equal(SCORES["log_probability"](VALUES, LENGTHS), VALUES)
    np.testing.assert_allclose(SCORES["per_word"](VALUES, LENGTHS), VALUES / [4, 4, 2], rtol=1e-6)
    shares = np.exp(SCORES["mutual_information"](VALUES, LENGTHS))
    np.testing.assert_allclose(shares, [[3 / 4, 1 / 2, 5 / 9], [1 / 4, 1 / 2, 4 / 9]], rtol=1e-5)


def test_scores_keep_the_type_and_the_order_of_images_for_each_caption():
    values = np.random.default_rng(0).normal(-30, 5, [20, 1500]).astype("f4")  # more captions than one block
    lengths = np.random.default_rng(1).integers(2, 20, 1500)
    for score in SCORES.values():
        scored = score(values, lengths)
        assert scored.dtype == np.float32
        np.testing.assert_array_equal(scored.argsort(axis=0), values.argsort(axis=0))
    orders = [score(values, lengths).argsort(axis=1).tolist() for score in SCORES.values()]
    assert all(one != other for one, other in zip(orders, [*orders[1:], orders[0]]))


def test_a_common_caption_comes_first_for_every_image_unless_it_is_put_in_proportion():
    assert SCORES["log_probability"](VALUES, LENGTHS).argmax(axis=1).tolist() == [2, 2]
    assert SCORES["mutual_information"](VALUES, LENGTHS).argmax(axis=1).tolist() == [0, 1]


def test_captions_that_fit_one_image_alone_stay_apart():
    # shares of 1 - e^-40, 1 - e^-50 and 1 - 2 e^-60, which are all 1 in float64
    values = np.array([[-10, -20, -30], [-50, -70, -90], [-99, -90, -90]], "f4")
    scored = SCORES["mutual_information"](values, LENGTHS)
    np.testing.assert_allclose(scored[0], -np.exp([-40.0, -50.0, -60 + np.log(2)]), rtol=1e-5)
    assert scored[0].argsort().tolist() == [0, 1, 2]


def test_images_that_are_equally_likely_share():
    scored = SCORES["mutual_information"](np.full([4, 2], -7, "f4"), LENGTHS[:2])
    np.testing.assert_allclose(scored, np.log(0.25), rtol=1e-6)


def test_the_summary_of_a_split_and_of_its_folds():
    # images 0 and 1 find their captions; 2 and 3 find each other's; within folds nothing else is in the way
    similarities = np.eye(4, dtype="f4")
    similarities[2:, 2:] = 1 - np.eye(2)
    summary = json.loads(json.dumps(summarize(similarities, range(4), folds=2)))
    assert (summary["images"], summary["captions"]) == (4, 4)
    half = {"R@1": 0.5, "R@5": 1, "R@10": 1, "median_rank": 1, "mean_rank": 2, "tied": 0.5}
    assert summary["image_to_text"] == half | {"mean_rank": summary["image_to_text"]["mean_rank"], "median_rank": 2.0}
    assert summary["recall_sum"] == 5
    assert summary["folds"]["folds"] == summary["folds"]["images"] == 2
    assert summary["folds"]["text_to_image"] == {**half, "median_rank": 1.5, "mean_rank": 1.5, "tied": 0}
    assert summarize(similarities, range(4))["folds"] is None


def test_the_table_has_percents_and_ranks():
    summary = summarize(np.eye(4, dtype="f4"), range(4), folds=2)
    assert as_table(summary) == [
        ("", "R@1", "R@5", "R@10", "median rank", "mean rank"),
        ("image to text, all 4 images", "100.0", "100.0", "100.0", "1", "1.0"),
        ("text to image, all 4 images", "100.0", "100.0", "100.0", "1", "1.0"),
        ("image to text, mean of 2 folds", "100.0", "100.0", "100.0", "1", "1.0"),
        ("text to image, mean of 2 folds", "100.0", "100.0", "100.0", "1", "1.0"),
    ]
    assert len(as_table(summarize(np.eye(4), range(4)))) == 3


@pytest.mark.parametrize("rank", [1.5, 12.0, 1234.0])
def test_median_ranks_are_shown_as_they_are(rank):
    direction = {"R@1": 0.1234, "R@5": 0.5, "R@10": 1.0, "median_rank": rank, "mean_rank": 3.14159}
    summary = {"images": 1000, "image_to_text": direction, "text_to_image": direction, "folds": None}
    assert as_table(summary)[1] == ("image to text, all 1,000 images", "12.3", "50.0", "100.0", f"{rank:g}", "3.1")
