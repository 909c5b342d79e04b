r"""Makes a run of a checkpoint of the im2txt of 2016 (TensorFlow 1), to evaluate, export or train on from.

    python -m im2txt.import_checkpoint --checkpoint=model.ckpt-2000000 --word_counts=word_counts.txt \
        --workdir=runs/im2txt2016
    python -m im2txt.export --workdir=runs/im2txt2016 --output=models/im2txt2016

The decoder comes from the checkpoint, whose variables may have the names of any version of that release
(`im2txt.models.old_checkpoints`). The encoder is InceptionV3, as it was, with the weights that --weights names. The
release's own are not imported: neither ImageNet's, which Keras has of another training perhaps (nobody has compared
them here), nor those of its second phase, which trained the encoder along.
"""

import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError

FLAGS = flags.FlagValues()
flags.DEFINE_string("checkpoint", None, "the checkpoint's prefix, such as model.ckpt-2000000", flag_values=FLAGS)
flags.DEFINE_string("word_counts", None, "the vocabulary it was trained with, word_counts.txt", flag_values=FLAGS)
flags.DEFINE_string("workdir", None, "folder for the run; new or empty", flag_values=FLAGS)
flags.DEFINE_string("weights", "imagenet", "of InceptionV3: `imagenet`, or a .weights.h5 file", flag_values=FLAGS)
flags.DEFINE_integer("image_size", 299, "side of the images, pixels", flag_values=FLAGS)
flags.mark_flags_as_required(["checkpoint", "word_counts", "workdir"], flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Imports."""
    del argv
    from im2txt.experiment import ExperimentConfig
    from im2txt.models.decoders.lstm import LSTMConfig
    from im2txt.models.encoders import EncoderConfig
    from im2txt.models.old_checkpoints import load_old_decoder, read_old_weights, read_old_words
    from im2txt.training.checkpoints import BEST, manager, model_parts
    from im2txt.workdir import build_captioner, claim_workdir

    workdir = Path(FLAGS.workdir)
    if workdir.is_file() or (workdir.is_dir() and any(workdir.iterdir())):
        raise UserError(f"--workdir={workdir} is not empty. Choose another folder.")
    words, weights = read_old_words(FLAGS.word_counts), read_old_weights(FLAGS.checkpoint)
    config = ExperimentConfig(
        encoder=EncoderConfig("inception_v3", "mixed10", FLAGS.weights, FLAGS.image_size),
        decoder=LSTMConfig(units=weights.output.shape[0], embedding=weights.words.shape[1]),
    )
    captioner = build_captioner(config, len(words.vocabulary))
    load_old_decoder(captioner.decoder, weights, words.rows)
    claim_workdir(workdir, config, words.vocabulary, captioner.encoder)
    manager(workdir, BEST, model_parts(captioner)).save(_step())
    sys.stdout.write(f"Imported {len(words.vocabulary):,} words and their decoder. Export it with:\n")
    sys.stdout.write(f"  python -m im2txt.export --workdir={workdir} --output=DIR\n")


def _step() -> int:
    """Returns the step that the checkpoint's name ends with; 0 where it has none."""
    number = Path(FLAGS.checkpoint).name.partition("-")[2].partition(".")[0]
    return int(number) if number.isdigit() else 0


def console() -> None:
    """The console script `im2txt-import-checkpoint`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
