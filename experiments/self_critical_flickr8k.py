r"""Self-critical training (Rennie et al. 2017; baseline of Luo 2020) of soft attention on Flickr8k.

It goes on from a run of soft_attention_flickr8k.py, whose decoder it has.

    python -m im2txt.train --config=experiments/self_critical_flickr8k.py --workdir=runs/self_critical_flickr8k \
        --config.start_from=runs/soft_attention_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.self_critical import SelfCriticalConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_mixed8",
        start_from="runs/soft_attention_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=SoftAttentionConfig(feature_units=512, feature_dropout=0.5),
        objective=SelfCriticalConfig(samples=5, baseline="others"),
        data=DataConfig(images_per_batch=10),
        optimizer=OptimizerConfig(learning_rate=5e-5, warmup_steps=100),
        training=TrainingConfig(epochs=6),
        decoding=DecodingConfig(length_normalization=0.5),
    )
