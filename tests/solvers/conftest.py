"""Relative means relative: pytest.approx would add an absolute tolerance of 1e-12, which hides answers of 1e-13."""

import pytest

APPROX = pytest.approx


def strict(expected, rel=None, abs=None, nan_ok=False):
    return APPROX(expected, rel=rel, abs=0.0 if rel is not None and abs is None else abs, nan_ok=nan_ok)


@pytest.fixture(autouse=True, scope="module")
def relative_tolerances():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytest, "approx", strict)
        yield
