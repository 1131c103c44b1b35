"""Figures of `diagonal-networks`."""
