"""The page of retrieval: which queries it shows, what is marked, and that it is safe and small."""

import re

import numpy as np

from im2txt.evaluation import retrieval_page
from im2txt.evaluation.caption_similarity import Candidates
from im2txt.evaluation.captions import SplitImage
from im2txt.evaluation.retrieval_page import write_retrieval_page
from tests.evaluation.report_pages import EVIL, Page
from tests.helpers import photo

TABLE = [("", "R@1"), ("image to text", "50.0")]


def candidates(images, captions=None):
    texts = captions or [f"caption {number}" for number in range(images)]
    split = [SplitImage(f"image{number}", (text,), "{}") for number, text in enumerate(texts)]
    return Candidates(split, texts, [(4, 2)] * images, np.arange(images))


def written(folder, similarities, found=None, photos=None, details=None):
    similarities = np.asarray(similarities, "f4")
    found = found or candidates(len(similarities))
    photos = [photo(number, 24) for number in range(len(similarities))] if photos is None else photos
    write_retrieval_page(folder / "page.html", TABLE, similarities, found, photos, details or {"split": "val"})
    return (folder / "page.html").read_text(encoding="utf-8")


def cards(page):
    """The cards of both directions, as lists of (class, text) of their answers."""
    answers = [(element.get("class"), element["text"]) for element in page.all("li")]
    return [element["text"] for element in page.all("article")], answers


def test_a_caption_shows_its_photos_best_first_with_the_right_one_marked(tmp_path):
    # caption 0: image 1 (9.0), image 0 (5.25, right), image 2 (1.0)
    page = Page(written(tmp_path, [[5.25, 0, 0], [9, 1, 0], [1, 0, 1]]))
    texts, answers = cards(page)
    (place,) = (number for number, text in enumerate(texts) if text.startswith("caption 0"))
    assert "rank 2 of 3 photos" in texts[place]
    shown = answers[3 * place : 3 * place + 3]
    assert [kind for kind, _ in shown] == [None, "right", None]
    assert [text.split() for _, text in shown] == [["1", "9.00"], ["2", "✓", "5.25"], ["3", "1.00"]]
    assert [image["alt"] for image in page.all("img")][3 * place : 3 * place + 3] == ["image1", "image0", "image2"]


def test_a_right_answer_beyond_the_fifth_is_shown_after_them_with_its_rank(tmp_path):
    # the photo 7 likes all captions better than its own; every other finds its own first
    similarities = 10 * np.eye(8)
    similarities[7] = [1, 2, 3, 4, 5, 6, 7, -0.001]
    texts, answers = cards(Page(written(tmp_path, similarities)))
    assert "rank 8 of 8 captions" in texts[-1]  # the worst comes last
    assert [text for _, text in answers[-6:-1]] == [f"{n}caption {7 - n}{8 - n}.00" for n in range(1, 6)]
    assert answers[-1] == ("right", "8 ✓caption 70.00")


def test_of_equals_the_right_one_comes_last_as_in_the_ranks(tmp_path):
    texts, answers = cards(Page(written(tmp_path, np.ones([3, 3]))))
    assert all("rank 3 of 3" in text for text in texts)
    assert [kind for kind, _ in answers] == [None, None, "right"] * 6


def test_queries_are_spread_from_the_best_to_the_worst(tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval_page, "QUERIES", 3)
    similarities = np.where(np.tri(9, k=-1).T > 0, 2.0, 0.0) + np.eye(9)  # of caption i, i others come before
    html = written(tmp_path, similarities)
    texts, _ = cards(Page(html))
    assert [text.partition("rank")[0] for text in texts[:3]] == ["caption 0", "caption 4", "caption 8"]
    assert "3 of 9 captions, evenly from the best ranked to the worst" in html
    assert "3 of 9 photos" in html


def test_photos_that_are_not_there_leave_a_place(tmp_path):
    page = Page(written(tmp_path, np.eye(2), photos=[None, b"junk"]))
    assert page.all("img") == []
    assert [place["text"] for place in page.all("div", "none")][-1] == "no photo to showimage1"


def test_nothing_from_outside_is_markup_and_nothing_is_loaded(tmp_path):
    found = candidates(2, [EVIL, "a dog"])
    found = found._replace(images=[image._replace(image_id=EVIL) for image in found.images])
    html = written(tmp_path, np.eye(2), found, details={EVIL: EVIL})
    page = Page(html)
    assert page.all("script") == []
    assert not [name for element in page.elements for name in element if name.startswith("on")]
    assert cards(page)[0][0].startswith(EVIL)
    assert {image["alt"] for image in page.all("img")} == {EVIL}
    assert {image["src"][:23] for image in page.all("img")} == {"data:image/jpeg;base64,"}
    assert not re.search(r"https?:|@import|url\(", re.sub(r"base64,[\w+/=]+", "", html))
    assert "default-src 'none'" in html


def test_the_table_and_the_details_are_there(tmp_path):
    page = Page(written(tmp_path, np.eye(2), details={"split": "val", "images": 2}))
    assert [cell["text"] for cell in page.all("th")] == ["", "R@1"]
    assert [cell["text"] for cell in page.all("td")] == ["image to text", "50.0"]
    assert page.all("dl", "facts")[0]["text"] == "splitvalimages2"


def test_the_photos_stay_within_their_share_however_often_they_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval_page, "PHOTO_BYTES", 100_000)
    html = written(tmp_path, np.eye(4), photos=[photo(number, 200) for number in range(4)])
    photos = re.findall(r"base64,([\w+/=]+)", html)
    assert len(photos) == 20
    assert 40_000 < sum(map(len, photos)) * 3 / 4 <= 100_000
