"""Mutation testing: break one operator, constant, comparison or index of a formula, and see whether anything notices.

    python -m benchmarks.mutation solvers/ridge.py solvers/random_features.py --sample 60
    python -m benchmarks.mutation analysis/ridge/closed_forms.py --verify ridge

Every mutant lives in a copy of the project; the tests that cover the file run on it until one fails; where `--verify`
names a family, survivors face its quick checks too. (mutmut and cosmic-ray rewrite functions into wrappers, which numba
refuses, and start an interpreter a mutant; here one process with the libraries loaded is forked for each.)
Prints the share killed and every survivor, to be judged: a survivor is a missing test or an equivalent formula.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = {  # what covers a file beyond its own tests, known answers and ratios
    "random_feature_root": ["test_random_features", "test_certificate"],
    "random_feature_tuning": ["test_random_features"],
    "feature_moments": ["test_deep_random_features"],
    "tuning": ["test_ridge"],
    "interpolation": ["test_fixed_point", "test_random_features"],
    "fixed_point": ["test_ridge"],
    "stability_bounds": ["test_second_moment"],
    "sgd_chains": ["test_second_moment"],
    "scale_invariant": ["test_second_moment"],
    "gradient_noise": ["test_descent"],
    "minimum_norm": ["test_implicit_bias"],
    "hyperbolic": ["test_implicit_bias"],
    "threshold_certificate": ["test_certificate"],
    "enclosed_sums": ["test_certified_roots", "test_certificate"],
    "certified_roots": ["test_certificate"],
}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
             ast.MatMult: ast.Mult}  # fmt: skip
COMPARISONS = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}


class Sites(ast.NodeVisitor):
    """Every place a formula can be broken; messages, annotations, decorators and module constants are left alone."""

    def __init__(self):
        self.found = []

    def visit_Raise(self, node):
        return

    visit_JoinedStr = visit_AnnAssign = visit_Raise

    def visit_FunctionDef(self, node):
        for child in [*node.args.defaults, *node.body]:
            self.visit(child)

    def visit_Module(self, node):
        for child in node.body:
            if not isinstance(child, (ast.Assign, ast.Import, ast.ImportFrom)):
                self.visit(child)

    def visit_BinOp(self, node):
        text = any(isinstance(side, (ast.Constant, ast.JoinedStr)) and isinstance(getattr(side, "value", ""), str)
                   for side in (node.left, node.right))  # fmt: skip
        if type(node.op) in OPERATORS and not text:
            self.found.append(("operator", node))
        self.generic_visit(node)

    def visit_Compare(self, node):
        if type(node.ops[0]) in COMPARISONS:
            self.found.append(("comparison", node))
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.USub):
            self.found.append(("sign", node))
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            self.found.append(("constant", node))


def mutate(node, kind):
    """Change the node in place."""
    if kind == "operator":
        node.op = OPERATORS[type(node.op)]()
    elif kind == "comparison":
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif kind == "sign":
        node.op = ast.UAdd()
    else:
        node.value = node.value + 1 if isinstance(node.value, int) else (node.value * 1.1 or 0.1)


def mutants(path):
    """Yield (line, what changed, source) for every site of a file."""
    tree = ast.parse(path.read_text())
    sites = Sites()
    sites.visit(tree)
    for index, (kind, node) in enumerate(sites.found):
        other = copy.deepcopy(tree)
        again = Sites()
        again.visit(other)
        target = again.found[index][1]
        before = ast.unparse(target)
        mutate(target, kind)
        yield node.lineno, f"{before}  ->  {ast.unparse(target)}", ast.unparse(other)


def covering(path):
    """Tests of a file, quick ones first."""
    parts, stem = path.relative_to(ROOT).parts, path.stem
    if parts[0] == "analysis":
        return [f"tests/analysis/test_{part}.py" for part in (parts[1], stem) if
                (ROOT / f"tests/analysis/test_{part}.py").exists()] or ["tests/analysis/test_claims.py"]  # fmt: skip
    names = [f"tests/solvers/test_{name}.py" for name in [stem, *TESTS.get(stem, [])]]
    return [*(n for n in names if (ROOT / n).exists()), "tests/known_answers", "tests/project/test_ratios.py"]


def child(work, tests, family):
    """Run the tests, then the quick checks, in a forked process; the exit code is 0 if the mutant survives."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(work)
    sys.path[:] = [str(work / "src"), *(p for p in sys.path if p not in (str(ROOT), str(ROOT / "src")))]
    for name in [n for n in sys.modules if n.split(".")[0] in ("solvable", "benchmarks")]:
        del sys.modules[name]
    import pytest

    code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
    if code == 0 and family:
        from solvable.analysis import claims
        from solvable.analysis.campaign import verify_all

        code = int(any(verdict.outcome.value != "AGREES" for verdict, _ in verify_all(claims(family), quick=True)))
    os._exit(min(code, 1))


def survives(work, tests, family, limit):
    """Fork, wait at most `limit` seconds: a mutant that hangs is killed and counts as noticed."""
    pid = os.fork()
    if pid == 0:
        try:
            child(work, tests, family)
        finally:
            os._exit(1)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def preload():
    """Load the libraries once, before any fork; nothing of the project, and nothing pytest wants to rewrite."""
    import mpmath
    import numba
    import pytest
    import scipy.linalg
    import scipy.optimize
    import scipy.special
    import xarray

    return mpmath, numba, pytest, scipy, xarray


def test_file(path, sample, family, limit, seed):
    everything = list(mutants(path))
    chosen = everything if sample is None else random.Random(seed).sample(everything, min(sample, len(everything)))
    tests, survivors = covering(path), []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "project"
        skip = shutil.ignore_patterns(".git", ".numba", "report", "nightly", ".mypy_cache", ".ruff_cache", "build")
        shutil.copytree(ROOT, work, symlinks=True, ignore=skip)
        target = work / path.relative_to(ROOT)
        if not survives(work, tests, family, limit):
            raise SystemExit(f"{path}: the tests fail, or take over {limit} s, without any change")
        for line, change, source in sorted(chosen):
            target.write_text(source)
            if survives(work, tests, family, limit):
                survivors.append((line, change))
                print(f"  survives  {path.relative_to(ROOT)}:{line}  {change}", flush=True)
    killed = len(chosen) - len(survivors)
    print(f"{path.relative_to(ROOT)}: {killed} of {len(chosen)} killed ({killed / max(len(chosen), 1):.0%}), "
          f"{len(everything)} sites", flush=True)  # fmt: skip
    return killed, len(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--sample", type=int, help="mutants of a file, drawn at random; all of them by default")
    parser.add_argument("--verify", metavar="FAMILY", help="quick checks that survivors of the tests must pass")
    parser.add_argument("--limit", type=float, default=120, help="seconds for one mutant")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    preload()
    totals = [
        test_file(path.resolve(), options.sample, options.verify, options.limit, options.seed) for path in options.files
    ]
    killed, tried = (sum(column) for column in zip(*totals, strict=True))
    print(f"all: {killed} of {tried} killed ({killed / tried:.0%})")


if __name__ == "__main__":
    main()
