"""The proportional limit, against finite sizes and against what must not matter."""

import numpy as np
import pytest

from solvable.solvers import Spectrum, proportional_spectrum, random_feature_risk, ridge_risk


def test_a_finite_dimension_with_a_long_flat_tail_tends_to_it():
    """d inputs and m d flat modes: off by 1/m."""
    limit = random_feature_risk(proportional_spectrum(0.8, 0.3, 1.0, 0.2), 3.0, 1.5, 0.02, 0.1).test
    gaps = []
    for m in (1e4, 2e4):
        s = Spectrum([0.8**2, 0.3**2 / m], [1.0, 0.0], [1.0, m], irreducible_power=0.2)
        gaps.append(float(random_feature_risk(s, 3.0, 1.5, 0.02, 0.1).test - limit))
    assert abs(gaps[0]) < 1e-3
    assert gaps[1] == pytest.approx(gaps[0] / 2, rel=0.02)


def test_linear_features_are_isotropic_regression():
    found = random_feature_risk(proportional_spectrum(0.5, 0.0, 2.0), 3.0, np.inf, 0.3, 0.1).test
    np.testing.assert_allclose(found, ridge_risk(Spectrum.isotropic(1.0, 2.0), 3.0, 0.3 / 0.25, 0.1).test, rtol=1e-13)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0.0, 0.0), "linear, nonlinear"), ((1.0, 0.5, -1.0), "signal"), ((1.0, 0.5, 1.0, -1.0), "nonlinear_power")],
)
def test_bad_input_is_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        proportional_spectrum(*arguments)
