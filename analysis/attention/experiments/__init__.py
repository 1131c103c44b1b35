"""Matched experiments of attention."""
