"""Ten models against values found by other routes: our solvers of the same risks, and a dense prototype."""

import numpy as np
import pytest

from solvable import derive
from solvable.analysis.equivalents.models import MODELS
from solvable.analysis.equivalents.settings import power
from solvable.solvers import (
    Spectrum,
    deep_random_feature_risk,
    random_feature_risk,
    resolvent_pair_trace,
    resolvent_trace,
    ridge_risk,
)

# a dense, unshared implementation of the same equations, written before this one, gave these at n = 100
KNOWN = {
    "marchenko-pastur": 2.1659897410041,
    "ridge": 0.40196451121737,
    "random-features": 1.0317141967835,
    "deep-linear-features": 0.44971023801226,
    "covariate-shift": 0.651960904846,
    "real-and-synthetic": 0.18641621859275,
    "tangent-kernel": 0.0041293036357858,
    "spike": 0.23780542340404,
    "weighted-least-squares": 0.81270006588351,
    "one-step-features": 0.740417383634,
}


@pytest.mark.parametrize("name", KNOWN)
def test_values_are_those_known(name):
    found = derive(MODELS[name]()).value
    np.testing.assert_allclose(float(found), KNOWN[name], rtol=1e-11)  # their digits
    assert found.converged
    assert float(found.residual) < 1e-13
    assert float(found.error) < 1e-11


def risk_of_ridge(s, b2, n, ridge, noise, counts=None):
    spectrum = Spectrum(s, s * b2 * (1 if counts is None else np.array(counts)), multiplicities=counts)
    return float(ridge_risk(spectrum, n, ridge, noise).test) - noise


def by_resolvent_trace():
    s = power(150, 1)
    return float(resolvent_trace(Spectrum(s), 100, 10, s)) / 150


def by_random_feature_risk():
    s, b2, nonlinear2, many = power(70, 0.7), power(70, 0.5) / 70, 0.25 - 1 / (2 * np.pi), 1e9
    spectrum = Spectrum(
        np.r_[0.25 * s / 70, nonlinear2 / many], np.r_[s * b2, 0], multiplicities=np.r_[np.ones(70), many]
    )
    return float(random_feature_risk(spectrum, 100, 140, 3, 0.2).test) - 0.2


def by_pair_trace():
    rotations = [np.linalg.qr(np.random.default_rng(seed).standard_normal((80, 80)))[0] for seed in (1, 2, 3)]
    U, V, R = rotations
    S2, B = (V * power(80, 0.5)) @ V.T, (R * power(80, 1) / 80) @ R.T
    spectrum = Spectrum(power(80, 1))

    def pair(A, C):
        return float(resolvent_pair_trace(spectrum, 100, 10, 10, A, C, eigenvectors=U))

    single = float(resolvent_trace(spectrum, 100, 10, S2, eigenvectors=U))
    return 0.01 * pair(B, S2) + 0.4 / 100 * (single - 0.1 * pair(np.eye(80), S2))


OTHER = {
    "marchenko-pastur": by_resolvent_trace,
    "ridge": lambda: risk_of_ridge(power(80, 1.2), power(80, 0.5) / 80, 100, 5, 0.5),
    "random-features": by_random_feature_risk,
    "deep-linear-features": lambda: (
        float(deep_random_feature_risk(power(100, 0.7), [130, 80], "identity", 100, 5, 0.3).test) - 0.3
    ),
    "covariate-shift": by_pair_trace,
    "spike": lambda: risk_of_ridge(np.array([9.0, 1]), np.array([0.6, 0.4 / 119]), 100, 20, 0.1, [1, 119]),
}


@pytest.mark.parametrize("name", OTHER)
def test_values_are_those_of_our_solvers(name):
    # random_feature_risk sees an isotropic part of 1e9 modes: 1e-12 of it
    np.testing.assert_allclose(float(derive(MODELS[name]()).value), OTHER[name](), rtol=1e-11)
