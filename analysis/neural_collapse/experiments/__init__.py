"""Matched experiments of `neural-collapse`."""
