"""Encoders (image to features), decoders (features and words so far to next word), and the captioner of both."""
