"""Diagonal linear networks: implicit bias, finite steps, noise, saddles, regularisation; experiments and claims."""
