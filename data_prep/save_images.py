"""Saves the images of records as files, for instance to caption them with an exported model.

    python -m data_prep.save_images --records=data/scenes --split=test --count=5 --output=photos

Each file is named after its image's id and holds the bytes of the record, unchanged. Existing files are replaced.
"""

import itertools
import re
import sys
from collections.abc import Container
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.files import write_whole

FLAGS = flags.FlagValues()
flags.DEFINE_string("records", None, "folder of image records", required=True, flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder for the files; made if absent", required=True, flag_values=FLAGS)
flags.DEFINE_string("split", "test", "split to take images from", flag_values=FLAGS)
flags.DEFINE_integer("count", 5, "how many, from the first on", lower_bound=1, flag_values=FLAGS)


def save_images(records: str, split: str, count: int, output: str) -> list[Path]:
    """Writes the first `count` images of a split into `output`; returns the files.

    Raises:
        UserError: the records or the split are not to be had, or hold features where images should be.
    """
    from im2txt.data.records import read_image_records

    images = itertools.islice(read_image_records(records, split), count)
    Path(output).mkdir(parents=True, exist_ok=True)
    saved = {}  # path by name
    for image in images:
        name = _file_name(image.image_id, image.image_bytes, saved)
        saved[name] = Path(output) / name
        write_whole(saved[name], image.image_bytes)
    return list(saved.values())


def _file_name(image_id: str, image_bytes: bytes, taken: Container[str]) -> str:
    """Returns a name that no other image has `taken`: ids may differ in what no file name can have."""
    path = Path(re.sub(r"[^\w.-]", "_", image_id))
    suffix = ".png" if image_bytes.startswith(b"\x89PNG") else ".jpg"
    stem, suffix = (path.stem, path.suffix) if path.suffix.lower() in (".jpg", ".jpeg", ".png") else (path.name, suffix)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(name + suffix for name in names if name + suffix not in taken)


def main(argv: list[str]) -> None:
    """Saves."""
    del argv
    saved = save_images(FLAGS.records, FLAGS.split, FLAGS.count, FLAGS.output)
    sys.stdout.write(f"Saved {len(saved)} images in {FLAGS.output}\n")


def console() -> None:
    """The console script `im2txt-save-images`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
