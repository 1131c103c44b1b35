"""Figures of `neural-collapse`."""
