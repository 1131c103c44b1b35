"""Denoisers, diffusions and flows: settings, experiments, claims."""
