"""Proofs in interval arithmetic that a root lies where a solver says."""
