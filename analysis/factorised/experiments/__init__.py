"""Matched experiments of `factorised`."""
