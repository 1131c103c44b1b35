"""Figures of `equivalents`."""
