"""The quick data of every figure, computed once for all tests."""

import os

import pytest

from solvable.figures import find_figure


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    # workers of one run have folders beside each other: what one has computed the others read
    store = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "figures"
    store.mkdir(exist_ok=True)
    return lambda name: find_figure(name).data(quick=True, store=store)
