"""One BLAS thread: two are slower at these sizes, and results then do not depend on the machine.

Nor do examples have a deadline: the first one compiles.
"""

import os

from hypothesis import settings

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
