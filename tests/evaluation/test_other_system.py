"""A second system: the same images or a refusal, scores by one yardstick, and names that differ."""

import json
import re

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.evaluation.captions import SplitImage
from im2txt.evaluation.other_system import compare, distinct_names, read_other_system
from im2txt.evaluation.predictions import write_predictions
from im2txt.evaluation.split_scores import score_split
from im2txt.metrics.caption_scores import METRICS
from im2txt.metrics.significance import approximate_randomisation, mean_statistics

CIRCLE = {"shape": "circle", "colour": "red", "size": "small", "texture": "plain", "box": [0.1, 0.1, 0.3, 0.3]}
SCENE = json.dumps({"background": "sky", "objects": [CIRCLE], "relations": []})
REFERENCES = ["a red circle", "there is a circle", "a small red circle", "one circle"]
IMAGES = [SplitImage(str(number), (text, "a circle"), "{}") for number, text in enumerate(REFERENCES)]
GOOD = dict(zip("0123", REFERENCES))
POOR = dict(zip("0123", ["a blue star", "a circle", "a red circle", "a star"]))


def scenes():
    return [image._replace(metadata=SCENE) for image in IMAGES]


def evaluation(folder, captions=POOR, images=IMAGES):
    """Leaves a folder as an evaluation does."""
    folder.mkdir(exist_ok=True)
    write_predictions(folder / "predictions.json", captions)
    scores = score_split(captions, images).scores
    (folder / "metrics.json").write_text(json.dumps({**scores._asdict(), "run": {}}))
    return folder


def test_the_other_system_is_scored_as_its_own_evaluation_did(tmp_path):
    other = read_other_system(evaluation(tmp_path / "other"), IMAGES)
    assert other.captions == POOR
    assert other.scores == score_split(POOR, IMAGES).scores
    assert (other.folder, other.reasons) == (str(tmp_path / "other"), {})


def test_captions_in_another_order_are_brought_into_that_of_the_images(tmp_path):
    folder = evaluation(tmp_path / "other")
    write_predictions(folder / "predictions.json", dict(reversed(POOR.items())))
    assert list(read_other_system(folder, IMAGES).captions) == list("0123")


def test_on_scenes_the_other_captions_are_judged_too(tmp_path):
    other = read_other_system(evaluation(tmp_path / "other", images=scenes()), scenes())
    assert other.scores.corpus["truth"] == 0.5  # there is a red circle and no star
    assert set(other.reasons) == {"0", "3"}


@pytest.mark.parametrize("missing", ["predictions.json", "metrics.json"])
def test_a_folder_that_is_no_evaluation_is_refused(tmp_path, missing):
    folder = evaluation(tmp_path / "other")
    (folder / missing).unlink()
    message = f"{folder} is no evaluation: it has no {missing}. Name a folder that im2txt.evaluate has written."
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        read_other_system(folder, IMAGES)


@pytest.mark.parametrize("content", ["[]", "{}", '{"corpus": {"CIDEr-D": null}}', '{"corpus": []}'])
def test_metrics_without_a_corpus_score_are_refused(tmp_path, content):
    folder = evaluation(tmp_path / "other")
    (folder / "metrics.json").write_text(content)
    with pytest.raises(UserError, match=r"metrics\.json has no CIDEr-D of the corpus\. Evaluate that system again\.$"):
        read_other_system(folder, IMAGES)


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({"0": "a", "1": "b", "2": "c"}, "1 of the 4 images have no caption there (3)."),
        ({**POOR, "8": "a", "9": "b"}, "2 of its 6 captions are of images that are not here (8, 9)."),
        (
            {"0": "a", "1": "b", "2": "c", "x": "d"},
            "1 of the 4 images have no caption there (3) and 1 of its 4 captions are of images that are not here (x).",
        ),
    ],
)
def test_an_evaluation_of_other_images_is_refused(tmp_path, captions, message):
    folder = evaluation(tmp_path / "other")
    write_predictions(folder / "predictions.json", captions)
    told = f"{folder} is an evaluation of other images: {message} Evaluate both systems on the same split of the same"
    with pytest.raises(UserError, match=f"^{re.escape(told)}"):
        read_other_system(folder, IMAGES)


def test_other_photos_under_the_same_ids_are_noticed_by_their_score(tmp_path):
    folder = evaluation(tmp_path / "other", GOOD)
    others = [image._replace(captions=("two blue stars", "stars")) for image in IMAGES[:2]] + IMAGES[2:]
    with pytest.raises(UserError, match=r"of other photos or references under the same ids: its CIDEr-D is \d\.\d+ th"):
        read_other_system(folder, others)


def test_each_score_is_compared_truth_included(tmp_path):
    other = read_other_system(evaluation(tmp_path / "other", images=scenes()), scenes())
    scores = score_split(GOOD, scenes()).scores
    found = compare(GOOD, scores, other, scenes(), samples=50)
    assert set(found) == {*METRICS, "truth"}
    for name in ("BLEU-1", "BLEU-4", "ROUGE-L", "CIDEr-D", "truth"):
        assert found[name].first == pytest.approx(scores.corpus[name])
        assert found[name].second == pytest.approx(other.scores.corpus[name])
    assert (found["truth"].first, found["truth"].second) == (1.0, 0.5)
    truths = (mean_statistics(each) for each in ([1.0] * 4, [0.0, 1.0, 1.0, 0.0]))
    assert found["truth"].p_randomisation == approximate_randomisation(*truths, np.random.default_rng(0), 50)


@pytest.mark.usefixtures("without_meteor")
def test_what_is_not_available_is_not_compared(tmp_path):
    found = compare(GOOD, score_split(GOOD, IMAGES).scores, read_other_system(evaluation(tmp_path), IMAGES), IMAGES, 10)
    assert found["METEOR"] is None
    assert "truth" not in found


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("/runs/a/val", "/runs/a/beam1"), ("val", "beam1")),
        (("/runs/a/val", "/runs/b/val"), ("a/val", "b/val")),
        (("/runs/a", "/runs/a/val"), ("a", "val")),
        (("/x/val", "/val"), ("x/val", "/val")),
        (("/x/val", "/x/val"), ("val", "val")),
    ],
)
def test_systems_are_named_by_as_much_of_their_folders_as_tells_them_apart(paths, names):
    assert distinct_names(*paths) == names
