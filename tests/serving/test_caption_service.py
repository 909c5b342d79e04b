"""The exported service: in process, and in a process that imports TensorFlow alone."""

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from im2txt.data.images import decode_image
from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.errors import UserError
from im2txt.serving.caption_service import decode_images, export_service, spell_captions
from im2txt.serving.client import Photo, Service
from im2txt.text.vocabulary import BYTE_WORDS, END, PAD, SPECIAL_WORDS, Vocabulary
from tests.helpers import photo, small_captioner

DECODING = DecodingConfig(beam_size=3, max_length=6, length_normalization=0.5)
VOCABULARY = Vocabulary.build([["two", "red", "circles"], ["a", "café", "über", "allem"]], min_count=1)
PIECES = Vocabulary((*SPECIAL_WORDS, "play", "##ing", "犬", "##é", *BYTE_WORDS), (0,) * 264)

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


def test_photos_are_served_upright_and_opaque(exported):
    _, _, model = exported
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    exif, half = Image.Exif(), Image.new("L", image.size, 128)
    exif[0x0112] = 6
    clear = Image.merge("RGBA", [*image.split(), half])
    flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), clear).convert("RGB")
    turned = Image.open(io.BytesIO(encoded(image, "JPEG"))).transpose(Image.Transpose.ROTATE_270)
    unprepared = serve(model, [encoded(image, "JPEG", exif=exif), encoded(clear, "PNG")])
    prepared = serve(model, [encoded(turned, "PNG"), encoded(flat, "PNG")])
    np.testing.assert_allclose(unprepared["scores"], prepared["scores"], atol=1e-3)
    as_they_are = serve(model, [encoded(image, "JPEG"), encoded(image, "PNG")])
    assert (np.abs(as_they_are["scores"] - prepared["scores"]).max(axis=1) > 1e-2).all()


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


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


@pytest.mark.parametrize("name", [".", "link"])
def test_an_export_is_replaced_in_the_folder_itself_and_through_a_link(tmp_path, monkeypatch, name):
    captioner, folder = small_captioner("lstm", len(VOCABULARY)), tmp_path / "model"
    export_service(captioner, VOCABULARY, DECODING, {"step": 1}, folder)
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder if name == "." else tmp_path)
    export_service(captioner, VOCABULARY, DECODING, {"step": 2}, name)
    assert json.loads((folder / "assets" / "metadata.json").read_text())["step"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "model"]


def test_a_damaged_export_is_told(tmp_path):
    export_service(small_captioner("lstm", len(VOCABULARY)), VOCABULARY, DECODING, {}, tmp_path / "model")
    for name in ("variables/variables.index", "saved_model.pb", "assets/metadata.json"):
        (tmp_path / "model" / name).write_bytes(b"")
        with pytest.raises(UserError, match=r"model is damaged \(.*\)\. Export one with: python -m im2txt\.export"):
            Service(tmp_path / "model")


def test_a_folder_that_tensorflow_would_not_find_again_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"mo\[1\]del has a \[ in it, which TensorFlow takes for a pattern"):
        export_service(small_captioner("lstm", len(VOCABULARY)), VOCABULARY, DECODING, {}, tmp_path / "mo[1]del")
    assert not list(tmp_path.iterdir())


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


def test_an_earlier_export_comes_back_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    captioner, output = small_captioner("lstm", len(VOCABULARY)), tmp_path / "model"
    export_service(captioner, VOCABULARY, DECODING, {"step": 1}, output)
    rename = Path.rename

    def fail(self, target):
        if self.name == "saved":
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="busy"):
        export_service(captioner, VOCABULARY, DECODING, {"step": 2}, output)
    assert json.loads((output / "assets" / "metadata.json").read_text())["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_mounted_volume_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda self: self == tmp_path / "volume")
    (tmp_path / "volume").mkdir()
    with pytest.raises(UserError, match=r"volume is a mounted volume, which cannot be replaced; give a folder in it"):
        export_service(small_captioner("lstm", len(VOCABULARY)), VOCABULARY, DECODING, {}, tmp_path / "volume")


def test_a_vocabulary_of_another_size_is_an_error(tmp_path):
    small = Vocabulary.build([["one"]], min_count=1)
    with pytest.raises(ValueError, match=r"Expected a vocabulary of 11 words. Received: 5."):
        export_service(small_captioner("lstm", len(VOCABULARY)), small, DECODING, {}, tmp_path / "model")


@pytest.mark.parametrize("vocabulary", [VOCABULARY, PIECES], ids=["words", "pieces"])
def test_the_graph_spells_as_the_vocabulary_does(vocabulary):
    rng = random.Random(0)
    tokens = [_sentence(rng, vocabulary, length=12) for _ in range(4000)]
    spell = tf.function(lambda tokens: spell_captions(tokens, vocabulary))
    captions, pieces = spell(tf.reshape(tf.constant(tokens), [1000, 4, 12]))
    assert captions.shape == (1000, 4)
    found = [caption.decode() for caption in captions.numpy().ravel()]  # valid UTF-8, whatever the bytes
    assert found == [vocabulary.decode(ids) for ids in tokens]
    assert any("\ufffd" in caption for caption in found) == (vocabulary is PIECES)
    for row, ids in zip(pieces.numpy().reshape(-1, 12), tokens):
        assert [piece for piece in row if piece] == [piece for piece in vocabulary.pieces_of(ids) if piece]


def _sentence(rng, vocabulary, length):
    """Random ids, often bytes of characters or of none, <end> after some of them, then padding."""
    pool = rng.choice([range(len(vocabulary)), range(3, min(len(vocabulary), 11))])
    ids = [word_id for word_id in rng.choices(pool, k=length) if word_id != END]
    if vocabulary is PIECES and rng.random() < 0.5:  # bytes that belong together, with one gone
        text = "".join(rng.choices("aé犬😀 \n\0\ufeff", k=8)).encode()[:length]
        ids = [8 + byte for byte in text]
        ids.pop(rng.randrange(len(ids)))
    ids = ids[: rng.randint(0, length)]
    return (ids + [END] + [PAD] * length)[:length]


@pytest.fixture(scope="module")
def service_in_pieces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pieces") / "model"
    captioner = small_captioner("soft_attention", len(PIECES))
    export_service(captioner, PIECES, DECODING, {}, folder)
    return captioner, folder


def test_a_service_with_attention_says_its_pieces_where_words_have_some(service_in_pieces):
    captioner, folder = service_in_pieces
    outputs = serve(tf.saved_model.load(str(folder)), [photo(0), b"junk", photo(1)])
    images = tf.stack([decode_image(tf.constant(photo(seed)), 48) for seed in (0, 1)])
    state = captioner.decoder.start(captioner.encode(images))
    tokens = beam_search(captioner.decoder.step, state, DECODING, 2).tokens.numpy()
    for row, image in zip((0, 2), tokens):
        for beam, ids in enumerate(image):
            assert outputs["captions"][row, beam].decode() == PIECES.decode(ids)
            assert outputs["pieces"][row, beam].tolist() == [PIECES.pieces[word_id] for word_id in ids]
    assert (outputs["pieces"][1] == b"").all()


def test_the_client_has_a_map_for_each_whole_word(service_in_pieces, tmp_path):
    (tmp_path / "photo.png").write_bytes(photo(0))
    [captioned] = Service(service_in_pieces[1]).caption([Photo(tmp_path / "photo.png", "photo.png")])
    steps = serve(tf.saved_model.load(str(service_in_pieces[1])), [photo(0)])
    joined = 0
    for beam, caption in enumerate(captioned.captions):
        assert " ".join(caption.words).split() == caption.text.split()
        assert caption.attention.shape == (len(caption.words), 6, 6)
        np.testing.assert_allclose(caption.attention.sum(axis=(1, 2)), 1, atol=1e-5)
        said = [piece for piece in steps["pieces"][0, beam] if piece.strip()]
        joined += len(said) > len(caption.words)
        if len(caption.words) == 1 and len(said) == len(steps["pieces"][0, beam]):
            mean = steps["attention"][0, beam].mean(axis=0)
            np.testing.assert_allclose(caption.attention[0].ravel(), mean, atol=1e-6)
    assert joined


def test_images_are_decoded_as_in_evaluation():
    photos = [photo(seed, size=30) for seed in range(3)]
    images, ok = decode_images(tf.constant([photos[0], b"no", photos[1], photos[2]]), 24)
    assert ok.numpy().tolist() == [True, False, True, True]
    for row, data in zip((0, 2, 3), photos):
        np.testing.assert_array_equal(images[row], decode_image(tf.constant(data), 24))
    assert (images[1].numpy() == 0).all()
