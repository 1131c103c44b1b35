"""Regression on its own predictions."""
