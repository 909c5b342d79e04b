"""Exports a trained captioner as a SavedModel: image bytes in, captions out, with TensorFlow alone.

    python -m im2txt.export --workdir=runs/scenes --output=models/scenes
    python -m im2txt.export --workdir=runs/scenes --output=models/wide --beam_size=10 --max_length=30
    python -m im2txt.export --workdir=runs/a --workdir=runs/b --output=models/ensemble

Several runs with the same words become one model, an ensemble: the mean of their probabilities. Decoding
options that are not given are those of the (first) run's config. What the model takes and returns is written
in im2txt/serving/caption_service.py; im2txt.caption uses it. An earlier export in the folder is replaced.
"""

import dataclasses
import sys

from absl import flags

from im2txt.commands import define_checkpoint_flag, run

FLAGS = flags.FlagValues()
flags.DEFINE_multi_string(
    "workdir", None, "folder of a run of im2txt.train; several make an ensemble", flag_values=FLAGS, required=True
)
flags.DEFINE_string("output", None, "folder for the model", flag_values=FLAGS, required=True)
define_checkpoint_flag(FLAGS)
flags.DEFINE_integer("beam_size", None, "captions sought and returned for an image", flag_values=FLAGS)
flags.DEFINE_integer("max_length", None, "most words in a caption, its end included", flag_values=FLAGS)
flags.DEFINE_float(
    "length_normalization", None, "exponent of the length by which scores are divided", flag_values=FLAGS
)


def main(argv: list[str]) -> None:
    """Exports."""
    del argv
    from im2txt.serving.caption_service import check_output, export_service
    from im2txt.workdir import load_ensemble, versions

    check_output(FLAGS.output)
    loaded = load_ensemble(FLAGS.workdir, FLAGS.checkpoint)
    options = ("beam_size", "max_length", "length_normalization")
    given = {name: FLAGS[name].value for name in options if FLAGS[name].value is not None}
    decoding = dataclasses.replace(loaded.config.decoding, **given)
    decoding.check(loaded.captioner.decoder.max_length)
    metadata = {
        "config": dataclasses.asdict(loaded.config),
        "checkpoint": FLAGS.checkpoint,
        "step": loaded.step,
        "members": len(FLAGS.workdir),
        "versions": versions(),
    }
    others = "".join(f" and {workdir}" for workdir in FLAGS.workdir[1:])
    export_service(loaded.captioner, loaded.vocabulary, decoding, metadata, FLAGS.output)
    sys.stdout.write(f"Exported step {loaded.step} of {FLAGS.workdir[0]}{others}. Caption photos with:\n")
    sys.stdout.write(f"  python -m im2txt.caption --model={FLAGS.output} IMAGE_OR_DIR ...\n")


def console() -> None:
    """The console script `im2txt-export`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
