"""Deterministic equivalents of traces of rational expressions in Gaussian matrices, derived from the expression."""
