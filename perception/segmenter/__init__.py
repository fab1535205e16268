"""The embedded segmenter: every pixel gets an embedding that is comparable with words."""
