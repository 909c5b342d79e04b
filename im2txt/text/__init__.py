"""Captions as words and ids. Imports no TensorFlow."""
