"""All metrics together: equal to the official scorer's to 12 digits, and clear about unusable input.

golden_scores.json holds captions written for this project; make_golden.py says how its scores were made.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from im2txt.errors import UserError
from im2txt.metrics.caption_scores import METRICS, score_captions
from im2txt.metrics.tokenize_ptb import tokenize_captions

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"
OFFICIAL_NAMES = {"BLEU-1": "Bleu_1", "BLEU-2": "Bleu_2", "BLEU-3": "Bleu_3", "BLEU-4": "Bleu_4"}
OFFICIAL_NAMES |= {"ROUGE-L": "ROUGE_L", "CIDEr-D": "CIDEr"}
TWO = {"x": ["a dog", "dogs"], "y": ["a cat"]}


def assert_equal_to(official, images, scores, names):
    for name, official_name in names.items():
        assert scores.corpus[name] == pytest.approx(official[official_name], rel=1e-12), name
        for found, image in zip(scores.per_image.values(), images, strict=True):
            expected = image["scores"][official_name]
            assert found[name] == pytest.approx(expected, rel=1e-12, abs=1e-15), (name, image["candidate"])


def score(images):
    references = {place: image["references"] for place, image in enumerate(images)}
    return score_captions({place: image["candidate"] for place, image in enumerate(images)}, references)


@pytest.mark.parametrize("name", ["coco_human_loo", "coco_fakecap", "coco_weak", "flickr8k_human_loo", "edge_scores"])
def test_shared_golden_files_get_the_official_scores(name):
    path = GOLDEN / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    golden = json.loads(path.read_text(encoding="utf-8"))
    assert_equal_to(golden["corpus"], golden["images"], score(golden["images"]), OFFICIAL_NAMES)


def test_own_golden_captions_get_the_official_tokens_and_scores():
    golden = json.loads(Path(__file__).with_name("golden_scores.json").read_text(encoding="utf-8"))
    images = golden["images"]
    assert tokenize_captions([i["candidate"] for i in images]) == [i["candidate_tok"] for i in images]
    stream = tokenize_captions([caption for i in images for caption in i["references"]])
    assert stream == [tokens for i in images for tokens in i["references_tok"]]
    names = {name: name for name in METRICS if name != "METEOR"}
    assert_equal_to(golden["corpus"], images, score(images), names)


@pytest.mark.usefixtures("without_meteor")
def test_every_metric_has_a_place_and_meteor_is_not_available():
    scores = score_captions({"x": "a dog", "y": "a cat"}, TWO)
    assert tuple(scores.corpus) == METRICS
    assert scores.corpus["METEOR"] is None
    assert [tuple(image) for image in scores.per_image.values()] == [METRICS, METRICS]


def test_images_come_in_the_order_of_the_references():
    scores = score_captions({"x": "a dog", "y": "a cat"}, dict(reversed(TWO.items())))
    assert list(scores.per_image) == ["y", "x"]
    assert json.loads(json.dumps(scores._asdict()))["per_image"]["y"] == scores.per_image["y"]


def test_the_order_of_the_images_matters():
    captions = {"x": "reads K.", "y": "The dog"}
    references = {"x": ["it reads K"], "y": ["The dog"]}  # only before `The` does the caption lose its dot
    swapped = score_captions(captions, dict(reversed(references.items())))
    assert score_captions(captions, references).per_image["x"] != swapped.per_image["x"]


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ({"x": "a"}, TWO, r"1 of 2 images have references but no caption: y. Caption all of them"),
        ({"x": "a", "y": "b", "z": "c"}, TWO, r"1 of 3 captions are for images that have no references: z. Score"),
        ({"x": "a", "y": "b"}, {"x": ["a"], "y": []}, r"1 images have an empty set of references: y. Give each"),
        ({"x": "a"}, {"x": ["a"]}, r"CIDEr-D needs at least two images.*there is 1"),
        ({}, {}, r"CIDEr-D needs at least two images.*there is 0"),
        ({}, {i: ["a"] for i in range(12)}, r"12 of 12 images.*: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"),
    ],
)
def test_unusable_input_is_named(candidates, references, message):
    with pytest.raises(UserError, match=message):
        score_captions(candidates, references)


def test_metrics_import_no_tensorflow():
    code = "import sys, im2txt.metrics.caption_scores, im2txt.score; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
