"""Sizes that the arguments of one call share, and the arguments that several families take."""

import numpy as np

from solvable.solvers import Spectrum

SAMPLINGS = ["without-replacement", "with-replacement", "bernoulli"]
THREE_MODES = Spectrum([3.0, 1.0, 0.1], [1.0, 0.5, 0.2])
GRADIENTS = np.array([[1.0, 0.2], [0.3, 1.0], [0.5, 0.5]])
ACTIVATIONS = ["identity", "relu", "erf", "sign", "sin", "cos", "tanh", np.tanh, np.polynomial.Polynomial([0, 1, 0, 1])]


class Setting:
    """Sizes that the arguments of one call share, and their random numbers."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.d, self.modes = (int(x) for x in rng.integers(1, 7, 3))
        self.scale = float(rng.choice([1.0, 1.0, 1e-3, 1e4]))

    def normal(self, *shape):
        return self.scale * self.rng.standard_normal(shape)

    def number(self, low, high):
        """A scalar, or an array of three numbers."""
        return self.rng.uniform(low, high, () if self.rng.random() < 0.6 else 3)

    def pick(self, *items):
        return items[self.rng.integers(len(items))]

    def spectrum(self):
        s = 10 ** self.rng.uniform(-self.pick(0, 2, 12), 1, self.modes)
        power = self.rng.exponential(size=self.modes)
        counts = self.pick(None, self.rng.uniform(0.5, 9, self.modes))
        return Spectrum(s, power, counts, irreducible_power=self.pick(0.0, 0.3))

    def hessians(self):
        if self.rng.random() < 0.7:
            return self.normal(self.n, self.d)
        factors = self.rng.standard_normal((self.n, self.d, 2))
        return factors if self.d != 2 else factors @ factors.transpose(0, 2, 1)

    def symmetric(self):
        A = self.rng.standard_normal((self.d, self.d + 3))
        return A @ A.T / self.d


ARGUMENTS = {
    "spectrum": Setting.spectrum,
    "n": lambda s: s.number(0.5, 30),
    "ridge": lambda s: s.pick(0.0, s.number(0, 3), 1e-12),
    "ridge_a": lambda s: s.number(1e-6, 3),
    "ridge_b": lambda s: s.number(1e-6, 3),
    "ridges": lambda s: s.rng.uniform(0, 3, 4),
    "noise_variance": lambda s: s.pick(0.0, s.number(0, 2)),
    "rtol": lambda s: s.pick(1e-15, 1e-12, 1e-6),
    "on_failure": lambda s: s.pick("warn", "ignore"),
    "certify": lambda s: s.pick(False, False, True),
    "weights": lambda s: s.rng.standard_normal(s.modes),
    "cross_moment": lambda s: 1e-9 * s.rng.standard_normal(s.modes),
    "second_moment": lambda s: 1.0,
    "X": lambda s: s.normal(s.n, s.d),
    "y": lambda s: s.normal(s.n),
    "features": lambda s: s.normal(s.n, 9),
    "batch_size": lambda s: s.pick(1, s.n),
    "step_size": lambda s: s.number(1e-3, 0.1),
    "steps": lambda s: 8,
    "sampling": lambda s: s.pick(*SAMPLINGS),
    "momentum": lambda s: s.pick(0.0, 0.5),
    "exponent": lambda s: s.number(1.1, 3),
    "target_exponent": lambda s: s.number(1.1, 3),
    "depth": lambda s: 2,
    "eigenvalues": lambda s: s.rng.exponential(size=s.modes),
    "covariance": Setting.symmetric,
    "readout": lambda s: s.normal(3),
    "weight_decay": lambda s: s.number(1e-3, 0.5),
    "rng": lambda s: 3,
    "times": lambda s: np.array([0.0, 1.0, 3.0]),
    "target": lambda s: s.rng.standard_normal(s.d),
    "d": lambda s: 20.0,
    "signal": lambda s: s.pick(0.0, 1.0),
}
SPECIAL = {
    ("Spectrum", "eigenvalues"): lambda s: s.rng.exponential(size=s.modes),
    ("Spectrum", "target_power"): lambda s: s.pick(None, s.rng.exponential(size=s.modes)),
    ("Spectrum", "multiplicities"): lambda s: s.pick(None, s.rng.uniform(0.5, 9, s.modes)),
    ("Spectrum", "irreducible_power"): lambda s: s.pick(0.0, 0.3),
    ("Spectrum", "points"): lambda s: s.pick(None, 20),
    ("Spectrum.from_kernel", "kernel"): Setting.symmetric,
    ("Spectrum.from_kernel", "y"): lambda s: s.normal(s.d),
    ("Spectrum.from_features", "X"): lambda s: s.normal(s.n + 3, s.d),
    ("Spectrum.from_features", "y"): lambda s: s.normal(s.n + 3),
    ("Spectrum.from_moments", "second_moment"): lambda s: 9.0,
    ("Spectrum.power_law", "exponent"): lambda s: 1.5,
    ("Spectrum.power_law", "target_exponent"): lambda s: 2.0,
    ("Spectrum.power_law", "size"): lambda s: 30,
    ("Spectrum.from_parameters", "weights"): lambda s: s.rng.standard_normal(s.modes),
    ("Spectrum.check_sample_size", "n"): lambda s: s.rng.uniform(0.5, 30, 2),
}
