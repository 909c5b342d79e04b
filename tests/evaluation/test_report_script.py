"""The report's script in a real browser, where one is installed: a view named in the address is what one sees."""

import shutil
import subprocess

import numpy as np
import pytest

from im2txt.evaluation.other_system import SideBySide
from im2txt.evaluation.report_cards import OtherCaption
from tests.evaluation.report_pages import Page, item, written

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")


def seen(folder, view):
    """Returns the page as the script has left it, at `report.html#view`."""
    profile = f"--user-data-dir={folder / 'profile'}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", profile, "--virtual-time-budget=3000", "--dump-dom"]
    address = f"{(folder / 'report.html').as_uri()}#{view}"
    done = subprocess.run([BROWSER, *options, address], capture_output=True, text=True, timeout=300, check=True)
    return Page(done.stdout)


def scored(image_id, ours, theirs, **changes):
    other = OtherCaption(f"other {image_id}", {"BLEU-4": 0.5, "CIDEr-D": theirs})
    return item(image_id, scores={"BLEU-4": 0.5, "CIDEr-D": ours}, other=other, **changes)


def test_an_address_sorts_filters_and_opens_a_strip(tmp_path):
    # This system minus the other, in CIDEr-D: a +0.5, b -0.1, c -0.9, d -0.4.
    attention = {"words": ["a", "dog"], "attention": np.ones([2, 2, 2])}
    items = [scored("a", 1.5, 1.0), scored("b", 1.4, 1.5), scored("c", 0.1, 1.0, **attention), scored("d", 1.0, 1.4)]
    written(tmp_path, items, beside=SideBySide(("one", "other"), {}))
    page = seen(tmp_path, "sort=d1&order=worst&versus=behind&image=c&strip=1&word=1")
    shown = [card["data-id"] for card in page.all("article") if "hidden" not in card]
    assert shown == ["c", "d", "b"]
    assert page.all("output")[0]["text"] == "3 of 4 photos, by CIDEr-D"
    assert [mark["text"][:7] for mark in page.all("div", "sorted")] == ["CIDEr-D"] * 4
    assert [card["data-id"] for card in page.all("article", "linked")] == ["c"]
    assert len(page.all("details", "strip")) == 1  # only one card has maps
    frames = [(frame["text"], frame["aria-pressed"]) for frame in page.all("button", "frame")]
    assert frames == [("a", "false"), ("dog", "true")]
    assert [word["text"] for word in page.all("i", "on")] == ["dog"]
    # Four photos; each extreme shows its card's, of two scores the best two and the worst two; the strip twice c's.
    assert len(page.all("img")) == 4 + 2 * 4 + 2
    assert len(page.all("canvas")) == 2 + 1
