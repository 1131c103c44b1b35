"""Where the time of a run goes: stages add up, and a compilation in this process is counted once."""

import subprocess
import sys

from solvable.analysis.verification.timing import Stages, charged, recorded

COMPILES = """
from numba import njit
from solvable.analysis.verification.timing import note_compilation, recorded
with recorded() as record:
    seconds = record.compilation
    note_compilation()
    assert seconds() == 0
    inner = njit(lambda x: x + 1)
    outer = njit(lambda x: inner(x) * 2)
    outer(1.0)
    first = seconds()
    outer(2.0)
    assert seconds() == first
print(first)
"""


def test_compilation_is_counted_and_calls_of_what_is_compiled_are_not():
    done = subprocess.run([sys.executable, "-c", COMPILES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) < 60


def test_stages_are_printed_in_order_with_their_sum():
    stages = Stages()
    stages.done("claims")
    stages.seconds["figures"] = 41.0
    assert stages.sentence(7.4) == (
        "time: claims 0 s, figures 41 s; 41 s in all, of which the workers together compiled for 7 s"
    )


def test_what_is_charged_is_added_up_by_family():
    with charged("claim", "ridge/before"):  # nobody records
        pass
    with recorded() as record:
        for kind, name in (("claim", "ridge/peak"), ("claim", "attention/kernel"), ("figure", "ridge-peak")):
            with charged(kind, name):
                sum(range(100_000))
        spent = record.spent()
        lines = record.table({"ridge-peak": "ridge"}, most=2).splitlines()
    assert set(spent) == {("claim", "ridge/peak"), ("claim", "attention/kernel"), ("figure", "ridge-peak")}
    assert all(0 <= seconds < 60 for seconds in spent.values())
    assert {line.split()[-1] for line in lines[2:4]} == {"ridge", "attention"}
    assert lines[4].split()[-2:] == ["in", "all"]
    assert lines[5] == "the 2 dearest"
    assert len(lines) == 8
