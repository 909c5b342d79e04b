r"""Show, Attend and Tell (Xu et al. 2015, https://arxiv.org/abs/1502.03044), soft attention, on Flickr8k.

The encoder is a frozen InceptionV3 instead of the paper's VGG, cut at mixed8: 8 x 8 regions of depth 1280.
Scores, time and hardware are in experiments/RESULTS.md.

    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k --output=data/flickr8k
    python -m im2txt.extract_features --config=experiments/soft_attention_flickr8k.py --records=data/flickr8k \
        --output=data/flickr8k_mixed8
    python -m im2txt.train --config=experiments/soft_attention_flickr8k.py --workdir=runs/soft_attention_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_mixed8",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=SoftAttentionConfig(feature_units=512, feature_dropout=0.5),
        objective=CrossEntropyConfig(label_smoothing=0.1),
        data=DataConfig(images_per_batch=10, group_batches=20),
        optimizer=OptimizerConfig(learning_rate=5e-4, warmup_steps=200),
        training=TrainingConfig(epochs=12),
        decoding=DecodingConfig(length_normalization=0.5),
    )
