"""Matched experiments of `feature-learning`."""
