"""Matched experiments of `diagonal-networks`."""
