"""Softmax and random-feature attention: kernels of infinitely many heads, margins that descent selects."""
