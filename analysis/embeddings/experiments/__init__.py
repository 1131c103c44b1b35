"""Matched experiments of `embeddings`."""
