"""The control variate of the trained ensembles: what is taken as known of it."""

import numpy as np
import pytest

from solvable.analysis.wide_networks.experiments.regression import initial_covariance
from solvable.analysis.wide_networks.settings import training_problem
from solvable.solvers import wide_network_kernels


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_covariance_before_training_is_that_of_wide_networks(activation):
    X = np.vstack(training_problem()[::2])
    known = wide_network_kernels(X, None, 1, activation, 1.5, 0.1).nngp
    np.testing.assert_allclose(initial_covariance(activation), known, rtol=1e-7)  # arccos on the diagonal
