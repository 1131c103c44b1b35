"""One BLAS thread: two are slower at these sizes, and results then do not depend on the machine.

Nor do examples have a deadline: the first one compiles. What takes longest runs last, so that a failure shows early.
"""

import os
from functools import cache
from pathlib import Path

from hypothesis import settings

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FOLDER = Path(__file__).parent
# claims that are simulated, the data of figures, pages and notebooks that are followed: seconds each, where most tests
# take milliseconds
LAST = (
    "analysis/verification",
    "project/test_reproducibility.py",
    "project/test_trust.py",
    "figures",
    "project/test_docs.py",
    "project/test_notebooks.py",
)


@cache
def late(path):
    return next((i for i, name in enumerate(LAST, 1) if path.is_relative_to(FOLDER / name)), 0)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: late(item.path))
