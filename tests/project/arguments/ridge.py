"""Arguments of ridge, and its entries in the lists of the project's tests."""

# why a public solver has no ratio test
NO_RATIO = {
    "ridge_risk_general": "ridge_risk with an extra projection",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["ridge/spectral-law", "ridge/least-squares-excess"]
