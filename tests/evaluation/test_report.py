import base64
import hashlib
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from im2txt.evaluation import report
from im2txt.evaluation.other_system import SideBySide
from im2txt.evaluation.report_cards import OtherCaption
from im2txt.evaluation.thumbnails import shrink
from tests.evaluation.report_pages import CORPUS, EVIL, Page, item, written
from tests.helpers import encoded, photo


def test_the_cards_stand_in_the_order_of_the_items_with_all_that_was_said(tmp_path):
    page = Page(written(tmp_path, [item(image_id, f"caption {image_id}") for image_id in ("b", "c", "a")]))
    assert [card["data-id"] for card in page.all("article")] == ["b", "c", "a"]
    text = page.all("article")[1]["text"]
    # exp(-3.2) = 0.040762, exp(-4.5) = 0.011109
    for part in (
        "caption c",
        "p=0.040762",
        "a cat runs p=0.011109",
        "a dog runs in the grass",
        "20.0",
        "125.0",
    ):
        assert part in text
    assert text.count("caption c") == 1  # the best of the beam is not repeated among the others


def test_corpus_scores_are_times_100_and_what_is_missing_says_so(tmp_path):
    corpus = {**CORPUS, "ROUGE-L": float("nan"), "truth": 0.873}
    tiles = Page(written(tmp_path, [item()], corpus=corpus)).all("div", "tile")
    assert [tile["text"] for tile in tiles] == [
        "BLEU-420.6", "METEORnot available", "CIDEr-D47.9", "ROUGE-Lnot available", "Caption truth87.3%",
    ]  # fmt: skip


def test_nothing_from_outside_is_markup(tmp_path):
    other = OtherCaption(EVIL + "3", {EVIL: 0.25}, EVIL)
    said = {"hypotheses": [(EVIL + "2", -1.0)], "references": (EVIL,), "note": EVIL, "other": other}
    evil = item(EVIL, EVIL, scores={EVIL: 0.5}, **said)
    words = item("2", words=[EVIL, "dog"], attention=np.ones([2, 2, 2]))
    details, curves = {EVIL: EVIL, "config": {EVIL: EVIL}}, [{"step": 1, f"cross_entropy{EVIL}": 1.0}]
    beside = SideBySide((EVIL, EVIL), {EVIL: None})
    html = written(tmp_path, [evil, words], EVIL, {EVIL: 0.1}, details, curves, beside)
    page = Page(html)
    assert len(page.all("script")) == 1
    assert {image["src"][:23] for image in page.all("img")} == {"data:image/jpeg;base64,"}
    assert not [name for element in page.elements for name in element if name.startswith("on")]
    card = page.all("article")[0]
    assert card["data-id"] == EVIL
    # caption, hypothesis, reference, note, name of the score, id; the other's caption and note; both systems' names
    assert card["text"].count(EVIL) == 10
    assert page.all("title")[0]["text"] == page.all("h1")[0]["text"] == EVIL
    assert page.all("i")[0]["text"] == EVIL


def test_the_page_loads_nothing_and_runs_only_its_own_script(tmp_path):
    html = written(tmp_path, [item()], curves=[{"step": 1, "cross_entropy": 2.0}], details={"config": {"units": 512}})
    ours = re.sub(r"data:image/jpeg;base64,[\w+/=]+|sha256-[\w+/=]+", "", html)
    assert not re.search(r"https?:|//\w|@import|url\(|fetch\(|XMLHttp", ours, re.IGNORECASE)
    page = Page(html)
    assert not [element for element in page.elements if element["tag"] in ("link", "iframe", "base", "object")]
    policy = next(
        element["content"] for element in page.all("meta") if "content" in element and "src" in element["content"]
    )
    digest = hashlib.sha256(page.all("script")[0]["text"].encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy


def test_attention_travels_as_a_byte_a_region_relative_to_the_highest_of_its_word(tmp_path):
    maps = np.array([[[0.1, 0.2, 0.0]], [[0.5, 0.5, 0.5]], [[0.0, 0.0, 0.0]]])
    page = Page(written(tmp_path, [item(words=["a", "dog", "runs"], attention=maps)]))
    card = page.all("article")[0]
    assert card["data-grid"] == "1,3"
    assert [*base64.b64decode(card["data-maps"])] == [128, 255, 0, 255, 255, 255, 0, 0, 0]
    assert [word["text"] for word in page.all("i")] == ["a", "dog", "runs"]
    assert page.all("p", "caption")[0]["text"] == "a dog runs"


def test_without_attention_a_card_has_no_map_and_the_page_no_hint(tmp_path):
    html = written(tmp_path, [item(words=["a", "dog"])])
    assert "data-maps=" not in html
    assert "<span hidden>Point at a word" in html
    assert "<span >Point" in written(tmp_path, [item(words=["a"], attention=np.ones([1, 2, 2]))])


def test_a_finer_map_is_averaged_down_to_fourteen_regions_either_way(tmp_path):
    # 28 columns become 14: each the mean of two neighbours.
    maps = np.zeros([1, 2, 28])
    maps[0, 0, :4] = [1.0, 0.0, 0.5, 0.5]
    maps[0, 1, 27] = 0.5
    card = Page(written(tmp_path, [item(words=["a"], attention=maps)])).all("article")[0]
    assert card["data-grid"] == "2,14"
    assert [*base64.b64decode(card["data-maps"])] == [255, 255, *[0] * 12, *[0] * 13, 128]


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 4)])
def test_attention_of_another_shape_is_refused(tmp_path, shape):
    with pytest.raises(
        ValueError,
        match=re.escape(f"Expected `attention` [3, height, width], a map a word. Received: {list(shape)}"),
    ):
        written(tmp_path, [item(words=["a", "dog", "runs"], attention=np.ones(shape))])
    assert list(tmp_path.iterdir()) == []


def test_a_false_caption_has_a_badge_and_its_reason(tmp_path):
    items = [item("1", scores={"truth": 1}), item("2", scores={"truth": 0.0}, note="there is no dog"), item("3")]
    page = Page(written(tmp_path, items))
    assert [badge["text"] for badge in page.all("b", "badge")] == ["true", "false"]
    assert [card.get("data-truth") for card in page.all("article")] == ["1", "0", None]
    assert [note["text"] for note in page.all("p", "why")] == ["there is no dog"]
    assert "hidden" not in next(choice for choice in page.all("select") if choice["name"] == "truth")
    page = Page(written(tmp_path, [item()]))
    assert "hidden" in next(choice for choice in page.all("select") if choice["name"] == "truth")


def test_cards_list_their_scores_in_the_order_of_the_choices_to_sort_by(tmp_path):
    items = [
        item("1", scores={"A": 0.25, "B": None}),
        item("2", scores={"C": 2.0, "A": 0.5}, log_probability=-1.5),
    ]
    page = Page(written(tmp_path, items))
    choices = [option for option in page.all("option") if (option["value"] or "").isdigit()]
    labels = {option["text"]: int(option["value"]) for option in choices if option["text"] not in ("true", "false")}
    assert labels == {"A": 0, "C": 1, "probability": 2}
    assert [card["data-scores"] for card in page.all("article")] == ["0.25,,-3.2", "0.5,2,-1.5"]


def test_a_photo_that_cannot_be_read_does_not_stop_the_report(tmp_path):
    page = Page(written(tmp_path, [item("1", image_bytes=b"junk"), item("2"), item("3", image_bytes=None)]))
    assert [image["alt"] for image in page.all("img")] == ["2"]
    assert len(page.all("div", "unreadable")) == 2


def test_curves_show_loss_and_scores_and_nothing_else(tmp_path):
    log = [
        {"step": 10, "epoch": 0.1, "cross_entropy": 4.0, "loss": 9.0, "learning_rate": 0.1},
        {"step": 20, "val/cross_entropy": 3.0, "val/CIDEr-D": 0.4, "val/BLEU-4": 0.1},
        {"loss": 2.0},
    ]
    html = written(tmp_path, [item()], curves=log)
    titles = [figure["text"] for figure in Page(html).all("figcaption")]
    assert titles[-2:] == ["Cross-entropycross_entropyval/cross_entropy", "CIDEr-D on validationval/CIDEr-D"]
    assert "val/CIDEr-D 40 at step 20" in html
    assert "Training" not in written(tmp_path, [item()])


def test_details_are_shown_and_nested_ones_fold_away(tmp_path):
    page = Page(written(tmp_path, [item()], details={"split": "val", "config": {"units": 512}}))
    assert "splitval" in page.all("dl", "facts")[0]["text"]
    assert json.loads(page.all("pre")[0]["text"]) == {"units": 512}


def test_photos_of_two_systems_with_attention_stay_under_ten_kilobytes_each(tmp_path, monkeypatch):
    # 10 MB for 1,000 photos, at a twentieth of the size. Enlarged noise is about as hard to pack as a photo.
    monkeypatch.setattr(report, "SIZE_LIMIT", 500_000)
    noise = Image.open(io.BytesIO(photo(1, (160, 120))))
    enlarged = encoded(noise.resize((400, 300)), "JPEG")
    words, said = ["word"] * 12, ["twelve words of a reference that somebody wrote of this photo here"] * 5
    maps = np.random.default_rng(0).random([12, 30, 40])
    other = OtherCaption(said[0], {"BLEU-4": 0.1, "CIDEr-D": 0.9})
    one = item(image_bytes=enlarged, words=words, attention=maps, references=said, other=other)
    html = written(tmp_path, [one._replace(image_id=str(index)) for index in range(50)])
    assert html.count("<article") == 50
    assert 350_000 < len(html.encode()) <= 500_000


def test_of_too_many_photos_the_best_the_worst_and_some_between_are_shown(tmp_path, monkeypatch):
    # Of 36 photos 20: the best and the worst three by each score, which are 12, and 8 of the others: by CIDEr-D the
    # worst two, the best two, and four between.
    monkeypatch.setattr(report, "GALLERY_LIMIT", 20)
    order = np.random.default_rng(0).permutation(36)
    bleu = {10: 0.9, 11: 0.8, 12: 0.7, 13: 0.1, 14: 0.2, 15: 0.3}
    items = [item(str(rank), scores={"BLEU-4": bleu.get(rank, 0.5), "CIDEr-D": rank / 10}) for rank in order]
    small = []
    monkeypatch.setattr(report, "shrink", lambda photo: small.append(shrink(photo)) or small[-1])
    page = Page(written(tmp_path, items))
    assert len(small) == 20  # no others are decoded and kept
    shown = [int(card["data-id"]) for card in page.all("article")]
    assert {0, 1, 2, 33, 34, 35, *bleu} <= set(shown)
    assert {3, 4, 31, 32} <= set(shown)
    assert len(shown) == 20
    assert shown == [rank for rank in order if rank in shown]
    assert "20 of 36 photos" in page.all("main")[0]["text"]


def test_a_caption_without_words_is_shown_as_such(tmp_path):
    html = written(tmp_path, [item(caption="", words=[], attention=np.ones([0, 2, 2]))])
    assert Page(html).all("p", "caption")[0]["text"] == "no words"


def test_an_empty_report_is_a_page_too(tmp_path):
    page = Page(written(tmp_path, [], corpus={}))
    assert page.all("article") == []
    assert "0 photos" in page.all("main")[0]["text"]


def test_a_failing_photo_leaves_the_old_report_as_it_was(tmp_path):
    before = written(tmp_path, [item()])

    def failing():
        yield None
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        report.write_report(tmp_path / "report.html", report.ReportHead("Title", CORPUS, {}), [item()] * 2, failing())
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
