"""Figures of `attention`."""
