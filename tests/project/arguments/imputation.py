"""Arguments of imputation."""

import numpy as np

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

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "averaged_sgd_bound": lambda f: f(np.eye(2), [1.0, 0.5], 0.6, 20.0, 0.2),
    "low_rank_imputation_bias": lambda f: f(9.0, 2.0, 0.3, 1.0),
}
VECTORS = ["imputation_bias", "imputation_optimum"]
DATA = ["imputed_ridge_risk", "imputed_risk"]
