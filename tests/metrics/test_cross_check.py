"""The table of our scores and the official ones."""

from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.cross_check import Difference, cross_check, cross_check_lines

OURS = Scores(
    {"METEOR": None, "ROUGE-L": 0.5, "CIDEr-D": 1.0},
    {
        "x": {"METEOR": None, "ROUGE-L": 0.25, "CIDEr-D": 1.0},
        "y": {"METEOR": None, "ROUGE-L": 0.75, "CIDEr-D": 1.0},
    },
)
OFFICIAL = Scores(
    {"METEOR": 0.5, "ROUGE-L": 0.625, "CIDEr-D": 1.0},
    {"y": {"METEOR": 0.5, "ROUGE-L": 0.5, "CIDEr-D": 1.0}, "x": {"METEOR": 0.5, "ROUGE-L": 0.75, "CIDEr-D": 1.0}},
)


def test_the_largest_difference_is_that_of_an_image_by_its_id():
    assert cross_check(OURS, OFFICIAL) == {
        "METEOR": None,
        "ROUGE-L": Difference(0.5, 0.625, -0.125, -0.5, "x"),
        "CIDEr-D": Difference(1.0, 1.0, 0.0, 0.0, "y"),
    }


def test_a_line_a_metric():
    assert cross_check_lines(cross_check(OURS, OFFICIAL)) == [
        "metric      ours  official  difference  largest of the images",
        "METEOR   not available here",
        "ROUGE-L   0.5000    0.6250    -1.2e-01     -5.0e-01 (image x)",
        "CIDEr-D   1.0000    1.0000    +0.0e+00     +0.0e+00",
    ]
