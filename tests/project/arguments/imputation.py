"""Arguments of imputation."""

ARGUMENTS = {
    "observed": lambda s: s.rng.uniform(0.1, 1),
    "rank": lambda s: s.number(1, 20),
}
SPECIAL = {
    ("imputed_risk", "weights"): lambda s: s.rng.standard_normal(s.d),
}
