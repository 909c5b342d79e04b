"""Soft attention (Xu et al. 2015) on drawn scenes, its encoder trained from scratch: the run of experiments/demo.sh.

    python -m data_prep.build_records --dataset=scenes --output=data/scenes
    python -m im2txt.train --config=experiments/scenes_demo.py --workdir=runs/scenes

Scores, time and hardware are in experiments/RESULTS.md.
"""

from im2txt.data.pipeline import DataConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/scenes",
        encoder=EncoderConfig("small_cnn", weights="random", image_size=96, trainable=True),
        decoder=SoftAttentionConfig(
            units=256, embedding=128, attention_units=128, word_query=True, dropout=0.2, embedding_dropout=0.2
        ),
        objective=CrossEntropyConfig(doubly_stochastic=0.0),
        data=DataConfig(images_per_batch=32, group_batches=10),
        optimizer=OptimizerConfig(learning_rate=2e-3, warmup_steps=100),
        training=TrainingConfig(epochs=7, average_decay=0.99, validate_epochs=3.5, patience=0),
    )
