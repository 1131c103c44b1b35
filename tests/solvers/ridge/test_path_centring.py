"""ridge_path on data with offsets, dependent columns and outlying rows: only spans count, not shifts.

The references refit without each row, in doubles (features centred by hand) or in 60 digits (mpmath).
"""

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solvable.solvers import ridge_path

# Mean air temperature at Nottingham Castle, degrees Fahrenheit, January to December of 1920 to 1929 (Anderson 1976)
NOTTINGHAM = np.array(
    [
        [40.6, 40.8, 44.4, 46.7, 54.1, 58.5, 57.7, 56.4, 54.3, 50.5, 42.9, 39.8],
        [44.2, 39.8, 45.1, 47.0, 54.1, 58.7, 66.3, 59.9, 57.0, 54.2, 39.7, 42.8],
        [37.5, 38.7, 39.5, 42.1, 55.7, 57.8, 56.8, 54.3, 54.3, 47.1, 41.8, 41.7],
        [41.8, 40.1, 42.9, 45.8, 49.2, 52.7, 64.2, 59.6, 54.4, 49.2, 36.3, 37.6],
        [39.3, 37.5, 38.3, 45.5, 53.2, 57.7, 60.8, 58.2, 56.4, 49.8, 44.4, 43.6],
        [40.0, 40.5, 40.8, 45.1, 53.8, 59.4, 63.5, 61.0, 53.0, 50.0, 38.1, 36.3],
        [39.2, 43.4, 43.4, 48.9, 50.6, 56.8, 62.5, 62.0, 57.5, 46.7, 41.6, 39.8],
        [39.4, 38.5, 45.3, 47.1, 51.7, 55.0, 60.4, 60.5, 54.7, 50.3, 42.3, 35.2],
        [40.8, 41.1, 42.8, 47.3, 50.9, 56.4, 62.2, 60.5, 55.4, 50.2, 43.0, 37.3],
        [34.8, 31.3, 41.0, 43.9, 53.1, 56.9, 62.5, 60.3, 59.8, 49.2, 42.9, 41.9],
    ]
)
SHIFTED = ("coefficients", "train", "leave_one_out", "leave_one_out_residuals", "gcv", "degrees_of_freedom")


def grid(rng, *shape):
    """Gaussians on a grid of 2^-20: sums with whole numbers up to 2^30 are exact in doubles."""
    return np.round(rng.standard_normal(shape) * 2**20) / 2**20


def well_conditioned(X, intercept):
    s = np.linalg.svd(X - X.mean(axis=0) if intercept else X, compute_uv=False)
    s = s[: min(len(X) - int(intercept), X.shape[1])]
    return s[-1] > 1e-3 * s[0]


def refit_leave_one_out(X, y, ridge):
    """With intercept: augmented least squares on rows centred twice, its rank from the centred matrix."""
    out = np.empty(len(X))
    for i in range(len(X)):
        keep = np.arange(len(X)) != i
        shift = X[keep].mean(axis=0)
        shift = shift + (X[keep] - shift).mean(axis=0)
        A, b = X[keep] - shift, y[keep] - y[keep].mean()
        padded = np.vstack([A, np.sqrt(ridge) * np.eye(X.shape[1])])
        w = np.linalg.lstsq(padded, np.r_[b, np.zeros(X.shape[1])], rcond=1e-11)[0]
        out[i] = y[i] - y[keep].mean() - (X[i] - shift) @ w
    return out


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(3, 10),
    p=st.integers(1, 14),
    offset=st.integers(-(2**30), 2**30),
    shift=st.integers(-(2**30), 2**30),
    seed=st.integers(0, 10**6),
)
def test_shifts_change_the_intercept_alone(n, p, offset, shift, seed):
    """The shifted data are exact: what differs is our own rounding, C^2 eps = 1e6 * 2e-16 at the worst."""
    rng = np.random.default_rng(seed)
    X, y = grid(rng, n, p), grid(rng, n)
    assume(well_conditioned(X, True))
    offsets = np.round(offset * rng.random(p))
    plain = ridge_path(X, y, [0.0, 1.0], intercept=True)
    moved = ridge_path(X + offsets, y + shift, [0.0, 1.0], intercept=True)
    for name in SHIFTED:
        want = getattr(plain, name)
        np.testing.assert_allclose(getattr(moved, name), want, rtol=1e-8, atol=1e-8 * np.abs(want).max(), err_msg=name)
    assert moved.degrees_of_freedom[0] == pytest.approx(min(n, p + 1))
    np.testing.assert_allclose(moved.fitted - shift, plain.fitted, rtol=0, atol=1e-8 + 1e-15 * abs(shift))


@pytest.mark.parametrize(("n", "p"), [(10, 20), (10, 9), (30, 4)])
@pytest.mark.parametrize("mean", [0.0, 30.0, 1e4])
def test_offset_features_equal_refits(n, p, mean):
    """Seed 0; the rounding of an offset of 1e4 is 1e-12 of the spread, the condition number below 100."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, p)) + mean, rng.standard_normal(n)
    path = ridge_path(X, y, [0.0, 1.0], intercept=True)
    for found, ridge in zip(path.leave_one_out_residuals, (0.0, 1.0), strict=True):
        np.testing.assert_allclose(found, refit_leave_one_out(X, y, ridge), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("months", [3, 11])
def test_temperatures_in_kelvin(months):
    """The last month from the first ones: ten years of centred data, whatever the zero of the scale."""
    celsius = (NOTTINGHAM - 32) / 1.8
    answers = []
    for zero in (0.0, 273.15):
        X, y = celsius[:, :months] + zero, celsius[:, -1] + zero
        path = ridge_path(X, y, [0.0, 1.0, 10.0], intercept=True)
        assert path.degrees_of_freedom[0] == pytest.approx(min(10, months + 1))
        for found, ridge in zip(path.leave_one_out_residuals, path.ridges, strict=True):
            np.testing.assert_allclose(found, refit_leave_one_out(X, y, ridge), rtol=1e-8, atol=1e-9)
        answers.append(path)
    np.testing.assert_allclose(answers[0].leave_one_out, answers[1].leave_one_out, rtol=1e-9)
    np.testing.assert_allclose(answers[0].gcv, answers[1].gcv, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(4, 12),
    p=st.integers(1, 4),
    extra=st.integers(1, 5),
    seed=st.integers(0, 10**6),
    power=st.integers(0, 26),
    constant=st.sampled_from([0.1, 14.62, 1000.1, 1e6 + 0.1, -3e9]),
    double=st.booleans(),
)
def test_only_the_span_counts(n, p, extra, seed, power, constant, double):
    """Dependent columns at offsets up to 2^26 and a constant one add no freedom, in doubles and in single precision."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
    assume(well_conditioned(X, True))
    kind = np.float64 if double else np.float32
    power = power if double else min(power, 4)  # beyond, the rounding of singles hides the columns
    dependent = X @ rng.integers(-2, 3, (p, extra)) + np.round(2.0**power * rng.standard_normal(extra))
    more = np.hstack([X, dependent, np.full((n, 1), constant)]).astype(kind)
    path, plain = ridge_path(more, y, 0.0, intercept=True), ridge_path(X, y, 0.0, intercept=True)
    assert path.degrees_of_freedom[0] == pytest.approx(min(n, p + 1))
    if n > p + 1:
        rounding = 1e3 * float(np.finfo(kind).eps) * 2.0**power  # C <= 1e3; the offsets' digits are lost in the data
        want = plain.fitted[0]
        np.testing.assert_allclose(path.fitted[0], want, rtol=0, atol=1e2 * rounding + 1e-9)


def exact_leave_one_out(X, y, ridge, intercept):
    """Refits in 60 digits; an intercept is a column of ones without penalty."""
    with mpmath.workdps(60):
        n, p = X.shape
        rows = mpmath.matrix(np.hstack([X, np.ones((n, 1))])[:, : p + int(intercept)].tolist())
        out = []
        for i in range(n):
            others = [j for j in range(n) if j != i]
            A = mpmath.matrix([[rows[j, k] for k in range(rows.cols)] for j in others])
            G = A.T * A
            for k in range(p):
                G[k, k] += mpmath.mpf(ridge)
            w = mpmath.lu_solve(G, A.T * mpmath.matrix([mpmath.mpf(float(y[j])) for j in others]))
            out.append(float(mpmath.mpf(float(y[i])) - (rows[i, :] * w)[0]))
    return np.array(out)


@settings(max_examples=40, deadline=None)
@given(
    power=st.integers(0, 12),
    n=st.integers(4, 8),
    ridge=st.sampled_from([0.0, 1.0]),
    intercept=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_one_outlying_row_of_one_feature(power, n, ridge, intercept, seed):
    """The condition number is 1 whatever the outlier: no digit of any row is lost, its own least of all."""
    rng = np.random.default_rng(seed)
    X, y = 1.0 + np.arange(n, dtype=float)[:, None], rng.standard_normal(n) + 3
    X[-1] = 10.0**power + 0.5
    found = ridge_path(X, y, ridge, intercept=intercept).leave_one_out_residuals[0]
    want = exact_leave_one_out(X, y, ridge, intercept)
    # with the intercept the others' spread is rounded at the mean's size, 10^power/n
    lost = 1e-15 * 10.0**power if intercept else 0.0
    np.testing.assert_allclose(found[-1], want[-1], rtol=1e-11)
    np.testing.assert_allclose(found, want, rtol=1e-11 + lost, atol=1e-11)


@pytest.mark.parametrize("far", [1e2, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_one_outlying_row_of_two_features(far, ridge):
    """The outlier is predicted by the others, condition number 2; the others' error is of order eps*far."""
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((7, 2)), rng.standard_normal(7)
    X[3] = far * np.array([1.0, 0.7])
    found = ridge_path(X, y, ridge).leave_one_out_residuals[0]
    want = exact_leave_one_out(X, y, ridge, False)
    assert found[3] == pytest.approx(want[3], rel=1e-10)
    np.testing.assert_allclose(found, want, rtol=1e-14 * far + 1e-12)


def test_rows_that_span_a_direction_alone_stay_in_the_limit():
    """Rotated, so that nothing vanishes exactly; left out, such a row is predicted as 0."""
    rotation = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    X = np.array([[2.0, 0, 0], [0, 3.0, 0], [0, 0, 1.0], [0, 0, 2.0]]) @ rotation
    path = ridge_path(X, [1.0, -2.0, 3.0, 5.0], 0.0)
    np.testing.assert_allclose(path.leave_one_out_residuals[0, :2], [1.0, -2.0], rtol=1e-12)


def test_features_that_are_constant_to_their_rounding_are_refused():
    with pytest.raises(ValueError, match="vanish after centring, to the rounding of float32"):
        ridge_path(np.full((5, 2), 14.62, np.float32), np.arange(5.0), 0.0, intercept=True)
