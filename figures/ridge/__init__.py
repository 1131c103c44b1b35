"""Figures of `ridge`."""
