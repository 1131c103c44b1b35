"""Matched experiments of `ridge`."""
