"""Same bits from threads, processes and thread counts; no global state; strict and optimised interpreters."""

import hashlib
import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hostile import call, leaves
from valid_arguments import FUNCTIONS, plain_arguments

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


def outcome(name, arguments):
    """Every number of a result as bytes, or the sentence of a refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            result = call(name, arguments)
    except (ValueError, TypeError, ArithmeticError) as error:
        return str(error)
    # objects, such as expressions, by what they print: their bytes are places in memory
    return [(leaf.astype(str) if leaf.dtype == object else leaf).tobytes() for leaf in leaves(result)]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # the filters of `warnings` are shared by all threads
def test_every_solver_gives_the_same_bits_from_eight_threads(name):
    """Valid arguments of the fuzzing, the very same objects in every thread."""
    cases = [plain_arguments(name, seed) for seed in range(4)]
    for arguments in cases:
        if isinstance(arguments.get("rng"), np.random.Generator):
            arguments["rng"] = 3
    alone = [outcome(name, arguments) for arguments in cases]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda i: outcome(name, cases[i % 4]), range(16)))
    assert together == alone * 4


def state():
    """Every global of every module of the solvers: its identity, and its content where that can change."""
    found = {}
    for module_name, module in sorted(sys.modules.items()):
        if not module_name.startswith("solvable.solvers."):
            continue
        for name, item in vars(module).items():
            kind = f"{type(item).__module__}.{type(item).__qualname__}"
            if isinstance(item, (dict, list, set, np.ndarray)) and not name.startswith("__"):
                found[module_name, name] = (id(item), hashlib.sha256(pickle.dumps(_plain(item))).hexdigest())
            elif name not in ("__builtins__", "__warningregistry__"):
                found[module_name, name] = (id(item), kind)
    return found


def _plain(item):
    if isinstance(item, np.ndarray):
        return item.tobytes()
    return sorted(map(repr, item.items() if isinstance(item, dict) else item))


def test_solvers_keep_no_state():
    """Globals of their modules, the global generator and the floating-point error state are as they were."""
    for name in FUNCTIONS:  # what is imported or compiled at the first call
        outcome(name, plain_arguments(name, 0))
    before, random, errors, printing = state(), np.random.get_state()[1].copy(), np.geterr(), np.get_printoptions()  # noqa: NPY002
    for name in FUNCTIONS:
        for seed in (0, 1):
            outcome(name, plain_arguments(name, seed))
    assert state() == before
    assert np.array_equal(np.random.get_state()[1], random)  # noqa: NPY002
    assert np.geterr() == errors
    assert np.get_printoptions() == printing


def everything():
    """One digest of what every public callable returns for valid arguments."""
    parts = [outcome(name, plain_arguments(name, seed)) for name in sorted(FUNCTIONS) for seed in range(2)]
    return hashlib.sha256(pickle.dumps(parts)).hexdigest()


SCRIPT = "import sys; sys.path.insert(0, sys.argv[1]); import test_trust; print(test_trust.everything())"


def run(*options, **environment):
    command = [sys.executable, *options, "-c", SCRIPT, os.path.dirname(__file__)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_strict_and_optimised_interpreters_and_thread_counts_give_the_same_bits():
    """In processes of their own: every public callable."""
    assert run("-O", "-W", "error", NUMBA_NUM_THREADS="1") == everything()


def test_every_module_imports_under_strict_and_optimised_interpreters():
    code = (
        "import importlib, pkgutil\n"
        "for package in ('solvable.solvers', 'solvable.analysis', 'solvable.figures'):\n"
        "    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, package + '.'):\n"
        "        importlib.import_module(info.name)\n"
    )
    done = subprocess.run([sys.executable, "-O", "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
