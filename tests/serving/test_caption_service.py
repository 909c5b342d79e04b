"""The exported service: in process, and in a process that imports TensorFlow alone."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.images import decode_image
from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.errors import UserError
from im2txt.serving.caption_service import decode_images, export_service
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import photo, small_captioner

DECODING = DecodingConfig(beam_size=3, max_length=6, length_normalization=0.5)
VOCABULARY = Vocabulary.build([["two", "red", "circles"], ["a", "café", "über", "allem"]], min_count=1)

ALONE = """
import json, sys
sys.modules["keras"] = sys.modules["im2txt"] = None  # whoever imports them fails
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
photos = [open(path, "rb").read() for path in sys.argv[2:]]
outputs = model.signatures["serving_default"](image_bytes=tf.constant(photos))
captions = [[text.decode() for text in image] for image in outputs.pop("captions").numpy()]
print(json.dumps({"captions": captions, **{name: value.numpy().tolist() for name, value in outputs.items()}}))
"""


@pytest.fixture(scope="module", params=["lstm", "soft_attention"])
def exported(request, tmp_path_factory):
    captioner = small_captioner(request.param, len(VOCABULARY))
    folder = tmp_path_factory.mktemp(request.param) / "deep" / "model"
    export_service(captioner, VOCABULARY, DECODING, {"config": {"records": "x"}, "step": 7}, folder)
    return captioner, folder, tf.saved_model.load(str(folder))


def serve(model, images):
    outputs = model.signatures["serving_default"](image_bytes=tf.constant(images, tf.string))
    return {name: value.numpy() for name, value in outputs.items()}


def test_a_process_with_tensorflow_alone_captions_as_this_one_does(exported, tmp_path):
    captioner, folder, _ = exported
    photos = [photo(seed, size=20 + seed) for seed in range(4)]
    for number, data in enumerate(photos):
        (tmp_path / f"{number}.png").write_bytes(data)
    command = [sys.executable, "-c", ALONE, str(folder), *map(str, sorted(tmp_path.iterdir()))]
    bare = {"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(command, check=True, cwd=tmp_path, env=bare, stdout=subprocess.PIPE)
    outputs = json.loads(done.stdout)

    images = tf.stack([decode_image(tf.constant(data), 48) for data in photos])
    state = captioner.decoder.start(captioner.encode(images))
    expected = beam_search(captioner.decoder.step, state, DECODING, len(photos))
    texts = [[VOCABULARY.decode(beam) for beam in image] for image in expected.tokens.numpy()]
    assert outputs["captions"] == texts
    assert len({round(image[0], 5) for image in outputs["scores"]}) == 4  # the images matter
    np.testing.assert_allclose(outputs["scores"], expected.scores, rtol=1e-5)
    np.testing.assert_array_equal(outputs["lengths"], expected.lengths)
    assert outputs["ok"] == [True] * 4
    assert ("attention" in outputs) == captioner.decoder.attends
    if captioner.decoder.attends:
        np.testing.assert_allclose(outputs["attention"], expected.attention, atol=1e-6)


def test_shapes_and_types_are_those_of_the_contract(exported):
    captioner, _, model = exported
    signature = model.signatures["serving_default"]
    [image_bytes] = signature.structured_input_signature[1].values()
    assert (image_bytes.name, image_bytes.dtype, image_bytes.shape.as_list()) == (
        "image_bytes",
        tf.string,
        [None],
    )
    outputs = serve(model, [photo(0), photo(1)])
    found = {name: (value.dtype.kind, value.shape) for name, value in outputs.items()}
    expected = {
        "captions": ("O", (2, 3)),
        "scores": ("f", (2, 3)),
        "lengths": ("i", (2, 3)),
        "ok": ("b", (2,)),
    }
    if captioner.decoder.attends:
        expected["attention"] = ("f", (2, 3, 6, 36))  # 48 pixels give a grid of 6 x 6
        words = np.arange(6) < outputs["lengths"][..., None]  # [batch, beam, length]
        np.testing.assert_allclose(outputs["attention"].sum(axis=3), words, atol=1e-5)
    assert found == expected
    assert outputs["lengths"].dtype == np.int32


def test_bytes_that_are_no_image_are_marked_and_the_others_served(exported):
    _, _, model = exported
    good = serve(model, [photo(0), photo(1)])
    mixed = serve(model, [b"junk", photo(0), b"", photo(1)[:60], photo(1)])
    assert mixed["ok"].tolist() == [False, True, False, False, True]
    for name, value in mixed.items():
        np.testing.assert_allclose(*_comparable(value[[1, 4]], good[name]))
    bad = [0, 2, 3]
    assert (mixed["captions"][bad] == b"").all()
    assert (mixed["scores"][bad] == -np.inf).all()
    assert (mixed["lengths"][bad] == 0).all()
    assert (mixed.get("attention", np.zeros(5))[bad] == 0).all()


def _comparable(a, b):
    """Strings as numbers: 0 where equal."""
    return ((a != b).astype(int), 0) if a.dtype == object else (a, b)


@pytest.mark.parametrize("images", [[], [b"junk"]])
def test_a_batch_without_any_image_is_served_too(exported, images):
    outputs = serve(exported[2], images)
    assert outputs["ok"].tolist() == [False] * len(images)
    assert outputs["captions"].shape == (len(images), 3)


def test_the_model_says_what_it_is(exported):
    captioner, folder, model = exported
    metadata = json.loads((folder / "assets" / "metadata.json").read_text())
    assert metadata["config"] == {"records": "x"}
    assert metadata["step"] == 7
    assert metadata["vocabulary_size"] == len(VOCABULARY)
    assert metadata["vocabulary_sha256"] == VOCABULARY.sha256()
    assert metadata["grid"] == [6, 6]
    assert metadata["decoding"] == {"beam_size": 3, "max_length": 6, "length_normalization": 0.5}
    assert metadata["attends"] == captioner.decoder.attends
    assert json.loads(model.signatures["metadata"]()["json"].numpy()) == metadata
    assert Vocabulary.load(folder / "assets" / "vocabulary.txt") == VOCABULARY


def test_an_earlier_export_is_replaced_and_the_model_can_be_moved(tmp_path):
    captioner = small_captioner("lstm", len(VOCABULARY))
    for step in (1, 2):
        export_service(captioner, VOCABULARY, DECODING, {"step": step}, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]  # nothing temporary is left
    (tmp_path / "model").rename(tmp_path / "moved")
    assert serve(tf.saved_model.load(str(tmp_path / "moved")), [photo()])["ok"].all()
    assert json.loads((tmp_path / "moved" / "assets" / "metadata.json").read_text())["step"] == 2


@pytest.mark.parametrize("occupied", ["folder", "file"])
def test_nothing_but_an_earlier_export_is_overwritten(occupied, tmp_path):
    output = tmp_path / "precious"
    kept = output / "diary.txt" if occupied == "folder" else output
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("dear diary")
    with pytest.raises(UserError, match=r"precious exists and is no exported model; give a new or an empty folder"):
        export_service(small_captioner("lstm", len(VOCABULARY)), VOCABULARY, DECODING, {}, output)
    assert kept.read_text() == "dear diary"


def test_a_failing_export_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        export_service(
            small_captioner("lstm", len(VOCABULARY)),
            VOCABULARY,
            DECODING,
            {"step": object()},
            tmp_path / "model",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_vocabulary_of_another_size_is_an_error(tmp_path):
    small = Vocabulary.build([["one"]], min_count=1)
    with pytest.raises(ValueError, match=r"Expected a vocabulary of 11 words. Received: 5."):
        export_service(small_captioner("lstm", len(VOCABULARY)), small, DECODING, {}, tmp_path / "model")


def test_images_are_decoded_as_in_evaluation():
    photos = [photo(seed, size=30) for seed in range(3)]
    images, ok = decode_images(tf.constant([photos[0], b"no", photos[1], photos[2]]), 24)
    assert ok.numpy().tolist() == [True, False, True, True]
    for row, data in zip((0, 2, 3), photos):
        np.testing.assert_array_equal(images[row], decode_image(tf.constant(data), 24))
    assert (images[1].numpy() == 0).all()
