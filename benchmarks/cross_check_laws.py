"""Densities by scikit-rmt: run in an environment without this package, and passed on as JSON."""

LAWS = """
import json, numpy as np
from skrmt.ensemble.spectral_law import MarchenkoPasturDistribution
out = []
for ratio in (0.1, 0.5, 0.9, 2.0, 5.0):
    law = MarchenkoPasturDistribution(ratio=ratio, beta=1)
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
    x = low + (high - low) * np.array([0.05, 0.2, 0.5, 0.8, 0.95])
    out.append({"ratio": ratio, "x": x.tolist(), "pdf": np.asarray(law.pdf(x)).tolist()})
print(json.dumps(out))
"""
