"""Our numbers against scikit-learn's, scipy's and numpy's own routines on the same data; see `cross_check`."""

import numpy as np


def problems():
    """Well and badly conditioned designs, on both sides of n = d."""
    rng = np.random.default_rng(0)
    for n, d in ((50, 10), (10, 50), (40, 40)):
        for decades in (0, 2, 4):
            U = np.linalg.qr(rng.standard_normal((n, min(n, d))))[0]
            V = np.linalg.qr(rng.standard_normal((d, min(n, d))))[0]
            yield (U * 10.0 ** -np.linspace(0, decades, min(n, d))) @ V.T, rng.standard_normal(n)


def difference(ours, theirs):
    return float(np.max(np.abs(np.asarray(ours) - theirs)) / np.max(np.abs(theirs)))


def ridge_rows():
    from sklearn.linear_model import Ridge, RidgeCV

    from solvable.solvers import ridge_path

    ridges = np.logspace(-3, 3, 13)
    worst = {"coefficients, solver svd": 0.0, "coefficients, solver cholesky": 0.0, "intercept": 0.0,
             "leave-one-out errors (RidgeCV)": 0.0, "error at the chosen ridge (RidgeCV)": 0.0}  # fmt: skip
    for X, y in problems():
        path = ridge_path(X, y, ridges)
        for name in ("svd", "cholesky"):
            theirs = [Ridge(alpha=a, solver=name, fit_intercept=False).fit(X, y).coef_ for a in ridges]
            key = f"coefficients, solver {name}"
            worst[key] = max(worst[key], difference(path.coefficients, np.array(theirs)))
        shifted = ridge_path(X + 3, y + 2, ridges, intercept=True)
        theirs = [Ridge(alpha=a, solver="svd").fit(X + 3, y + 2).intercept_ for a in ridges]
        worst["intercept"] = max(worst["intercept"], difference(shifted.intercept, np.array(theirs)))
        cv = RidgeCV(alphas=ridges, fit_intercept=False, store_cv_results=True).fit(X, y)
        loo = cv.cv_results_.reshape(len(y), len(ridges)).mean(axis=0)
        key = "leave-one-out errors (RidgeCV)"
        worst[key] = max(worst[key], difference(path.leave_one_out, loo))
        # the error, not the ridge: for an orthogonal design every ridge is equally good
        key, chosen = "error at the chosen ridge (RidgeCV)", int(np.argmin(np.abs(ridges - cv.alpha_)))
        worst[key] = max(worst[key], abs(float(path.leave_one_out[chosen] / path.leave_one_out.min()) - 1))
    return [(f"ridge: {name}", "scikit-learn", value) for name, value in worst.items()]


def other_rows():
    from scipy.integrate import quad
    from scipy.optimize import brentq, linprog
    from scipy.stats import norm

    from solvable.solvers import (
        Spectrum,
        effective_ridge,
        gaussian_coefficients,
        minimum_l1,
        minimum_l2,
        optimal_fitting_ratio,
        stability_threshold,
        support_edges,
    )

    rng = np.random.default_rng(1)
    X = rng.standard_normal((12, 30))
    y = X @ rng.standard_normal(30)
    yield "minimum l2 interpolator", "numpy.linalg.pinv", difference(minimum_l2(X, y), np.linalg.pinv(X) @ y)
    found = linprog(np.ones(60), A_eq=np.hstack([X, -X]), b_eq=y, bounds=(0, None), method="highs-ds")
    yield "minimum l1 norm", "scipy linprog (dual simplex)", difference(np.abs(minimum_l1(X, y).value).sum(), found.fun)

    s, worst = np.arange(1.0, 41) ** -1.3, 0.0
    for n, ridge in ((5, 0.1), (20, 1e-3), (39, 1e-6), (200, 2.0)):
        root = brentq(lambda x, n=n, ridge=ridge: n - np.sum(s / (s + np.exp(x))) - ridge / np.exp(x), -40, 20,
                      xtol=1e-14)  # fmt: skip
        worst = max(worst, difference(effective_ridge(Spectrum(s), n, ridge).value, np.exp(root)))
    yield "effective ridge", "scipy brentq", worst

    worst = 0.0
    for name, function in (("tanh", np.tanh), ("erf", None), ("relu", lambda u: np.maximum(u, 0))):
        from scipy.special import erf

        f = erf if function is None else function
        square = sum(
            quad(lambda u, f=f: f(u) ** 2 * norm.pdf(u), *part, epsabs=1e-14)[0] for part in ((-12, 0), (0, 12))
        )
        worst = max(worst, difference(gaussian_coefficients(name).second_moment, square))
    yield "Gaussian second moments", "scipy quad", worst

    edges = support_edges(Spectrum.isotropic(50), 200.0)
    yield "spectral edges", "Marchenko-Pastur law", difference(edges, (1 + np.array([-0.5, 0.5])) ** 2)

    worst = 0.0
    G = rng.standard_normal((9, 5))
    for batch in (1, 3):
        p, H = (9 - batch) / (batch * 8), G.T @ G / 9
        D = (1 - p) * np.kron(H, H) + p / 9 * sum(np.kron(np.outer(g, g), np.outer(g, g)) for g in G)
        C = (np.kron(H, np.eye(5)) + np.kron(np.eye(5), H)) / 2
        from scipy.linalg import eigh

        worst = max(worst, difference(stability_threshold(G, batch).value, 2 / eigh(D, C, eigvals_only=True)[-1]))
    yield "mean-square threshold", "scipy eigh, d^2 x d^2", worst

    a, b, noise = 1.5, 2.0, 3.0
    u = brentq(lambda u: a * (a - 1) * noise * u**b + (a - 1) * b * u - a * (b - 1), 0, 1, xtol=1e-15)
    yield "best fitting ratio", "scipy brentq", difference(optimal_fitting_ratio(a, b, noise).value, (1 - u) ** 2)
