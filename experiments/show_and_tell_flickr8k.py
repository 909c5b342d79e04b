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
        encoder=EncoderConfig("inception_v3", "mixed8", "weights/inception_v3_mixed8.weights.h5"),
        decoder=LSTMConfig(),
        objective=CrossEntropyConfig(label_smoothing=0.1),
        data=DataConfig(images_per_batch=10),
        optimizer=OptimizerConfig(learning_rate=5e-4, warmup_steps=200),
        training=TrainingConfig(epochs=15),
    )
