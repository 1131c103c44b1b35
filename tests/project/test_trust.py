"""Same bits from threads, processes and thread counts; no global state; strict and optimised interpreters."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from solvable.solvers import (
    Spectrum,
    diagonal_descent,
    effective_ridge,
    gaussian_coefficients,
    interpolator,
    linearised_sgd,
    optimal_ridge,
    random_feature_risk,
    ridge_path,
    ridge_risk,
    sample_covariance_density,
    stability_threshold,
    stochastic_gradient_flow,
)

SPECTRUM = Spectrum.power_law(1.5, 1.4, 120, tail=False)
X = np.random.default_rng(0).standard_normal((8, 20))
Y = X @ np.random.default_rng(1).standard_normal(20)

CALLS = {
    "effective_ridge": lambda i: effective_ridge(SPECTRUM, 10.0 + i, 0.1).value,
    "ridge_risk": lambda i: ridge_risk(SPECTRUM, np.linspace(5, 100, 300), 0.01 * (1 + i), rtol=1e-9).test,
    "random_feature_risk": lambda i: random_feature_risk(SPECTRUM, 30.0, np.linspace(5, 90, 40), 0.1 + i).test,
    "optimal_ridge": lambda i: optimal_ridge(SPECTRUM, 30.0 + i, 0.2).value,
    "density": lambda i: sample_covariance_density(SPECTRUM, 60.0 + i, np.linspace(0.01, 2, 60)).density,
    "threshold": lambda i: stability_threshold(X, [1, 2, 3 + i % 5]).value,
    "gaussian_coefficients": lambda i: gaussian_coefficients("tanh", 0.5 + i).second_moment,
    "interpolator": lambda i: interpolator(X, Y, 0.1 * (1 + i)).value,
    "ridge_path": lambda i: ridge_path(X, Y, [0.1 * (1 + i)]).coefficients,
    "descent": lambda i: diagonal_descent(X, Y, 0.01, 60, 0.5, 1, seeds=3, rng=i).beta,
    "flow": lambda i: stochastic_gradient_flow(X, Y, 0.001, 1e-4, 40, 0.5, seeds=2, rng=i).beta,
    "sgd": lambda i: linearised_sgd(X, 0.01, 2, [1, 20], 4, rng=i),
}


@pytest.mark.parametrize("name", CALLS)
def test_eight_threads_give_the_bits_of_one(name):
    call = CALLS[name]
    alone = [np.array(call(i % 8)).tobytes() for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = [np.array(x).tobytes() for x in pool.map(call, [i % 8 for i in range(32)])]
    assert together == alone * 4


def test_solvers_leave_numpy_as_it_was():
    """Neither the global generator nor the floating-point error state."""
    state, errors = np.random.get_state()[1].copy(), np.geterr()  # noqa: NPY002
    for call in CALLS.values():
        call(3)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert np.geterr() == errors


SCRIPT = """
import hashlib, numpy as np, warnings
from solvable.solvers import Spectrum, diagonal_descent, linearised_sgd, random_feature_risk, ridge_path
X = np.random.default_rng(0).standard_normal((8, 20)); Y = X[:, 0]
s = Spectrum.power_law(1.5, 1.4, 120, tail=False)
parts = [random_feature_risk(s, 30.0, np.linspace(5, 90, 40), 0.1).test, ridge_path(X, Y, [0.1]).coefficients,
         diagonal_descent(X, Y, 0.01, 60, 0.5, 1, seeds=3, rng=0).beta, linearised_sgd(X, 0.01, 2, [1, 20], 4, rng=0)]
print(hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest())
"""


def run(*options, **environment):
    done = subprocess.run([sys.executable, *options, "-c", SCRIPT], capture_output=True, text=True,
                          env=os.environ | environment)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_strict_and_optimised_interpreters_and_thread_counts_give_the_same_bits():
    plain = run("-O", "-W", "error")
    assert run(NUMBA_NUM_THREADS="1") == plain


def test_every_module_imports_under_strict_and_optimised_interpreters():
    code = (
        "import importlib, pkgutil\n"
        "for package in ('solvable.solvers', 'solvable.analysis', 'solvable.figures'):\n"
        "    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, package + '.'):\n"
        "        importlib.import_module(info.name)\n"
    )
    done = subprocess.run([sys.executable, "-O", "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
