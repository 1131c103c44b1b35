"""Figures of denoisers, diffusions and flows."""
