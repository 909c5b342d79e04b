"""The exported model: encoded image bytes in, captions out, in one graph."""
