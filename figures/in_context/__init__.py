"""Figures of `in-context`."""
