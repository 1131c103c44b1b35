"""Figures of `model-collapse`."""
