"""Matched experiments of `random-features`."""
