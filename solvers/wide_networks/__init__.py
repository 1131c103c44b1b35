"""Infinitely wide networks."""
