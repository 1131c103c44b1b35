"""Figures of `convex_losses`."""
