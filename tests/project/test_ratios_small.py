"""Ratio tests of the remaining closed forms, and the list of solvers that have none, with the reason."""

import re
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from test_ratios_closed_forms import _report, big, exactly, held, norm, spectrum  # noqa: F401 (prints the ratios)
from valid_arguments import FAMILIES, SOLVERS

from solvable import solvers

LABELS = np.repeat([0, 1, 2], 3)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("a", [1.01, 1.5, 3.0, 10.0])
def test_power_law_risk(a):
    """1 - t is rounded once: its error counts against it, raised to the powers a and b - 1."""
    for b in (1.01, 1.7, 2 * a + 0.9):
        for ratio in (0.0, 1e-12, 0.25, 0.99):
            found = solvers.power_law_risk(a, b, 50.0, ratio, 0.3)
            A, B, t = mp.mpf(a), mp.mpf(b), mp.sqrt(mp.mpf(ratio))
            scale = mp.pi / A / mp.sin(mp.pi / A) / 50
            kappa = (scale / (1 - t)) ** A
            free = mp.beta((2 * A - B + 1) / A, (B - 1) / A) / A * scale ** (B - 1)
            bias = A / (1 + (A - 1) * t) * free * (1 - t) ** (1 - B)
            variance = mp.mpf(0.3) * (A - 1) * (1 - t) / (1 + (A - 1) * t)
            # sin(pi/a) near a = 1 and the arguments of beta lose what 1/(a-1), 1/(b-1), 1/(2a-b+1) say
            condition = (1 + A + B) * (1 + 1 / (A - 1) + 1 / (1 - t)) + 1 / (B - 1) + A / (2 * A - B + 1)
            held("power_law_risk", [found.effective_ridge], [kappa], kappa * condition)
            held("power_law_risk", [found.bias], [bias], bias * condition)
            held("power_law_risk", [found.variance], [variance], variance * condition)


@pytest.mark.parametrize(("momentum", "method"), [(None, "heavy-ball"), (0.9, "heavy-ball"), (0.8, "nesterov")])
@pytest.mark.parametrize("decades", [0, 6, 12])
def test_gradient_descent_risk(decades, momentum, method):
    """One step: the first two moments of the sample covariance. Long after the slowest mode: ridgeless regression."""
    data, s, v = spectrum(decades), big(spectrum(decades).eigenvalues), big(spectrum(decades).target_power)
    eta, noise, power = mp.mpf(0.1), mp.mpf(0.7), mp.fsum(v)
    for n in (4, 30):
        last = 10 ** (decades + 5)
        found = solvers.gradient_descent_risk(data, n, 0.1, [0, 1, last], 0.7, momentum, method=method)
        square = mp.fsum(x * x for x in s) / n
        bias = [power, mp.fsum(w * ((1 - eta * x) ** 2 + eta**2 * square) for x, w in zip(s, v, strict=True))]
        variance = [noise * eta**2 * square]
        ends = (mp.log(s[-1]) - 3, mp.log(s[0]) + 3)
        kappa = mp.mpf(0)
        if n < 9:
            kappa = mp.exp(mp.findroot(lambda t: mp.fsum(x / (x + mp.exp(t)) for x in s) - 4, ends, solver="anderson"))
        df2 = mp.fsum((x / (x + kappa)) ** 2 for x in s)
        bias += [mp.fsum(w * (kappa / (x + kappa)) ** 2 for x, w in zip(s, v, strict=True)) * n / (n - df2)]
        variance += [noise * df2 / (n - df2)]
        # one contour for all times: every factor e in z, from the edge to 1/t, adds terms as large as the limit
        size = n / (n - df2) * (1 + mp.log(last))
        held("gradient_descent_risk", found.bias, bias, power * size)
        held("gradient_descent_risk", found.variance[1:], variance, noise * size)


@pytest.mark.parametrize("decay", [1e-12, 1e-6, 1e-3])
def test_cross_entropy_and_rates(decay):
    k, n = 4, 9
    c = k * mp.sqrt(n * mp.mpf(decay) * mp.mpf(decay))
    scale = mp.log(1 + k * (1 - c) / c)
    found = solvers.cross_entropy_code(k, n, [decay], decay)
    # the cross-entropy is flat near its minimum: the equation is for s, whose condition is 1
    held("cross_entropy_code", found.scale, [scale], scale)
    rates = solvers.collapse_rates(k, n, [decay], decay)
    held("collapse_rates", [rates.within_outside, rates.alignment], [decay, 2 * mp.mpf(decay)])


@pytest.mark.parametrize("decades", [0, 4, 8, 12])
def test_regularisers_and_curvature(decades):
    H = (np.linalg.qr(RNG.standard_normal((9, 5)))[0] * 10.0 ** -np.linspace(0, decades / 2, 5)) * 3
    rows = exactly(H)
    centres = [[mp.fsum(rows[i, j] for i in range(3 * k, 3 * k + 3)) / 3 for j in range(5)] for k in range(3)]
    exact = mp.fsum((rows[i, j] - centres[i // 3][j]) ** 2 for i in range(9) for j in range(5)) / 9
    held("centre_term", solvers.centre_term(H, LABELS), exact, norm(H) ** 2)
    M = exactly(H[:4])
    middle = [mp.fsum(M[i, j] for i in range(4)) / 4 for j in range(5)]
    V = [[M[i, j] - middle[j] for j in range(5)] for i in range(4)]
    size = [mp.sqrt(mp.fsum(x * x for x in v)) for v in V]

    def cosine(i, j):
        return mp.fsum(x * y for x, y in zip(V[i], V[j], strict=True)) / size[i] / size[j]

    nearest = [max(cosine(i, j) for j in range(4) if j != i) for i in range(4)]
    # arccos near 1 divides by the sine; the centring by the lengths that are left
    loss = sum(1 / mp.sqrt(1 - x * x) for x in nearest) * norm(H) / min(size)
    held("minimum_angle_term", solvers.minimum_angle_term(H[:4]), -mp.fsum(mp.acos(x) for x in nearest) / 4, loss)
    grads = solvers.network_gradients("diagonal", H, H[0], H[1])
    exact = [2 * H[0, j] * mp.mpf(H[i, j]) for i in range(9) for j in range(5)]
    held("network_gradients", grads[:, :5], exact)
    squares = rows * rows.T
    S = mp.matrix([[abs(squares[i, j]) for j in range(9)] for i in range(9)])
    sigma = max(mp.eigsy(S, eigvals_only=True)) / max(squares[i, i] for i in range(9))
    # entries of S are roots of traces: |g_i . g_j| is known to eps |g_i||g_j|
    held("coherence", solvers.coherence(H), sigma, sigma * 9)
    top = max(mp.eigsy(squares, eigvals_only=True)) / 9
    exact = [min(2, sigma / mp.sqrt(mp.mpf(9) / batch - 1)) / top for batch in (1, 2, 5)]
    held("divergence_step_size", solvers.divergence_step_size(H, [1, 2, 5]), exact, [9 * x for x in exact])


@pytest.mark.parametrize("angle", [1.0, 1e-2, 1e-5, 1e-8, 1e-12])
@pytest.mark.parametrize("opposite", [False, True])
def test_relu_sharpness(angle, opposite):
    """Two rows nearly parallel or nearly opposite: the plane they span must not be lost to cancellation."""
    B = np.array([[1.0, 0.0, 0.0], [np.cos(angle), np.sin(angle), 0.0]]) * [[1.0], [-1.5 if opposite else 1.5]]
    a, rows = big([0.7, -1.1]), [[mp.mpf(float(x)) for x in row] for row in B]
    length = [mp.sqrt(mp.fsum(x * x for x in row)) for row in rows]
    unit = [[x / size for x in row] for row, size in zip(rows, length, strict=True)]
    H = mp.zeros(8)
    for i in range(2):
        for j in range(2):
            u, v = unit[i], unit[j]
            plane = mp.sqrt(mp.fsum((u[p] * v[q] - u[q] * v[p]) ** 2 for p in range(3) for q in range(3)) / 2)
            theta = mp.atan2(plane, mp.fsum(x * y for x, y in zip(u, v, strict=True))) if i != j else mp.mpf(0)
            C = (mp.pi - theta) / (2 * mp.pi) * mp.eye(3)
            if i != j:
                for p in range(3):
                    for q in range(3):
                        cross = u[p] * v[q] + v[p] * u[q] - mp.cos(theta) * (u[p] * u[q] + v[p] * v[q])
                        C[p, q] += cross / (2 * mp.pi * mp.sin(theta))
            b, c = mp.matrix(rows[i]), mp.matrix(rows[j])
            H[i, j] = (b.T * C * c)[0]
            for p in range(3):
                H[i, 2 + 3 * j + p] = a[j] * (C * b)[p]
                H[2 + 3 * i + p, j] = a[i] * (C * c)[p]
                for q in range(3):
                    H[2 + 3 * i + p, 2 + 3 * j + q] = a[i] * a[j] * C[p, q]
    exact = [
        mp.fsum(H[i, i] for i in range(8)),
        mp.sqrt(mp.fsum(x * x for x in H)),
        max(mp.eigsy(H, eigvals_only=True)),
    ]
    found = solvers.relu_network_sharpness(B, [0.7, -1.1])
    held("relu_network_sharpness", [found.trace, found.frobenius, found.top_eigenvalue], exact)


def test_frames_and_codes():
    for d in (1, 2, 7, 40):
        W = exactly(solvers.simplex_coordinates(d))
        gram = W * W.T if W.cols == d else W.T * W
        exact = [1 if i == j else -mp.mpf(1) / d for i in range(d + 1) for j in range(d + 1)]
        held("simplex_coordinates", [float(x) for x in gram], exact, 1)
    G = solvers.code_gram("simplex", 7)
    held("code_gram", G / G[0, 0], [1 if i == j else -mp.mpf(1) / 6 for i in range(7) for j in range(7)], 1)


@pytest.mark.parametrize("decades", [0, 2, 4, 6])
def test_feature_response(decades):
    """The linear system of the operator: residual over |beta| |x| + |T x|; conjugate gradients stop at rtol."""
    H = (np.linalg.qr(RNG.standard_normal((9, 5)))[0] * 10.0 ** -np.linspace(0, decades / 2, 5)) * 3
    change = RNG.standard_normal((9, 5))
    found = solvers.feature_response(H, LABELS, 0.1, 0.2, 0.7, change, rtol=1e-14, on_failure="ignore")
    T = solvers.response_operator(H, LABELS, 0.1, 0.2)
    x = np.ravel(found.value)
    left = 0.7 * x + T.matvec(x) - 0.7 * np.ravel(change)
    size = 0.7 * np.linalg.norm(x) + np.linalg.norm(T.matvec(x)) + 0.7 * np.linalg.norm(change)
    held("feature_response", [np.linalg.norm(left)], [0], size * 45)


@pytest.mark.parametrize("gamma", [0.1, 0.9, 3.0])
def test_isotropic_flow(gamma):
    """Quadrature over the Marchenko-Pastur law, by another rule and in 30 digits."""
    times = np.array([0.01, 1.0, 30.0])
    found = solvers.isotropic_flow_risk(gamma, times, 0.5, 2.0)
    with mp.workdps(30):
        g = mp.mpf(gamma)
        low, high = (1 - mp.sqrt(g)) ** 2, (1 + mp.sqrt(g)) ** 2

        def mean(f):
            def part(theta):
                s = (low + high) / 2 - (high - low) / 2 * mp.cos(theta)
                return f(s) * ((high - low) / 2 * mp.sin(theta)) ** 2 / (2 * mp.pi * g * s)

            return mp.quad(part, mp.linspace(0, mp.pi, 9))

        bias = [2 * (mean(lambda s, t=t: mp.exp(-2 * t * s)) + max(1 - 1 / g, 0)) for t in big(times)]
        variance = [mp.mpf(0.5) * g * mean(lambda s, t=t: mp.expm1(-t * s) ** 2 / s) for t in big(times)]
    held("isotropic_flow_risk", found.bias, bias, 2)
    held("isotropic_flow_risk", found.variance, variance, [v + 1 for v in variance])


@pytest.mark.parametrize("decades", [0, 4, 8, 12])
def test_deep_random_features(decades):
    """The recursion of the module, outwards from the inner ridge; that one is exp(x), known to eps |x|."""
    e, k = 10.0 ** -np.linspace(0, decades, 8), [9.0, 7.0]
    layers = solvers.layer_coefficients("erf", 2, mean_square=float(e.mean()))
    for n, ridge in ((3.0, 1e-6), (6.9, 1e-2), (40.0, 1.0)):
        found = solvers.deep_random_feature_risk(e, k, "erf", n, ridge, 0.1)
        kappa = mp.mpf(float(found.inner_ridge))
        known = 1 + abs(mp.log(kappa))
        T, before = mp.fsum(x / (x + kappa) for x in big(e)), mp.mpf(8)
        for width, linear, nonlinear in zip(k, big(layers.linear), big(layers.nonlinear), strict=True):
            b = nonlinear**2
            total = linear**2 * kappa * (width - T) / before
            T, kappa, before = (width * b + (total - b) * T) / total, total - b, mp.mpf(width)
        held("deep_random_feature_risk", [found.df1], [T], T * known * total / kappa)
        last = mp.mpf(float(found.effective_ridge))  # kappa_L/k_L
        left = n - mp.mpf(float(found.df1)) - mp.mpf(ridge) / last
        held("deep_random_feature_risk", [float(left)], [0], (n + mp.mpf(ridge) / last) * known)


@pytest.mark.parametrize("decades", [0, 4, 8, 12])
def test_resolvent_pair(decades):
    """At the roots that came back; the gap n - tr(S G_a S G_b) divides."""
    s = solvers.Spectrum(10.0 ** -np.linspace(0, decades, 9), np.ones(9))
    e, A, B = big(s.eigenvalues), RNG.uniform(0.5, 1, 9), RNG.uniform(0.5, 1, 9)
    for n, ra, rb in ((4.0, 1e-3, 1e-5), (30.0, 2.0, 0.1)):
        ka, kb = (mp.mpf(float(solvers.effective_ridge(s, n, r).value)) for r in (ra, rb))
        both = [1 / ((x + ka) * (x + kb)) for x in e]
        gap = n - mp.fsum(x * x * g for x, g in zip(e, both, strict=True))
        left, right = (mp.fsum(w * x * g for w, x, g in zip(big(W), e, both, strict=True)) for W in (A, B))
        total = mp.fsum(u * v * g for u, v, g in zip(big(A), big(B), both, strict=True)) + left * right / gap
        exact = n * ka / ra * n * kb / rb * total
        found = solvers.resolvent_pair_trace(s, n, ra, rb, A, B).value
        held("resolvent_pair_trace", found, exact, exact * n / gap)


@pytest.mark.parametrize("eta", [1.0, 1 + 1e-12, 1.2, 3.0, 1e8, 1e150])
def test_two_cycle(eta):
    """The lower end is a difference that keeps its digits; near eta = 1 the difference eta - 1 is exact."""
    e = mp.mpf(eta)
    with mp.workdps(350):  # the difference is 1/eta
        outer, inner = mp.sqrt(1 + 3 / e), mp.sqrt(1 - 1 / e)
        exact = [(outer - inner) / 2, (outer + inner) / 2]
    held("two_cycle", solvers.two_cycle(eta), exact)


@pytest.mark.parametrize("decade", [-70, -3, 0, 9, 70])
def test_proportional_spectrum(decade):
    """Squares, and what remains of the trace: the tail stands for its limit."""
    linear, nonlinear = 0.7 * 10.0**decade, 0.3 * 10.0**decade
    found = solvers.proportional_spectrum(linear, nonlinear, 0.9, 0.2)
    a, b = mp.mpf(linear) ** 2, mp.mpf(nonlinear) ** 2
    held("proportional_spectrum", found.eigenvalues[:1], [a])
    held("proportional_spectrum", [found.trace, found.target_variance], [a + b, mp.mpf(0.9) + mp.mpf(0.2)])


ARGUED = {name: why for family in FAMILIES.values() for name, why in getattr(family, "NO_RATIO", {}).items()}


def test_every_solver_has_a_ratio_or_a_reason():
    places = sorted(Path(__file__).parent.glob("test_ratios*.py"))
    text = "".join(place.read_text().split("ARGUED = {")[0] for place in places)
    tested = {name for name in SOLVERS if re.search(rf"\b{name}\(|solvers\.{name}\b|\b{name},", text)}
    assert set(SOLVERS) - tested == set(ARGUED) - tested
    assert not set(ARGUED) - set(SOLVERS)
