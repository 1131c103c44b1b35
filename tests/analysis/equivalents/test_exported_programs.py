"""The program of every model of the family, run by an interpreter that has numpy and nothing of ours."""

import inspect
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from solvable import derive
from solvable.analysis.equivalents.degrees_of_freedom import joint_lists
from solvable.analysis.equivalents.models import MODELS
from solvable.analysis.equivalents.operator_form import has_dense
from solvable.solvers.equivalents.matrix_expression import leaves

WAITED_FOR = {"marchenko-pastur", "ridge", "spike"}  # one effective ridge within seconds; the others by blocks
RUN = """
import json, sys, numpy, program
print(repr(float(program.value(**{k: numpy.array(v) for k, v in json.load(sys.stdin).items()}))))
assert not {"sympy", "scipy", "numba", "solvable"} & set(sys.modules)
"""


def arguments(r):
    """Every matrix, list of multiplicities, size and scalar that a program may ask for, by its own name."""
    cell = r._cell(r.at)
    known = {name: float(value) for name, value in cell.named.items()}
    for space, (_, counts) in joint_lists(r.trace, cell).items() if not has_dense(r.trace) else ():
        known[f"{space}_multiplicities"] = np.asarray(counts, float).tolist()
    for node in set().union(*(leaves(node) for _, node in r.trace.summands)):
        if node.op == "deterministic":
            known[node.data.name] = np.asarray(node.data.value, float).tolist()
    return known


@pytest.mark.parametrize("name", MODELS)
def test_the_program_needs_numpy_alone_and_has_the_value(name, tmp_path):
    r = derive(MODELS[name](20), seconds=600 if name in WAITED_FOR else 0.01)
    source = r.to_python()
    (tmp_path / "program.py").write_text(source)
    known, space = arguments(r), {}
    exec(source, space)
    asked = [p for p in inspect.signature(space["value"]).parameters if p not in ("start", "lowest", "highest")]
    given = {argument: known[argument if argument in known else argument.rstrip("_")] for argument in asked}
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN], input=json.dumps(given), capture_output=True, text=True,
        cwd=tmp_path, env=clean, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(float(done.stdout), float(r.value), rtol=1e-9)
    assert "solvable" not in source
