"""Matched experiments of `generalisation`."""
