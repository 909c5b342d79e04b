"""Captions photos with an exported model.

    python -m im2txt.caption --model=SAVED_MODEL_DIR photo.jpg holiday_photos/

prints for each image its captions, best first, each with its probability:

    Captions for image photo.jpg:
      0) a man riding a wave on top of a surfboard (p=0.040413)
      1) a man riding a surf board on a wave (p=0.017452)

A folder stands for the image files in and below it. A file that is no image is reported and stops nothing.
With --json there is one line an image, {"image", "ok", "captions": [{"text", "log_probability", "length"}]};
the length counts the words, or pieces of words, and the end of the caption.
"""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags
from tqdm import tqdm

from im2txt.commands import run
from im2txt.errors import UserError

if TYPE_CHECKING:
    from im2txt.serving.client import CaptionedPhoto, Service

FLAGS = flags.FlagValues()
flags.DEFINE_string("model", None, "the folder that im2txt.export wrote", flag_values=FLAGS)
flags.DEFINE_bool("json", False, "print one JSON object an image", flag_values=FLAGS)
flags.DEFINE_string(
    "attention_dir",
    None,
    "folder for pictures of where the model looked, one PNG an image",
    flag_values=FLAGS,
)
flags.DEFINE_integer("batch_size", 8, "images captioned at a time", lower_bound=1, flag_values=FLAGS)
flags.mark_flag_as_required("model", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Captions the images that `argv` names."""
    from im2txt.serving.client import Service, find_photos, in_batches

    if not argv:
        raise UserError("No image was given; name image files, or folders that hold some.")
    photos = find_photos(argv)
    service = Service(FLAGS.model)
    draw = _drawing(service) if FLAGS.attention_dir else None
    describe = as_json if FLAGS.json else as_text
    with tqdm(total=len(photos), unit="image", file=sys.stderr) as progress:
        for batch in in_batches(photos, FLAGS.batch_size):
            for captioned in service.caption(batch):
                progress.write(describe(captioned), file=sys.stdout)
                if draw and captioned.captions:
                    draw(captioned)
            progress.update(len(batch))


def as_text(captioned: "CaptionedPhoto") -> str:
    """Describes a captioned photo the way im2txt did."""
    title = f"Captions for image {captioned.photo.name}:"
    if not captioned.ok:
        return f"{title} none, for this file is no image that can be read"
    lines = (f"  {i}) {c.text} (p={as_probability(c.probability)})" for i, c in enumerate(captioned.captions))
    return "\n".join((title, *lines))


def as_probability(probability: float) -> str:
    """Writes a probability with six decimals, as im2txt did, but one that these would hide with an exponent."""
    return f"{probability:f}" if probability >= 1e-4 else f"{probability:.1e}"


def as_json(captioned: "CaptionedPhoto") -> str:
    """Describes a captioned photo as a JSON object on one line."""
    fields = ("text", "log_probability", "length")
    captions = [{field: getattr(caption, field) for field in fields} for caption in captioned.captions]
    return json.dumps({"image": str(captioned.photo.path), "ok": captioned.ok, "captions": captions})


def _drawing(service: "Service") -> Callable[["CaptionedPhoto"], None]:
    from im2txt.evaluation.attention_pictures import AttentionFolder

    if not service.metadata["attends"]:
        raise UserError(f"--attention_dir: the model in {FLAGS.model} has no attention that could be drawn.")
    folder = AttentionFolder(FLAGS.attention_dir)

    def draw(captioned: "CaptionedPhoto") -> None:
        best = captioned.captions[0]
        folder.draw(captioned.photo.name, captioned.photo.read(), best.words, best.attention)

    return draw


def console() -> None:
    """The console script `im2txt-caption`."""
    run(main, FLAGS, positional=True)


if __name__ == "__main__":
    console()
