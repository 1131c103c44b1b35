"""Worker processes end with the work: nothing on stderr, also when interrupted or when a worker dies."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

# a run of a few claims and figures through the command line, as `reproduce --quick` makes it
RUN = """
import os, signal, sys, time
import solvable.analysis, solvable.figures
from solvable.analysis.verification import catalogue
import solvable.analysis.verification.campaign as campaign
from solvable import cli
chosen = [item for item in solvable.analysis.claims() if item.family == "ridge"][:4]
pictures = [solvable.figures.find_figure(name) for name in ("fitting-ratio", "threshold-against-batch")]  # quick ones
solvable.analysis.claims = lambda: chosen
solvable.figures.figures = lambda: pictures
original = campaign._check_by_name
def check(name, **options):
    {body}
    return original(name, **options)
campaign._check_by_name = check
sys.argv = ["solvable", "reproduce", "--quick", "--jobs", "2", "--out", sys.argv[1], "--format", "svg"]
cli.main()
"""
BODIES = {
    "whole": "pass",
    "one dies": "mark = os.environ['MARK']\n"
    "    if not os.path.exists(mark): open(mark, 'w').close(); os.kill(os.getpid(), signal.SIGKILL)",
    "all die": "os.kill(os.getpid(), signal.SIGKILL)",
    "slow": "open(os.environ['MARK'], 'w').close(); time.sleep(60)",
}


def start(body, folder):
    environment = {**os.environ, "MARK": str(folder / "mark"), "PYTHONWARNINGS": "default"}
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(body=BODIES[body]), str(folder / "report")],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip


def ended(process):
    out, errors = process.communicate(timeout=240)
    for _ in range(20):  # nobody of its session is left
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return out, errors
        time.sleep(0.2)
    raise AssertionError("a worker outlives the run")


@pytest.mark.parametrize("body", ["whole", "one dies"])
def test_nothing_on_stderr(body, tmp_path):
    process = start(body, tmp_path)
    out, errors = ended(process)
    assert errors == ""
    assert process.returncode == 0
    assert len(re.findall(r"^AGREES", out, re.MULTILINE)) == 4
    assert len(re.findall(r"^figure", out, re.MULTILINE)) == 2
    assert (tmp_path / "report" / "index.html").exists()


def test_a_task_that_kills_every_worker_is_one_sentence(tmp_path):
    process = start("all die", tmp_path)
    _, errors = ended(process)
    assert process.returncode == 1
    assert re.fullmatch(r"solvable: the worker process died on ridge/\S+ twice, alone: .*\n", errors)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(how, tmp_path):
    process = start("slow", tmp_path)
    while not (tmp_path / "mark").exists():
        assert process.poll() is None
        time.sleep(0.1)
    # a terminal's Ctrl-C reaches the workers too, `kill` one process
    os.killpg(process.pid, how) if how == signal.SIGINT else os.kill(process.pid, how)
    _, errors = ended(process)
    assert process.returncode == 130
    assert errors == "solvable: interrupted; what was finished is kept and the next run goes on from there.\n"
