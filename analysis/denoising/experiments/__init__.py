"""Matched experiments: what is trained, sampled and integrated."""
