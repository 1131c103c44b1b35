"""Figures of `regression`."""
