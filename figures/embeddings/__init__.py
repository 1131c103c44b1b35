"""Figures of `embeddings`."""
