"""Captioning a whole split, scoring it, and reporting it as a page people can look at."""
