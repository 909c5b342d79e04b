"""Files that im2txt.score reads, and what it writes of them."""

import json
from functools import partial

from im2txt import score
from tests.helpers import run_command

CAPTIONS = {"1": "a dog runs", "2": "a cat sleeps"}
REFERENCES = {"2": ["A cat is sleeping.", "a cat sleeps"], "1": ["A dog runs!"]}
run = partial(run_command, score)


def results(captions):
    return json.dumps([{"image_id": image, "caption": caption} for image, caption in captions.items()])


def annotations(references, number=int):
    items = [{"image_id": number(i), "caption": text} for i, texts in references.items() for text in texts]
    return json.dumps({"images": [{"id": number(image)} for image in references], "annotations": items})


def scored(tmp_path, *arguments):
    """Runs with --output; returns what was written, and what was noted."""
    code, _, err = run(*arguments, f"--output={tmp_path / 'scores.json'}")
    assert code == 0, err
    return json.loads((tmp_path / "scores.json").read_text(encoding="utf-8")), err
