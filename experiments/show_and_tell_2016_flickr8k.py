r"""Show and Tell as its 2016 release trains it (Vinyals et al. 2016, https://arxiv.org/abs/1609.06647), on Flickr8k.

SGD at 2.0, halved every 8 epochs, gradients clipped to a norm of 5, all weights uniform in +-0.08, dropout 0.3 on
words, image and outputs, one caption an image in batches of 32, no average of weights, no label smoothing. An epoch
here is one over images, of which each brings one of its 5 captions: 8 epochs over captions are 40. The release made 55
epochs over captions on COCO; Flickr8k's few captions are learned by heart long before, so training ends with the
validations that bring nothing. experiments/show_and_tell_flickr8k.py, with Adam, is the one to use.

    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k --output=data/flickr8k
    python -m im2txt.extract_features --config=experiments/show_and_tell_2016_flickr8k.py --records=data/flickr8k \
        --output=data/flickr8k_mixed8
    python -m im2txt.train --config=experiments/show_and_tell_2016_flickr8k.py --workdir=runs/show_and_tell_2016

Deviations: features of mixed8 instead of the network's last block, so that all experiments share one extraction; they
are standardised (`im2txt.models.decoders.lstm`), and images are not augmented, as features are cached. Words seen 5
times are kept, as build_records has it; the release keeps those seen 4 times.
"""

from im2txt.data.pipeline import DataConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


def get_config() -> ExperimentConfig:
    return ExperimentConfig(
        records="data/flickr8k_mixed8",
        encoder=EncoderConfig("inception_v3", "mixed8", "imagenet"),
        decoder=LSTMConfig(dropout=0.3, image_dropout=0.3, initial_range=0.08),
        objective=CrossEntropyConfig(),
        data=DataConfig(images_per_batch=32, captions_per_image=1),
        optimizer=OptimizerConfig("sgd", learning_rate=2.0, schedule="staircase", decay_factor=0.5, decay_epochs=40),
        training=TrainingConfig(epochs=275, validate_epochs=5, average_decay=0.0),
    )
