"""The same bits for a seed: worker counts, chunks, thread counts of BLAS and numba, a second process; the manifest.

A sample of experiments of each family, of `verify`, of `sweep` and of `reproduce`.
"""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from valid_arguments import FAMILIES

from solvable.analysis import Claim, Kind, Source, claims, families, verify
from solvable.analysis.sweeping.running import sweep
from solvable.analysis.verification.campaign import verify_all
from solvable.figures.report import manifest

SEED = 5
LISTS = [family.SAME_BITS for family in FAMILIES.values() if hasattr(family, "SAME_BITS")]
SAMPLE = [name for names in LISTS for name in names]
QUICK = [names[0] for names in LISTS]  # one of each family, over all its quick cells and to its own limit of draws
CHOSEN = [c for c in claims() if c.name in SAMPLE]


def large_product(rng, n):
    """A matrix product that BLAS shares among its threads, if it is let: then the sums are ordered otherwise."""
    A = rng.standard_normal((n, 3 * n))
    return float(np.linalg.inv(A @ A.T / n)[0, 0]), float((A @ A.T).sum())


def traced(rng, n):
    return large_product(rng, n)[0]


THREADED = Claim("demo/product", "First entry of an inverse.", Source("derived"), Kind.MEAN, lambda n: 0.5, traced,
                 [{"n": 300}], tolerance=0.9, first_draws=8)  # fmt: skip


def digest(verdict):
    return hashlib.sha256(json.dumps(verdict.to_dict(), default=float, sort_keys=True).encode()).hexdigest()


def sweep_digest(**options):
    data = sweep(large_product, {"n": [200, 260]}, draws=3, seed=SEED, outputs=["corner", "total"], progress=False,
                 **options)  # fmt: skip
    return hashlib.sha256(data["corner"].values.tobytes() + data["total"].values.tobytes()).hexdigest()


def everything():
    """Digests of all verdicts of the sample and of a sweep, in this process."""
    found = {c.name: digest(verify(c, seed=SEED, quick=True, most_draws=16)) for c in [*CHOSEN, THREADED]}
    return found | {"sweep": sweep_digest(workers=1)}


@pytest.fixture(scope="module")
def here():
    return everything()


def test_the_sample_covers_every_family():
    assert sorted({c.family for c in CHOSEN}) == families()
    assert len(CHOSEN) == len(SAMPLE)


@pytest.mark.parametrize(
    "threads",
    [
        pytest.param({"OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}, marks=pytest.mark.slow, id="one thread"),
        pytest.param({"OPENBLAS_NUM_THREADS": "4", "NUMBA_NUM_THREADS": "4"}, id="four threads"),
    ],
)
def test_a_second_process_with_any_number_of_threads_finds_the_same_bits(here, threads):
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import test_reproducibility as t; "
        "print(json.dumps(t.everything()))"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")} | threads
    done = subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__)], capture_output=True, text=True,
                          env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == here


@pytest.mark.parametrize("chunk", [1, 2, 4, 5, 6, 100])
def test_sweep_chunks(here, chunk):
    """Numbers of workers: tests/analysis/sweeping/test_sweep.py."""
    assert sweep_digest(workers=1, chunk=chunk) == here["sweep"]


@pytest.mark.parametrize("jobs", [pytest.param(2, marks=pytest.mark.slow), 4])
def test_verdicts_of_every_family_do_not_depend_on_the_number_of_workers(jobs):
    chosen = [c for c in CHOSEN if c.name in QUICK]
    assert len(chosen) == len(families())
    expected = {c.name: digest(verify(c, seed=SEED, quick=True)) for c in chosen}
    assert {v.claim: digest(v) for v, _ in verify_all(chosen, seed=SEED, quick=True, jobs=jobs)} == expected


def test_seeds_matter():
    claim = CHOSEN[-1]
    assert digest(verify(claim, seed=1, quick=True, most_draws=8)) != digest(
        verify(claim, seed=2, quick=True, most_draws=8)
    )


def test_the_manifest_says_what_made_the_numbers():
    import platform
    from importlib.metadata import version

    import numba
    from threadpoolctl import threadpool_info, threadpool_limits

    facts = manifest(7, True)
    for package in ("solvable", "numpy", "scipy", "sympy", "numba", "matplotlib", "scikit-learn", "xarray", "mpmath"):
        assert facts[package] == version(package)
    assert (facts["seed"], facts["quick"]) == (7, True)
    assert facts["python"] == platform.python_version()
    assert facts["numba threads"] == numba.get_num_threads()
    assert facts["blas threads in workers"] == 1
    libraries = [x for x in threadpool_info() if x["user_api"] == "blas"]
    assert all(x["version"] in facts["blas"] and x["internal_api"] in facts["blas"] for x in libraries)
    with threadpool_limits(1):
        assert manifest(0, False)["blas threads"] == 1
    assert json.loads(json.dumps(facts)) == facts
