"""Figures of `random-features`."""
