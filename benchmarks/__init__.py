"""Ratios against what a user would pick instead: same job, same accuracy, interleaved in one run.

``python -m benchmarks.bench_ridge`` prints a table; ``asv run`` (asv.conf.json) tracks the single times. Times are
process CPU seconds at one thread: wall time at two threads moves by an order of magnitude on shared machines.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
