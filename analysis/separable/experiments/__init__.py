"""Matched experiments of `separable`."""
