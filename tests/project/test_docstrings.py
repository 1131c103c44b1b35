"""Every public function is documented in full, cites papers that exist, and its example runs."""

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import solvable.solvers
from solvable.analysis.writing.references import keys
from solvable.solvers import __all__ as public_solvers


def every_module():
    for package in ("solvable.solvers", "solvable.analysis", "solvable.figures"):
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            yield info.name


@pytest.mark.parametrize("name", sorted(every_module()))
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("name", sorted(every_module()))
def test_public_names_of_a_module_exist_and_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for public in getattr(module, "__all__", ()):
        item = getattr(module, public)
        if inspect.isfunction(item) or inspect.isclass(item):
            assert item.__doc__, f"{name}.{public} has no docstring"


def functions():
    for name in public_solvers:
        item = getattr(solvable.solvers, name)
        if inspect.isfunction(item):
            yield pytest.param(item, id=name)


@pytest.mark.parametrize("function", list(functions()))
def test_solver_docstrings_have_every_section(function):
    text = function.__doc__
    for section in ("Parameters", "Returns", "Raises", "References", "Examples"):
        assert re.search(rf"^\s*{section}\n\s*-+$", text, re.M), f"{function.__name__}: no section {section}"
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"\b{parameter}\b", text), f"{function.__name__}: {parameter} is not documented"


@pytest.mark.parametrize("function", list(functions()))
def test_solver_references_are_in_the_bibliography(function):
    references = re.search(r"References\n\s*-+\n(.*?)(\n\s*\n|\Z)", function.__doc__, re.S).group(1)
    cited = re.findall(r"\b[a-z]+\d{4}[a-z]*\b", references)
    assert cited, f"{function.__name__} cites nothing"
    assert set(cited) <= set(keys()), f"{function.__name__}: {set(cited) - set(keys())} not in papers.bib"
