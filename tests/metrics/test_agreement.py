"""Krippendorff's alpha on his own example, on one computed by hand, and at its limits."""

import pytest

from im2txt.metrics.agreement import krippendorff_alpha, same_rating

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", sections C and D: four observers, twelve units.
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "1233244125 1.".replace(" ", ""))
# The example of the article on Wikipedia, "Krippendorff's alpha": three coders, fifteen units.
CODERS = (".....34121133.3", "1.213343.......", "..21344.21133.4")


def units(rows):
    assert len({len(row) for row in rows}) == 1
    return [[int(rating) for rating in column if rating != "."] for column in zip(*rows)]


@pytest.mark.parametrize(
    ("rows", "level", "alpha"),
    [(OBSERVERS, "ordinal", 0.815), (OBSERVERS, "interval", 0.849), (CODERS, "interval", 0.811)],
)
def test_published_examples(rows, level, alpha):
    assert krippendorff_alpha(units(rows), level) == pytest.approx(alpha, abs=0.0005)


def test_by_hand():
    # Ratings 1 1 | 1 2 | 2 4: n = 6, n_1 = 3, n_2 = 2, n_4 = 1; the lone 3 counts nowhere.
    rated = [[1, 1], [1, 2], [3], [2, 4]]
    # interval: observed 2 (0 + 1 + 4) = 10; expected 2 (3*2*1 + 3*1*9 + 2*1*4) = 82
    assert krippendorff_alpha(rated, "interval") == pytest.approx(1 - 5 * 10 / 82)
    # ordinal: 1-2 (3/2 + 2/2)^2 = 6.25, 2-4 (2/2 + 1/2)^2 = 2.25, 1-4 (3/2 + 2 + 1/2)^2 = 16
    # observed 2 (6.25 + 2.25) = 17; expected 2 (6*6.25 + 3*16 + 2*2.25) = 180
    assert krippendorff_alpha(rated, "ordinal") == pytest.approx(1 - 5 * 17 / 180)
    assert same_rating(rated) == pytest.approx(1 / 3)


def test_full_agreement_is_one_and_the_opposite_is_below_zero():
    for level in ("ordinal", "interval"):
        assert krippendorff_alpha([[1, 1, 1], [4, 4, 4]], level) == 1
        assert krippendorff_alpha([[1, 4], [4, 1]], level) < 0


def test_only_the_order_counts_for_ordinal_ratings():
    rated, stretched = [[1, 2], [2, 2], [3, 2]], [[1, 2], [2, 2], [9, 2]]
    assert krippendorff_alpha(rated, "ordinal") == krippendorff_alpha(stretched, "ordinal")
    assert krippendorff_alpha(rated, "interval") != krippendorff_alpha(stretched, "interval")


@pytest.mark.parametrize("rated", [[], [[1], [2]], [[3, 3], [3, 3]]])
def test_without_anything_to_disagree_about_there_is_no_alpha(rated):
    assert krippendorff_alpha(rated) is None


def test_without_pairs_nothing_is_the_same():
    assert same_rating([[1], [2]]) is None


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match=r"one of ordinal, interval\. Received: ratio"):
        krippendorff_alpha([[1, 2]], "ratio")
