"""Features attached to given ones, against plain L-BFGS on both factors and against the first order of the path."""

import numpy as np
import pytest
from scipy.optimize import minimize

from solvable.solvers import Status, attached_minimizer, central_path

LABELS = np.repeat([0, 1, 2], 4)
START = np.random.default_rng(3).standard_normal((12, 5))


@pytest.mark.parametrize("beta", [0.3, 3.0, 100.0])
def test_against_descent_in_both_factors(beta):
    """W is not eliminated here: nothing of the solver is shared. Differences of values end at half the digits."""
    K, n, lw, lh = 3, 4, 0.2, 0.1
    Y = np.eye(K)[LABELS]

    def loss(flat):
        W, X = flat[: K * 5].reshape(K, 5), flat[K * 5 :].reshape(12, 5)
        error = X @ W.T - Y
        value = np.sum(error**2) + n * lw * np.sum(W**2) + lh * np.sum(X**2) + beta * np.sum((X - START) ** 2)
        slopes = error.T @ X + n * lw * W, error @ W + lh * X + beta * (X - START)
        return value / 2, np.concatenate([slope.ravel() for slope in slopes])

    start = np.r_[np.zeros(K * 5), START.ravel()]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 20_000, "ftol": 1e-16, "gtol": 1e-11}
    )
    solution = attached_minimizer(START, LABELS, lw, lh, beta)
    assert solution.status == Status.CONVERGED
    assert solution.residual <= 1e-10
    np.testing.assert_allclose(solution.value, found.x[K * 5 :].reshape(12, 5), atol=1e-6)


def test_a_strong_attachment_is_a_step_of_the_central_path():
    """Second order in 1/beta is left: 1e-3 of the step, and half of it where the step halves."""
    gaps = []
    for beta in (1e3, 2e3):
        moved = beta * (attached_minimizer(START, LABELS, 0.2, 0.1, beta).value - START)
        ahead = central_path(START, LABELS, 0.2, 0.1, [0.0, 1e-6]).features
        gaps.append(np.abs(moved - (ahead[1] - ahead[0]) / 1e-6).max())
    assert gaps[0] < 1e-2
    assert gaps[1] == pytest.approx(gaps[0] / 2, rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"weight_decay": 0.0}, "weight_decay"), ({"feature_decay": -1.0}, "feature_decay"),
     ({"attachment": 0.0}, "attachment"), ({"labels": [0] * 5 + [1] * 7}, "labels")],
)  # fmt: skip
def test_bad_input_is_one_sentence(change, message):
    arguments = {"features": START, "labels": LABELS, "weight_decay": 0.1, "feature_decay": 0.1, "attachment": 1.0}
    with pytest.raises(ValueError, match=message):
        attached_minimizer(**(arguments | change))
