"""The scores above the gallery, and what a second system adds to the page."""

import pytest

from im2txt.evaluation.other_system import SideBySide
from im2txt.evaluation.report_cards import OtherCaption, signed
from im2txt.evaluation.report_scores import extremes
from im2txt.metrics.score_comparison import Comparison
from im2txt.metrics.significance import Interval
from tests.evaluation.report_pages import Page, item, written

# first, second, difference, interval, wins, p by bootstrap, p by randomisation
CERTAIN = Comparison(0.4793, 0.4412, 0.0381, Interval(0.0102, 0.0648), 0.99, 0.006, 0.0004)
OPEN = Comparison(0.2061, 0.2093, -0.0032, Interval(-0.0121, 0.0049), 0.22, 0.45, 0.4312)
BESIDE = SideBySide(("val", "beam1"), {"BLEU-4": OPEN, "METEOR": None, "CIDEr-D": CERTAIN})


def other(caption="a cat", scores=None, note=""):
    return OtherCaption(caption, scores or {"BLEU-4": 0.3, "CIDEr-D": 1.0}, note)


def page_of(folder, *items, **changes):
    return Page(written(folder, items, beside=BESIDE, **changes))


def test_the_best_and_the_worst_three_of_a_score_and_of_equals_the_first():
    items = [item(scores={"A": score}) for score in (0.5, 0.1, 0.9, None, 0.5, 0.9, 0.5, 0.2)]
    assert extremes(items, "A") == ([2, 5, 0], [1, 7, 4])
    assert extremes(items[:5], "A") == ([2, 0], [1, 4])  # four have a score; none is both
    assert extremes(items[:1], "A") == ([], [])


def test_extremes_of_each_score_but_truth_link_to_cards_and_hold_no_photo_of_their_own(tmp_path):
    scores = [{"METEOR": 0.1 * n, "CIDEr-D": 1 - 0.1 * n, "truth": n % 2} for n in range(4)]
    page = Page(written(tmp_path, [item(f"a&b {n}", scores=each) for n, each in enumerate(scores)]))
    blocks = [heading["text"] for heading in page.all("h3") if heading["text"] in scores[0]]
    assert blocks == ["CIDEr-D", "METEOR"]
    links = [(link["href"], link["text"]) for link in page.all("a", "thumb")]
    assert links[:4] == [
        ("#image=a%26b%200", "100.0"), ("#image=a%26b%201", "90.0"),
        ("#image=a%26b%203", "70.0"), ("#image=a%26b%202", "80.0"),
    ]  # fmt: skip
    assert [link["href"] for link in page.all("a", "end")] == [
        "#sort=1&order=best", "#sort=1&order=worst", "#sort=0&order=best", "#sort=0&order=worst",
    ]  # fmt: skip
    assert len(page.all("img")) == 4


def test_meteor_of_a_photo_is_shown_and_sorted_by_as_others_are(tmp_path):
    page = Page(written(tmp_path, [item(scores={"METEOR": 0.3061, "CIDEr-D": 1.0}), item("2")]))
    assert "METEOR30.6" in page.all("dl", "marks")[0]["text"]
    assert "METEOR" in [option["text"] for option in page.all("option")]
    assert "METEOR, photo by photo" in [caption["text"] for caption in page.all("figcaption")]


def test_a_tile_has_the_other_score_the_difference_its_interval_and_p(tmp_path):
    page = page_of(tmp_path, item(other=other()))
    assert [tile["text"] for tile in page.all("div", "tile")] == [
        "BLEU-420.6beam1 20.9 −0.3 [−1.2, +0.5] p = 0.431",
        "METEORnot available",
        "CIDEr-D47.9beam1 44.1 +3.8 [+1.0, +6.5] p < 0.001",
    ]
    coloured = [mark["text"] for mark in page.all("b") if mark.get("class") in ("up", "down")]
    assert coloured[0] == "+3.8"  # that of p = 0.431 is not
    assert "Differences are val minus beam1" in page.all("main")[0]["text"]


def test_a_card_has_both_captions_their_scores_and_the_difference(tmp_path):
    page = page_of(
        tmp_path, item(other=other(note="there is no cat", scores={"BLEU-4": 0.3, "CIDEr-D": 1.0, "truth": 0}))
    )
    assert [heading["text"] for heading in page.all("h3", "system")] == ["val", "beam1"]
    assert [caption["text"] for caption in page.all("p", "caption")] == ["a dog runs", "a cat"]
    assert page.all("dl", "marks")[0]["text"] == "BLEU-420.0 30.0 −10.0CIDEr-D125.0 100.0 +25.0"
    assert page.all("div", "other")[0]["text"] == "beam1a catfalsethere is no cat"
    assert page.all("article")[0]["data-others"] == "0.3,1"


def test_what_both_say_is_not_said_twice(tmp_path):
    page = page_of(tmp_path, item(other=other("a dog runs", {"BLEU-4": 0.2, "CIDEr-D": 1.25})))
    assert page.all("div", "same")[0]["text"] == "beam1the same"
    assert page.all("dl", "marks")[0]["text"] == "BLEU-420.0CIDEr-D125.0"
    assert page.all("article")[0]["data-others"] == "0.2,1.25"


def test_one_can_sort_by_difference_and_choose_who_is_better(tmp_path):
    page = page_of(tmp_path, item(other=other()))
    differences = {option["value"]: option["text"] for option in page.all("option") if "difference" in option["text"]}
    assert differences == {"": "any difference", "d0": "BLEU-4, difference", "d1": "CIDEr-D, difference"}
    (versus,) = (select for select in page.all("select") if select["name"] == "versus")
    assert "hidden" not in versus
    assert versus["data-primary"] == "1"
    assert versus["text"] == "any differenceval is betterbeam1 is bettercaptions differ"


def test_alone_a_system_is_compared_with_nothing(tmp_path):
    page = Page(written(tmp_path, [item()]))
    (versus,) = (select for select in page.all("select") if select["name"] == "versus")
    assert "hidden" in versus
    assert not page.all("h3", "system")
    assert not [
        option
        for option in page.all("option")
        if (option["value"] or "").startswith("d") and option["value"][1:].isdigit()
    ]
    assert "data-others" not in page.all("article")[0]
    assert {span["text"][:11] for span in page.all("span") if "hidden" in span} >= {"Differences", "Scores are "}


@pytest.mark.parametrize(
    ("difference", "text"), [(0.1234, "+12.3"), (-0.1234, "−12.3"), (0.0, "0.0"), (-0.0004, "0.0"), (0.0004, "0.0")]
)
def test_a_difference_has_its_sign_and_nothing_has_none(difference, text):
    assert signed(difference) == text
