"""Separable classification: matched experiments and claims."""
