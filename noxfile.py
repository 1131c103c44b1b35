"""What is run before a change goes in, by name. ``nox`` makes an environment for each, ``nox --no-venv`` none."""

import shutil
import sys
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types"]


def install(session: nox.Session, extras: str) -> None:
    """Install the package with extras, unless the environment at hand is to be used."""
    if session.virtualenv.is_sandboxed:
        session.install("-e", f".[{extras}]")


@nox.session
def tests(session: nox.Session) -> None:
    """Every test but the nightly ones."""
    install(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


FOUND = [f"3.{minor}" for minor in (11, 12, 13) if shutil.which(f"python3.{minor}")]


@nox.session(python=FOUND, name="installed")
def installed(session: nox.Session) -> None:
    """Sdist and wheel, used from an empty directory, on every supported Python that is found."""
    if not session.virtualenv.is_sandboxed:
        session.skip("it needs environments of its own: leave out --no-venv")
    session.install("build")
    place = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", place, ".", silent=True)
    for pattern in ("*.tar.gz", "*.whl"):
        (package,) = Path(place).glob(pattern)
        session.install("--force-reinstall", "--no-deps", str(package))
        session.install(str(package))
        with session.chdir(session.create_tmp()):
            session.run("solvable", "doctor")
            session.run("solvable", "verify", "ridge/conservation-law", "ridge/isotropic-ridgeless-variance", "--quick")


@nox.session
def lint(session: nox.Session) -> None:
    """Style."""
    install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types."""
    install(session, "dev")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, its notebooks run, every warning an error."""
    install(session, "docs")
    session.run("sphinx-build", "-j", "auto", "-W", "--keep-going", "-q", "docs", "build/docs")


@nox.session
def quick(session: nox.Session) -> None:
    """The main job: every claim and every figure."""
    install(session, "test")
    session.run("solvable", "reproduce", "--quick")


@nox.session
def nightly(session: nox.Session) -> None:
    """The long Monte-Carlo: every claim over its whole grid, and the full report."""
    install(session, "test")
    session.run("pytest", "-m", "slow")
    session.run("solvable", "reproduce", "--out", "nightly")


@nox.session
def coverage(session: nox.Session) -> None:
    """Share of the lines, compiled kernels apart, that the tests run: printed, and nothing is required of it."""
    install(session, "test,coverage")
    session.run("coverage", "erase")
    core = {"COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else {}  # sys.monitoring costs next to nothing
    session.run("coverage", "run", "-m", "pytest", "-p", "no:xdist", *session.posargs, env=core)
    session.run("coverage", "report", "--skip-covered", "--sort=cover")
