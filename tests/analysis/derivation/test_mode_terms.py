"""A term of a sum over modes has the same digits as a function and from the walk over its tree."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from solvable import Spectrum
from solvable.analysis.derivation.evaluation import Precise
from solvable.analysis.derivation.mode_terms import compiled_term
from solvable.analysis.derivation.quantities import modes_of

S, V, K = sp.symbols("s v kappa", positive=True)
BODIES = [S / (S + K), (1 - S / (S + K)) ** 2 * V**2, V**2 * sp.sqrt(S) / (S + K) ** 3 - sp.Rational(1, 3), K * S - 0.1]


@pytest.mark.parametrize("expression", BODIES, ids=str)
def test_terms_equal_the_walk_at_both_precisions(expression):
    spectrum = Spectrum(np.array([3.0, 1.0, 1e-9]), target_power=np.array([1.0, 0.0, 2.0]))
    body = sp.Lambda((S, V), expression)
    for digits in (60, 30):
        with mp.workdps(digits):
            given = {"_modes": modes_of(spectrum), K: mp.mpf("0.7")}
            walked = mp.fsum(
                Precise()(expression, {K: given[K], S: mp.mpf(s), V: mp.sqrt(mp.mpf(power))})
                for s, power in [(3.0, 1.0), (1.0, 0.0), (1e-9, 2.0)]
            )
            assert abs(Precise().modes(body, given) - walked) < mp.mpf(10) ** (5 - digits) * max(1, abs(walked))


@pytest.mark.parametrize("expression", [sp.log(S), S**K, S**9, sp.Max(S, K)], ids=str)
def test_what_the_walk_bounds_is_left_to_it(expression):
    assert compiled_term(sp.Lambda((S, V), expression), {K: mp.mpf(1)}) is None
