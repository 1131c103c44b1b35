"""Figures of `feature-learning`."""
