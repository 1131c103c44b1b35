"""Figures of `imputation`."""
