"""Independent cross-checks in environments of their own: the largest relative difference for each quantity.

    python -m benchmarks.cross_check [--markdown] [--environments DIRECTORY]

Makes two virtual environments (kept and reused where a directory is given), installs this package and its peers at the
versions below, and compares there. Nothing of it is a dependency or a test. Licences of the peers: BSD (scikit-learn,
scipy, numpy, statsmodels, skglm, scikit-rmt) and Apache 2.0 (neural-tangents, jax); none of their code is copied.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.cross_check_laws import LAWS

ROOT = Path(__file__).resolve().parent.parent
PEERS = ["numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1", "statsmodels==0.15.0", "skglm==0.5",
         "neural-tangents==0.6.5", "jax==0.4.30", "jaxlib==0.4.30"]  # fmt: skip
OLD = ["scikit-rmt==2.1.1", "numpy==1.26.4", "scipy==1.11.4"]  # needs a scipy of 2023


def environment(place: Path, packages: list[str]) -> Path:
    """Python of a virtual environment that holds the packages; made once."""
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        (place / "complete").write_text("\n".join(packages))
    return python


def rows(place: Path) -> list[list]:
    """Every comparison, as quantity, peer and difference (None: the peer did not run, and why)."""
    isolated = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    laws = subprocess.run([environment(place / "old", OLD), "-c", LAWS], capture_output=True, text=True, check=True,
                          env=isolated).stdout  # fmt: skip
    python = environment(place / "peers", [str(ROOT), *PEERS])
    command = [python, "-W", "ignore", "-m", "benchmarks.cross_check_peers", laws.strip()]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=isolated)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def main() -> int:
    """Print the table; 1 if a peer did not run."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--markdown", action="store_true", help="the table of docs/trust.md")
    reader.add_argument("--environments", type=Path, help="where the environments are kept")
    chosen = reader.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        found = rows((chosen.environments or Path(passing)).resolve())
    print(", ".join(package.replace("==", " ") for package in [*PEERS, OLD[0]]) + "\n")
    if chosen.markdown:
        print("| quantity | against | largest relative difference |\n|---|---|---|")
    line = "| {} | {} | {} |" if chosen.markdown else "{:<46} {:<50} {}"
    for name, other, value in found:
        print(line.format(name, other, "not run" if value is None else f"{value:.0e}" if value else "0"))
    return int(any(value is None for *_, value in found))


if __name__ == "__main__":
    sys.exit(main())
