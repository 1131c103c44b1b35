"""Factorised dynamics: matched experiments and claims."""
