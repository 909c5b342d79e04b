"""Evaluating a split: the same on images and on features of them, and whole files or none."""

import json

import numpy as np
import pytest

from im2txt.decoding.beam_search import DecodingConfig
from im2txt.errors import UserError
from im2txt.evaluation.captions import Caption, SplitImage
from im2txt.evaluation.feature_extraction import extract_features
from im2txt.evaluation.other_system import read_other_system
from im2txt.evaluation.split_evaluation import evaluate_split, read_photos, set_beside, write_evaluation
from im2txt.evaluation.split_scores import score_attention
from im2txt.metrics.caption_scores import METRICS
from im2txt.metrics.significance import RESAMPLES
from im2txt.models.encoders import EncoderConfig
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, photo, small_captioner, write_records

VOCABULARY = Vocabulary.build([["a", "red", "circle"]], min_count=1)
DECODING = DecodingConfig(beam_size=2, max_length=4)
CIRCLE = {"shape": "circle", "colour": "red", "size": "small", "texture": "plain", "box": [0.1, 0.1, 0.3, 0.3]}
SCENE = {"background": "sky", "objects": [CIRCLE], "relations": []}


@pytest.fixture(scope="module")
def captioner():
    return small_captioner("soft_attention", len(VOCABULARY))


def write(folder, metadata):
    images = captioned_images([["a red circle"], ["a circle", "red circle"], ["a circle"]], VOCABULARY)
    return write_records(folder, {"val": [image._replace(metadata=metadata) for image in images]}, VOCABULARY)


@pytest.fixture
def scenes(tmp_path):
    return write(tmp_path / "scenes", SCENE)


@pytest.fixture
def features(scenes, captioner, tmp_path):
    config = EncoderConfig("small_cnn", weights="random", image_size=48)
    extract_features(scenes, tmp_path / "features", captioner.encoder, config)
    return tmp_path / "features"


def evaluate(captioner, records, decoding=DECODING):
    return evaluate_split(captioner, VOCABULARY, records, "val", decoding)


def test_features_are_evaluated_as_their_images_are_truth_included(captioner, scenes, features):
    on_images, on_features = evaluate(captioner, scenes), evaluate(captioner, features)
    assert on_features.images == on_images.images
    texts = [[caption.text for caption in captions] for captions in on_images.captions]
    assert [[caption.text for caption in captions] for captions in on_features.captions] == texts
    assert list(on_features.scores.corpus) == [*METRICS, "truth"]
    assert on_features.scores == on_images.scores
    assert on_features.reasons == on_images.reasons


def test_metadata_that_is_no_scene_is_not_judged(captioner, tmp_path):
    evaluation = evaluate(captioner, write(tmp_path / "other", {"licence": "CC-BY"}))
    assert list(evaluation.scores.corpus) == list(METRICS)
    assert evaluation.reasons == {}


def test_attention_is_scored_where_there_are_scenes():
    maps = np.array([[0, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]], np.float32)  # the circle covers 0.4 x 0.4 of a cell
    caption = Caption("a red circle", ("a", "red", "circle"), -1.0, maps)
    scene, other = (SplitImage("x", ("a circle",), metadata) for metadata in (json.dumps(SCENE), "{}"))
    found = score_attention([caption], [scene], (2, 2))
    assert found == {"attention_in_box": pytest.approx(0.16), "attention_touching_box": 1.0}
    assert score_attention([caption], [other], (2, 2)) == {}


def test_four_files_are_written(captioner, scenes, tmp_path):
    evaluation = evaluate(captioner, scenes)
    output = tmp_path / "new" / "output"
    write_evaluation(output, evaluation, read_photos(scenes, "val"), captioner.encoder.grid, {"step": 7}, [])
    names = ["metrics.json", "n_best.json", "predictions.json", "report.html"]
    assert sorted(path.name for path in output.iterdir()) == names
    best = [{"image_id": f"image{i}", "caption": evaluation.captions[i][0].text} for i in range(3)]
    assert json.loads((output / "predictions.json").read_text(encoding="utf-8")) == best
    beams = json.loads((output / "n_best.json").read_text(encoding="utf-8"))
    assert [beam["captions"] for beam in beams] == [[each.text for each in found] for found in evaluation.captions]
    assert len(beams[0]["log_probabilities"]) == 2
    assert beams[0]["log_probabilities"][0] == evaluation.captions[0][0].log_probability
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert metrics == {**evaluation.scores._asdict(), "run": {"step": 7}}
    assert (output / "report.html").read_text(encoding="utf-8").count("<article") == 3


def test_another_evaluation_stands_beside_in_the_report_and_in_the_metrics(captioner, scenes, tmp_path):
    folders = tmp_path / "first", tmp_path / "second"
    first, second = (evaluate(captioner, scenes, DecodingConfig(beam_size=size, max_length=4)) for size in (1, 2))
    write_evaluation(folders[0], first, read_photos(scenes, "val"), captioner.encoder.grid, {}, [])
    second = set_beside(second, read_other_system(folders[0], second.images), folders[1])
    write_evaluation(folders[1], second, read_photos(scenes, "val"), captioner.encoder.grid, {}, [])
    against = json.loads((folders[1] / "metrics.json").read_text(encoding="utf-8"))["against"]
    assert (against["evaluation"], against["samples"], against["seed"]) == (str(folders[0]), RESAMPLES, 0)
    assert set(against["metrics"]) == {*METRICS, "truth"}
    rouge = against["metrics"]["ROUGE-L"]
    assert rouge["first"] == pytest.approx(second.scores.corpus["ROUGE-L"])
    assert rouge["second"] == pytest.approx(first.scores.corpus["ROUGE-L"])
    page = (folders[1] / "report.html").read_text(encoding="utf-8")
    assert page.count('<h3 class="system">first</h3>') == page.count('<h3 class="system">second</h3>') == 3
    assert "against" not in json.loads((folders[0] / "metrics.json").read_text(encoding="utf-8"))


def test_photos_come_in_file_order_and_mistakes_are_told_at_once(scenes, features):
    assert list(read_photos(scenes, "val")) == [photo(number) for number in range(3)]
    with pytest.raises(UserError, match=r"features holds features, not images\. Give the image records"):
        read_photos(features, "val")
    with pytest.raises(UserError, match=r"has no split `vla`\. Did you mean `val`"):
        read_photos(scenes, "vla")


def test_a_model_that_has_diverged_is_told(captioner, scenes):
    embeddings = captioner.decoder.words.embeddings
    kept = embeddings.numpy()
    embeddings.assign(np.full_like(kept, np.nan))
    try:
        with pytest.raises(UserError, match=r"no caption for image image0: .* training has diverged"):
            evaluate(captioner, scenes, DecodingConfig())
    finally:
        embeddings.assign(kept)


def test_decoding_that_makes_no_sense_is_told_without_a_traceback(captioner, scenes):
    with pytest.raises(UserError, match=r"^Decoding option beam_size is 0; it must be 1 or more\.$"):
        evaluate(captioner, scenes, DecodingConfig(beam_size=0))
