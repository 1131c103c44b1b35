"""Evidence of Student processes against the multivariate t and, at many degrees of freedom, the Gaussian limit."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t

from solvable.solvers import student_process, trained_ensemble

RNG = np.random.default_rng(3)
X = RNG.standard_normal((6, 8))
K, Y = X @ X.T / 8, RNG.standard_normal(4)
BLOCKS = K[:4, :4], Y, K[4:, :4], K[4:, 4:]


@pytest.mark.parametrize("a", [0.3, 2.0, 49.0, 51.0, 1e3])
def test_evidence_is_the_density_of_a_multivariate_t(a):
    found = student_process(*BLOCKS, a, 1.5).log_evidence
    assert found == pytest.approx(multivariate_t(np.zeros(4), 1.5 / a * BLOCKS[0], 2 * a).logpdf(Y), rel=1e-12)


@pytest.mark.parametrize("solve", [student_process, trained_ensemble])
@pytest.mark.parametrize("a", [1e8, 1e12, 1e15, 1e200])
def test_evidence_keeps_its_digits_at_many_degrees_of_freedom(solve, a):
    """Differences of log Gamma(a) would lose all of them at a = 1e15."""
    with mp.workdps(450):
        M, v = mp.matrix(BLOCKS[0].tolist()), mp.matrix(Y.tolist())
        Q, big = (v.T * mp.lu_solve(M, v))[0], mp.mpf(a)
        exact = mp.loggamma(big + 2) - mp.loggamma(big) - 2 * mp.log(2 * mp.pi * big) - mp.log(mp.det(M)) / 2
        exact -= (big + 2) * mp.log1p(Q / big / 2)
    assert solve(*BLOCKS, a, a).log_evidence == pytest.approx(float(exact), rel=1e-13)
    assert float(exact) == pytest.approx(multivariate_normal(np.zeros(4), BLOCKS[0]).logpdf(Y), rel=1e-7)


def test_evidence_of_labels_far_beyond_the_rate():
    """Q/b is no double: its logarithm is."""
    one, far = (student_process(BLOCKS[0], s * Y, *BLOCKS[2:], 2.0, 1e-200).log_evidence for s in (1.0, 1e100))
    assert far == pytest.approx(one - 2 * (2 + 2) * 100 * np.log(10), rel=1e-12)
