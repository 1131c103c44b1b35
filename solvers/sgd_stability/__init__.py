"""Linear stability of SGD."""
