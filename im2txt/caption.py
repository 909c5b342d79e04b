"""Captions photos with an exported model.

    python -m im2txt.caption --model=SAVED_MODEL_DIR photo.jpg holiday_photos/

prints for each image its captions, best first, each with its probability:

    Captions for image photo.jpg:
      0) a man riding a wave on top of a surfboard (p=0.040413)
      1) a man riding a surf board on a wave (p=0.017452)

A folder stands for the image files in and below it. A file that is no image is reported and stops nothing. With
--json there is one line an image, {"image", "ok", "captions": [{"text", "log_probability", "length"}]}; the
length counts the words and the end of the caption.
"""

import json
import os
import sys

from absl import flags
from tqdm import tqdm

from im2txt.commands import run
from im2txt.errors import UserError

FLAGS = flags.FlagValues()
flags.DEFINE_string("model", None, "the folder that im2txt.export wrote", flag_values=FLAGS)
flags.DEFINE_bool("json", False, "print one JSON object an image", flag_values=FLAGS)
flags.DEFINE_string("attention_dir", None, "draw where the model looked for each word, one PNG an image, here", flag_values=FLAGS)
flags.DEFINE_integer("batch_size", 8, "images captioned at a time", lower_bound=1, flag_values=FLAGS)
flags.mark_flag_as_required("model", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Captions the images in `argv`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from im2txt.serving.attention_files import AttentionFiles
    from im2txt.serving.client import Service, find_photos, in_batches

    if not argv:
        raise UserError("No image given; name image files, or folders that hold some.")
    photos = find_photos(argv)
    service = Service(FLAGS.model)
    pictures = AttentionFiles(FLAGS.attention_dir, service) if FLAGS.attention_dir else None
    describe = as_json if FLAGS.json else as_text
    with tqdm(total=len(photos), unit="image", file=sys.stderr) as progress:
        for batch in in_batches(photos, FLAGS.batch_size):
            for captioned in service.caption(batch):
                progress.write(describe(captioned), file=sys.stdout)
                if pictures and captioned.ok:
                    pictures.draw(captioned)
            progress.update(len(batch))
