"""Search over a step function: from next-word probabilities to whole captions."""
