"""A prediction and its simulation share no code: read from the compiled functions, nothing is run."""

import ast
import inspect
import types
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

import solvable.analysis
from solvable.analysis import claims

# What a module of experiments may take from the solvers: code that steps, fits or samples, and never the theory of it.
SIMULATORS = {
    "AttentionDescent": "the record of a run",
    "DescentRun": "the record of a run",
    "Status": "whether a run diverged",
    "attention_descent": "steps the weights of softmax attention",
    "fractional_potential": "draws the potential",
    "residual_training": "integrates the weights of residual layers",
    "subgradient_descent": "steps the factor of a matrix",
    "tubal_descent": "steps the factor of a tensor",
    "diagonal_descent": "steps the weights of a diagonal network",
    "k_subspaces": "descends from random assignments",
    "logistic_descent": "steps the weights of logistic regression",
    "optimiser_chain": "steps least squares by SGD and its relatives",
    "random_feature_sweep": "fits random features on real data",
    "regularisation_path": "minimises the loss of softmax attention in a ball",
    "slab_data": "draws the data",
    "stochastic_gradient_flow": "Euler steps with noise",
}
# What measures by evaluating a form of the literature, written down apart from the solver that it is compared with.
_LITERATURE = "solvable.analysis.random_features.closed_forms.literature."
# Compilation, refusals, result types and spectra: no mathematics that a prediction could share with a measurement.
# So are the words in which a model of matrices is declared: they name sizes and numbers and derive nothing.
_GROUND = (
    *(f"solvable.solvers.{name}" for name in ("compiled", "validate", "solution", "spectrum")),
    "solvable.analysis.equivalents.declaring",
)


def _functions(value, depth=0) -> Iterator[types.FunctionType]:
    """Plain functions behind partials, caches, compiled kernels, classes and containers."""
    if isinstance(value, partial):
        yield from _functions(value.func)
        for part in (*value.args, *value.keywords.values()):
            yield from _functions(part, depth + 1)
    elif isinstance(value, types.FunctionType):
        yield value
    elif hasattr(value, "py_func"):
        yield value.py_func
    elif hasattr(value, "__wrapped__"):
        yield from _functions(value.__wrapped__)
    elif isinstance(value, type):
        for member in vars(value).values():
            inner = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
            if isinstance(inner, types.FunctionType):
                yield inner
    elif depth < 2 and isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _functions(part, depth + 1)


def _names(code) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


@cache
def _called(function) -> tuple[types.FunctionType, ...]:
    return tuple(found for value in _values(function) for found in _functions(value))


def _values(function):
    """What a function may call: the globals it names, their attributes it names, and what it closes over."""
    names, known = _names(function.__code__), function.__globals__
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    if hasattr(function, "__wrapped__"):
        yield function.__wrapped__
    for name in names & set(known):
        value = known[name]
        yield value
        if isinstance(value, types.ModuleType) and value.__name__.startswith("solvable"):
            yield from (getattr(value, other) for other in names if other in vars(value))
    for module in names:  # imported inside the function
        if module.startswith("solvable."):
            found = __import__(module, fromlist=["_"])
            yield from (getattr(found, other) for other in names if hasattr(found, other))


def reached(function) -> dict[str, types.FunctionType]:
    """Functions of this project that `function` may come to call, by module and name; the ground is left out."""
    found, todo = {}, list(_functions(function))
    while todo:
        item = inspect.unwrap(todo.pop(), stop=lambda f: f.__name__ == "<lambda>")
        name = f"{item.__module__}.{item.__qualname__}:{item.__code__.co_firstlineno}"
        if name in found or not (item.__module__ or "").startswith("solvable.") or _is_ground(item):
            continue
        found[name] = item
        todo += _called(item)
    return found


def _is_ground(function) -> bool:
    return (function.__module__ or "").startswith(_GROUND)


def of_solvers(function) -> set[str]:
    return {name for name in reached(function) if name.startswith("solvable.solvers.")}


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_prediction_and_measurement_reach_no_solver_in_common(claim):
    shared = of_solvers(claim.predict) & of_solvers(claim.measure)
    assert not shared


def _experiments():
    root = Path(next(iter(solvable.analysis.__path__))).resolve()
    return sorted(p for p in root.rglob("*.py") if "experiments" in (p.stem, *(part.name for part in p.parents)))


@pytest.mark.parametrize("path", _experiments(), ids=lambda path: "-".join(path.parts[-3:]))
def test_experiments_import_simulators_only(path):
    for node in ast.walk(ast.parse(path.read_text())):
        ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("solvable.solvers")
        if ours and node.module != "solvable.solvers.compiled":
            assert {alias.name for alias in node.names} <= set(SIMULATORS)
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("solvable.solvers") for alias in node.names)


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_a_measurement_calls_no_theory(claim):
    """Whatever module it stands in: of the public solvers a measurement reaches simulators only."""
    import solvable.solvers

    public = {name: getattr(solvable.solvers, name) for name in solvable.solvers.__all__}
    codes = {f.__code__: name for name, value in public.items() for f in _functions(value)}
    codes |= {inspect.unwrap(f).__code__: name for name, value in public.items() for f in _functions(value)}
    for name, item in reached(claim.measure).items():
        if not name.startswith("solvable.solvers."):
            called = {codes.get(inspect.unwrap(f).__code__) for f in _called(item) if not _is_ground(f)} - {None}
            assert called <= set(SIMULATORS), (name, called - set(SIMULATORS))


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_a_measurement_simulates(claim):
    """It is not read off something that was computed before."""
    homes = [name.rsplit(":", 1)[0] for name in reached(claim.measure)]
    assert any(".experiments." in name or name.startswith(_LITERATURE) for name in homes), homes


@pytest.mark.parametrize("claim", [c for c in claims() if c.instance is not None], ids=lambda claim: claim.name)
def test_an_instance_is_drawn_and_nothing_is_run(claim):
    """No solver, not even a simulator; no code of the measurement's but settings; arrays and numbers come out."""
    assert not of_solvers(claim.instance)
    shared = reached(claim.instance).keys() & reached(claim.measure).keys()
    assert not [name for name in shared if ".settings." not in name]
    for value in claim.instance(np.random.default_rng(0), **claim.grid[0]).values():
        assert all(np.asarray(part).dtype.kind in "biuf" for part in _arrays(value))


def _arrays(value):
    return value if isinstance(value, list | tuple) else [value]


def test_no_simulation_stands_among_the_claims():
    """A claims module states; what draws is in `experiments`."""
    root = Path(next(iter(solvable.analysis.__path__))).resolve()
    for path in root.rglob("*.py"):
        if "claims" in (path.stem, path.parent.name):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    assert "rng" not in [a.arg for a in node.args.args], f"{path.name}: {node.name}"
