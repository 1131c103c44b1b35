"""Curvature and hyperparameters: matched experiments and claims."""
