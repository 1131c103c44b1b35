"""ridge_path against refits that leave each row out, against scikit-learn, and in its limits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import ridge_path


def data(n, p, seed=0, q=None, rank=None):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) if rank is None else rng.standard_normal((n, rank)) @ rng.standard_normal((rank, p))
    return X, rng.standard_normal(n if q is None else (n, q))


def refit(X, y, ridge, intercept):
    """Ridge by an augmented least-squares problem: no normal equations, no decomposition of ours."""
    mean_x, mean_y = (X.mean(0), y.mean(0)) if intercept else (0.0, 0.0)
    A = np.vstack([X - mean_x, np.sqrt(ridge) * np.eye(X.shape[1])])
    w = np.linalg.lstsq(A, np.r_[y - mean_y, np.zeros(X.shape[1])], rcond=None)[0]
    return w, mean_y - mean_x @ w if intercept else 0.0


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("n", "p"), [(12, 5), (5, 12), (8, 8), (9, 1), (2, 3)])
@pytest.mark.parametrize("ridge", [1e-3, 0.5, 100.0, 0.0])
def test_everything_equals_refits(n, p, ridge, intercept):
    X, y = data(n, p)
    path = ridge_path(X, y, ridge, intercept=intercept)
    w, b = refit(X, y, ridge, intercept)
    np.testing.assert_allclose(path.coefficients[0], w, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(path.intercept[0], b, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(path.fitted[0], X @ w + b, rtol=1e-7, atol=1e-9)
    loo = np.empty(n)
    for i in range(n):
        keep = np.arange(n) != i
        wi, bi = refit(X[keep], y[keep], ridge, intercept)
        loo[i] = y[i] - X[i] @ wi - bi
    np.testing.assert_allclose(path.leave_one_out_residuals[0], loo, rtol=1e-6, atol=1e-8)
    assert path.leave_one_out[0] == pytest.approx(np.mean(loo**2), rel=1e-6)
    assert path.train[0] == pytest.approx(np.mean((y - X @ w - b) ** 2), rel=1e-8, abs=1e-16)


def test_gcv_and_degrees_of_freedom_follow_the_hat_matrix():
    X, y = data(15, 6, seed=1)
    path = ridge_path(X, y, [0.3, 3.0])
    for i, ridge in enumerate(path.ridges):
        H = X @ np.linalg.solve(X.T @ X + ridge * np.eye(6), X.T)
        assert path.degrees_of_freedom[i] == pytest.approx(np.trace(H), rel=1e-12)
        assert path.gcv[i] == pytest.approx(np.mean((y - H @ y) ** 2) / (1 - np.trace(H) / 15) ** 2, rel=1e-12)


@pytest.mark.parametrize(("n", "p"), [(6, 20), (20, 6), (10, 10)])
def test_ridgeless_is_the_limit(n, p):
    """Continuity: the change from ridge 0 to 1e-9 of the top eigenvalue is of first order in the ridge."""
    X, y = data(n, p, seed=2)
    top = np.linalg.norm(X, 2) ** 2
    condition = top / np.linalg.svd(X, compute_uv=False)[-1] ** 2
    path = ridge_path(X, y, [0.0, 1e-9 * top])
    for field in ("coefficients", "leave_one_out", "gcv"):
        zero, small = getattr(path, field)
        np.testing.assert_allclose(small, zero, rtol=10 * condition * 1e-9)


def test_tiny_ridges_keep_their_digits():
    """Hilbert-like matrix, 60 digits by mpmath; the error grows with the condition number, not its square."""
    n = 7
    X = np.array([[1 / (i + j + 1) for j in range(n)] for i in range(n)])
    y = np.ones(n)
    ridges = 1e-14 * np.linalg.norm(X, 2) ** 2 * np.array([1.0, 1e4])
    path = ridge_path(X, y, ridges)
    with mpmath.workdps(60):
        M = mpmath.matrix(X.tolist())
        for k, ridge in enumerate(ridges):
            A = (M * M.T + mpmath.mpf(float(ridge)) * mpmath.eye(n)) ** -1
            alpha = A * mpmath.matrix([1] * n)
            exact = [float(alpha[i] / A[i, i]) for i in range(n)]
            # singular values below sqrt(ridge) are damped: eps * s_max/sqrt(ridge) = 2e-16 * 1e7 at the smallest
            np.testing.assert_allclose(path.leave_one_out_residuals[k], exact, rtol=1e-7)


def test_rank_deficient_and_lonely_rows():
    X, y = data(10, 6, seed=3, rank=3)
    path = ridge_path(X, y, 0.0)
    np.testing.assert_allclose(path.coefficients[0], np.linalg.pinv(X) @ y, rtol=1e-9, atol=1e-12)
    assert path.degrees_of_freedom[0] == pytest.approx(3)
    # row 0 alone spans a direction: left out, it is predicted as 0 in the ridgeless limit
    X = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    path = ridge_path(X, [3.0, 1.0, 2.5], [0.0, 1e-12])
    np.testing.assert_allclose(path.leave_one_out_residuals[0, 0], 3.0)
    np.testing.assert_allclose(path.leave_one_out_residuals[1], path.leave_one_out_residuals[0], rtol=1e-9)


def test_peak_at_n_equals_p_is_not_smoothed():
    """Seed 0, 200 draws: the median ridgeless leave-one-out error at p = n is far above both sides."""
    rng = np.random.default_rng(0)

    def error(p):
        return np.median(
            [
                ridge_path(rng.standard_normal((30, p)), rng.standard_normal(30), 0.0).leave_one_out[0]
                for _ in range(200)
            ]
        )

    assert error(30) > 10 * max(error(10), error(90))


def test_agrees_with_scikit_learn():
    from sklearn.linear_model import Ridge, RidgeCV

    X, y = data(40, 30, seed=4)
    ridges = np.geomspace(1e-3, 1e3, 7)
    path = ridge_path(X, y, ridges, intercept=True)
    for i, ridge in enumerate(ridges):
        model = Ridge(alpha=ridge).fit(X, y)
        np.testing.assert_allclose(path.coefficients[i], model.coef_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(path.intercept[i], model.intercept_, rtol=1e-9)
    cv = RidgeCV(alphas=ridges, store_cv_results=True, fit_intercept=False).fit(X, y)
    plain = ridge_path(X, y, ridges)
    np.testing.assert_allclose(plain.leave_one_out_residuals.T**2, cv.cv_results_, rtol=1e-8, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(2, 9),
    p=st.integers(1, 9),
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-60, 1.0, 1e60]),
)
def test_scaling_permutation_and_rotation(n, p, seed, scale):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
    rotation = np.linalg.qr(rng.standard_normal((p, p)))[0]
    order = rng.permutation(n)
    path = ridge_path(X, y, [0.1, 2.0])
    other = ridge_path(scale * X[order] @ rotation, y[order], np.array([0.1, 2.0]) * scale**2)
    np.testing.assert_allclose(other.fitted, path.fitted[:, order], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(other.leave_one_out, path.leave_one_out, rtol=1e-8)
    np.testing.assert_allclose(other.degrees_of_freedom, path.degrees_of_freedom, rtol=1e-9)


def test_several_targets_and_awkward_memory():
    X, y = data(12, 7, seed=5, q=3)
    before = X.copy(), y.copy()
    both = ridge_path(np.asfortranarray(X), y, [0.0, 1.0], intercept=True)
    wide = np.repeat(X, 2, axis=1)[:, ::2]
    wide.flags.writeable = False
    for j in range(3):
        one = ridge_path(wide, y[:, j], [0.0, 1.0], intercept=True)
        for field in (
            "coefficients",
            "intercept",
            "fitted",
            "train",
            "leave_one_out",
            "gcv",
            "leave_one_out_residuals",
        ):
            np.testing.assert_allclose(getattr(both, field)[..., j], getattr(one, field), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_negative_ridges_down_to_the_edge():
    X, y = data(20, 5, seed=6)
    edge = -(np.linalg.svd(X, compute_uv=False)[-1] ** 2)
    path = ridge_path(X, y, 0.9 * edge)
    np.testing.assert_allclose(
        path.coefficients[0], np.linalg.solve(X.T @ X + 0.9 * edge * np.eye(5), X.T @ y), rtol=1e-9
    )
    with pytest.raises(ValueError, match="s_min"):
        ridge_path(X, y, 1.01 * edge)


@pytest.mark.parametrize(
    ("X", "y", "ridges", "match"),
    [
        ([[1.0, np.nan]], [1.0], 1.0, "X"),
        ([[1.0], [2.0]], [1.0], 1.0, "y.shape"),
        ([1.0, 2.0], [1.0, 2.0], 1.0, "X.shape"),
        ([[1.0]], [np.inf], 1.0, "y"),
        ([[1.0]], [1.0], [], "ridges.shape"),
        ([[1.0]], [1.0], np.nan, "ridges"),
        ([[0.0]], [1.0], 1.0, "vanish"),
        (np.empty((0, 2)), [], 1.0, "X.shape"),
    ],
)
def test_bad_input_is_one_sentence(X, y, ridges, match):
    with pytest.raises(ValueError, match=match):
        ridge_path(X, y, ridges)


def test_wrong_types():
    with pytest.raises(TypeError, match="y"):
        ridge_path([[1.0]], ["a"], 1.0)
    with pytest.raises(TypeError, match="complex"):
        ridge_path([[1j]], [1.0], 1.0)


def test_gcv_of_more_features_than_samples():
    """Nothing is out of reach, and the ridge cancels between numerator and denominator."""
    rng = np.random.default_rng(6)
    X, y = rng.standard_normal((7, 15)), rng.standard_normal(7)
    for ridge in (1e-6, 0.5):
        rest = np.eye(7) - X @ np.linalg.solve(X.T @ X + ridge * np.eye(15), X.T)
        expected = np.mean((rest @ y) ** 2) / (np.trace(rest) / 7) ** 2
        found = ridge_path(X, y, [ridge], intercept=False).gcv[0]
        assert found == pytest.approx(expected, rel=1e-6 if ridge < 1e-3 else 1e-11)  # 1 - H cancels in the reference
