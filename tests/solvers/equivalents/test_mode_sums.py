"""Sums over modes: doubles against mpmath against balls, and what no arithmetic may change.

A term has p + q factors, of two roundings each, as many products and a weight; all are positive, so a sum of N terms is
within 3 (p + q) + 1 + N roundings of the exact one, whatever the order of its additions.
"""

import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import Spectrum
from solvable.solvers.equivalents import mode_sums
from solvable.solvers.equivalents.mode_sums import FloatSums, Modes, blocks, learned, unlearned

EPS = np.finfo(float).eps
POWERS = [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (2, 1), (1, 2), (3, 2)]
TERMS = [(weight, *powers) for weight in ("1", "m", "v", "given") for powers in POWERS]
number = st.floats(-12, 12).map(lambda t: 10.0**t)
spectra = st.lists(st.tuples(number, number, number, number), min_size=1, max_size=12)


def modes_of(rows):
    s, m, v, w = np.array(rows).T
    return Modes.of(Spectrum(s, v, m), "1", "m", "v", given=w)


def written_out(modes, weight, p, q, x, shift=0.0):
    """The sum as its definition says, at the working precision of mpmath."""
    x, shift = mpmath.mpmathify(x), mpmath.mpf(shift)
    pairs = [(mpmath.mpf(s), mpmath.mpf(w)) for s, w in zip(modes.eigenvalues, modes.weights[weight], strict=True)]
    return mpmath.fsum(w * s**p * x**q / (s - shift + x) ** (p + q) for s, w in pairs)


def error(found, digits):
    return float(abs(mpmath.mpmathify(found) / digits - 1))


@settings(max_examples=60, deadline=None)
@given(spectra, number)
def test_doubles_and_mpmath_agree_with_the_definition(rows, x):
    modes = modes_of(rows)
    with mpmath.workdps(50):
        sums, precise = modes.at(np.array([x]), *TERMS), modes.precisely(x)
        for weight, p, q in TERMS:
            digits = written_out(modes, weight, p, q, x)
            assert error(sums(weight, p, q)[0], digits) <= (3 * (p + q) + 1 + len(rows)) * EPS
            assert error(precise(weight, p, q), digits) <= 1e-47


@pytest.mark.parametrize("fast", [True, False])
def test_balls_hold_the_digits_and_are_narrow(fast):
    flint = pytest.importorskip("flint")
    from solvable.solvers.certificates.certificate import Arithmetic, point
    from solvable.solvers.certificates.enclosed_sums import Modes as EnclosedModes

    rng = np.random.default_rng(5)
    s, v, m = 10.0 ** rng.uniform(-4, 1, 40), rng.exponential(size=40), rng.choice([1.0, 2.5], 40)
    spectrum, x = Spectrum(s, v, m), 0.037
    plain, enclosed = (kind.of(spectrum, "1", "m", "v") for kind in (Modes, EnclosedModes))
    arithmetic, before = Arithmetic(flint.arb, 256, fast), flint.ctx.prec
    flint.ctx.prec = 256
    try:
        with mpmath.workdps(50):
            sums, doubles, precise = enclosed.around(x, arithmetic), plain.at(np.array([x]), *TERMS[:24]), None
            precise = plain.precisely(x)
            for weight, p, q in TERMS[:24]:
                ball, digits = sums(weight, p, q, point(arithmetic)).value, precise(weight, p, q)
                middle, radius = mpmath.mpf(ball.mid().str(60, radius=False)), float(ball.rad())
                assert abs(middle - digits) <= radius + 1e-45 * digits
                assert radius <= 1e-16 * digits
                assert error(doubles(weight, p, q)[0], middle) <= (3 * (p + q) + 41) * EPS
    finally:
        flint.ctx.prec = before


@settings(max_examples=40, deadline=None)
@given(spectra, st.lists(number, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_neither_the_order_of_modes_nor_of_points_matters(rows, x, random):
    modes, shuffled = modes_of(rows), modes_of(random.sample(rows, len(rows)))
    points = np.array(x)
    order = np.array(random.sample(range(len(x)), len(x)))
    for term in TERMS:
        one = modes.at(points, *TERMS)(*term)
        bound = 2 * (3 * sum(term[1:]) + 1 + len(rows)) * EPS
        np.testing.assert_allclose(shuffled.at(points, *TERMS)(*term), one, rtol=bound)
        np.testing.assert_allclose(modes.at(points[order], *TERMS)(*term), one[order], rtol=bound)


@pytest.mark.parametrize("unit", [2.0**-330, 2.0**330, 1e-100, 1e100])
def test_the_unit_of_the_eigenvalues_does_not_matter(unit):
    rng = np.random.default_rng(6)
    s, v, x = 10.0 ** rng.uniform(-6, 2, 300), rng.exponential(size=300), np.geomspace(1e-5, 10, 7)
    terms = TERMS[8:24]
    one = Modes.of(Spectrum(s, v), "m", "v").at(x, *terms)
    other = Modes.of(Spectrum(unit * s, v), "m", "v").at(unit * x, *terms)
    for term in terms:  # powers of two change no bit; else each s and x is rounded once
        rtol = 0.0 if np.log2(unit) % 1 == 0 else 2 * sum(term[1:]) * EPS
        np.testing.assert_allclose(other(*term), one(*term), rtol=rtol)


@pytest.mark.parametrize("shift", [-1, 0, 1, mode_sums._BLOCK + 3])
@pytest.mark.parametrize("cells", [1, 3])
def test_blocks_of_modes_end_where_they_should(shift, cells):
    size = mode_sums._BLOCK + shift
    s, v, x = np.arange(1.0, size + 1) ** -1.2, np.arange(1.0, size + 1) ** -1.1, np.geomspace(1e-5, 1e-2, cells)
    terms = [("m", 1, 0), ("m", 1, 1), ("v", 0, 2)]
    sums = Modes.of(Spectrum(s, v), "m", "v").at(x, *terms)
    for i in range(cells):
        g, c = s / (s + x[i]), x[i] / (s + x[i])
        expected = [np.sum(g), np.sum(g * c), np.sum(c * c * v)]  # pairwise, all modes at once
        np.testing.assert_allclose([sums(*term)[i] for term in terms], expected, rtol=2e-14)


SHAPES = [(100, 100), (77, 130), (91, 400), (7, 2000), (3, 5000), (1, 20_000), (2, 10_001), (1, 29_999), (500, 37)]


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_cut_where_they_should(shape, kind):
    """Against the sums of every cell by itself, by NumPy's own summation: 2e-14 of the sum of absolute terms."""
    cells, size = shape
    s, v = np.arange(1.0, size + 1) ** -1.2, np.arange(1.0, size + 1) ** -1.1
    x = np.geomspace(1e-5, 1e-2, cells) * (1 if kind is float else 1 - 0.5j)
    sums = Modes.of(Spectrum(s, v), "m", "v").at(x, ("m", 1, 0), ("v", 0, 2))
    for i in range(cells):
        for found, terms in ((sums("m", 1, 0)[i], s / (s + x[i])), (sums("v", 0, 2)[i], v * (x[i] / (s + x[i])) ** 2)):
            assert abs(found - terms.sum()) <= 2e-14 * np.abs(terms).sum()


def test_products_stay_on_one_thread():
    """With two threads allowed, all use the processor time of the caller: where BLAS shares it is twice as much.

    The least of six windows counts: threads spin for a while when they are made, whoever calls; a shared product shares
    in every window.
    """
    script = f"""
import time, numpy as np
from solvable.solvers.equivalents.mode_sums import Modes
for cells, size in {SHAPES}:
    modes = Modes.plain(np.arange(1.0, size + 1) ** -1.2)
    for kind in (1, 1 - 0.5j):
        x = np.geomspace(1e-5, 1e-2, cells) * kind
        shares = []
        for _ in range(6):
            start = time.process_time(), time.thread_time()
            while time.thread_time() - start[1] < 0.02:
                modes.at(x, ("1", 1, 0), ("1", 2, 0))
            shares.append((time.process_time() - start[0]) / (time.thread_time() - start[1]))
        print(min(shares))
"""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    run = subprocess.run([sys.executable, "-c", script], env=os.environ | threads, capture_output=True, text=True,
                         check=True)  # fmt: skip
    shares = [float(line) for line in run.stdout.split()]
    assert len(shares) == 2 * len(SHAPES)
    assert max(shares) < 1.3, shares


@pytest.mark.parametrize("block", [1, 7, 40, 41, 120])
def test_blocks_of_any_size_give_the_same_sums(monkeypatch, block):
    rng = np.random.default_rng(7)
    s, v, x = rng.exponential(size=40), rng.exponential(size=40), np.r_[0.0, rng.exponential(size=9), np.inf]
    modes, terms, pairs = Modes.of(Spectrum(s, v), "m", "v"), TERMS[8:24], [("m", 1, 0, 0, 1), ("v", 0, 1, 0, 1)]
    n, y = np.full(x.size, 20.0), x[::-1].copy()
    whole = modes.at(x, *terms), modes.between(x, y, *pairs), modes.remainder(n, x, ("v", 0, 2))
    monkeypatch.setattr(mode_sums, "_BLOCK", block)
    monkeypatch.setattr(mode_sums, "_SERIAL", max(1, block // 2))
    monkeypatch.setattr(mode_sums, "_SERIAL_DOT", max(1, block // 2))
    parts = modes.at(x, *terms), modes.between(x, y, *pairs), modes.remainder(n, x, ("v", 0, 2))
    for some, every in ((terms, 0), (pairs, 1)):
        for term in some:
            np.testing.assert_allclose(parts[every](*term), whole[every](*term), rtol=1e-14)
    for i in (0, 1):  # the difference, relative to the size of its terms
        np.testing.assert_allclose(parts[2][i] / whole[2][1], whole[2][i] / whole[2][1], atol=1e-14, rtol=0)


def test_slices_cover_every_cell_once(monkeypatch):
    monkeypatch.setattr(mode_sums, "_BLOCK", 10)
    for cells, modes in ((0, 3), (1, 3), (7, 3), (9, 3), (4, 11)):
        covered = [i for part in blocks(cells, modes) for i in range(*part.indices(cells))]
        assert covered == list(range(cells))
        assert all(len(range(*part.indices(cells))) * modes <= max(10, modes) for part in blocks(cells, modes))


def test_remainder_keeps_its_digits_at_a_gap():
    """n in a gap of the spectrum: n - df1 is 5e-9 of n, and a difference of sums keeps half of its digits."""
    s, m = np.array([1.0, 3.0, 1e-25]), np.array([5.0, 15.0, 1000.0])
    modes, x = Modes.of(Spectrum(s, multiplicities=m), "m"), 1e-8
    slack, scale, sums = modes.remainder(np.array([20.0]), np.array([x]), ("m", 1, 0))
    with mpmath.workdps(50):
        digits = 20 - written_out(modes, "m", 1, 0, x)
        assert error(slack[0], digits) <= 20 * EPS
        assert error(20 - sums("m", 1, 0)[0], digits) > 1e-10
    assert scale[0] < 3e-7  # what is relative to it is rounded relative to the small numbers


@settings(max_examples=60, deadline=None)
@given(spectra, number, number)
def test_remainder_is_n_less_the_sum_of_g(rows, x, n):
    modes = modes_of(rows)
    slack, scale, _ = modes.remainder(np.array([n]), np.array([x]))
    with mpmath.workdps(50):
        digits = mpmath.mpf(n) - written_out(modes, "m", 1, 0, x)
        whole = float(sum(m for s, m, *_ in rows if s > x))  # rounded once when subtracted
        assert float(abs(slack[0] - digits)) <= (len(rows) + 6) * EPS * (scale[0] + whole + n * EPS)


@settings(max_examples=60, deadline=None)
@given(spectra, number, number)
def test_two_points(rows, x, y):
    modes = modes_of(rows)
    terms = [("m", 1, 0, 0, 1), ("v", 0, 1, 0, 1), ("m", 1, 1, 2, 1)]
    sums = modes.between(np.array([x]), np.array([y]), *terms)
    with mpmath.workdps(50):
        a, b, triples = mpmath.mpf(x), mpmath.mpf(y), list(zip(modes.eigenvalues, strict=True))
        for weight, p, q, r, t in terms:
            weights = modes.weights[weight]
            digits = mpmath.fsum(
                mpmath.mpf(w) * (s / (s + a)) ** p * (a / (s + a)) ** q * (s / (s + b)) ** r * (b / (s + b)) ** t
                for w, s in ((w, mpmath.mpf(s)) for w, (s,) in zip(weights, triples, strict=True))
            )
            bound = (3 * (p + q + r + t) + 1 + len(rows)) * EPS
            assert error(sums(weight, p, q, r, t)[0], digits) <= bound


def test_complex_points_and_their_conjugates():
    rng = np.random.default_rng(8)
    modes = Modes.of(Spectrum(rng.exponential(size=30), rng.exponential(size=30)), "m", "v")
    x = rng.normal(size=5) + 1j * rng.exponential(size=5)
    terms = [("m", 1, 0), ("m", 2, 0), ("v", 1, 2)]
    sums, mirrored = modes.at(x, *terms), modes.at(x.conj(), *terms)
    for term in terms:
        assert sums(*term).dtype == np.complex128
        np.testing.assert_array_equal(mirrored(*term), sums(*term).conj())
        with mpmath.workdps(50):
            for point, found in zip(x, sums(*term), strict=True):
                digits = written_out(modes, *term, complex(point))
                assert float(abs(mpmath.mpmathify(complex(found)) - digits)) <= 1e-13 * float(abs(digits))


def test_ends_and_a_shift():
    s, m = np.array([2.0, 0.5, 1e-30]), np.array([1.0, 2.0, 3.0])
    modes = Modes.of(Spectrum(s, multiplicities=m), "m")
    sums = modes.at(np.array([0.0, np.inf]), ("m", 1, 0), ("m", 0, 1), ("m", 1, 1))
    for term, ends in ((("m", 1, 0), [6.0, 0.0]), (("m", 0, 1), [0.0, 6.0]), (("m", 1, 1), [0.0, 0.0])):
        np.testing.assert_array_equal(sums(*term), ends)
    np.testing.assert_array_equal(learned(s, np.array(0.0)), 1.0)
    np.testing.assert_array_equal(unlearned(s, np.array(np.inf)), 1.0)
    # x - shift would round x away
    shifted = modes.at(np.array([1e-25]), ("m", 2, 0), ("m", 0, 1), shift=0.5)
    with mpmath.workdps(60):
        for term in (("m", 2, 0), ("m", 0, 1)):
            assert error(shifted(*term)[0], written_out(modes, *term, 1e-25, 0.5)) <= 10 * EPS


def test_sums_are_kept_by_name():
    term, other = ("m", 1, 0), ("m", 0, 1)
    kept = FloatSums.zeros((term,), 3)
    kept.put(np.array([2, 0]), FloatSums({other: np.array([7.0, 8.0]), term: np.array([1.0, 2.0])}))
    np.testing.assert_array_equal(kept(*term), [2.0, 0.0, 1.0])
    with pytest.raises(KeyError):
        kept(*other)
    assert Modes.plain(np.array([1.0, 3.0])).at(np.array([1.0]), ("1", 1, 0))("1", 1, 0)[0] == 1.25
    assert Modes.plain(np.ones(3)).at(np.empty(0), ("1", 1, 0))("1", 1, 0).shape == (0,)


def test_unknown_names_are_refused():
    spectrum = Spectrum([1.0])
    with pytest.raises(ValueError, match="weight = 'z'"):
        Modes.of(spectrum, "z")
    with pytest.raises(ValueError, match="target_power"):
        Modes.of(spectrum, "v")
    with pytest.raises(ValueError, match="powers"):
        Modes.of(spectrum, "m").at(np.ones(1), ("m", 0, 0))
    with pytest.raises(KeyError):
        Modes.of(spectrum, "m").at(np.ones(1), ("v", 1, 0))
