"""Gradient descent and SGD on least squares, at any time."""
