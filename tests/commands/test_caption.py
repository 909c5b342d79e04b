"""The command that captions photos, run as users run it."""

import json
import math
import re
from functools import partial

import pytest
from PIL import Image

from im2txt import caption
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.attention_pictures import GAP, MARGIN
from im2txt.serving.caption_service import export_service
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import photo, run_command, small_captioner

VOCABULARY = Vocabulary.build([["two", "red", "circles"], ["a", "café", "über", "allem"]], min_count=1)
run = partial(run_command, caption)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for decoder in ("lstm", "soft_attention"):
        captioner = small_captioner(decoder, len(VOCABULARY))
        export_service(captioner, VOCABULARY, DecodingConfig(max_length=6), {}, folder / decoder)
    return folder


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("b.png", "a.png", "c.png")):
        (folder / name).write_bytes(photo(seed))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    return folder


def test_captions_are_printed_as_im2txt_did(models, photos):
    code, out, err = run(f"--model={models / 'lstm'}", photos / "a.png")
    assert code == 0
    title, *lines = out.splitlines()
    assert title == "Captions for image a.png:"
    assert len(lines) == 3
    assert all(re.fullmatch(rf"  {i}\) [\w ]* ?\(p=\d\.\d{{6}}\)", line) for i, line in enumerate(lines))
    assert "1/1" in err  # the progress bar


def test_json_has_a_line_an_image_and_marks_the_broken_one(models, photos):
    code, out, _ = run(f"--model={models / 'lstm'}", "--json", "--batch_size=3", photos)
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    names = ["a.png", "b.png", "broken.jpg", "c.png"]
    assert [line["image"] for line in lines] == [str(photos / name) for name in names]
    assert [line["ok"] for line in lines] == [True, True, False, True]
    assert lines[2]["captions"] == []
    best = lines[0]["captions"][0]
    assert set(best) == {"text", "log_probability", "length"}
    assert best["log_probability"] == max(c["log_probability"] for c in lines[0]["captions"])
    _, text, _ = run(f"--model={models / 'lstm'}", photos / "a.png")
    assert f"  0) {best['text']} (p={math.exp(best['log_probability']):.6f})" in text


def test_a_broken_photo_is_reported_among_the_others(models, photos):
    code, out, _ = run(f"--model={models / 'lstm'}", photos / "broken.jpg", photos / "a.png")
    assert code == 0
    assert out.splitlines()[:2] == [
        "Captions for image broken.jpg: none, for this file is no image that can be read",
        "Captions for image a.png:",
    ]


def test_attention_pictures_are_drawn_for_each_photo(models, photos, tmp_path):
    code, out, _ = run(f"--model={models / 'soft_attention'}", f"--attention_dir={tmp_path / 'maps'}", photos)
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == ["a.png", "b.png", "c.png"]
    words = len(out.splitlines()[1].split()) - 2  # without "0)" and "(p=...)"
    panels = min(words + 1, 6)
    with Image.open(tmp_path / "maps" / "a.png") as strip:
        assert strip.width == 2 * MARGIN + panels * 168 + (panels - 1) * GAP


def test_a_model_without_attention_cannot_be_drawn(models, photos, tmp_path):
    code, _, err = run(f"--model={models / 'lstm'}", f"--attention_dir={tmp_path / 'maps'}", photos)
    assert code == 1
    assert "has no attention that could be drawn" in err
    assert not (tmp_path / "maps").exists()


def test_mistakes_are_told_in_one_sentence(models, photos, tmp_path):
    model = f"--model={models / 'lstm'}"
    (tmp_path / "empty").mkdir()
    mistakes = {
        (model,): "error: No image was given; name image files, or folders that hold some.",
        (model, tmp_path / "gone.jpg"): "gone.jpg does not exist",
        (model, tmp_path / "empty"): "holds no image",
        ("--model=/nowhere", photos): "error: Model folder /nowhere does not exist. Export one with",
        (f"--model={photos}", photos): "is no exported model",
        (photos,): "--model",
        (model, "--batch_size=0", photos): "batch_size",
    }
    for arguments, message in mistakes.items():
        code, out, err = run(*arguments)
        assert code == 1
        assert out == ""
        assert message in err
        assert "Traceback" not in err
