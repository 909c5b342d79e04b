"""The original CIDEr against sums done by hand, and against ruotianluo/cider, which made the shared golden files."""

import json
import math
import os
from pathlib import Path

import pytest

from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.original_cider import original_cider, with_original_cider

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"
NAME = "CIDEr_original_pyciderevalcap"


@pytest.mark.parametrize("name", ["coco_human_loo", "coco_fakecap", "coco_weak", "flickr8k_human_loo"])
def test_shared_golden_files_get_their_scores(name):
    path = GOLDEN / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    golden = json.loads(path.read_text(encoding="utf-8"))
    images = golden["images"]
    found = original_cider([i["candidate_tok"] for i in images], [i["references_tok"] for i in images])
    assert found == pytest.approx([i["scores"][NAME] for i in images], rel=1e-12, abs=1e-14)
    assert sum(found) / len(found) == pytest.approx(golden["corpus"][NAME], rel=1e-12)


def test_nothing_is_clipped_and_no_length_punished():
    # N = 2; a is in both images and weighs 0, b and c weigh log 2. "b b b" against "a b c": words 3 * 1 / (3 * sqrt 2),
    # where CIDEr-D clips 3 to 1; no pair in common. "b" against the same: the same, with two words fewer.
    references = [["a b c"], ["a"]]
    for caption in ("b b b", "b"):
        assert original_cider([caption, "x"], references) == pytest.approx([10 / 4 / math.sqrt(2), 0])


def test_the_score_is_the_mean_over_references():
    assert original_cider(["a b", "x"], [["a b", "x y"], ["c d"]]) == pytest.approx([2.5, 0])


def test_empty_captions_and_references_score_zero():
    assert original_cider(["", ""], [["", "a b"], [""]]) == [0, 0]


def test_it_stands_beside_the_other_scores():
    scores = Scores({"BLEU-1": 0.5}, {"y": {"BLEU-1": 0.25}, "x": {"BLEU-1": 0.75}})
    corpus, per_image = with_original_cider(scores, ["a b c d", "b"], [["a b c d"], ["e"]])
    assert corpus == {"BLEU-1": 0.5, "CIDEr": pytest.approx(5)}
    assert per_image == {"y": {"BLEU-1": 0.25, "CIDEr": pytest.approx(10)}, "x": {"BLEU-1": 0.75, "CIDEr": 0}}
    assert list(corpus) == list(per_image["y"]) == ["BLEU-1", "CIDEr"]
