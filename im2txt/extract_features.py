r"""Runs a frozen encoder once over every image of a records folder and keeps what it sees as feature records.

    python -m im2txt.extract_features --records=data/flickr8k --output=data/flickr8k_mixed8 \
        --config=experiments/soft_attention_flickr8k.py
    python -m im2txt.extract_features --records=data/flickr8k --output=data/flickr8k_mobilenet \
        --encoder=mobilenet_v2 --image_size=224
    python -m im2txt.extract_features --records=data/flickr8k --output=data/flickr8k_views \
        --encoder=vgg16 --image_size=224 --views=5

The encoder is that of an experiment (--config), or one named by --encoder and the flags beside it. Training
on the features (--config.records=OUTPUT) is many times faster than on the images. With --views=K, split `train`
is kept in K views of each image, of which training draws one each time it sees the image: the whole image, and
random crops of 299/346, mirrored or not. It takes K times as long and as much room. A run that was stopped goes on
where it was when the same command is given again.
"""

import sys

from absl import flags

from im2txt.commands import define_config_flag, run
from im2txt.errors import UserError

FLAGS = flags.FlagValues()
flags.DEFINE_string("records", None, "folder of image records", required=True, flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder for the feature records", required=True, flag_values=FLAGS)
flags.DEFINE_list("splits", [], "splits to do; none means all", flag_values=FLAGS)
flags.DEFINE_integer("batch_size", 32, "images encoded at once", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("encoder", None, "name of an encoder, in place of --config", flag_values=FLAGS)
flags.DEFINE_string("end_point", "", "layer to cut it at; empty for its last grid", flag_values=FLAGS)
flags.DEFINE_string("weights", "imagenet", "imagenet, random, or a .weights.h5 file", flag_values=FLAGS)
flags.DEFINE_integer("image_size", 299, "side of its square input, pixels", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("views", 1, "views of each image of split `train`", lower_bound=1, flag_values=FLAGS)
define_config_flag(FLAGS, "experiment whose encoder to take", required=False)


def main(argv: list[str]) -> None:
    """Extracts features."""
    del argv
    if (FLAGS.config is None) == (FLAGS.encoder is None):
        raise UserError("Give the encoder either by --config=FILE or by --encoder=NAME.")
    _refuse_unheeded()
    from im2txt.data.records import read_manifest
    from im2txt.data.views import held_views
    from im2txt.evaluation.feature_extraction import extract_features
    from im2txt.models.encoders import EncoderConfig, build_encoder

    read_manifest(FLAGS.records)  # a mistyped folder is told before the encoder is built
    named = EncoderConfig(FLAGS.encoder, FLAGS.end_point, FLAGS.weights, FLAGS.image_size)
    config = FLAGS.config.encoder if FLAGS.config else named
    encoder = build_encoder(config)
    options = FLAGS.splits, FLAGS.batch_size, FLAGS.views
    manifest = extract_features(FLAGS.records, FLAGS.output, encoder, config, *options)
    grid, depth = manifest["features"]["grid"], manifest["features"]["depth"]
    for name, split in sorted(manifest["splits"].items()):
        views = held_views(manifest, name)
        images = f"{split['images']} images" + (f" in {views} views" if views > 1 else "")
        sys.stdout.write(f"{name}: {images}, {grid[0]}x{grid[1]} regions of depth {depth}\n")


def _refuse_unheeded() -> None:
    """Raises UserError for a flag of a named encoder that stands beside --config, which would not heed it."""
    for flag in ("end_point", "weights", "image_size"):
        if FLAGS.config is not None and FLAGS[flag].present:
            raise UserError(f"--{flag} belongs to --encoder; beside --config it is --config.encoder.{flag}.")


def console() -> None:
    """The console script `im2txt-extract-features`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
