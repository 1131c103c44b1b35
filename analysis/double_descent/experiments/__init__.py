"""Matched experiments of `double-descent`."""
