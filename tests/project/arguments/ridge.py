"""Arguments of ridge, and its entries in the lists of the project's tests."""

from arguments.shared import THREE_MODES

# why a public solver has no ratio test
NO_RATIO = {
    "ridge_risk_general": "ridge_risk with an extra projection",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["ridge/spectral-law", "ridge/least-squares-excess"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "optimal_ridge": lambda f: f(THREE_MODES, 2.0, 0.3),
    "ridge_cross_risk": lambda f: f(THREE_MODES, 5.0, 0.1, 0.2, 0.3),
    "ridge_risk": lambda f: f(THREE_MODES, 5.0, 0.1, 0.3),
    "ridge_risk_general": lambda f: f(THREE_MODES, 5.0, 0.1, [0.1, 0.1, 0.1], 1.0),
}
VECTORS = ["learnabilities", "ridge_path"]
