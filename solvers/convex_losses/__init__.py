"""Convex losses in high dimension: learning curves, existence, margins and mixtures beyond the square loss."""
