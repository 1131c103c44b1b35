"""Figures of `factorised`."""
