"""Figures of `curvature`."""
