"""The small Flickr8k folder that tests of builds read (fixture `source`), and the command that builds its records."""

import json

from data_prep import build_records
from im2txt.data.records import read_image_records

TRAIN = {f"t{number}.jpg": ["A dog runs .", "The dog is running ."] for number in range(5)}
VAL = {"v0.jpg": ["A zebra runs ."], "v1.jpg": ["A dog .", "Dog", "The dog is here ."]}


def build(source, output, *arguments, dataset="flickr8k", workers=1):
    """Runs the command; returns the manifest."""
    places = [f"--source={source}", f"--output={output}", f"--workers={workers}"]
    build_records.FLAGS.unparse_flags()
    build_records.FLAGS(["build_records", f"--dataset={dataset}", *places, *arguments])
    build_records.main([])
    return json.loads((output / "manifest.json").read_text(encoding="utf-8"))


def read(output, split):
    return list(read_image_records(output, split))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}
