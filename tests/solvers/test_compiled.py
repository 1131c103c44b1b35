"""A damaged compilation cache costs a compilation, not the answer; only what Python calls can be called from Python."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from solvable.solvers import max_margin
from solvable.solvers.compiled import room
from solvable.solvers.separable.active_set import _solve

ROOT = Path(__file__).parents[2]
IMPORTS = re.compile(r"^from solvable\..* import .*\b_[a-z]|^    _\w+,$", re.MULTILINE)

TESTED = {  # inner kernels that tests import: one is refused above, the others are called in kernels of the tests
    ("solvable.solvers.separable.active_set", "_solve"),
    ("solvable.solvers.separable.logistic_descent", "_exponential"),
    ("solvable.solvers.attention.attention_descent", "_slopes"),
}
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


def test_an_inner_kernel_called_from_python_is_a_sentence():
    """Before it is compiled, and once a solver has compiled it: numba alone would run into a null pointer."""
    for _ in range(2):
        with pytest.raises(TypeError, match=r"_solve is an inner kernel: only other kernels can call it\."):
            _solve(np.eye(2), 2, np.ones(2))
        assert max_margin([[2.0, 0.0], [0.0, 2.0]]).margin == pytest.approx(2**0.5, rel=1e-15)


def test_inner_kernels_are_kept_with_those_that_call_them(tmp_path):
    """The folder holds what Python calls, and that is enough for a second process."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    call = (
        "from solvable.solvers import max_margin; from solvable.solvers.separable import active_set;"
        "print(max_margin([[2.0, 0.1], [0.3, 2.0]]).margin.hex(), len(active_set._solve.overloads))"
    )

    def answer():
        return subprocess.run([sys.executable, "-c", call], env=environment, capture_output=True, text=True, check=True)

    value, compiled = answer().stdout.split()
    assert compiled == "1"
    assert {file.name.split("-")[0] for file in tmp_path.rglob("*.nb?")} == {"active_set.least_distance"}
    assert answer().stdout.split() == [value, "0"]


def test_room_is_zeros_apart_from_each_other_from_multiples_of_64_bytes_on():
    parts = room((3,), (2, 5), (0, 4), (2, 0, 3), (7, 1, 2))
    assert [part.shape for part in parts] == [(3,), (2, 5), (0, 4), (2, 0, 3), (7, 1, 2)]
    for i, part in enumerate(parts):
        assert part.flags.c_contiguous
        assert not part.any()
        assert part.ctypes.data % 64 == 0 or part.size == 0
        part[...] = i
    assert all((part == i).all() for i, part in enumerate(parts))
    assert room() == []


def kernel(node):
    """The decorator of a compiled function, as text; empty for all else."""
    found = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
    return next((text for text in found if text.startswith("njit")), "")


def test_kernels_that_kernels_alone_call_are_inner():
    """A name that begins with an underscore and that nothing but kernels reads, in its file and in the tests."""
    files = [path for part in ("solvers", "analysis", "tests") for path in sorted((ROOT / part).rglob("*.py"))]
    texts = {path: path.read_text() for path in files}
    trees = {path: ast.parse(text) for path, text in texts.items() if "njit" in text or IMPORTS.search(text)}
    imported = {
        (node.module, name.name)
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    unread, marked = set(), set()
    for path, tree in trees.items():
        own = "solvable." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        rest = [node for node in tree.body if not kernel(node)]
        read = {node.id for part in rest for node in ast.walk(part) if isinstance(node, ast.Name)}
        for node in tree.body:
            if (text := kernel(node)) and node.name.startswith("_"):
                if node.name not in read and (own, node.name) not in imported:
                    unread.add((own, node.name))
                if "inner=True" in text:
                    marked.add((own, node.name))
    assert len(marked) > 50
    assert unread | TESTED == marked
