"""Caption metrics on plain strings, exact to the official scorers. Imports no TensorFlow and opens no files."""
