"""im2txt: image captioning for TensorFlow and Keras. Photo in, sentence out."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the user's keras.json says: im2txt runs on no other

__version__ = "0.1.0"
