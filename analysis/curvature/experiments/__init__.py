"""Matched experiments of `curvature`."""
