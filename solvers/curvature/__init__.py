"""Curvature and hyperparameters: hypergradients, inverse Fisher matrices, Gauss-Newton steps."""
