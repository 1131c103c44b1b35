"""Unconstrained features and their collapse."""
