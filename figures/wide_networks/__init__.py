"""Figures of `wide-networks`."""
