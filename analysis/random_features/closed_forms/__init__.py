"""Closed forms of `random-features`."""
