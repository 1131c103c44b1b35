"""Performance of derived equivalents, as ratios within one process."""

import runpy
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.slow
def test_dense_numerators_cost_less_than_dense_inverses():
    bench = runpy.run_path(str(BENCHES / "bench_derive.py"))
    ratio = bench["compare"]("dense numerators", bench["triangular"], bench["dense"], repeats=3)
    assert ratio > 15  # 50 measured at a load of 20
