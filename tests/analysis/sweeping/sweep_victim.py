"""Sweeps that the fault tests interrupt: ``run STORE LOG WORKERS`` once, or ``kill FOLDER REPEATS`` many times."""

import importlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from solvable import sweep

CHUNK = 3
GRID = {"a": list(range(10)), "b": list(range(6))}


def cell(rng, a, b, log):
    with open(log, "a") as file:
        file.write(f"{a} {b}\n")
    time.sleep(0.004)
    return {"x": a * b + rng.standard_normal(), "y": rng.random(1000).sum()}


def once(store, log, workers=1, report=lambda done, total: None):
    return sweep(
        cell, GRID, seed=1, draws=1, store=store, workers=workers, chunk=CHUNK, fixed={"log": log}, progress=report
    )


def in_child(job):
    child = os.fork()
    if child == 0:
        try:
            job()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return child


def finish(store, log, out):
    data = once(store, log)
    out.write_bytes(data["x"].values.tobytes() + data["y"].values.tobytes())


def kill(folder, repeats):
    """Kill -9 at a random moment, resume, compare; processes are forked so that imports are paid once."""
    for module in ("dask.array", "scipy.linalg", "xarray", "zarr"):
        importlib.import_module(module)

    log = folder / "log"  # the same path in every repeat: it is an argument of the sweep
    outcomes = []
    clean = folder / "clean"
    started = time.perf_counter()
    os.waitpid(in_child(lambda: finish(folder / "clean.zarr", str(log), clean)), 0)
    whole = time.perf_counter() - started
    clock = random.Random(0)
    for repeat in range(repeats):
        log.unlink(missing_ok=True)
        store, out = folder / f"{repeat}.zarr", folder / f"{repeat}"
        child = in_child(lambda store=store: once(store, str(log)))
        time.sleep(clock.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        before = len(log.read_text().splitlines()) if log.exists() else 0
        _, status = os.waitpid(in_child(lambda store=store, out=out: finish(store, str(log), out)), 0)
        calls = len(log.read_text().splitlines())
        same = status == 0 and out.read_bytes() == clean.read_bytes()
        outcomes.append({"before": before, "calls": calls, "same": same})
    print(json.dumps(outcomes))


if __name__ == "__main__":
    if sys.argv[1] == "kill":
        kill(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print("ready", flush=True)
        once(sys.argv[2], sys.argv[3], int(sys.argv[4]), lambda done, total: print(done, flush=True))
