"""Sweeps in memory: labels, seeds, chunks, errors, refusals; the same bits whatever computes them."""

import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable import sweep
from solvable.analysis.sweeping.chunks import Chunk, Layout, compute
from solvable.analysis.sweeping.specification import Specification

GRID = {"n": [8, 12, 20], "ridge": [0.1, 1.0], "law": ["flat", "steep"]}


def singular_values():
    """A cell whose last bits depend on the number of BLAS threads and on every random number."""

    def cell(rng, n, ridge, law):
        s = np.linalg.svd(rng.standard_normal((n, 2 * n)), compute_uv=False)
        s = s if law == "flat" else s / np.arange(1, n + 1)
        return {"df": float(np.sum(s**2 / (s**2 + ridge))), "largest": s[0]}

    return cell


def bits(data):
    return {name: data[name].values.tobytes() for name in data.data_vars if name != "error"}


@pytest.fixture(scope="module")
def reference():
    return sweep(singular_values(), GRID, draws=3, seed=5, workers=1)


def test_the_dataset_is_labelled():
    data = sweep(
        lambda n, ridge: n * ridge,
        {"n": [1, 2, 3], "ridge": [0.5, 1.5]},
        workers=1,
        outputs=["risk"],
        units={"n": "samples", "risk": "1"},
        source="simon2024more",
    )
    assert data["risk"].dims == ("n", "ridge")
    assert data["risk"].sel(n=2, ridge=1.5) == 3.0
    assert data["n"].attrs["units"] == "samples"
    assert data["risk"].attrs["units"] == "1"
    assert data.attrs["source"] == "simon2024more"
    assert "Simon" in data.attrs["citation"]
    assert data.attrs["seed"] == 0


@pytest.mark.parametrize("chunk", [1, 2, 5, 7, 36, 1000])
def test_chunk_size_does_not_change_a_bit(reference, chunk):
    assert bits(sweep(singular_values(), GRID, draws=3, seed=5, workers=1, chunk=chunk)) == bits(reference)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_change_a_bit(reference, workers):
    assert bits(sweep(singular_values(), GRID, draws=3, seed=5, workers=workers, chunk=3)) == bits(reference)


def test_order_does_not_change_a_bit(reference):
    specification = Specification(singular_values(), GRID, 3, 5)
    layout = Layout.of(specification.shape(specification.separate), 4)
    values = np.full(layout.shape, np.nan)
    for number in np.random.default_rng(0).permutation(len(layout)):
        values[layout.slices(number)] = compute(Chunk.cut(specification, layout, int(number))).values["df"]
    assert values.tobytes() == bits(reference)["df"]


def test_another_seed_changes_every_value(reference):
    other = sweep(singular_values(), GRID, draws=3, seed=6, workers=1)
    assert np.all(other["df"].values != reference["df"].values)


def test_draw_j_of_cell_i_has_the_seed_i_j():
    data = sweep(lambda rng, a, b: rng.random(), {"a": [1, 2], "b": [1, 2, 3]}, draws=2, seed=9, workers=1)
    for i, (a, b) in enumerate(np.ndindex(2, 3)):
        for j in range(2):
            expected = np.random.default_rng(np.random.SeedSequence(9, spawn_key=(i, j))).random()
            assert data["value"].values[a, b, j] == expected


def test_axes_together_arrive_whole_and_share_one_call():
    calls = []

    def cell(rng, n, ridge):
        calls.append(n)
        s = rng.random(n)
        return np.sum(s / (s + ridge[:, None]), axis=1)

    data = sweep(cell, {"ridge": [0.1, 1.0, 10.0], "n": [3, 4]}, draws=2, workers=1, together=["ridge"])
    assert data["value"].dims == ("ridge", "n", "draw")
    assert len(calls) == 4
    assert np.all(np.diff(data["value"].values, axis=0) < 0)
    # one generator served all ridges: the same draw as alone
    s = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(1, 1))).random(4)
    assert data["value"].values[1, 1, 1] == np.sum(s / (s + 1.0))


def test_draws_together_arrive_as_a_list_of_the_same_generators():
    grid = {"n": [2, 3]}
    apart = sweep(lambda rng, n: n * rng.random(), grid, draws=4, workers=1)
    whole = sweep(lambda rng, n: [n * r.random() for r in rng], grid, draws=4, workers=1, together=["draw"])
    assert bits(apart) == bits(whole)


def test_a_cell_that_raises_is_recorded_and_the_others_go_on():
    def cell(a, b):
        if a == 2 and b > 0:
            raise ValueError("b must not be positive")
        return a + b

    data = sweep(cell, {"a": [1, 2, 3], "b": [0, 1]}, workers=1, chunk=3)
    assert data.attrs["failed"] == 1
    assert data["error"].sel(a=2, b=1) == "ValueError: b must not be positive"
    assert np.isnan(data["value"].sel(a=2, b=1))
    assert np.isnan(data["value"]).sum() == 1
    assert (data["error"] != "").sum() == 1


def test_wrong_shapes_and_names_are_errors_of_their_cells():
    data = sweep(lambda a, b: [1.0] * a, {"a": [1, 2, 3], "b": [0, 1]}, workers=1, together=["b"])
    assert data.attrs["failed"] == 2
    assert "shape (3,); the axes together need (2,)" in data["error"].values[2]


@pytest.mark.parametrize("options", [{"workers": 1}, {"workers": 2, "chunk": 1}, {"workers": 2, "chunk": 2}])
def test_arrays_cannot_be_changed_in_place(options):
    def doubling(v, a):
        v *= 2
        return v + a

    def counting(a, w):
        if a == 2:
            w += 1
        return float(w[0])

    v, w = np.arange(3.0), np.zeros(1)
    with pytest.raises(RuntimeError, match="read-only, since all calls share them"):
        sweep(doubling, {"v": v, "a": np.zeros(4)}, together=["v"], **options)
    data = sweep(counting, {"a": [1, 2, 3, 4]}, fixed={"w": w}, **options)
    assert data.attrs["failed"] == 1
    np.testing.assert_array_equal(data["value"], [0.0, np.nan, 0.0, 0.0])
    assert v.tolist() == [0.0, 1.0, 2.0]
    assert w == [0.0]


def test_containers_are_copies_for_each_call():
    kept = {"seen": [0]}

    def cell(a, kept):
        kept["seen"].append(a)
        return len(kept["seen"])

    assert sweep(cell, {"a": [1, 2, 3]}, fixed={"kept": kept}, workers=1)["value"].values.tolist() == [2.0, 2.0, 2.0]
    assert kept == {"seen": [0]}


def test_the_axis_is_the_one_that_was_given():
    axis = np.array([1.0, 2.0])

    def cell(a):
        axis[:] = 9.0
        return a

    data = sweep(cell, {"a": axis}, workers=1)
    assert data["a"].values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("found", [None, "3", 1j, np.array(1j), np.ma.masked, float("nan"), {"value": None}])
def test_what_is_no_number_has_failed(found):
    data = sweep(lambda a: found if a == 2 else a, {"a": [1, 2, 3]}, workers=1)
    assert data.attrs["failed"] == 1
    assert "returned" in str(data["error"].values[1])
    assert "<lambda>" in str(data["error"].values[1])
    np.testing.assert_array_equal(data["value"], [1.0, np.nan, 3.0])


def test_all_cells_raising_is_an_error_with_the_first_message():
    with pytest.raises(RuntimeError, match="every cell raised; the first message is: ZeroDivisionError"):
        sweep(lambda a: 1 / 0, {"a": [1, 2]}, workers=1)


def test_fixed_arguments_and_tuples():
    data = sweep(lambda n, power: (n**power, -n), {"n": [2, 3]}, workers=1, fixed={"power": 3}, outputs=["up", "down"])
    assert data["up"].values.tolist() == [8.0, 27.0]
    assert data["down"].values.tolist() == [-2.0, -3.0]


THREADS = """
import numpy, sys
from threadpoolctl import threadpool_info
from solvable import sweep
def most(a=0):
    return max(pool["num_threads"] for pool in threadpool_info())
before = most()
print(before, [sweep(most, {"a": [1, 2, 3]}, workers=w)["value"].values.max() for w in (1, 2)], most() == before)
"""


def test_cells_see_one_thread_and_the_caller_gets_his_back():
    """In a process that may use two threads, which this one may not."""
    variables = {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, env=os.environ | variables)
    assert done.stdout.split(" ", 1)[1].strip() == "[np.float64(1.0), np.float64(1.0)] True", done.stderr


def test_progress_counts_to_the_end():
    seen = []
    sweep(lambda a: a, {"a": range(10)}, workers=1, chunk=4, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(4, 10), (8, 10), (10, 10)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"function": 3}, "function = 3"),
        ({"grid": {}}, "at least one axis"),
        ({"grid": {"a": []}}, r"grid\['a'\]"),
        ({"grid": {"a": [1.0, np.nan]}}, "without NaN"),
        ({"grid": {"a": [[1, 2]]}}, r"grid\['a'\]"),
        ({"grid": {"draw": [1]}}, "must differ"),
        ({"fixed": {"a": 1}}, "must differ"),
        ({"draws": 0}, "draws"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"together": ["b"]}, "together"),
        ({"workers": 0}, "workers"),
        ({"chunk": 0}, "chunk"),
        ({"units": {"b": "m"}}, "units"),
        ({"source": "nobody2000nothing"}, "paper"),
    ],
)
def test_bad_arguments_are_refused(change, sentence):
    arguments = {"function": lambda a: a, "grid": {"a": [1, 2]}, "workers": 1} | change
    with pytest.raises((ValueError, LookupError), match=sentence):
        sweep(**arguments)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 200))
def test_chunks_cover_every_unit_once(shape, units):
    layout = Layout.of(tuple(shape), units)
    assert math.prod(layout.block) <= units
    count = np.zeros(shape, int)
    for number in range(len(layout)):
        count[layout.slices(number)] += 1
    assert np.all(count == 1)


def test_the_record_tells_functions_apart():
    def record(function, **more):
        return Specification(function, {"a": [1]}, **more).hash

    def closing_over(value):
        return lambda a: a + value

    assert record(lambda a: a + 1) != record(lambda a: a * 1)
    assert record(closing_over(1)) == record(closing_over(1))
    assert record(closing_over(1)) != record(closing_over(2))
    many = np.zeros(5000)
    assert record(len, fixed={"x": many}) != record(len, fixed={"x": many + (np.arange(5000) == 2500)})


def test_overhead_of_an_empty_cell_is_below_200_microseconds():
    """Measured: 20 without draws, 70 with; CPU time, so that neighbours do not matter."""
    grid = {"a": range(100), "b": range(100)}
    for function, draws in ((lambda a, b: 0.0, None), (lambda rng, a, b: 0.0, 1)):
        started = time.process_time()
        sweep(function, grid, draws=draws, workers=1)
        assert (time.process_time() - started) / 10_000 < 200e-6


@pytest.mark.slow
def test_two_workers_share_the_time():
    """Cells that wait need no second core, so this measures the engine: 1.84 at 400 cells of 50 ms."""

    def cell(a):
        time.sleep(0.05)
        return a

    seconds = []
    for workers in (1, 2):
        started = time.perf_counter()
        sweep(cell, {"a": range(400)}, workers=workers)
        seconds.append(time.perf_counter() - started)
    assert seconds[0] / seconds[1] > 1.6
