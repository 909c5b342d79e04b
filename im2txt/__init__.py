"""im2txt: image captioning for TensorFlow and Keras. Photo in, sentence out."""

__version__ = "0.1.0"
