"""Residuals, properties and limits of the effective ridge; the table against the exact route."""

import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import ConvergenceWarning, Solution, Spectrum, Status, effective_ridge, stability_edge
from solvable.solvers.solution import report_failures

EPS = np.finfo(float).eps
D = 300
SPECTRA = {
    **{f"exponent {a}": Spectrum(np.arange(1, D + 1.0) ** -a) for a in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)},
    "exponential to e^-600": Spectrum(np.exp(-2.0 * np.arange(D + 1))),
    "spike 1e8": Spectrum(np.r_[1e8, np.ones(D - 1)]),
    "two scales": Spectrum(np.r_[np.ones(D // 2), 1e-10 * np.ones(D // 2)]),
}
RATIOS = np.array([0.01, 0.1, 0.3, 0.5, 0.9, 0.99, 1.0, 1.01, 1.5, 2.0, 10.0, 100.0])
RIDGES = np.r_[0.0, 10.0 ** np.arange(-300, 301, 12)]
spectra = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=8).map(lambda s: Spectrum(s))


@pytest.mark.parametrize("name", SPECTRA)
def test_residual_ratios_over_the_condition_sweep(name):
    spectrum = SPECTRA[name]
    n = RATIOS[:, None] * spectrum.rank
    solution = effective_ridge(spectrum, n, RIDGES, on_failure="raise")
    assert solution.residual.max() / EPS <= 30
    at_pole = (n == spectrum.rank) & (RIDGES == 0)
    np.testing.assert_array_equal(solution.status, np.where(at_pole, Status.DIVERGES, Status.CONVERGED))
    assert solution.iterations.max() <= 40


@pytest.mark.parametrize("name", SPECTRA)
def test_residual_recomputed_in_exact_arithmetic(name):
    """Not our own sums: the step that exact arithmetic would still take is a few units of rounding."""
    spectrum = SPECTRA[name]
    cells = [(0.3, 0.0), (0.5, 1e-12), (1.0, 1e-100), (1.0, 1.0), (2.0, 1e-300), (10.0, 1e6)]
    with mpmath.workdps(700):  # 1 - g is 1e-300 where the ridge is
        s = [mpmath.mpf(float(x)) for x in spectrum.eigenvalues]
        for ratio, ridge in cells:
            n = ratio * spectrum.rank
            k = mpmath.mpf(float(effective_ridge(spectrum, n, ridge).value))
            g = [x / (x + k) for x in s]
            gap = n - mpmath.fsum(g) - mpmath.mpf(ridge) / k
            slope = mpmath.fsum(x * (1 - x) for x in g) + mpmath.mpf(ridge) / k
            # gap/slope is the relative error of kappa; the terms of the split sum bound its rounding
            natural = mpmath.fsum(min(x, 1 - x) for x in g) + abs(n - sum(x > 0.5 for x in g)) + mpmath.mpf(ridge) / k
            assert abs(gap / slope) <= 30 * EPS * max(1, natural / slope)


@pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e100, 1e150])
def test_scale_only_scales(scale):
    for name, spectrum in SPECTRA.items():
        if name.startswith("exponential") and scale < 1:
            continue  # its least eigenvalue, 1e-261, would underflow
        n, ridges = spectrum.rank * np.array([0.1, 0.5, 1.0, 1.5])[:, None], 10.0 ** np.arange(-50, 51, 10)
        scaled = Spectrum(scale * spectrum.eigenvalues, multiplicities=spectrum.multiplicities)
        solution = effective_ridge(scaled, n, scale * ridges, on_failure="raise")
        assert solution.residual.max() / EPS <= 30
        np.testing.assert_allclose(solution.value / scale, effective_ridge(spectrum, n, ridges).value, rtol=1e-13)
        edges = stability_edge(scaled, n).value / scale
        np.testing.assert_allclose(edges, stability_edge(spectrum, n).value, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(spectrum=spectra, n=st.floats(0.1, 50), ridge=st.floats(1e-9, 1e9), seed=st.integers(0, 99))
def test_monotone_and_blind_to_order(spectrum, n, ridge, seed):
    value = effective_ridge(spectrum, [n, 1.1 * n, n], [ridge, ridge, 1.1 * ridge]).value
    assert value[1] < value[0] <= value[2] * (1 + 4 * EPS)  # a ridge far below the trace changes no digit
    assert ridge / n * (1 - 4 * EPS) <= value[0] <= (ridge + spectrum.trace) / n * (1 + 4 * EPS)
    shuffled = Spectrum(np.random.default_rng(seed).permutation(spectrum.eigenvalues))
    np.testing.assert_allclose(effective_ridge(shuffled, n, ridge).value, value[0], rtol=1e-13)


@settings(max_examples=60, deadline=None)
@given(spectrum=spectra, below=st.floats(0.05, 0.95))
def test_ridgeless_is_the_limit_of_small_ridges(spectrum, below):
    n = below * spectrum.rank
    zero = effective_ridge(spectrum, n, 0.0).value
    assert zero > 0
    small = effective_ridge(spectrum, n, 1e-14 * spectrum.eigenvalues.min()).value
    np.testing.assert_allclose(small, zero, rtol=1e-9)
    above = spectrum.rank / below
    assert effective_ridge(spectrum, above, 0.0).value == 0
    tiny = 1e-11 * spectrum.eigenvalues.min()
    np.testing.assert_allclose(effective_ridge(spectrum, above, tiny).value, tiny / (above - spectrum.rank), rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.2, 0.9999, 1.0, 1.0001, 5.0])
@pytest.mark.parametrize("lam", [1e-200, 1e-8, 0.3, 1e8])
def test_isotropic_closed_form(gamma, lam):
    n = 10_000
    b = 1 - lam - gamma
    root = np.sqrt(b * b + 4 * lam)
    expected = 2 * lam / (b + root) if b > 0 else (root - b) / 2
    found = effective_ridge(Spectrum.isotropic(gamma * n), n, n * lam).value
    # 1 - gamma - lam loses up to eps/|1 - gamma| in the closed form itself
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_table_equals_the_exact_route():
    """All shapes of spectrum, a wide grid with ridgeless cells and cells beyond the rank."""
    for name, spectrum in SPECTRA.items():
        n = np.geomspace(0.02, 3, 60)[:, None] * spectrum.rank
        ridges = spectrum.trace * np.r_[0.0, np.geomspace(1e-9, 10, 59)]
        table = effective_ridge(spectrum, n, ridges, rtol=1e-10)
        exact = effective_ridge(spectrum, n, ridges)
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(table.value, exact.value, rtol=1e-10, err_msg=name)
        one = np.array([[float(effective_ridge(spectrum, a, b).value) for b in ridges[::20]] for a in n[::20, 0]])
        np.testing.assert_allclose(exact.value[::20, ::20], one, rtol=1e-13)


@pytest.mark.parametrize(("ridge", "same_as"), [(5e-324, 0.0), (-1e-310, 0.0), (1e-308, 0.0), (1e308, 1e308)])
def test_ridges_at_the_ends_of_the_doubles(ridge, same_as):
    """kappa >= ridge/n: below the normal doubles it has no digits, so the ridge counts as zero; nothing is NaN."""
    spectrum = Spectrum(np.arange(1, 20.0) ** -1.5)
    found, expected = (effective_ridge(spectrum, [5, 19, 30], r) for r in (ridge, same_as))
    np.testing.assert_array_equal(found.value, expected.value)
    np.testing.assert_array_equal(found.status, expected.status)
    assert np.all(np.isfinite(found.residual))


def test_ridges_beyond_the_doubles_learn_nothing():
    spectrum = Spectrum([2.0, 1.0])
    assert effective_ridge(spectrum, 1e-300, 1e300).value == np.inf  # kappa = 1e600
    assert effective_ridge(spectrum, 1e300, 1e300).value == pytest.approx(1.0)


def test_infinite_ridge_learns_nothing():
    assert effective_ridge(Spectrum.isotropic(5), 3, np.inf).value == np.inf


@pytest.mark.parametrize("n", [1.0, 100.0, 399.0, 401.0, 1600.0])
def test_stability_edge_is_the_edge_of_the_spectrum(n):
    expected = -((np.sqrt(400) - np.sqrt(n)) ** 2)
    np.testing.assert_allclose(stability_edge(Spectrum.isotropic(400), n).value, expected, rtol=1e-10)


@pytest.mark.parametrize("name", SPECTRA)
def test_edge_is_where_the_branch_turns(name):
    """ridge(kappa) = kappa (n - df1), with slope n - df2: its least value is at df2 = n, here at 300 digits."""
    spectrum = SPECTRA[name]
    for ratio in (0.1, 0.5, 2.0):
        n = ratio * spectrum.rank
        edge = stability_edge(spectrum, n)
        assert edge.status == Status.CONVERGED
        with mpmath.workdps(300):
            values, counts = np.unique(spectrum.eigenvalues, return_counts=True)
            s = [(mpmath.mpf(float(x)), int(c)) for x, c in zip(values, counts, strict=True)]
            low, high = mpmath.log(s[0][0]) - 20, mpmath.log(s[-1][0]) + 20  # of kappa + s_min
            for _ in range(90):
                middle = (low + high) / 2
                k = mpmath.exp(middle) - s[0][0]
                df2 = mpmath.fsum(c * (x / (x + k)) ** 2 for x, c in s)
                low, high = (middle, high) if df2 > n else (low, middle)
            exact = k * (n - mpmath.fsum(c * x / (x + k) for x, c in s))
            assert abs(edge.value / exact - 1) < 1e-13


def test_negative_ridges_down_to_the_edge_and_no_further():
    spectrum = Spectrum(np.r_[np.full(10, 50.0), np.ones(390)])
    for n in (100.0, 900.0):
        edge = float(stability_edge(spectrum, n).value)
        ridges = edge * np.array([0.999999, 0.9, 0.5, 1e-3, 1e-12])
        solution = effective_ridge(spectrum, n, ridges, on_failure="raise")
        df1 = np.array([np.sum(spectrum.eigenvalues / (spectrum.eigenvalues + k)) for k in solution.value])
        np.testing.assert_allclose(n - df1, ridges / solution.value, rtol=1e-6, atol=1e-10 * n)
        df2 = np.array([np.sum((spectrum.eigenvalues / (spectrum.eigenvalues + k)) ** 2) for k in solution.value])
        assert np.all(df2 < n)
        with pytest.raises(ValueError, match="stability edge"):
            effective_ridge(spectrum, n, [1.0, 1.0001 * edge])
    with pytest.raises(ValueError, match="stability edge"):
        effective_ridge(spectrum, spectrum.rank, -1e-9)


def test_broadcasting_equals_loops():
    spectrum = SPECTRA["exponent 1.5"]
    n, ridges = np.array([[3], [30], [400]]), np.array([0.0, 0.5])
    grid = effective_ridge(spectrum, n, ridges)
    assert grid.value.shape == grid.status.shape == grid.iterations.shape == grid.residual.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        np.testing.assert_allclose(grid.value[i, j], effective_ridge(spectrum, n[i, 0], ridges[j]).value, rtol=1e-14)


def test_failure_is_reported(monkeypatch):
    from solvable.solvers.equivalents import fixed_point

    monkeypatch.setattr(fixed_point, "_MAX_ITERATIONS", 1)
    spectrum = SPECTRA["exponent 1.5"]
    with pytest.warns(ConvergenceWarning, match="did not converge") as caught:
        solution = effective_ridge(spectrum, 30, 1.0)
    assert caught[0].filename == __file__
    assert not solution.converged
    assert "MAX_ITERATIONS (1)" in solution.explain()
    with pytest.raises(ArithmeticError):
        effective_ridge(spectrum, 30, 1.0, on_failure="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        effective_ridge(spectrum, 30, 1.0, on_failure="ignore")
    with pytest.raises(ValueError, match="on_failure"):
        effective_ridge(spectrum, 30, 1.0, on_failure="shrug")


@pytest.mark.parametrize(
    ("n", "ridge", "match"),
    [
        (0, 1.0, r"n = 0\.0 is not allowed: it must be positive\."),
        (-3, 1.0, "n = "),
        (np.nan, 1.0, "NaN"),
        (np.inf, 1.0, "n = "),
        (5, np.nan, "ridge"),
        (5, -1e9, "stability edge"),
        (5, -np.inf, "stability edge"),
        ([5, -2.0], 1.0, r"n\[1\] = -2\.0"),
        ([1, 2, 3], [1.0, 2.0], "broadcast"),
    ],
)
def test_bad_input_is_one_sentence(n, ridge, match):
    with pytest.raises(ValueError, match=match):
        effective_ridge(SPECTRA["exponent 1.5"], n, ridge)


def test_not_a_spectrum():
    with pytest.raises(TypeError, match="Spectrum"):
        effective_ridge([1.0, 2.0], 3, 1.0)
    for rtol, error in ((0.0, ValueError), (1.0, ValueError), (np.nan, ValueError), ([0.1, 0.2], ValueError),
                        (None, TypeError), ("1e-3", TypeError)):  # fmt: skip
        with pytest.raises(error, match=r"^rtol"):
            effective_ridge(SPECTRA["exponent 1.5"], 3, 1.0, rtol=rtol)


@pytest.mark.parametrize("value", ["1", None, 1j, ["1"], [[1.0], [1.0, 2.0]]])
def test_wrong_types_are_refused(value):
    with pytest.raises(TypeError, match=r"^n = .*\.$"):
        effective_ridge(SPECTRA["exponent 1.5"], value, 1.0)
    with pytest.raises(TypeError, match=r"^ridge = .*\.$"):
        effective_ridge(SPECTRA["exponent 1.5"], 1.0, value)


def test_failures_name_the_largest_residual_and_poles_are_none():
    status = np.array([Status.CONVERGED, Status.MAX_ITERATIONS, Status.NO_SOLUTION, Status.DIVERGES], dtype=np.int8)
    found = Solution(np.ones(4), np.array([9.0, 0.25, 0.5, np.inf]), status, np.ones(4, dtype=np.int64))
    with pytest.raises(ArithmeticError, match=r"2 of 4 cells did not converge \(largest residual 5\.0e-01\)"):
        report_failures(found, "this", "raise")
    report_failures(found, "this", "ignore")
