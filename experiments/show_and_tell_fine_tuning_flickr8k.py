r"""The second phase of Show and Tell (Vinyals et al. 2016, https://arxiv.org/abs/1609.06647) on Flickr8k.

It goes on from a run of show_and_tell_flickr8k.py, whose decoder it has, and trains on the photos themselves, cropped
and mirrored at random. The last two blocks of the encoder learn, at a tenth of the decoder's rate.

    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k --output=data/flickr8k
    python -m im2txt.train --config=experiments/show_and_tell_fine_tuning_flickr8k.py \
        --workdir=runs/show_and_tell_fine_tuning --config.start_from=runs/show_and_tell_flickr8k

Deviations: Adam in place of SGD at 0.0005, and not all of the encoder; 6,000 photos are few. No dropout on the pooled
feature, of which the release keeps 0.8, and no L2 of 4e-5 on the encoder.
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
        records="data/flickr8k",
        start_from="runs/show_and_tell_flickr8k",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet", trainable=True, trainable_after="mixed6"),
        decoder=LSTMConfig(dropout=0.5, word_dropout=0.1, forget_bias=3.0),
        objective=CrossEntropyConfig(label_smoothing=0.1),
        data=DataConfig(images_per_batch=10, group_batches=20, random_crop=True, random_flip=True),
        optimizer=OptimizerConfig(learning_rate=3e-4, warmup_steps=200, encoder_factor=0.1),
        training=TrainingConfig(epochs=2, validate_epochs=0.5, average_decay=0.995),
        decoding=DecodingConfig(length_normalization=0.5),
    )
