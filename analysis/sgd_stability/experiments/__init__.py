"""Matched experiments of `sgd-stability`."""
