r"""R-Drop (Liang et al. 2021, https://arxiv.org/abs/2106.14448) with the Transformer on Flickr8k.

It goes on from a run of transformer_flickr8k.py, whose decoder and features it has. 30,000 captions are soon known by
heart; asking that two draws of dropout predict the same is what helped most against that. The numbers are in
experiments/RESULTS.md.

    python -m im2txt.train --config=experiments/transformer_r_drop_flickr8k.py \
        --workdir=runs/transformer_r_drop_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.r_drop import RDropConfig
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
        objective=RDropConfig(alpha=5.0, label_smoothing=0.1, doubly_stochastic=0.0),
        data=DataConfig(images_per_batch=10, group_batches=20),
        optimizer=OptimizerConfig(learning_rate=4e-4, warmup_steps=300),
        training=TrainingConfig(epochs=5, validate_epochs=1),
        decoding=DecodingConfig(length_normalization=0.5),
    )
