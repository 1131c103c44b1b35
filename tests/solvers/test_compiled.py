"""A damaged compilation cache costs a compilation, not the answer."""

import os
import subprocess
import sys

import pytest

CALL = "from solvable.solvers import Spectrum, support_edges; print(support_edges(Spectrum.isotropic(100), 200))"


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_truncated_cache_files_are_written_anew(tmp_path, suffix):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def answer():
        return subprocess.run([sys.executable, "-c", CALL], env=environment, capture_output=True, text=True, check=True)

    want = answer().stdout
    files = list(tmp_path.rglob(f"*.{suffix}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[: 0 if suffix == "nbi" else 100])
    assert answer().stdout == want
    assert all(file.stat().st_size > 100 for file in files)  # whole again
