"""Ratio tests of closed forms and small systems: error over (eps x size of the terms), at most 30.

Every formula is written out again in 60 digits (mpmath) and evaluated at the doubles that went in. `size` is the size
of the terms that are added, or the value times its condition, which the comment names. With ``-s`` the largest ratio of
each solver is printed.
"""

import mpmath as mp
import numpy as np
import pytest

from solvable import solvers
from solvable.solvers import Spectrum

EPS = np.finfo(float).eps
LIMIT = 30
DECADES = [0, 2, 4, 8, 12]  # condition 1 ... 1e12
LARGEST: dict[str, float] = {}
mp.mp.dps = 60


@pytest.fixture(scope="module", autouse=True)
def _report():
    yield
    for solver, ratio in sorted(LARGEST.items()):
        print(f"\n{solver:<34} {ratio:8.3g}", end="")


def held(solver, found, exact, size=None):
    """The error of every entry, in units of eps x size (of the exact value unless given)."""
    found = np.ravel(np.asarray(found, dtype=float))
    exact = [mp.mpf(x) for x in np.ravel(np.asarray(exact, dtype=object))]
    sizes = np.ravel(np.asarray(exact if size is None else size, dtype=object))
    sizes = list(sizes) * (len(exact) // len(sizes))
    for value, truth, scale in zip(found, exact, sizes, strict=True):
        ratio = float(abs(mp.mpf(float(value)) - truth) / (EPS * abs(scale))) if value != truth else 0.0
        LARGEST[solver] = max(LARGEST.get(solver, 0.0), ratio)
        assert ratio <= LIMIT, f"{solver}: {value} instead of {mp.nstr(truth, 20)}, ratio {ratio:.3g}"


def big(values):
    return [mp.mpf(float(x)) for x in np.ravel(values)]


def spectrum(decades, modes=9):
    return Spectrum(10.0 ** -np.linspace(0, decades, modes), np.linspace(1, 2, modes))


def symmetric(decades, d=5, seed=0):
    """A covariance with given eigenvalues, symmetric to the bit."""
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    A = (Q * 10.0 ** -np.linspace(0, decades, d)) @ Q.T
    return (A + A.T) / 2


def exactly(A):
    return mp.matrix(np.asarray(A, dtype=float).tolist())


def norm(A):
    return mp.sqrt(mp.fsum(x * x for x in exactly(np.atleast_2d(A))))


@pytest.mark.parametrize("decades", DECADES)
def test_ridge_formulas(decades):
    """At the root that came back; the variance divides by 1 - df2/n, whose rounding counts against it."""
    s = spectrum(decades)
    e, v = big(s.eigenvalues), big(s.target_power)
    for n, ridge, noise in ((4.0, 1e-3, 0.5), (8.9, 1e-9, 0.1), (30.0, 2.0, 1.0)):
        risk = solvers.ridge_risk(s, n, ridge, noise)
        kappa = mp.mpf(float(risk.effective_ridge))
        g = [x / (x + kappa) for x in e]
        df1, df2 = mp.fsum(g), mp.fsum(x * x for x in g)
        held("ridge_risk", [risk.df1, risk.df2], [df1, df2])
        held("learnabilities", solvers.learnabilities(s, n, ridge), g)
        unlearned = mp.fsum(p * (kappa / (x + kappa)) ** 2 for x, p in zip(e, v, strict=True))
        amplified = 1 / (1 - df2 / n)
        held("ridge_risk", [risk.bias], [unlearned * amplified], unlearned * amplified**2)
        held("ridge_risk", [risk.variance], [noise * (amplified - 1)], noise * amplified**2)
        train = (ridge / (n * kappa)) ** 2 * (unlearned + noise) * amplified
        held("ridge_risk", [risk.train], [train], train * amplified)
        # (d kappa/d ridge)/kappa of the root is at most 1/ridge: its rounding is that of the ridge
        exact = mp.fsum(n / (1 + kappa / x) / x for x in e) if ridge else 0
        trace = solvers.resolvent_trace(s, n, ridge, s.eigenvalues).value
        exact = n * kappa / ridge * mp.fsum(x / (x + kappa) for x in e)
        held("resolvent_trace", trace, exact, exact * amplified)


@pytest.mark.parametrize("decades", DECADES)
def test_filters(decades):
    """r_t = (1 - x)^t and its kin; the condition of a power is its exponent."""
    s = 10.0 ** -np.linspace(0, decades, 6)
    times = np.array([0, 1, 7, 150])
    eta = 0.7
    for method, mu in (("gradient-descent", None), ("gradient-flow", None), ("ridge", None), ("heavy-ball", 0.6),
                       ("nesterov", 0.6)):  # fmt: skip
        step = eta if method not in ("gradient-flow", "ridge") else None
        found = solvers.spectral_response(s, times, method, step, mu)
        for i, t in enumerate(times):
            for j, x in enumerate(big(s)):
                if method == "gradient-flow":
                    r, condition = mp.exp(-mp.mpf(int(t)) * x), 1 + t * x
                elif method == "ridge":
                    r, condition = 1 / (1 + mp.mpf(int(t)) * x), 1
                else:
                    z, a, b = mp.mpf(eta) * x, mp.mpf(1), mp.mpf(1)
                    m = mp.mpf(mu or 0.0)
                    for _ in range(t):
                        ahead = b + m * (b - a)
                        a, b = b, (ahead - z * b if method == "heavy-ball" else (1 - z) * ahead)
                    r, condition = b, (1 + t * z / (1 - z)) / (1 - m)
                held(f"spectral_response, {method}", [found.learned[i, j]], [1 - r], (1 - r) * condition or 1)
                held(f"spectral_response, {method}", [found.residual[i, j]], [r], condition * max(abs(r), 1 - abs(r)))


@pytest.mark.parametrize("decades", DECADES)
def test_descent_path_meets_its_limit(decades):
    """At infinite time the gradient vanishes: relative to the terms of X^T(y - Xw)."""
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.standard_normal((9, 5)))[0], np.linalg.qr(rng.standard_normal((5, 5)))[0]
    X, y = (U * 10.0 ** -np.linspace(0, decades / 2, 5)) @ V.T, rng.standard_normal(9)
    w = solvers.descent_path(X, y, [1e300], method="gradient-flow").coefficients[0]
    A = exactly(X)
    left = A.T * (exactly(y) - A * exactly(w))
    held("descent_path", [float(norm(left))], [0], norm(X) * (norm(X) * norm(w) + norm(y)) * 9)


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8])
def test_shrinkage(depth):
    """The stationary equation s + beta s^(q-1) = sigma, relative to its terms; and the sides of the jump."""
    sigma = np.concatenate([10.0 ** np.linspace(-12, 12, 25), [0.3, 1.0, 2.9]])
    for beta in (1e-12, 1e-3, 1.0, 1e6):
        found = solvers.shrink_singular_values(sigma, beta, depth)
        q, b = mp.mpf(2) / depth, mp.mpf(beta)
        for x, s, objective in zip(big(sigma), big(found.value), big(found.objective), strict=True):
            terms = s, b * s ** (q - 1) if s else 0
            if s:
                held("shrink_singular_values", [float(sum(terms) - x)], [0], sum(terms) + x)
            exact = (x - s) ** 2 / 2 + b * depth / 2 * (s**q if s else 0)
            held("shrink_singular_values, objective", [objective], [exact])


@pytest.mark.parametrize("decades", DECADES)
def test_duality_gap(decades):
    sigma = 10.0 ** -np.linspace(0, min(decades, 11), 7)
    for depth in (2, 3, 6):
        found = solvers.duality_gap(sigma, depth)
        x, q, half = big(sigma), mp.mpf(2) / depth, mp.mpf(depth) / 2
        exact = [half * mp.fsum(s**q for s in x), half * mp.fsum(x) ** q, half * mp.fsum(x)]
        held("duality_gap", [found.primal, found.dual, found.parallel], exact)


@pytest.mark.parametrize("sign", [1, -1])
def test_rank_one_gap(sign):
    small = 10.0 ** -np.linspace(0, 11, 7)
    for depth in (2, 3, 6):
        found = solvers.rank_one_gap(1.0, sign * small, depth)
        q, half = mp.mpf(2) / depth, mp.mpf(depth) / 2
        total = [1 + x for x in big(small)]
        apart = [half * (1 + x**q) for x in big(small)]
        dual = [half * t**q for t in total]
        held("rank_one_gap", [found.primal, found.dual, found.parallel],
             [dual if sign > 0 else apart, dual, [half * t for t in total]])  # fmt: skip


def bessel_ratio(v, x):
    """I_v/I_{v-1} by the series of both."""
    series = [mp.hyp0f1(u + 1, x * x / 4, maxterms=10**6) for u in (v, v - 1)]
    return x / 2 / v * series[0] / series[1]


@pytest.mark.parametrize("d", [2, 3, 9, 100, 10_001])
def test_mean_resultant(d):
    kappa = np.array([1e-12, 1e-6, 1e-2, 1.0, 30.0, 1e3])
    with mp.workdps(40):
        exact = [bessel_ratio(mp.mpf(d) / 2, x) for x in big(kappa)]
    held("mean_resultant", solvers.mean_resultant(d, kappa), exact)
    cosine = solvers.simplex_compatibility(d, kappa, 2.0)
    with mp.workdps(40):
        other = bessel_ratio(mp.mpf(d) / 2, mp.mpf(2))
    held("simplex_compatibility", cosine.new_old_same, [x * other for x in exact])
    held("simplex_compatibility", cosine.new_old_different, [-x * other / d for x in exact])


def test_hard_edge():
    x = 10.0 ** np.linspace(-12, 2.8, 40)
    held(
        "smallest_eigenvalue_cdf", solvers.smallest_eigenvalue_cdf(x), [-mp.expm1(-u / 2 - mp.sqrt(u)) for u in big(x)]
    )
    p = np.concatenate([10.0 ** np.linspace(-12, -0.01, 30), 1 - 10.0 ** -np.linspace(1, 12, 12)])
    exact = [(mp.sqrt(1 - 2 * mp.log(1 - u)) - 1) ** 2 for u in big(p)]
    held("smallest_eigenvalue_quantile", solvers.smallest_eigenvalue_quantile(p), exact)


@pytest.mark.parametrize("decades", DECADES)
def test_imputation(decades):
    A, beta = symmetric(decades), np.random.default_rng(1).standard_normal(5)
    S, b, D = exactly(A), exactly(beta), mp.diag(big(np.diag(A)))
    for rho in (1e-6, 0.1, 0.5, 1 - 2.0**-20):
        r = mp.mpf(rho)
        theta = solvers.imputation_optimum(A, beta, rho)
        t = exactly(theta)
        left = r * (S + (1 - r) / r * D) * t - S * b
        size = r * norm(A) * (1 + (1 - r) / r) * norm(theta) + norm(A) * norm(beta)
        held("imputation_optimum", [float(norm(left))], [0], size * 5)
        gap = b - r * t
        exact = (gap.T * S * gap)[0] + r * (1 - r) * (t.T * D * t)[0]
        size = norm(A) * norm([float(x) for x in gap]) ** 2 + exact
        held("imputed_risk", solvers.imputed_risk(theta, A, beta, rho), exact, size * 5)
        lam = (1 - r) / r
        exact = lam * (b.T * D * mp.lu_solve(S + lam * D, S * b))[0]
        # the least value of a quadratic: rounding of the covariance enters with the squared residual, beta - rho theta
        gap = b - mp.lu_solve(S + lam * D, S * b)
        size = exact + mp.norm(gap) ** 2 * norm(A)
        held("imputation_bias", solvers.imputation_bias(A, beta, rho), exact, size * 5)
    for d, rank, rho in ((5.0, 5.0, 0.5), (1e9, 3.0, 1e-6), (7.0, 1e-9, 0.9)):
        lam = (1 - mp.mpf(rho)) / rho
        held("low_rank_imputation_bias", solvers.low_rank_imputation_bias(d, rank, rho), lam / (mp.mpf(d) / rank + lam))


@pytest.mark.parametrize("product", [1e-12, 1e-6, 1e-2, 0.5])
def test_weight_decay_equilibrium(product):
    found = solvers.weight_decay_equilibrium(0.3, product / 0.3, 2.5)
    eta, lam, g = mp.mpf(0.3), mp.mpf(product / 0.3), mp.mpf(2.5)
    x = eta * lam
    exact = (eta * g**2 / (lam * (2 - x))) ** 0.25, mp.sqrt(x * (2 - x)) / g, 2 * (1 - x) ** 2 - 1
    held("weight_decay_equilibrium", [found.norm, found.effective_step_size], exact[:2])
    held("weight_decay_equilibrium", [found.relaxation], exact[2:], 1)


@pytest.mark.parametrize("product", [1e-12, 1e-6, 1e-2, 0.5])
@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.9999])
def test_adam_equilibrium(product, momentum):
    """1 - momentum is the condition of what is one less the roots' product."""
    eta, lam, b = mp.mpf(0.3), mp.mpf(product / 0.3), mp.mpf(momentum)
    found = solvers.adam_equilibrium(0.3, product / 0.3, 40.0, 2.5, momentum)
    a = 1 - eta * lam
    norm = eta * mp.sqrt(40 * (1 - b) * (1 + a * b) / ((1 + b) * (1 - a * b) * (1 - a * a)))
    angle = mp.acos((a + b) / (1 + a * b))
    held("adam_equilibrium", [found.norm, found.effective_step_size, found.angle], [norm, eta / norm, angle])
    force = product * 1e-3
    found = solvers.adam_equilibrium(0.3, force / 3.6 * 2.5, 40.0, 2.5, momentum, "penalty")
    force, kappa = (eta**2 * 40 * mp.mpf(force / 3.6 * 2.5) / mp.mpf(2.5)) ** 2, (1 - b) / (1 + b)
    p = mp.findroot(
        lambda p: p**3 * (2 + (1 - kappa) * p) ** 2 / (2 - kappa * p) / force - 1, mp.mpf(float(found.shrinkage))
    )
    norm = eta * mp.sqrt(40 / (p * (2 + (1 - kappa) * p)))
    held("adam_equilibrium", [found.norm, found.angle, found.shrinkage], [norm, mp.acos(1 - kappa * p), p])


def test_thresholds_in_closed_form():
    for top, sigma, n, batch in ((1e-9, 1.0, 10, 1), (3.0, 5.5, 50, 7), (1e9, 50.0, 50, 50)):
        exact = 2 / (mp.mpf(top) * (1 + (mp.mpf(1) / batch - mp.mpf(1) / n) * n / mp.mpf(sigma)))
        held("group_threshold", solvers.group_threshold(top, sigma, n, batch), exact)
    for a, b in ((1.001, 1.5), (2.0, 1.9), (9.0, 30.0)):
        exact = (mp.mpf(b) - mp.mpf(a)) / (mp.mpf(a) * (mp.mpf(a) - 1))
        held("overfitting_threshold", solvers.overfitting_threshold(a, b), exact)


@pytest.mark.parametrize("decades", DECADES)
def test_stability_conditions(decades):
    rng = np.random.default_rng(0)
    G = (np.linalg.qr(rng.standard_normal((9, 4)))[0] * 10.0 ** -np.linspace(0, decades / 2, 4)) * 3
    rows = exactly(G)
    gram = rows * rows.T / 9
    trace, squares = mp.fsum(gram[i, i] for i in range(9)), mp.fsum(x * x for x in gram)
    top = max(mp.eigsy(gram, eigvals_only=True))
    found = solvers.stability_conditions(G, [1, 3])
    held("stability_conditions", [found.top_eigenvalue, found.trace, found.frobenius],
         [2 / top, 2 / trace, 1 / mp.sqrt(squares)])  # fmt: skip
    fourth = mp.fsum((9 * gram[i, i]) ** 2 for i in range(9)) / 9
    for batch, bound in zip((1, 3), found.necessary, strict=True):
        p = (9 - mp.mpf(batch)) / (batch * 8)
        held("stability_conditions", [bound], [2 * trace / ((1 - p) * squares + p * fourth)])
    sharp = solvers.Sharpness.of_gradients(G)
    held("Sharpness.of_gradients", [sharp.trace, sharp.frobenius, sharp.top_eigenvalue], [trace, mp.sqrt(squares), top])


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e6])
def test_network_sharpness(scale):
    rng = np.random.default_rng(0)
    plus, minus = scale * rng.standard_normal((2, 6))
    found = solvers.diagonal_network_sharpness(plus, minus)
    pairs = [a * a + b * b for a, b in zip(big(plus), big(minus), strict=True)]
    exact = 4 * mp.fsum(pairs), 4 * mp.sqrt(mp.fsum(x * x for x in pairs)), 4 * max(pairs)
    held("diagonal_network_sharpness", [found.trace, found.frobenius, found.top_eigenvalue], exact)


@pytest.mark.parametrize("classes", [2, 3, 10, 60])
def test_frames(classes):
    """Gram matrices, relative to their norm."""
    M = solvers.simplex_frame(classes)
    gram = exactly(M) * exactly(M).T
    shape = gram[0, 0]
    held("simplex_frame", [float(gram[i, j] / shape) for i in range(classes) for j in range(classes)],
         [1 if i == j else -mp.mpf(1) / (classes - 1) for i in range(classes) for j in range(classes)], 1)  # fmt: skip
    lengths = 10.0 ** -np.linspace(0, 12, classes)
    F = exactly(solvers.orthogonal_frame(lengths, rng=0))
    gram = F * F.T
    for i in range(classes):
        for j in range(classes):
            exact = mp.mpf(float(lengths[i])) ** 2 if i == j else 0
            held("orthogonal_frame", [float(gram[i, j])], [exact], mp.mpf(float(lengths[i])) * float(lengths[j]))
    held("minimum_angle_bound", solvers.minimum_angle_bound(classes, 99), -mp.acos(-mp.mpf(1) / (classes - 1)))


def test_generators():
    for n, d, n0, t in ((30.0, 20.0, 25.0, 3), (1e9, 1e8, 2e8, 1000), (23.0, 20.0, 21.5, 10**9)):
        exact = mp.mpf(0.5) * d / (mp.mpf(n) - d - 1) + t * mp.mpf(0.25) * d / (mp.mpf(n0) - d - 1)
        held("iterated_least_squares_excess", solvers.iterated_least_squares_excess(n, d, n0, t, 0.5, 0.25), exact)
    times = np.array([0, 1, 5, 1000])
    for n0, d, noise in ((60.0, 90.0, 0.3), (1.0, 1e9, 1e-6), (87.0, 90.0, 0.0)):
        found = solvers.interpolating_generators(n0, d, times, noise)
        c, v = mp.mpf(n0) / d, mp.mpf(noise) * n0 / (mp.mpf(d) - n0 - 1)
        power = [c ** int(t) + v * (1 - c ** int(t)) / (1 - c) for t in times]
        held(
            "interpolating_generators",
            found.power,
            power,
            [p * (1 + int(t)) for p, t in zip(power, times, strict=True)],
        )
        error = [1 - 2 * c ** int(t) + p for t, p in zip(times, power, strict=True)]
        held("interpolating_generators", found.error, error, [3 + p for p in power])
    found = solvers.collapse_exponents(1.7, 0.8, 0.4, 0.1)
    b, r, l = mp.mpf(1.7), mp.mpf(0.8), mp.mpf(0.4)
    held("collapse_exponents", [found.bias, found.variance, found.synthetic, found.adaptive],
         [-2 * r * l, -(1 - l / b), mp.mpf(0.1) - (1 - l / b), (1 - mp.mpf(0.1)) * b / (1 + 2 * r * b)])  # fmt: skip


@pytest.mark.parametrize("decades", DECADES)
def test_one_pass_sgd(decades):
    """The recursion step by step; errors grow with the number of steps at most."""
    s = spectrum(decades, 5)
    e, v = big(s.eigenvalues), big(s.target_power)
    eta, batch, noise = mp.mpf(0.2), 3, mp.mpf(0.5)
    found = solvers.one_pass_sgd_risk(s, 0.2, 3, np.arange(0, 41), 0.5)
    risks = []
    w = [p / x for p, x in zip(v, e, strict=True)]  # squared error of every coefficient
    for _ in range(41):
        risk = mp.fsum(x * u for x, u in zip(e, w, strict=True))
        risks.append(risk)
        w = [u * (1 - 2 * eta * x + eta**2 * x**2 * (1 + mp.mpf(1) / batch)) + eta**2 * x / batch * (risk + noise)
             for x, u in zip(e, w, strict=True)]  # fmt: skip
    held("one_pass_sgd_risk", found.excess, risks, [r * (1 + t) + mp.mpf(v[0]) for t, r in enumerate(risks)])


@pytest.mark.parametrize("decades", DECADES)
def test_optimal_classifier(decades):
    """The normal equations W(HH^T + n lambda) = YH^T."""
    rng, labels = np.random.default_rng(0), np.repeat([0, 1, 2], 3)
    H = np.linalg.qr(rng.standard_normal((9, 5)))[0] * 10.0 ** -np.linspace(0, decades / 2, 5)
    for decay in (1e-12, 1e-3, 10.0):
        W = solvers.optimal_classifier(H, labels, decay)
        F, Y = exactly(H), exactly(np.eye(3)[labels])
        left = exactly(W) * (F.T * F + 3 * mp.mpf(decay) * mp.eye(5)) - Y.T * F
        size = norm(W) * (norm(H) ** 2 + 3 * decay) + 3 * norm(H)
        held("optimal_classifier", [float(mp.sqrt(mp.fsum(x * x for x in left)))], [0], size * 9)


@pytest.mark.parametrize("decades", DECADES)
def test_random_feature_sweep(decades):
    """Predictions against the exact solution, over the condition of the regularised Gram matrix."""
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.standard_normal((6, 6)))[0], np.linalg.qr(rng.standard_normal((8, 6)))[0]
    Phi, y, T = (U * 10.0 ** -np.linspace(0, decades / 2, 6)) @ V.T, rng.standard_normal(6), rng.standard_normal((2, 8))
    ridges = np.array([1e-6, 1e-2, 10.0])
    found = solvers.random_feature_sweep(Phi, y, T, [2, 6, 8], ridges)
    for i, k in enumerate((2, 6, 8)):
        A, B = exactly(Phi[:, :k]) / mp.sqrt(k), exactly(T[:, :k]) / mp.sqrt(k)
        for j, ridge in enumerate(big(ridges)):
            gram = A * A.T + ridge * mp.eye(6)
            dual = mp.lu_solve(gram, exactly(y))
            values = mp.eigsy(gram, eigvals_only=True)
            condition, weights = max(values) / min(values), A.T * dual
            size = norm(T) * mp.sqrt(mp.fsum(x * x for x in weights)) * condition
            held("random_feature_sweep", found.predictions[i, j], list(B * weights), size * 6)
            residual = mp.fsum((ridge * x) ** 2 for x in dual) / 6
            # rounding of the features, A + dA, moves the residual by |dA| |gram^-1 A| <= eps sqrt(condition)
            held("random_feature_sweep, train", [found.train[i, j]], [residual], norm(y) ** 2 * mp.sqrt(condition))


@pytest.mark.parametrize("sizes", [[5, 5, 5], [40, 9, 3, 1], [1000, 1]])
@pytest.mark.parametrize("decays", [[1e-4], [1e-3, 1e-5], [1e-3, 1e-3, 1e-3]])
def test_collapse_minimizer(sizes, decays):
    """The minimum is stationary: the gradient of the loss in exact arithmetic, relative to its terms."""
    minimum = solvers.collapse_minimizer(sizes, decays, 1e-6)
    layers, features, _ = solvers.sample_minimizer(minimum, 6, rng=0)
    total, labels = sum(sizes), np.repeat(np.arange(len(sizes)), sizes)
    first = [int(np.flatnonzero(labels == k)[0]) for k in range(len(sizes))]  # all samples of a class are the same
    W, H = [layer.astype(np.longdouble) for layer in layers], features[first].T.astype(np.longdouble)
    hidden = [H]
    for layer in W:
        hidden.append(layer @ hidden[-1])
    weights = np.array(sizes, dtype=np.longdouble) / total
    delta = (hidden[-1] - np.eye(len(sizes))) * weights  # summed over the samples of a class
    for j in reversed(range(len(W))):
        terms = delta @ hidden[j].T, decays[j] * W[j]
        size = np.linalg.norm(np.abs(delta).astype(float)) * np.linalg.norm(hidden[j].astype(float))
        size += np.linalg.norm(weights.astype(float)) * np.linalg.norm(hidden[j].astype(float))
        held("collapse_minimizer", [np.linalg.norm(sum(terms).astype(float))], [0], size)
        delta = W[j].T @ delta
    terms = delta + 1e-6 * H * np.array(sizes)
    held("collapse_minimizer", [np.linalg.norm(terms.astype(float))], [0],
         np.linalg.norm(W[0].astype(float)) * np.linalg.norm(weights.astype(float)))  # fmt: skip


@pytest.mark.parametrize("ratio", [1e-6, 0.1, 0.9, 1.1, 10.0, 1e6])
def test_density_in_the_bulk(ratio):
    """White data: the Marchenko-Pastur law, whose condition at x is that of the distance to the edges."""
    n = 100.0
    low, high = (1 - mp.sqrt(mp.mpf(ratio))) ** 2, (1 + mp.sqrt(mp.mpf(ratio))) ** 2
    x = np.array([float(low + (high - low) * mp.mpf(t)) for t in (0.01, 0.1, 0.5, 0.9, 0.99)])
    found = solvers.sample_covariance_density(Spectrum.isotropic(n * ratio), n, x).density
    g = mp.mpf(n * ratio) / n
    for u, value in zip(big(x), found, strict=True):
        exact = mp.sqrt((high - u) * (u - low)) / (2 * mp.pi * u * g)
        condition = 1 + (abs(u) + 1 + g) * (1 / (high - u) + 1 / (u - low))
        held("sample_covariance_density", [value], [exact], exact * condition)


@pytest.mark.parametrize("variance", [1e-12, 1e-4, 1.0, 1e4, 1e12])
def test_gaussian_coefficients(variance):
    """Closed forms of relu, erf and sign, their second moments in the variance."""
    v = mp.mpf(variance)
    exact = {"relu": v / 2, "erf": 2 / mp.pi * mp.asin(2 * v / (1 + 2 * v)), "sign": mp.mpf(1), "identity": v,
             "sin": (1 - mp.exp(-2 * v)) / 2, "cos": (1 + mp.exp(-2 * v)) / 2}  # fmt: skip
    for name, square in exact.items():
        held("gaussian_coefficients", solvers.gaussian_coefficients(name, variance).second_moment, square)


def test_response_spectrum():
    for lw, lh in ((1e-12, 1e-6), (0.3, 0.2), (1e6, 1e-9)):
        found = solvers.response_spectrum(4, 6, 9, lw, lh)
        c, s = mp.sqrt(mp.mpf(lw) * lh), mp.sqrt(mp.mpf(lh) / lw)
        held("response_spectrum", found.rates[1:], [lh, s, 4 * (1 - c) * lh])
        beta = mp.mpf(0.7)
        held("response_spectrum", found.gains(0.7), [1, *(beta / (beta + x) for x in (lh, s, 4 * (1 - c) * lh))])
