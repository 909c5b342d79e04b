r"""Show, Attend and Tell (Xu et al. 2015, https://arxiv.org/abs/1502.03044), hard attention (section 4.1), on Flickr8k.

It goes on from a run of soft_attention_r_drop_flickr8k.py, whose features it has, but each word looks at one region,
drawn, with the expectation in its place for half of the words; trained on the variational bound. Captions are sought
with the expectation, as the authors' released code does; --config.decoder.test_attention=argmax looks at one region
there too.

    python -m im2txt.train --config=experiments/hard_attention_flickr8k.py --workdir=runs/hard_attention_flickr8k

Deviation: the paper trains it from nothing; so trained, its map became even, and captions poor. It never was better
than the soft attention it began from. The numbers are in experiments/RESULTS.md.
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.hard_attention import HardAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.variational_bound import VariationalBoundConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_mixed8",
        start_from="runs/soft_attention_r_drop_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=HardAttentionConfig(feature_units=512, feature_dropout=0.5),
        objective=VariationalBoundConfig(label_smoothing=0.1, reward_weight=3.0, entropy_weight=0.01),
        data=DataConfig(images_per_batch=10, group_batches=20),
        optimizer=OptimizerConfig(learning_rate=1e-4, warmup_steps=200),
        training=TrainingConfig(epochs=3, validate_epochs=0.5),
        decoding=DecodingConfig(length_normalization=0.5),
    )
