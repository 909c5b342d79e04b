"""Caption metrics on plain strings, exact to the official scorers. No TensorFlow, no files but METEOR's data."""
