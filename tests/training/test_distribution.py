"""Which strategy stands behind a name, and the arithmetic of replicas."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.training.distribution import STRATEGIES, global_sum, make_strategy


def test_names_stand_for_strategies():
    assert isinstance(make_strategy("one_device"), tf.distribute.OneDeviceStrategy)
    assert make_strategy("mirrored").num_replicas_in_sync == 2  # the two logical CPUs of tests/conftest.py
    assert make_strategy("auto").num_replicas_in_sync == 1
    assert set(STRATEGIES) == {"auto", "one_device", "mirrored"}


def test_an_unknown_name_is_told():
    with pytest.raises(UserError, match=r"training\.strategy `miror` is unknown\. Did you mean `mirrored`\?"):
        make_strategy("miror")


def test_replicas_sum_dense_and_sparse_gradients():
    strategy = make_strategy("mirrored")
    table = tf.constant([[1.0], [2.0]])

    def replica():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        with tf.GradientTape() as tape:
            tape.watch(table)
            row = tf.gather(table, [number])  # its gradient is sparse
            loss = tf.reduce_sum(row * tf.cast(number + 1, tf.float32))
        return global_sum([loss, tape.gradient(loss, table)])

    loss, gradient = (strategy.experimental_local_results(each) for each in strategy.run(replica))
    for both in zip(loss, gradient, strict=True):
        np.testing.assert_allclose(both[0], 1.0 * 1 + 2.0 * 2)
        np.testing.assert_allclose(both[1], [[1.0], [2.0]])
