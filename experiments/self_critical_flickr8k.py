r"""Self-critical training (Rennie et al. 2017; baseline of Luo 2020) of the Transformer on Flickr8k.

It goes on from a run of transformer_flickr8k.py, whose decoder and features it has.

    python -m im2txt.train --config=experiments/self_critical_flickr8k.py --workdir=runs/self_critical_flickr8k \
        --config.start_from=runs/transformer_flickr8k

Captions are drawn at a temperature of 0.5: at 1, captions grew short and CIDEr-D fell at first. The numbers are in
experiments/RESULTS.md.
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.self_critical import SelfCriticalConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_views",
        start_from="runs/transformer_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=TransformerConfig(
            units=384, heads=6, layers=2, feed_forward=1024, dropout=0.3, word_dropout=0.1, feature_dropout=0.3
        ),
        objective=SelfCriticalConfig(samples=5, baseline="others", temperature=0.5),
        data=DataConfig(images_per_batch=10),
        optimizer=OptimizerConfig(learning_rate=5e-5, warmup_steps=100),
        training=TrainingConfig(epochs=6, validate_epochs=0.5, average_decay=0.99, patience=0),
        decoding=DecodingConfig(beam_size=5, length_normalization=0.5),
    )
