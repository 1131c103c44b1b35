"""Figures of `sgd-stability`."""
