"""Arguments of equivalents."""

ARGUMENTS = {
    "weights_a": lambda s: s.rng.standard_normal(s.modes),
    "weights_b": lambda s: s.rng.standard_normal(s.modes),
    "grid": lambda s: s.rng.uniform(0, 5, 4),
    "eigenvectors": lambda s: None,
    "x": lambda s: s.rng.uniform(0, 5, 3),
    "probability": lambda s: s.rng.uniform(0, 1, 3),
}
SPECIAL = {
    ("support_edges", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
    ("sample_covariance_density", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
}
