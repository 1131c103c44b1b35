"""Denoisers, diffusions and flows with closed forms."""
