r"""A Transformer (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762) on Flickr8k, over a frozen InceptionV3.

One encoder layer over the 8 x 8 regions of mixed8, two decoder layers over the words; small and with much dropout, for
30,000 captions are few, and so features come from four views of each training image.

    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k --output=data/flickr8k
    python -m im2txt.extract_features --config=experiments/transformer_flickr8k.py --records=data/flickr8k \
        --output=data/flickr8k_views --views=4
    python -m im2txt.train --config=experiments/transformer_flickr8k.py --workdir=runs/transformer_flickr8k
"""

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_views",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=TransformerConfig(
            units=384, heads=6, layers=2, feed_forward=1024, dropout=0.3, word_dropout=0.1, feature_dropout=0.3
        ),
        objective=CrossEntropyConfig(label_smoothing=0.1, doubly_stochastic=0.0),
        data=DataConfig(images_per_batch=10, group_batches=20),
        optimizer=OptimizerConfig(learning_rate=5e-4, warmup_steps=600),
        training=TrainingConfig(epochs=8, validate_epochs=2),
        decoding=DecodingConfig(length_normalization=0.5),
    )
