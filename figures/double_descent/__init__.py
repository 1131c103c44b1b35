"""Figures of `double-descent`."""
