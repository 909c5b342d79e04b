import re
from html.parser import HTMLParser

import pytest

from im2txt.evaluation.charts import HEIGHT, WIDTH, curves, histogram


def titles(svg):
    return re.findall("<title>(.*?)</title>", svg)


def texts(svg):
    return re.findall("<text[^>]*>(.*?)</text>", svg)


def assert_balanced(svg):
    depth = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            depth.append(tag)

        def handle_endtag(self, tag):
            assert depth.pop() == tag

    Parser().feed(svg)
    assert depth == []
    assert not re.search(r"\b(nan|inf)\b", svg)


def test_a_histogram_counts_every_value_once():
    # Values 0 to 40 in at most 24 bars: the round width is 2, so bars begin at 0, 2 ... 40.
    svg = histogram([0, 1.9, 2, 40], "CIDEr-D", "photos")
    counts = [int(re.search(r": (\d+) photos", title)[1]) for title in titles(svg)]
    assert len(counts) == 21
    assert (counts[0], counts[1], counts[20], sum(counts)) == (2, 1, 1, 4)
    assert titles(svg)[1] == "CIDEr-D 2 to 4: 1 photos"
    assert "median 1.9" in texts(histogram([1, 1.9, 30], "x", "photos"))


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0], [float("nan"), 1.0, float("inf")], [1e-9], [1000.0] * 3])
def test_a_histogram_of_odd_values_is_still_one(values):
    svg = histogram(values, "a < b", "photos")
    assert_balanced(svg)
    assert "a &lt; b" in texts(svg)


def test_bars_stay_inside_the_frame():
    svg = histogram([index % 97 for index in range(1000)], "x", "photos")
    for x, y, width, height in re.findall(r'<rect class="bar" x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', svg):
        assert float(x) >= 0
        assert float(x) + float(width) <= WIDTH
        assert 0 <= float(y) <= float(y) + float(height) <= HEIGHT


def test_a_curve_has_a_point_for_each_step_and_falls_where_the_values_fall():
    svg = curves({"loss": [(0, 4.0), (10, 2.0), (20, 1.0)]}, "loss")
    assert titles(svg) == ["loss 4 at step 0", "loss 2 at step 10", "loss 1 at step 20"]
    heights = [float(y) for y in re.findall(r'cy="(.*?)"', svg)]
    assert heights == sorted(heights)


def test_values_that_are_not_finite_and_empty_series_are_left_out():
    svg = curves({"a": [(0, 1.0), (1, float("nan")), (2, 3.0)], "b": [(0, float("inf"))]}, "loss")
    assert_balanced(svg)
    assert len(titles(svg)) == 2
    assert "series-2" not in svg


@pytest.mark.parametrize("series", [{}, {"a": []}, {"a": [(5, 0.0)]}, {"a": [(5, -2.0), (5, -2.0)]}])
def test_curves_of_next_to_nothing(series):
    assert_balanced(curves(series, "loss"))


def test_a_long_curve_is_averaged_in_stretches():
    # 0, 1, 0, 1 ...: the average of a stretch of ten is a half everywhere.
    svg = curves({"a": [(step, step % 2) for step in range(1600)]}, "loss")
    assert len(titles(svg)) == 160
    assert titles(svg)[0] == "a 0.5 at step 9"
    assert titles(svg)[-1] == "a 0.5 at step 1599"


def test_steps_beyond_ten_thousand_are_written_short():
    assert "20k" in texts(curves({"a": [(0, 1), (40_000, 2)]}, "loss"))
