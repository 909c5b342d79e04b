r"""Show and Tell (Vinyals et al. 2015, https://arxiv.org/abs/1411.4555) on Flickr8k, over a frozen InceptionV3.

Pooled features cost next to nothing, so a batch has 50 images with one caption each: more to learn from than 10 with
five. An epoch is one over images, and 5 of them one over captions. Features come from four views of each photo.

    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k --output=data/flickr8k
    python -m im2txt.extract_features --config=experiments/show_and_tell_flickr8k.py --records=data/flickr8k \
        --output=data/flickr8k_views --views=4
    python -m im2txt.train --config=experiments/show_and_tell_flickr8k.py --workdir=runs/show_and_tell_flickr8k

Scores, time and hardware are in experiments/RESULTS.md.
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_views",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=LSTMConfig(dropout=0.5, word_dropout=0.1, forget_bias=3.0),
        objective=CrossEntropyConfig(label_smoothing=0.1),
        data=DataConfig(images_per_batch=50, captions_per_image=1, group_batches=10),
        optimizer=OptimizerConfig(learning_rate=1e-3, warmup_steps=200),
        training=TrainingConfig(epochs=80, validate_epochs=5),
        decoding=DecodingConfig(length_normalization=0.5),
    )
