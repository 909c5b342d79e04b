"""Turns raw captioning datasets into records. After that nobody knows where the data came from."""
