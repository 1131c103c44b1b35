"""Figures of `generalisation`."""
