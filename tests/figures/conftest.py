"""The quick data of every figure, computed once for all tests."""

import pytest

from solvable.figures import find_figure


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    store = tmp_path_factory.mktemp("figures")
    return lambda name: find_figure(name).data(quick=True, store=store)
