"""What other packages say, computed inside the isolated environments of `cross_check`.

Every function yields (quantity, package and routine, largest relative difference). Nothing is imported from a package
before its own function runs, so that one missing peer does not stop the others.
"""

import numpy as np

from benchmarks.cross_check_rows import difference, problems


def kernel_ridge_rows():
    """Kernel ridge of a linear kernel is ridge; its dual has the same penalty."""
    from sklearn.kernel_ridge import KernelRidge

    from solvable.solvers import ridge_path

    worst = 0.0
    ridges = np.logspace(-3, 3, 7)
    for X, y in problems():
        path = ridge_path(X, y, ridges)
        theirs = [KernelRidge(alpha=a, kernel="linear").fit(X, y).predict(X) for a in ridges]
        worst = max(worst, difference(path.coefficients @ X.T, np.array(theirs)))
    yield "ridge: fitted values", "scikit-learn KernelRidge", worst


def sparse_rows():
    """The vanishing-scale limit is basis pursuit: the end of the lasso path and of orthogonal matching pursuit."""
    from sklearn.linear_model import lars_path

    from solvable.solvers import minimum_l1, saddle_to_saddle

    rng = np.random.default_rng(4)
    worst = {"minimum l1 interpolator": 0.0, "saddle-to-saddle: last saddle": 0.0}
    for n, d in ((6, 14), (12, 30), (20, 60)):
        X = rng.standard_normal((n, d))
        beta = np.zeros(d)
        beta[: n // 4] = rng.standard_normal(n // 4) + 2
        y = X @ beta
        end = lars_path(X, y, method="lasso")[2][:, -1]
        worst["minimum l1 interpolator"] = max(
            worst["minimum l1 interpolator"], difference(minimum_l1(X, y).value, end)
        )
        last = saddle_to_saddle(X, y).saddles[-1]
        worst["saddle-to-saddle: last saddle"] = max(worst["saddle-to-saddle: last saddle"], difference(last, end))
    for name, value in worst.items():
        yield name, "scikit-learn lars_path (lasso)", value


def statsmodels_rows():
    """Ridge by statsmodels' elastic net (its loss is halved and divided by n) and least squares by OLS."""
    import statsmodels.api as sm

    from solvable.solvers import descent_path, ridge_path

    worst, exact = 0.0, 0.0
    for X, y in problems():
        n, d = X.shape
        for ridge in (1e-2, 1.0, 100.0):
            theirs = sm.OLS(y, X).fit_regularized(alpha=ridge / n, L1_wt=0.0).params
            worst = max(worst, difference(ridge_path(X, y, [ridge]).coefficients[0], theirs))
        if n > d:
            found = descent_path(X, y, [1e300], method="gradient-flow").coefficients[0]
            exact = max(exact, difference(found, sm.OLS(y, X).fit(method="qr").params))
    yield "ridge: coefficients", "statsmodels OLS.fit_regularized", worst
    yield "gradient flow at infinite time", "statsmodels OLS (QR)", exact


def imputer_rows():
    """Zero imputation of centred inputs is scikit-learn's SimpleImputer with a constant."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression

    from solvable.solvers import imputation_optimum

    # all masks of three inputs, weighted by their probability: the population, not a sample
    covariance = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, 0.3], [0.0, 0.3, 0.5]])
    beta, rho, rows, weights, labels = np.array([1.0, -2.0, 0.5]), 0.6, [], [], []
    points = np.linalg.cholesky(covariance).T * np.sqrt(3)  # three points whose second moments are the covariance
    for point in (*points, *-points):
        for mask in np.ndindex(2, 2, 2):
            rows.append(np.where(mask, point, np.nan))
            weights.append(np.prod(np.where(mask, rho, 1 - rho)))
            labels.append(point @ beta)
    imputer = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    fit = LinearRegression(fit_intercept=False).fit(imputer.fit_transform(np.array(rows)), labels, weights)
    yield ("imputation: best weights", "scikit-learn SimpleImputer + LinearRegression",
           difference(imputation_optimum(covariance, beta, rho), fit.coef_))  # fmt: skip


def shrinkage_rows():
    """Two layers of weight decay threshold singular values softly; a proximal operator of the nuclear norm does too."""
    from skglm.utils.prox_funcs import ST_vec

    from solvable.solvers import shrink_singular_values

    sigma = np.logspace(-3, 3, 60)
    worst = 0.0
    for decay in (1e-3, 0.3, 5.0):
        theirs = ST_vec(sigma, decay)
        ours = shrink_singular_values(sigma, decay, 2).value
        assert np.array_equal(ours == 0, theirs == 0)
        worst = max(worst, float(np.max(np.abs(ours - theirs) / np.maximum(theirs, decay))))
    yield "shrinkage, two layers", "skglm soft thresholding", worst


def kernel_rows():
    """Arc-cosine and erf kernels at equal inputs are the second moments of relu and erf."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from neural_tangents import stax

    from solvable.solvers import gaussian_coefficients

    for name, layer in (("relu", stax.Relu()), ("erf", stax.Erf())):
        depth, x = 3, np.sqrt(2.0) * np.ones((1, 8))
        network = stax.serial(*[part for _ in range(depth) for part in (stax.Dense(1, W_std=1.3), layer)])
        value = float(network[2](x, None, "nngp")[0, 0])
        # our gain is the variance of a weight times its inputs
        power, variance = 2.0, 1.69
        for _ in range(depth):
            power = float(gaussian_coefficients(name, variance * power).second_moment)
        yield f"kernel of a deep {name} network, equal inputs", "neural-tangents stax (nngp)", difference(power, value)


GROUPS = [kernel_ridge_rows, sparse_rows, statsmodels_rows, imputer_rows, shrinkage_rows, kernel_rows]


def law_rows(found):
    """Density of white data, at five points of five aspect ratios."""
    from solvable.solvers import Spectrum, sample_covariance_density

    worst = 0.0
    for entry in found:
        n = 1000.0
        ours = sample_covariance_density(Spectrum.isotropic(n * entry["ratio"]), n, entry["x"]).density
        # densities of all eigenvalues or of the nonzero ones: the shape decides, the mass is checked by our tests
        theirs = np.array(entry["pdf"])
        worst = max(worst, difference(ours, theirs))
    yield "Marchenko-Pastur density", "scikit-rmt", worst


def main():
    """Print every row as JSON; a peer that does not import or has changed is a row with its error."""
    import json
    import sys

    from benchmarks.cross_check_rows import other_rows, ridge_rows

    for group in (ridge_rows, other_rows, *GROUPS, lambda: law_rows(json.loads(sys.argv[1]))):
        try:
            for name, other, value in group():
                print(json.dumps([name, other, value]), flush=True)
        except Exception as error:
            print(
                json.dumps([getattr(group, "__name__", "laws"), f"{type(error).__name__}: {error}", None]), flush=True
            )


if __name__ == "__main__":
    main()
