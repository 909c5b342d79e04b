"""Which `tf.distribute` strategy a run trains under, and the arithmetic that makes replicas equal one device.

Replicas *sum* to the token mean: each divides its summed loss by the words of the global batch. Gradients are summed
over replicas first and clipped by their global norm after, so two replicas take the same step as one device.
"""

from collections.abc import Sequence

import tensorflow as tf

from im2txt.errors import UserError, did_you_mean

STRATEGIES = {
    "auto": "MirroredStrategy where there are two GPUs or more, else one device",
    "one_device": "the first GPU, or the CPU",
    "mirrored": "MirroredStrategy over all GPUs, or over all logical CPUs where there is none",
}


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Returns the strategy that `name`, a key of STRATEGIES, stands for. Raises UserError for any other name."""
    if name not in STRATEGIES:
        raise UserError(f"training.strategy `{name}` is unknown. {did_you_mean(name, STRATEGIES)}")
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        # CPU collectives share fixed keys in a process, so several strategies in one would clash over them.
        reduction = None if gpus else tf.distribute.ReductionToOneDevice()
        return tf.distribute.MirroredStrategy([device.name for device in devices], cross_device_ops=reduction)
    return tf.distribute.OneDeviceStrategy("/gpu:0" if gpus else "/cpu:0")


def global_sum(values: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Sums tensors over all replicas; to be called in a replica context."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce("sum", [tf.convert_to_tensor(value) for value in values])  # embeddings: IndexedSlices


def replica_seed(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Returns the random seed int32 [2] of this replica at this step; all randomness of a step follows from it."""
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    key = tf.stack([tf.constant(seed, tf.int32), tf.cast(step, tf.int32)])
    return tf.random.experimental.stateless_fold_in(key, replica)
