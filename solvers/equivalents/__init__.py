"""Deterministic equivalents: the effective ridge, resolvents, densities."""
