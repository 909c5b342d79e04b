"""Two logical CPUs for the whole session, so that replicas can be tested, quiet TensorFlow logs, and Ctrl-C."""

import os
import signal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
import tensorflow as tf

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start jobs in the background with it ignored

# Here and not in a fixture: it must come before the first tensor that any test module makes.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture
def without_meteor(monkeypatch):
    """Hides METEOR's data, which may be installed."""
    monkeypatch.setattr("im2txt.metrics.caption_scores.meteor_data", lambda: None)
