r"""Soft attention (Xu et al. 2015) on drawn scenes, with more of everything than scenes_demo.py.

Eight times the data, and self-attention among the cells of the grid (`small_hybrid`), so that a cell can know how many
things of its kind there are.

    python -m data_prep.build_records --dataset=scenes --output=data/scenes50k --option=train=50000 \
        --option=val=1000 --option=test=1000 --option=heldout=1000
    python -m im2txt.train --config=experiments/scenes_long.py --workdir=runs/scenes_long

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
        records="data/scenes50k",
        encoder=EncoderConfig("small_hybrid", weights="random", image_size=96, trainable=True),
        decoder=SoftAttentionConfig(
            units=256,
            embedding=128,
            attention_units=128,
            word_query=True,
            dropout=0.2,
            embedding_dropout=0.2,
            word_dropout=0.1,
        ),
        objective=CrossEntropyConfig(doubly_stochastic=0.0),
        data=DataConfig(images_per_batch=32, group_batches=10),
        optimizer=OptimizerConfig(learning_rate=1e-3, warmup_steps=400),
        training=TrainingConfig(epochs=5, average_decay=0.999, validate_epochs=1, patience=0),
    )
