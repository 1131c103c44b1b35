"""Shallow and deep random features."""
