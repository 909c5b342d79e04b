r"""R-Drop (Liang et al. 2021, https://arxiv.org/abs/2106.14448) with Show and Tell on Flickr8k.

It goes on from a run of show_and_tell_flickr8k.py, whose decoder and features it has. A recurrent decoder under a
dropout of 0.5 bears less of it than a Transformer: alpha is 1 here, and at 5 captions got worse. The numbers are in
experiments/RESULTS.md.

    python -m im2txt.train --config=experiments/show_and_tell_r_drop_flickr8k.py \
        --workdir=runs/show_and_tell_r_drop_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.r_drop import RDropConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_views",
        start_from="runs/show_and_tell_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=LSTMConfig(dropout=0.5, word_dropout=0.1, forget_bias=3.0),
        objective=RDropConfig(alpha=1.0, label_smoothing=0.1),
        data=DataConfig(images_per_batch=50, captions_per_image=1, group_batches=10),
        optimizer=OptimizerConfig(learning_rate=3e-4, warmup_steps=200),
        training=TrainingConfig(epochs=20, validate_epochs=2.5),
        decoding=DecodingConfig(length_normalization=0.5),
    )
