"""Enactive: one agent loop for every body."""

__version__ = "0.1.0"
