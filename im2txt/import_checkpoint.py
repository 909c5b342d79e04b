r"""Makes a run of a checkpoint of the im2txt of 2016 (TensorFlow 1), to evaluate, export or train on from.

    python -m im2txt.import_checkpoint --checkpoint=model.ckpt-2000000 --word_counts=word_counts.txt \
        --workdir=runs/im2txt2016
    python -m im2txt.export --workdir=runs/im2txt2016 --output=models/im2txt2016

Variables may have the names of any version of that release (`im2txt.models.old_checkpoints`). InceptionV3 is the
checkpoint's own (`im2txt.models.old_inception`): ImageNet's after the release's first phase, the fine-tuned one after
its second. Other weights are taken where --weights names them, and ImageNet's of `keras.applications` where a
checkpoint holds the decoder alone.

Deviation: images come in as this package decodes them (`im2txt.data.images`), the whole of one squeezed to 299x299. The
release squeezed it to 346x346 and took the central 299x299, so that the model saw a little less of the image, a little
larger; and TensorFlow 1 sampled pixels at their corners, not their centres. What this does to captions nobody has
measured here. From the pixels of the square image on, all is as it was.
"""

import shutil
import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.files import refuse_patterns

FLAGS = flags.FlagValues()
flags.DEFINE_string("checkpoint", None, "the checkpoint's prefix, such as model.ckpt-2000000", flag_values=FLAGS)
flags.DEFINE_string("word_counts", None, "the vocabulary it was trained with, word_counts.txt", flag_values=FLAGS)
flags.DEFINE_string("workdir", None, "folder for the run; new or empty", flag_values=FLAGS)
flags.DEFINE_string(
    "weights",
    None,
    "of InceptionV3: `imagenet`, `random` or a .weights.h5 file; default: the checkpoint's own, `imagenet` without any",
    flag_values=FLAGS,
)
flags.DEFINE_integer("image_size", 299, "side of the images, pixels", flag_values=FLAGS)
flags.mark_flags_as_required(["checkpoint", "word_counts", "workdir"], flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Imports."""
    del argv
    from im2txt.experiment import ExperimentConfig
    from im2txt.models.decoders.lstm import LSTMConfig
    from im2txt.models.encoders import EncoderConfig
    from im2txt.models.old_checkpoints import load_old_decoder, read_old_weights, read_old_words
    from im2txt.models.old_inception import load_old_inception, read_old_inception
    from im2txt.training.checkpoints import BEST, manager, model_parts, save
    from im2txt.workdir import ENCODER, build_captioner, claim_workdir

    workdir = Path(FLAGS.workdir)
    refuse_patterns(workdir)
    if workdir.is_file() or (workdir.is_dir() and any(workdir.iterdir())):
        raise UserError(f"--workdir={workdir} is not empty. Choose another folder.")
    words, weights = read_old_words(FLAGS.word_counts), read_old_weights(FLAGS.checkpoint)
    inception = {} if FLAGS.weights else read_old_inception(FLAGS.checkpoint)
    source = "random" if inception else FLAGS.weights or "imagenet"
    config = ExperimentConfig(
        encoder=EncoderConfig("inception_v3", "mixed10", source, FLAGS.image_size),
        decoder=LSTMConfig(units=weights.output.shape[0], embedding=weights.words.shape[1]),
    )
    captioner = build_captioner(config, len(words.vocabulary))
    load_old_decoder(captioner.decoder, weights, words.rows)
    if inception:
        load_old_inception(captioner.encoder.network, inception)
        config.encoder.weights = str(workdir / ENCODER)  # the file that the next line writes
    try:
        claim_workdir(workdir, config, words.vocabulary, captioner.encoder)
        save(manager(workdir, BEST, model_parts(captioner)), _step())
    except BaseException:
        shutil.rmtree(workdir, ignore_errors=True)  # it was empty
        raise
    told = "is the checkpoint's own" if inception else f"has the weights `{source}`"
    reason = "" if inception or FLAGS.weights else ": the checkpoint holds none"
    sys.stdout.write(f"Imported {len(words.vocabulary):,} words and their decoder. InceptionV3 {told}{reason}.\n")
    sys.stdout.write(f"Export it with:\n  python -m im2txt.export --workdir={workdir} --output=DIR\n")


def _step() -> int:
    """Returns the step that the checkpoint's name ends with; 0 where it has none."""
    number = Path(FLAGS.checkpoint).name.partition("-")[2].partition(".")[0]
    return int(number) if number.isdigit() else 0


def console() -> None:
    """The console script `im2txt-import-checkpoint`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
