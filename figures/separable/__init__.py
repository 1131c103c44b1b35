"""Figures of `separable`."""
