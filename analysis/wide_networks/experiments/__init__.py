"""Matched experiments of infinitely wide networks."""
