"""Valid arguments for every public callable of the solvers.

Arguments are built by their names for small common sizes: by what the function's family says
(``arguments/<family>.py``), then by what all families share; an unknown name falls back on its annotation. Callables
are the public functions, and the constructors, methods and properties of public classes, found by introspection.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import warnings

import arguments
import numpy as np
from arguments.shared import Setting

import solvable.solvers
from solvable.solvers import Spectrum

PUBLIC = {name: getattr(solvable.solvers, name) for name in solvable.solvers.__all__}
SOLVERS = {name: item for name, item in PUBLIC.items() if inspect.isfunction(item)}
# records that solvers fill: they hold what they are given, and are not made by hand
RECORDS = {name for name, item in PUBLIC.items() if dataclasses.is_dataclass(item) and name != "Spectrum"}


def members():
    """Methods and properties of public classes by ``Class.name``; instances come in as the argument `self`."""
    for owner, cls in PUBLIC.items():
        if not inspect.isclass(cls) or issubclass(cls, Warning | int):
            continue
        for name, item in vars(cls).items():
            if isinstance(item, classmethod):
                yield f"{owner}.{name}", getattr(cls, name)
            elif isinstance(item, property):
                yield f"{owner}.{name}", item.fget
            elif inspect.isfunction(item) and name not in cls.__dataclass_fields__:
                yield f"{owner}.{name}", item


# `plot` draws, and pictures are looked at elsewhere
MEMBERS = {name: item for name, item in members() if not name.split(".")[1].startswith("_") and name != "Risk.plot"}
del MEMBERS["Solution.shaped"]  # how solvers fill the record, from arrays they made
FUNCTIONS = {**SOLVERS, "Spectrum": Spectrum, **MEMBERS}
# work grows with these: a request for 10^8 steps is honest, one for 10^12 is refused
COUNTS = {"steps", "seeds", "chains", "checkpoints", "most_jumps", "depth", "widths", "times"}


def instance(name):
    """Build an object by calling a solver that returns one, with valid arguments."""
    owner = name.split(".")[0]
    if owner in MAKERS:
        return MAKERS[owner]
    maker = next(solver for solver, item in SOLVERS.items() if inspect.signature(item).return_annotation == owner)

    def build(setting):
        for _ in range(20):  # valid arguments may still be refused: a step size above its limit
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)
                    return SOLVERS[maker](**plain_arguments(maker, int(setting.rng.integers(10**6))))
            except (ValueError, ArithmeticError):
                continue
        raise AssertionError(f"no arguments for {maker} found")

    return build


MAKERS = {
    "Spectrum": Setting.spectrum,
    "Risk": lambda s: solvable.solvers.ridge_risk(s.spectrum(), 5.0, [0.1, 1.0]),
    "Solution": lambda s: solvable.solvers.effective_ridge(s.spectrum(), 5.0, 0.1),
    "Certificate": lambda s: solvable.solvers.effective_ridge(s.spectrum(), 5.0, 0.1, certify=True).certificate,
}
FAMILIES = {
    info.name: importlib.import_module(f"arguments.{info.name}") for info in pkgutil.iter_modules(arguments.__path__)
}
for _family in FAMILIES.values():  # objects that a user makes
    MAKERS |= getattr(_family, "MAKERS", {})
SPECIAL = {(name, "self"): instance(name) for name in MEMBERS if "self" in inspect.signature(MEMBERS[name]).parameters}
SPECIAL |= {key: build for family in FAMILIES.values() for key, build in getattr(family, "SPECIAL", {}).items()}
BY_ANNOTATION = {"float": 0.5, "int": 2, "bool": False, "str": "squared"}


def family(name):
    """Module of arguments of the function's or class's room; the ground shares."""
    parts = PUBLIC[name.split(".")[0]].__module__.split(".")
    return FAMILIES.get(parts[2] if len(parts) > 3 else "shared", FAMILIES["shared"])


def builder(name, parameter):
    """What builds an argument, or None where its annotation must do."""
    own, shared = (getattr(place, "ARGUMENTS", {}) for place in (family(name), FAMILIES["shared"]))
    return SPECIAL.get((name, parameter), own.get(parameter, shared.get(parameter)))


def plain_arguments(name, seed):
    setting, arguments = Setting(seed), {}
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        build = builder(name, parameter.name)
        if build is not None:
            arguments[parameter.name] = build(setting)
        elif parameter.default is inspect.Parameter.empty:
            arguments[parameter.name] = BY_ANNOTATION.get(str(parameter.annotation), np.array([0.5, 2.0]))
    return arguments
