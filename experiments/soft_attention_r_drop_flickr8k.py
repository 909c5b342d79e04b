r"""R-Drop (Liang et al. 2021, https://arxiv.org/abs/2106.14448) with soft attention on Flickr8k.

It goes on from a run of soft_attention_flickr8k.py, whose decoder and features it has. As with Show and Tell, alpha is
1 and not the paper's 5, at which captions got worse. The numbers are in experiments/RESULTS.md.

    python -m im2txt.train --config=experiments/soft_attention_r_drop_flickr8k.py \
        --workdir=runs/soft_attention_r_drop_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.r_drop import RDropConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_mixed8",
        start_from="runs/soft_attention_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=SoftAttentionConfig(feature_units=512, feature_dropout=0.5),
        objective=RDropConfig(alpha=1.0, label_smoothing=0.1),
        data=DataConfig(images_per_batch=10, group_batches=20),
        optimizer=OptimizerConfig(learning_rate=2e-4, warmup_steps=200),
        training=TrainingConfig(epochs=3, validate_epochs=0.5),
        decoding=DecodingConfig(length_normalization=0.5),
    )
