"""Certificates of sums over modes and of best ridges, against 60 digits found on independent routes."""

import warnings
from dataclasses import replace

import mpmath
import numpy as np
import pytest

pytest.importorskip("flint")

from solvable.solvers import (
    ConvergenceWarning,
    Spectrum,
    deep_random_feature_risk,
    effective_ridge,
    layer_coefficients,
    optimal_random_feature_ridge,
    optimal_ridge,
    random_feature_risk,
    ridge_risk,
    sample_covariance_density,
    stability_edge,
)
from solvable.solvers.certificates.certificate import Arithmetic, Jet, newton
from solvable.solvers.certificates.enclosed_sums import Modes
from solvable.solvers.certificates.mode_roots import certify_edge, certify_effective_ridge, certify_inner_ridge
from solvable.solvers.equivalents import support_edges as edges_of_laws
from solvable.solvers.random_features import tuning as feature_tuning

MOMENTS = [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2), (3, 1), (2, 2), (1, 3)]


def random_spectrum(rng, decades=4.0):
    size = int(rng.integers(1, 12))
    return Spectrum(
        10.0 ** rng.uniform(-decades, 2, size),
        rng.exponential(size=size),
        rng.choice([1.0, 2.5, 30.0], size),
        irreducible_power=float(rng.choice([0.0, 0.1])),
    )


def holds(certificate, digits):
    assert certificate.complete, certificate.explain()
    assert mpmath.mpf(float(certificate.lower)) <= digits <= mpmath.mpf(float(certificate.upper))
    assert float(certificate.upper - certificate.lower) <= 1e-12 * abs(float(digits))


def refused(prove):
    with pytest.warns(ConvergenceWarning, match="could not be proved"):
        assert not prove().proved.any()


@pytest.fixture
def many_digits():
    """256 bits, and 60 digits in mpmath."""
    import flint

    before, flint.ctx.prec = flint.ctx.prec, 256
    with mpmath.workdps(60):
        yield Arithmetic(flint.arb, 256, False)
    flint.ctx.prec = before


@pytest.mark.parametrize("seed", range(12))
def test_fast_sums_contain_the_balls_and_are_tight(seed, many_digits):
    rng = np.random.default_rng(seed)
    size = int(rng.choice([1, 2, 7, 100, 1500]))
    s = 10.0 ** rng.uniform(-rng.choice([1.0, 12.0, 140.0]), 2, size)
    modes = Modes(s, m=rng.choice([1.0, 0.3, 40.0], size), v=rng.exponential(size=size) * (rng.random(size) < 0.7))
    x = float(10.0 ** rng.uniform(-20, 3))
    for shift, center in ((0.0, x), (modes.low, x * modes.low)):
        fast, slow = (modes.around(center, replace(many_digits, fast=f), shift) for f in (True, False))
        assert type(fast) is not type(slow)
        for name in ("m", "v"):
            for p, q in MOMENTS:
                exact, size_ = slow._at_point(name, p, q)
                found = fast._at_point(name, p, q)[0]
                if not found.is_finite():  # beyond the doubles: left to the balls
                    assert exact < 1e-280
                    continue
                assert found.contains(exact)
                # 2 (counted roundings) half ulps of extended precision, whatever that is here
                assert found.rad() <= 3 * (24 + 2 * size**0.5) * float(np.finfo(np.longdouble).eps) * size_


@pytest.mark.parametrize("negative", [False, True])
def test_boxes_contain_every_point_of_them_and_slopes_are_derivatives(negative, many_digits):
    """Box of half-width 1e-3, so that second-order terms matter; the slope against a difference at 1e-25."""
    arb = many_digits.arb
    rng = np.random.default_rng(3)
    modes = Modes(rng.uniform(1, 3, 9), m=rng.uniform(0.5, 4, 9))
    x = -0.7 if negative else 1.3
    sums = modes.around(x, many_digits)
    around, tiny = Jet(arb(1, 1e-3), arb(1)), arb(10) ** -25
    for p, q in MOMENTS[:8]:
        if p + q > 3:
            continue
        box = sums("m", p, q, around)
        for v in (0.9991, 0.99999, 1.0, 1.0005, 1.00099):
            here, there = (modes.around(arb(x) * u, many_digits) for u in (arb(v), arb(v) + tiny))
            value = here("m", p, q, Jet(arb(1), arb(1)))
            assert box.value.contains(value.value)
            assert box.slope.contains(value.slope / arb(v))
            difference = (there("m", p, q, Jet(arb(1), arb(1))).value - value.value) / tiny * v
            assert abs(float((difference - value.slope).mid())) <= 1e-20 * max(1.0, abs(float(value.slope.mid())))


def test_sums_beyond_the_box_say_nothing(many_digits):
    sums = Modes(np.array([1.0]), m=np.array([1.0])).around(-0.999, many_digits)
    assert not sums("m", 1, 0, Jet(many_digits.arb(1, 0.1), many_digits.arb(1))).value.is_finite()


@pytest.mark.parametrize("size", [1, 100, 2500])
def test_every_rounding_is_counted(size, many_digits):
    """The bound may not be what the error happens to be: it is the worst case of the operations."""
    fast = Modes(np.linspace(1, 2, size), m=np.full(size, 0.3)).around(0.7, replace(many_digits, fast=True))
    for p, q in MOMENTS:
        value = fast._at_point("m", p, q)[0]
        least = 4 * (p + q) + 2 * round(size**0.5)
        assert float(value.rad()) >= least * min(float(np.finfo(np.longdouble).eps), 2.0**-52) / 2 * float(value.mid())


def test_sums_below_the_doubles_are_not_taken_for_zero(many_digits):
    """About 1e-340 here, which extended precision holds and a double does not: no enclosure, or a right one."""
    modes = Modes(np.array([1.0, 2.0]), w=np.array([1e-300, 1e-300]))
    slow, fast = (modes.around(1e-20, replace(many_digits, fast=f)) for f in (False, True))
    exact, found = (sums._at_point("w", 0, 2)[0] for sums in (slow, fast))
    assert exact > 0
    assert not found.is_finite() or found.contains(exact)


def test_newton_refuses_flat_equations_only(many_digits):
    arb = many_digits.arb

    def line(slope):
        return lambda v: Jet(slope * (v.value - 1), slope * v.slope)

    for slope in (1, arb(1, 0.5), -1, 1e-30):
        assert newton(line(arb(slope)), many_digits).contains(1)
    assert newton(line(arb(0, 1)), many_digits) is None


def error_in(kappa, spectrum, n, noise):
    """Log of the test error as a function of kappa, written as in the theory."""
    s, v, m = (
        [mpmath.mpf(x) for x in a] for a in (spectrum.eigenvalues, spectrum.target_power, spectrum.multiplicities)
    )
    level = (
        noise
        + mpmath.mpf(spectrum.irreducible_power)
        + sum(p * (kappa / (a + kappa)) ** 2 for a, p in zip(s, v, strict=True))
    )
    return mpmath.log(level / (n - sum(c * (a / (a + kappa)) ** 2 for a, c in zip(s, m, strict=True))))


def ridge_at(kappa, spectrum, n):
    pairs = zip(spectrum.eigenvalues, spectrum.multiplicities, strict=True)
    return kappa * (n - sum(mpmath.mpf(c) * mpmath.mpf(a) / (mpmath.mpf(a) + kappa) for a, c in pairs))


@pytest.mark.parametrize("seed", range(25))
def test_best_ridge_is_the_minimum_in_sixty_digits(seed):
    """The derivative of the log error is taken numerically, in 90 digits: no formula is shared."""
    rng = np.random.default_rng(seed)
    spectrum, noise = random_spectrum(rng), float(rng.choice([0.01, 0.3, 50.0]))
    n = float(rng.uniform(0.3, 2 * spectrum.rank))
    solution = optimal_ridge(spectrum, n, noise, certify=True)
    start = mpmath.log(float(effective_ridge(spectrum, n, solution.value).value))
    with mpmath.workdps(90):
        root = mpmath.findroot(
            lambda t: mpmath.diff(lambda u: error_in(mpmath.exp(u), spectrum, n, mpmath.mpf(noise)), t),
            start,
            tol=1e-50,
        )
        holds(solution.certificate, ridge_at(mpmath.exp(root), spectrum, n))


def feature_error(gamma, spectrum, n, k, noise):
    """Log of the test error as in the theory, and the ridge."""
    zero = mpmath.mpf(0)
    z, w, s1, s2 = zero, zero, mpmath.mpf(noise) + mpmath.mpf(spectrum.irreducible_power), zero
    for a, p, m in zip(spectrum.eigenvalues, spectrum.target_power, spectrum.multiplicities, strict=True):
        g = mpmath.mpf(a) / (mpmath.mpf(a) + gamma)
        z, w = z + mpmath.mpf(m) * g, w + mpmath.mpf(m) * g * (1 - g)
        s1, s2 = s1 + mpmath.mpf(p) * (1 - g) ** 2, s2 + mpmath.mpf(p) * g * (1 - g)
    a, b = k - z, n - z
    return mpmath.log((s1 * (a + w) + s2 * w) / (a * b + w * (a + b))), gamma * a * b / k


# noise of 1e6 times the signal: the optimum is so flat that the derivative as a plain difference has no digits
@pytest.mark.parametrize("noise", [0.01, 5.0, 1e6])
@pytest.mark.parametrize("seed", range(8))
def test_best_feature_ridge_is_the_minimum_in_sixty_digits(seed, noise):
    rng = np.random.default_rng(100 + seed)
    spectrum = random_spectrum(rng)
    n, k = (float(rng.uniform(0.3, 2 * spectrum.rank)) for _ in range(2))
    solution = optimal_random_feature_ridge(spectrum, n, k, noise, certify=True)
    start = mpmath.log(float(random_feature_risk(spectrum, n, k, solution.value).gamma))
    with mpmath.workdps(110):
        root = mpmath.findroot(
            lambda t: mpmath.diff(lambda u: feature_error(mpmath.exp(u), spectrum, n, k, noise)[0], t), start, tol=1e-60
        )
        holds(solution.certificate, feature_error(mpmath.exp(root), spectrum, n, k, noise)[1])


def inner_excess(x, eigenvalues, widths, activation, n, ridge):
    layers = layer_coefficients(activation, len(widths), mean_square=float(np.mean(eigenvalues)))
    effective = sum(mpmath.mpf(s) / (mpmath.mpf(s) + x) for s in eigenvalues)
    kappa, before = x, mpmath.mpf(len(eigenvalues))
    for width, linear, nonlinear in zip(widths, layers.linear, layers.nonlinear, strict=True):
        a, b = mpmath.mpf(float(linear**2)), mpmath.mpf(float(nonlinear**2))
        room = width - effective
        kappa, before = a * kappa * room / before - b, width
        if room <= 0 or kappa <= 0:
            return mpmath.mpf(-1)
        effective = (width * b + kappa * effective) / (kappa + b)
    return kappa * (n - effective) - widths[-1] * mpmath.mpf(ridge)


@pytest.mark.parametrize("ridge", [0.0, 1e-6, 3.0])
@pytest.mark.parametrize(("widths", "activation"), [([7], "erf"), ([20, 9], "sin"), ([6, 30, 12], "identity")])
def test_inner_ridge_by_bisection(widths, activation, ridge):
    """200 halvings of log kappa_0 in 60 digits, the smallest point at which every factor is positive if ridge = 0."""
    eigenvalues = np.array([3.0, 1.0, 1.0, 0.2, 0.05, 1e-3, 1e-3, 2e-4])
    for n in (3.0, 40.0):
        found = deep_random_feature_risk(eigenvalues, widths, activation, n, ridge, certify=True).solution
        with mpmath.workdps(60):
            low, high = mpmath.mpf(-60), mpmath.mpf(20)
            for _ in range(200):
                middle = (low + high) / 2
                above = inner_excess(mpmath.exp(middle), eigenvalues, widths, activation, n, ridge) > 0
                low, high = (low, middle) if above else (middle, high)
            holds(found.certificate, mpmath.exp(high))


def test_values_by_definition():
    spectrum = Spectrum([2.0, 1.0], [0.5, 0.5], [3.0, 4.0])
    for solution, value in (
        (effective_ridge(spectrum, 9, 0.0, certify=True), 0.0),
        (effective_ridge(spectrum, 7, 0.0, certify=True), 0.0),
        (effective_ridge(spectrum, 4, np.inf, certify=True), np.inf),
        (ridge_risk(spectrum, 9, 0.0, certify=True).solution, 0.0),
        (stability_edge(spectrum, 7, certify=True), 0.0),
        (optimal_ridge(spectrum, 9, 0.0, certify=True), 0.0),
        (optimal_ridge(Spectrum([1.0], [0.0]), 9, 0.1, certify=True), np.inf),
        (optimal_random_feature_ridge(spectrum, np.inf, 9, 0.1, certify=True), 0.0),
        (optimal_random_feature_ridge(spectrum, 9, 9, 0.0, certify=True), 0.0),
        (optimal_random_feature_ridge(Spectrum([1.0], [0.0]), 9, 3, 0.1, certify=True), np.inf),
        (deep_random_feature_risk([2.0, 1.0], [5, 4], "identity", 7, 0.0, certify=True).solution, 0.0),
    ):
        assert solution.certificate.complete
        assert solution.value == solution.certificate.lower == solution.certificate.upper == value


def test_best_ridge_of_zero_and_below():
    """Power in the strong modes only, little noise: the error rises from the ridgeless limit on, and below it too."""
    spectrum = Spectrum([100.0, 1.0], [1.0, 0.0], [1.0, 200.0])
    assert optimal_ridge(spectrum, 40, 1e-3).value == 0
    proof = optimal_ridge(spectrum, 40, 1e-3, certify=True).certificate
    assert proof.complete
    assert proof.upper == 0
    assert optimal_ridge(spectrum, 40, 1e-3, allow_negative=True, certify=True).certificate.upper < 0
    proof = optimal_random_feature_ridge(spectrum, 40, [500, np.inf], 1e-3, certify=True).certificate
    assert proof.complete
    assert not proof.upper.any()
    # a zero that is not the best
    refused(replace_value(optimal_ridge(spectrum, 40, 0.5), 0.0).certify)


def replace_value(solution, value):
    return replace(solution, value=np.full_like(solution.value, value))


# outside the box by a hair, by 1e-11, by 1 %; the last two lie inside it, and the proof must not depend on luck
@pytest.mark.parametrize(("error", "inside"), [(1e-12, 0), (-1e-11, 0), (1e-11, 0), (0.01, 0), (2e-13, 1), (-2e-13, 1)])
def test_wrong_answers_are_refused_and_right_ones_are_not(error, inside):
    spectrum = Spectrum([9.0, 3.0, 0.4, 0.01], [1.0, 0.3, 0.2, 0.4], [1.0, 4.0, 10.0, 50.0])
    n, k, delta, noise = np.array([12.0]), np.array([30.0]), np.array([0.3]), np.array([0.4])
    factor, what = 1 + error, "test"
    kappa = effective_ridge(spectrum, n, delta).value * factor
    best = optimal_ridge(spectrum, n, noise)
    feature = optimal_random_feature_ridge(spectrum, n, k, noise).value * factor
    s, widths = np.array([2.0, 1.0, 0.1]), np.array([6.0, 5.0])
    inner = deep_random_feature_risk(s, widths, "erf", n, delta).inner_ridge * factor
    layers = layer_coefficients("erf", 2, mean_square=float(s.mean()))
    edge = stability_edge(spectrum, n).value * factor
    distance = edge_distance(spectrum, 12.0)
    proofs = {
        "kappa": lambda: certify_effective_ridge(spectrum, n, delta, kappa, what),
        "best": replace(best, value=best.value * factor).certify,
        "features": lambda: feature_tuning._certificate(spectrum, n, k, noise, feature),
        "inner": lambda: certify_inner_ridge(
            Spectrum(s), widths, layers.linear**2, layers.nonlinear**2, n, delta, inner, what
        ),
        "edge": lambda: certify_edge(spectrum, n, distance, edge, what),
    }
    for prove in proofs.values():
        if inside:
            assert prove().complete
        else:
            refused(prove)


def edge_distance(spectrum, n):
    """kappa + s_min where df2 = n, by bisection."""
    low, high = 1e-9, 1e3
    for _ in range(200):
        middle = np.sqrt(low * high)
        e = spectrum.eigenvalues - spectrum.eigenvalues.min() + middle
        above = spectrum.multiplicities @ (spectrum.eigenvalues / e) ** 2 > n
        low, high = (middle, high) if above else (low, middle)
    return np.array([high])


def eigenvalue_at(kappa, spectrum, n):
    return -ridge_at(kappa, spectrum, n) / n


@pytest.mark.parametrize("n", [3.0, 30.0, 60.0, 600.0])
def test_spectral_edges_by_bisection_of_their_slope(n):
    """Between poles and outside them the eigenvalue as a function of kappa has its extrema at the edges."""
    spectrum = Spectrum([100.0, 10.0, 1.0, 1.0], multiplicities=[5.0, 10.0, 15.0, 30.0])
    law = sample_covariance_density(spectrum, n, [1.0], certify=True)
    with mpmath.workdps(50):
        found = []
        for low, high in ((-1e5, -100), (-100, -10), (-10, -1), (-1, 1e5)):
            left, width = mpmath.mpf(low), mpmath.mpf(high) - mpmath.mpf(low)

            def slope(share, left=left, width=width):
                at = left + width * share
                return sum(
                    m * (mpmath.mpf(s) / (s + at)) ** 2
                    for s, m in zip(spectrum.eigenvalues, spectrum.multiplicities, strict=True)
                ) - mpmath.mpf(n)

            ends = 10.0 ** -np.arange(4, 12)
            shares = np.sort(np.r_[np.arange(1, 4000) / 4000, ends, 1 - ends])
            at = low + (high - low) * shares[:, None]
            signs = (spectrum.eigenvalues / (spectrum.eigenvalues + at)) ** 2 @ spectrum.multiplicities > n
            for turn in np.flatnonzero(signs[:-1] != signs[1:]):
                a, b = mpmath.mpf(shares[turn]), mpmath.mpf(shares[turn + 1])
                for _ in range(160):
                    middle = (a + b) / 2
                    a, b = (middle, b) if (slope(middle) > 0) == signs[turn] else (a, middle)
                found.append(eigenvalue_at(left + width * a, spectrum, mpmath.mpf(n)))
        found = sorted(x if abs(x) > 1e-40 else mpmath.mpf(0) for x in found)
        assert law.certificate.complete
        ends = zip(law.certificate.lower.ravel(), law.certificate.upper.ravel(), found, strict=True)
        for lower, upper, digits in ends:
            assert mpmath.mpf(float(lower)) <= digits <= mpmath.mpf(float(upper))
            assert upper - lower <= 1e-12 * float(digits)


def test_wrong_edges_are_refused():
    spectrum, n = Spectrum([100.0, 1.0], multiplicities=[5.0, 30.0]), 80.0
    s, c, scale, balance = edges_of_laws.normalised(spectrum, n)
    edges = edges_of_laws.edge_table(s, c, balance)
    assert edges_of_laws.certified_edges(spectrum, n, s, edges, scale).complete
    for error in (1e-12, -1e-11, 0.01):
        wrong = edges * [1 + error, 1.0, 1.0]
        refused(lambda wrong=wrong: edges_of_laws.certified_edges(spectrum, n, s, wrong, scale))


def test_a_maximum_is_not_a_best_ridge():
    """Two scales of signal: between two minima of the error lies a maximum, a root of the same derivative."""
    spectrum, n, noise = Spectrum([1.0, 1e-6], [1.0, 30.0], [60.0, 400.0]), 200.0, 0.8
    x = np.linspace(np.log(effective_ridge(spectrum, n, 0.0).value) + 1e-3, 6, 3001)
    errors = ridge_risk(spectrum, n, [float(ridge_at(v, spectrum, n)) for v in np.exp(x)], noise).test
    tops = np.flatnonzero((errors[1:-1] > errors[:-2]) & (errors[1:-1] > errors[2:])) + 1
    assert tops.size
    with mpmath.workdps(40):
        top = mpmath.findroot(
            lambda t: mpmath.diff(lambda u: error_in(mpmath.exp(u), spectrum, n, noise), t), x[tops[0]], tol=1e-25
        )
        ridge = float(ridge_at(mpmath.exp(top), spectrum, n))
    refused(replace_value(optimal_ridge(spectrum, n, noise), ridge).certify)


def test_grids_keep_their_shape_and_failures_their_place():
    spectrum = Spectrum([1.0, 0.1], [1.0, 1.0], [5.0, 50.0])
    n, k = np.array([[4.0], [20.0], [90.0]]), np.array([3.0, 30.0, 300.0, np.inf])
    proof = optimal_random_feature_ridge(spectrum, n, k, 0.3, certify=True).certificate
    assert proof.proved.shape == (3, 4)
    assert proof.complete
    # equal prior power and no noise: the derivative vanishes at the ridgeless limit itself, where no sign is proved
    flat = Spectrum.from_parameters([1.0, 0.1], [1.0, 1.0])
    with pytest.warns(ConvergenceWarning, match="1 of 2 roots"):
        proof = optimal_ridge(flat, 1.5, [0.0, 0.3], certify=True).certificate
    assert proof.proved.tolist() == [False, True]


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e290])
def test_scales(scale):
    """Denormal results aside, the scale of the eigenvalues never matters."""
    spectrum = Spectrum(scale * np.array([1.0, 0.3, 0.01]), [1.0, 0.5, 0.2], [2.0, 8.0, 40.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert effective_ridge(spectrum, [5, 100], 0.1 * scale, certify=True).certificate.complete
        assert stability_edge(spectrum, [5, 100], certify=True).certificate.complete
        if 1e-150 <= scale <= 1e150:  # refused beyond
            assert random_feature_risk(spectrum, 5, [9, 100], 0.1 * scale, certify=True).solution.certificate.complete
        assert optimal_ridge(spectrum, [5, 100], 0.2, certify=True).certificate.complete


def test_jets_follow_the_quotient_rule(many_digits):
    """1/v at v = 2 moving at 3: -3/4."""
    arb = many_digits.arb
    quotient = 1 / Jet(arb(2), arb(3))
    assert quotient.value == arb(1) / 2
    assert quotient.slope == -arb(3) / 4
