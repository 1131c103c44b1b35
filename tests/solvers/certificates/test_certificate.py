"""Certificates: they hold the 50-digit answers, refuse wrong ones, and say what they could not prove."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("flint")

from solvable.solvers import (
    ConvergenceWarning,
    Spectrum,
    effective_ridge,
    optimal_fitting_ratio,
    random_feature_risk,
    stability_edge,
    stability_threshold,
)
from solvable.solvers.certificates.certificate import Arithmetic, krawczyk
from solvable.solvers.certificates.mode_roots import certify_effective_ridge, certify_feature_root
from solvable.solvers.certificates.thresholds import certify_threshold

TABLES = Path(__file__).parents[2] / "known_answers"


def holds(certificate, digits):
    assert certificate.complete, certificate.explain()
    with mpmath.workdps(60):
        assert mpmath.mpf(float(certificate.lower)) <= mpmath.mpf(digits) <= mpmath.mpf(float(certificate.upper))
    width = float(certificate.upper) - float(certificate.lower)
    assert width <= 1e-12 * max(abs(float(certificate.lower)), 1e-308)


def entries(table, function):
    for entry in json.loads((TABLES / f"{table}.json").read_text()):
        data = entry["arguments"].get("spectrum")
        if entry["function"] == function and "eigenvalues" in data:
            yield pytest.param(Spectrum(**data), entry["arguments"], entry["expected"], id=entry["name"])


@pytest.mark.parametrize(("spectrum", "arguments", "expected"), list(entries("ridge", "ridge_risk")))
def test_effective_ridge_against_fifty_digits(spectrum, arguments, expected):
    solution = effective_ridge(spectrum, arguments["n"], arguments["ridge"], certify=True)
    if spectrum.eigenvalues.min() > -0.99 * solution.value:  # near a pole the answer has fewer digits
        holds(solution.certificate, expected["effective_ridge"])


@pytest.mark.parametrize(("spectrum", "arguments", "expected"), list(entries("random_features", "random_feature_risk")))
def test_feature_root_against_fifty_digits(spectrum, arguments, expected):
    arguments = {k: v for k, v in arguments.items() if k != "spectrum"}
    holds(random_feature_risk(spectrum, **arguments, certify=True).solution.certificate, expected["gamma"])


@pytest.mark.parametrize(("spectrum", "arguments", "expected"), list(entries("ridge", "stability_edge")))
def test_stability_edge_against_fifty_digits(spectrum, arguments, expected):
    holds(stability_edge(spectrum, arguments["n"], certify=True).certificate, expected["value"])


def test_fitting_ratio_has_a_closed_form_at_exponent_two():
    """b = 2: a(a-1) r u^2 + 2(a-1) u = a."""
    for a, noise in ((1.5, 9.0), (2.0, 1.0), (3.0, 0.5)):
        solution = optimal_fitting_ratio(a, 2.0, noise, certify=True)
        with mpmath.workdps(50):
            weight, half = mpmath.mpf(a) * (a - 1) * noise, mpmath.mpf(a) - 1
            u = (mpmath.sqrt(half**2 + weight * a) - half) / weight
            holds(solution.certificate, (1 - u) ** 2)
    assert optimal_fitting_ratio(1.25, 2.5, 0.0, certify=True).certificate.upper == 0.0


def test_threshold_against_closed_forms():
    """Orthogonal gradients of one norm: 2/tr(H) at batch size 1; one sample: 2/(g g)."""
    for gradients in (np.eye(4), np.eye(3, 5), np.vstack([np.eye(2), np.eye(2)])):
        n, d = gradients.shape
        trace = float(np.sum(gradients**2)) / n
        if n <= d:
            holds(stability_threshold(gradients, 1, certify=True).certificate, 2 / mpmath.mpf(trace))
    holds(stability_threshold([[3.0, 4.0]], 1, certify=True).certificate, mpmath.mpf(2) / 25)
    holds(
        stability_threshold([[3.0, 4.0]], 1, loss="squared-without-half", certify=True).certificate, mpmath.mpf(1) / 25
    )


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "bernoulli"])
@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (4, 4)])
@pytest.mark.parametrize("scale", [1e-60, 1.0, 1e60])
def test_threshold_of_random_gradients_is_proved(shape, sampling, scale):
    gradients = scale * np.random.default_rng(5).standard_normal(shape)
    assert stability_threshold(gradients, [1, 2, shape[0]], sampling, certify=True).certificate.complete


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_random_cells_are_proved(data):
    logs = data.draw(st.lists(st.floats(-12, 12), min_size=1, max_size=12))
    n, k = (data.draw(st.floats(0.3, 40)) for _ in range(2))
    ridge = 10 ** data.draw(st.floats(-30, 6))
    spectrum = Spectrum(10.0 ** np.array(logs), np.ones(len(logs)))
    assert effective_ridge(spectrum, n, ridge, certify=True).certificate.complete
    assert random_feature_risk(spectrum, n, k, ridge, certify=True).solution.certificate.complete


def test_grid_and_limits():
    spectrum = Spectrum(np.arange(1.0, 9), np.ones(8))
    proof = effective_ridge(spectrum, [[4.0], [20.0]], [0.0, 0.5], certify=True).certificate
    assert proof.lower.shape == (2, 2)
    assert proof.complete
    assert proof.upper[1, 0] == 0.0
    proof = random_feature_risk(spectrum, [4, np.inf, 5, 30], [9, 3, np.inf, 20], [0, 0.1, 0.1, 0], certify=True)
    assert proof.solution.certificate.complete


@pytest.mark.parametrize("error", [1e-11, -1e-11, 1e-3, 10.0])
def test_wrong_answers_are_refused(error):
    spectrum, n, ridge = Spectrum(np.arange(1.0, 9), np.ones(8)), np.array([4.0]), np.array([0.1])
    kappa = effective_ridge(spectrum, n, ridge).value
    with pytest.warns(ConvergenceWarning, match="1 of 1 roots could not be proved"):
        proof = certify_effective_ridge(spectrum, n, ridge, kappa * (1 + error), "test")
    assert not proof.complete
    assert proof.lower == -np.inf
    assert "could not be proved" in proof.explain()
    risk = random_feature_risk(spectrum, n, 6.0, ridge)
    with pytest.warns(ConvergenceWarning):
        proof = certify_feature_root(
            spectrum, n, np.array([6.0]), ridge, risk.gamma * (1 + error), risk.effective_ridge, "test"
        )
    assert not proof.complete


def kronecker_threshold(hessians, batch, sampling):
    """2 over the largest eigenvalue of the d^2 x d^2 pencil, in 40 digits."""
    n, d = hessians.shape[:2]
    exact = [mpmath.matrix(H.tolist()) for H in hessians]
    mean = sum(exact[1:], exact[0]) / n
    p = {"without-replacement": mpmath.mpf(n - batch) / (batch * (n - 1)), "with-replacement": mpmath.mpf(1) / batch,
         "bernoulli": mpmath.mpf(n - batch) / (batch * n)}[sampling]  # fmt: skip
    c0, pairs = (1 if sampling == "bernoulli" else 1 - p), [(i, j) for i in range(d) for j in range(d)]
    C, D = mpmath.zeros(d * d), mpmath.zeros(d * d)
    for row, (i, j) in enumerate(pairs):
        for column, (k, m) in enumerate(pairs):
            C[row, column] = (mean[i, k] * (j == m) + mean[j, m] * (i == k)) / 2
            D[row, column] = c0 * mean[i, k] * mean[j, m] + p / n * sum(H[i, k] * H[j, m] for H in exact)
    inverse = mpmath.inverse(mpmath.cholesky(C))
    return 2 / max(mpmath.eigsy(inverse * D * inverse.T, eigvals_only=True))


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "bernoulli"])
@pytest.mark.parametrize("kind", ["gradients", "factors", "hessians"])
def test_threshold_in_forty_digits(kind, sampling):
    rng = np.random.default_rng(8)
    factors = rng.standard_normal((5, 3, {"gradients": 1, "factors": 2, "hessians": 3}[kind]))
    with mpmath.workdps(40):
        exact = [mpmath.matrix(F.tolist()) for F in factors]
        hessians = np.array([(F * F.T).tolist() for F in exact])
        given = {"gradients": factors[:, :, 0], "factors": factors}.get(kind)
        if given is None:
            given = hessians = np.array([[[float(x) for x in row] for row in H] for H in hessians.tolist()])
        for batch in (1, 3):
            proof = stability_threshold(given, batch, sampling, certify=True).certificate
            holds(proof, kronecker_threshold(hessians, batch, sampling))


@pytest.mark.parametrize("error", [1e-12, -1e-11, 1e-11, 0.01, -0.01, 2.0])
@pytest.mark.parametrize("shape", [(6, 3), (3, 6), (3, 7, 2), (5, 3, 2), (4, 3, 3)])
def test_wrong_thresholds_are_refused(shape, error):
    array = np.random.default_rng(2).standard_normal(shape)
    if len(shape) == 3 and shape[1] == shape[2]:
        array = array @ array.transpose(0, 2, 1)
    sizes = np.array([1, 2, shape[0]])
    right = stability_threshold(array, sizes, certify=True)
    assert right.certificate.complete
    with pytest.warns(ConvergenceWarning, match="3 of 3"):
        assert not certify_threshold(
            array, sizes, "without-replacement", 1.0, right.value * (1 + error), "x"
        ).proved.any()


def test_orthogonal_groups_and_unused_parameters():
    """The Perron vector of a reducible map is singular; the certificate's X is not."""
    gradients = np.zeros((5, 4))
    gradients[:2, 0], gradients[2:, 1:3] = [1.0, 2.0], [[1, 1], [0.5, 3], [2, 1]]
    assert stability_threshold(gradients, [1, 2, 5], certify=True).certificate.complete
    assert stability_threshold(gradients.T[:3], [1, 2, 3], certify=True).certificate.complete


def test_too_many_unknowns_are_said():
    gradients = np.random.default_rng(0).standard_normal((40, 40))
    with pytest.warns(ConvergenceWarning, match="could not be proved"):
        assert not stability_threshold(gradients, 1, certify=True).certificate.complete


def test_krawczyk_refuses_a_double_root():
    import flint

    def system(u, v):
        return [(u - 1) * (u - 1), v - 1], [[2 * (u - 1), flint.arb(0)], [flint.arb(0), flint.arb(1)]]

    assert krawczyk(system, Arithmetic(flint.arb, 53, False)) is None


def test_without_the_library_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ValueError, match="install python-flint"):
        effective_ridge(Spectrum.isotropic(10), 5, 0.1, certify=True)


def test_precision_is_restored_and_threads_do_not_mix():
    import flint

    spectrum = Spectrum(10.0 ** -np.arange(12.0), np.ones(12))
    before = flint.ctx.prec

    def prove(i):
        return effective_ridge(spectrum, 1.0 + i, 10.0 ** -(20 * i), certify=True).certificate

    alone = [prove(i) for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(prove, range(8)))
    for a, b in zip(alone, together, strict=True):
        assert (a.lower, a.upper) == (b.lower, b.upper)
    assert flint.ctx.prec == before


def test_cost_of_a_cell():
    """Below 2 ms at 100 modes, the best of several runs: the machine may be busy."""
    spectrum, n = Spectrum.power_law(1.5, 1.5, 100, tail=False), np.linspace(5, 90, 20)
    calls = {
        "effective_ridge": lambda certify: effective_ridge(spectrum, n, 0.1, certify=certify),
        "gamma": lambda certify: random_feature_risk(spectrum, n, 50, 0.1, certify=certify),
        "edge": lambda certify: stability_edge(spectrum, n, certify=certify),
        "fitting ratio": lambda certify: optimal_fitting_ratio(1.5, 2.0, n, certify=certify),
    }
    for name, call in calls.items():
        times = []
        for _ in range(5):
            started = time.perf_counter()
            call(True)
            middle = time.perf_counter()
            call(False)
            times.append((middle - started) - (time.perf_counter() - middle))
        assert min(times) / n.size < 2e-3, name
