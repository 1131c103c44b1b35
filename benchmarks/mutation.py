"""Mutation testing: break one operator, constant, comparison or index of a formula, and see whether a check notices.

    python -m benchmarks.mutation solvers --sample 10              # ten wrong formulas of every file
    python -m benchmarks.mutation analysis/ridge --verify ridge    # its quick checks look too
    python -m benchmarks.mutation solvers --again survived         # the survivors once more, after writing tests
    python -m benchmarks.mutation --report                         # the table

One process collects the tests once. A first run in a fork notes how long each test takes and which functions it
enters (build/mutation_baseline.json, kept until the test or the package changes); each mutant is then compiled into a
fork of that process (numba kernels of the file are compiled anew there) and meets the tests that enter its function,
those that killed its neighbours and quick ones first, until one fails. (mutmut and cosmic-ray rewrite functions into
wrappers, which numba refuses, and start an interpreter a mutant.)
Results go to build/mutation.jsonl, one line each, so that an
interrupted run goes on where it stopped. A mutant that takes ten times as long as the test did, plus 10 s of CPU (60 s
for kernels), counts as noticed and is marked. The sample is drawn by hashing what each mutant says. Survivors that
cannot be told from the right formula are argued in equivalent_mutants.json.
"""

from __future__ import annotations

import argparse
import functools
import gc
import hashlib
import importlib
import importlib.util
import json
import math
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mutants import Mutant, mutants
from benchmarks.mutation_functions import ROOT, Functions, outermost
from benchmarks.mutation_report import judged, latest, report

PACKAGE = f"{ROOT / 'src' / 'solvable'}/"
RESULTS = ROOT / "build" / "mutation.jsonl"
BASELINE = ROOT / "build" / "mutation_baseline.json"
TESTS = {
    "solvers": ["tests/known_answers", "tests/solvers", "tests/project/test_ratios.py"],
    "analysis": ["tests/analysis"],
}
EXAMPLES = "tests/project/test_docstrings.py"
LEFT_OUT = ("test_sweep", "test_cli")  # processes of their own, which a mutant in this one does not reach
MEMORY = 12 << 30


class Check:
    """A test, or the quick check of a claim."""

    def __init__(self, name: str, run: Callable[[], bool]):
        self.name, self.run = name, run


class Runner:
    """Runs in place of pytest's own loop, on the tests that pytest collected."""

    def __init__(self, options: argparse.Namespace):
        self.options, self.failed = options, False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed = self.failed or report.failed

    def _test(self, item: Any) -> bool:
        self.failed = False
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed

    def _checks(self, items: list[Any]) -> list[Check]:
        checks = [Check(i.nodeid, functools.partial(self._test, i)) for i in items
                  if not any(word in i.nodeid for word in LEFT_OUT)]  # fmt: skip
        return checks + list(self._claims().values())

    def _claims(self) -> dict[str, Check]:
        """The claims as they are loaded now."""
        found = {}
        for family in self.options.verify or []:
            analysis = importlib.import_module("solvable.analysis")

            def agrees(claim: Any, verify: Any = analysis.verify) -> bool:
                return bool(verify(claim, quick=True).outcome.value == "AGREES")

            chosen = analysis.claims(family)
            name = f"verify {family}: formulas"
            found[name] = Check(name, functools.partial(_formulas_fit, chosen))
            for claim in chosen:
                name = f"verify {claim.name}"
                found[name] = Check(name, functools.partial(agrees, claim))
        return found

    def pytest_runtestloop(self, session: Any) -> bool:
        files = self.options.every
        self.functions = Functions(files)
        self.checks = self._checks(session.items)
        gc.collect()
        gc.freeze()
        with tempfile.TemporaryDirectory() as folder:
            self.log = Path(folder) / "log"
            base = self._baseline()
            self.seconds = {name: value[0] for name, value in base.items()}
            self.entered = defaultdict(set)
            for name, (_, functions) in base.items():
                for function in functions or [""]:
                    self.entered[function].add(name)
                    self.entered[function.split("::")[0]].add(name)
            if self.options.control:
                self._control()
            else:
                self._mutate()
        return True

    def _control(self) -> None:
        """Every test that killed, alone in a fork without a mutant: one that fails there killed nothing."""
        used = {record["by"] for record in latest(RESULTS).values()} & set(self.seconds)

        def work(check: Check) -> None:
            if not self._passes(check):
                os._exit(1)

        failing = [c.name for c in self.checks if c.name in used and self._fork(functools.partial(work, c), 900)[0]]
        print(f"{len(used)} tests killed; {len(failing)} of them fail without a mutant: {failing}")

    def _baseline(self) -> dict[str, tuple[float, list[str]]]:
        """Durations and functions entered, kept while tests and package do not change; what fails is no use."""
        kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
        digests = {check.name: _digest(check.name) for check in self.checks}
        todo = [check for check in self.checks if kept.get(check.name, [None])[0] != digests[check.name]]

        def work() -> None:
            touched: set[str] = set()
            trace = functools.partial(_note, touched)
            with self.log.open("w") as log:
                for check in todo:
                    self.functions.forget()
                    touched.clear()
                    start = time.process_time()
                    sys.settrace(trace)
                    threading.settrace(trace)
                    fine = self._passes(check)
                    sys.settrace(None)
                    seconds = time.process_time() - start if fine else float("inf")
                    log.write(json.dumps([check.name, digests[check.name], seconds, sorted(touched)]) + "\n")
                    log.flush()

        start = time.monotonic()
        failed = self._fork(work, 36000)[0]
        for name, *value in map(json.loads, self.log.read_text().splitlines()):
            kept[name] = value
        BASELINE.parent.mkdir(exist_ok=True)
        BASELINE.write_text(json.dumps(kept))
        if failed:
            raise SystemExit("the tests cannot be run without any mutant")
        names = [check.name for check in self.checks]
        result = {name: kept[name][1:] for name in names if kept[name][1] < self.options.longest}
        print(f"{len(result)} of {len(names)} checks usable, {sum(v[0] for v in result.values()):.0f} s of CPU; "
              f"{len(todo)} of them timed in {time.monotonic() - start:.0f} s", flush=True)  # fmt: skip
        return result

    def _mutate(self) -> None:
        known = latest(RESULTS)
        RESULTS.parent.mkdir(exist_ok=True)
        kills: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for record in known.values():
            if record.get("by"):
                kills[record["file"]][record["by"]] += 1
        for mutant in chosen(self.options, known):
            record = self._try(mutant, kills[mutant.file])
            with RESULTS.open("a") as out:
                out.write(json.dumps(record) + "\n")
            if record["by"]:
                kills[mutant.file][record["by"]] += 1
            if record["status"] not in ("killed",):
                print(f"{record['status']:<9} {mutant.identity}   line {mutant.line}, {record['cpu']} s", flush=True)

    def _enter(self, function: str) -> set[str]:
        """Tests that enter the function, or the one around it."""
        while function not in self.entered and "." in function.split("::")[-1]:
            function = function.rpartition(".")[0]
        return self.entered.get(function, set())

    def _try(self, mutant: Mutant, kills: dict[str, int]) -> dict[str, Any]:
        kernel = self.functions.is_kernel(mutant)
        whole = kernel or not mutant.function
        names = self._enter(mutant.file if whole else f"{mutant.file}::{mutant.function}")
        if kernel and not names:  # a file of kernels alone is entered by nothing that a trace sees
            names = set(self.seconds)
        if not mutant.function and mutant.file.startswith("analysis"):  # tests hold the claims as they were loaded
            names = {name for name in self.seconds if name.startswith("verify")}
        if "in the defaults" in mutant.identity:  # signatures are read without a call
            names = names | self._enter("")
        order = sorted(names, key=lambda n: (n.startswith("verify"), -kills.get(n, 0), self.seconds[n]))
        checks = {check.name: check for check in self.checks}

        def work() -> None:
            self.functions.forget()
            anew = not self.functions.apply(mutant)
            if anew:
                self.functions.reload(mutant)
                checks.update(self._claims())
            with self.log.open("w") as log:
                for name in order:
                    log.write(f"{name}\n")
                    log.flush()
                    signal.setitimer(signal.ITIMER_PROF, 10 * self.seconds[name] + (60 if kernel else 10))
                    if not self._passes(checks[name]):
                        os._exit(1)
                signal.setitimer(signal.ITIMER_PROF, 300)
                if anew and not _tests_anew(self.options.arguments):
                    os._exit(1)

        status, cpu = self._fork(work, 900) if order else (0, 0.0)
        last = self.log.read_text().splitlines()[-1] if order and status and self.log.stat().st_size else ""
        words = {0: "survived", 512: "error", signal.SIGPROF: "timeout", signal.SIGKILL: "timeout"}
        word = words.get(status, "killed") if order else "uncovered"
        return {
            "id": mutant.identity, "file": mutant.file, "line": mutant.line, "numerical": mutant.numerical,
            "status": word, "by": last, "tests": len(order), "cpu": round(cpu, 1),
        }  # fmt: skip

    def _passes(self, check: Check) -> bool:
        try:
            return check.run()
        except Exception:  # of the quick check of a claim
            return False

    def _fork(self, work: Callable[[], None], limit: float) -> tuple[int, float]:
        """Exit status and CPU seconds of `work` in a fork; 512 is an exception of its own."""
        self.log.write_text("")
        sys.stdout.flush()
        if (pid := os.fork()) == 0:
            try:
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1)
                if not self.options.debug:
                    os.dup2(quiet, 2)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                for number in (signal.SIGPROF, signal.SIGTERM):
                    signal.signal(number, signal.SIG_DFL)
                work()
                os._exit(0)
            except BaseException:
                if self.options.debug:
                    import traceback

                    traceback.print_exc()
                os._exit(2)
        deadline = time.monotonic() + limit
        try:
            while time.monotonic() < deadline:
                done, status, usage = os.wait4(pid, os.WNOHANG)
                if done:
                    return status, usage.ru_utime + usage.ru_stime
                time.sleep(0.01)
        except BaseException:  # stopped from outside: the fork must not go on alone
            os.kill(pid, signal.SIGKILL)
            raise
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        return status, usage.ru_utime + usage.ru_stime


def _formulas_fit(claims: Any) -> bool:
    """What tests/analysis/verification/test_claims.py asks, of claims loaded later than the tests."""
    for claim in claims:
        for cell in claim.grid if claim.formula is not None else ():
            known = {**cell, **(claim.quantities(**cell) if claim.quantities else {})}
            value = float(claim.formula.subs({symbol: known[str(symbol)] for symbol in claim.formula.free_symbols}))
            if not math.isclose(value, claim.predict(**cell), rel_tol=1e-12):
                return False
    return True


def _tests_anew(arguments: list[str]) -> bool:
    """Collect and run the tests once more, on what is loaded now."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(ROOT / "tests")):
            del sys.modules[name]
    return pytest.main(arguments) in (0, 5)  # 5: none collected


def _digest(name: str) -> str:
    """Of the file of a test and, for tables of answers, of the tables; and of the package that it runs."""
    file = ROOT / name.split("::")[0]
    files = [file, *sorted(file.parent.glob("*.json"))] if file.exists() else []
    return hashlib.sha256(_package().encode() + b"".join(f.read_bytes() for f in files)).hexdigest()[:16]


@functools.cache
def _package() -> str:
    from solvable.analysis.verification.fingerprint import package_digest

    return package_digest()


def _note(touched: set[str], frame: Any, event: str, argument: Any) -> None:
    code = frame.f_code
    if code.co_filename.startswith(PACKAGE):
        touched.add(f"{code.co_filename[len(PACKAGE) :]}::{outermost(code)}")


def chosen(options: argparse.Namespace, known: dict[str, Any]) -> list[Mutant]:
    """Return the sample, file by file in turns so that an early stop leaves no file out, without what is known."""
    rounds = []
    for file in options.every:
        everything = mutants(ROOT, file)
        if options.only or options.again:
            words = [word for word in options.again.split(",") if word]
            picked = [m for m in everything if m.identity in options.only
                      or (known.get(m.identity, {}).get("status") in words and m.identity not in judged())]  # fmt: skip
        else:
            formulas = [m for m in everything if not m.numerical][: options.sample]
            numbers = [m for m in everything if m.numerical][: -(-options.sample // 10)]
            picked = [m for m in formulas + numbers if m.identity not in known]
        rounds += [(turn, file, m) for turn, m in enumerate(picked)]
    return [m for _, _, m in sorted(rounds, key=lambda r: r[:2])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="files, or folders of files")
    parser.add_argument("--sample", type=int, default=10, help="wrong formulas a file, and a tenth of it of tolerances")
    parser.add_argument("--verify", metavar="FAMILY", action="append", help="quick checks that must notice too")
    parser.add_argument("--tests", nargs="+", help="tests that look; by default those of the floor")
    parser.add_argument("--longest", type=float, default=20, help="leave out tests that take more seconds of CPU")
    parser.add_argument(
        "--again", metavar="STATUS", default="", help="once more those with this status, not judged equivalent"
    )
    parser.add_argument("--only", metavar="ID", action="append", default=[], help="these mutants")
    parser.add_argument("--control", action="store_true", help="whether the tests that killed pass without a mutant")
    parser.add_argument("--report", action="store_true", help="print the table of the results so far")
    parser.add_argument("--debug", action="store_true")
    options = parser.parse_args()
    if options.report:
        print(report(RESULTS))
        return
    files = [p for path in options.paths for p in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    options.every = [str(p.resolve().relative_to(ROOT)) for p in files if p.name != "__init__.py"]
    tests = options.tests or [*TESTS[options.every[0].split("/")[0]], EXAMPLES]
    sys.path.insert(0, str(ROOT / "src"))
    package = importlib.import_module("solvable").__file__ or ""
    if not package.startswith(PACKAGE):
        raise SystemExit(f"{package} would be tested instead of {PACKAGE}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    plugins = ["no:cacheprovider", "no:xdist", "no:faulthandler"]
    arguments = ["-q", "-s", "--tb=no", "--hypothesis-seed=0", *(x for p in plugins for x in ("-p", p)), *tests]
    options.arguments = [*arguments, "-x"]
    pytest.main(arguments, plugins=[Runner(options)])


if __name__ == "__main__":
    main()
