"""Claims of a user's own file or module, outside any checkout."""

import subprocess
import sys

import pytest

from solvable.analysis.verification.outside import claims_from

GOOD = """
from solvable import Claim, Kind, Source
from beside import FACTOR

def mean(rng, n):
    return float(rng.standard_normal(n).mean() + FACTOR)

def claim(name, value):
    return Claim(name=f"mine/{name}", statement="The mean of a sample.", source=Source("derived"), kind=Kind.MEAN,
                 predict=lambda n: value, measure=mean, grid=[{"n": 50}], tolerance=0.05)

CLAIMS = (claim("right", 1.0), claim("wrong", 1.2))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my_claims.py").write_text(GOOD)
    (tmp_path / "beside.py").write_text("FACTOR = 1.0\n")
    return tmp_path


def verify(*arguments, cwd):
    command = [sys.executable, "-m", "solvable", "verify", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def test_a_file_and_a_module_are_verified_also_in_workers(folder):
    done = verify("--from", "my_claims.py", "--jobs", "2", cwd=folder)
    assert done.returncode == 1, done.stderr
    assert sorted(
        line.split()[0] for line in done.stdout.splitlines() if " mine/" in line and "wrong:" not in line
    ) in (
        ["AGREES", "DISAGREES"],
        ["AGREES", "DISAGREES", "DISAGREES:"],
    )
    done = verify("mine/right", "--from", "my_claims", "--jobs", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AGREES")
    assert "mine/wrong" not in done.stdout


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "there is no such file"),
        ("x = 1", "must hold claims"),
        ("CLAIMS = (1, 2)", "must hold claims"),
        ("1/0", "does not load (ZeroDivisionError"),
        ("def", "does not load (SyntaxError"),
        (GOOD.replace('"wrong"', '"right"'), "two of its claims are named mine/right"),
    ],
)
def test_mistakes_are_one_sentence(text, complaint, folder):
    path = folder / "bad.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"^from = ") as refused:
        claims_from(str(path))
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_it_does_not_hold_is_refused_with_the_closest(folder):
    done = verify("mine/rigth", "--from", "my_claims.py", cwd=folder)
    assert done.returncode == 2
    assert "Closest: mine/right" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
