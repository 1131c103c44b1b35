"""Arguments of imputation."""

ARGUMENTS = {
    "observed": lambda s: s.rng.uniform(0.1, 1),
    "rank": lambda s: s.number(1, 20),
}
SPECIAL = {
    ("imputed_risk", "weights"): lambda s: s.rng.standard_normal(s.d),
}
# why a public solver has no ratio test
NO_RATIO = {
    "imputed_ridge_risk": "ridge_risk on the moments of imputed inputs",
    "averaged_sgd_bound": "a bound with recalled constants: digits mean nothing",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["imputation/gaussian-universality-fails", "imputation/fit-on-imputed-inputs"]
