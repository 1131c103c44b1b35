"""The limiting spectral law: mass one on many spectra, closed form, polynomial roots, one large matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import Spectrum, Status, sample_covariance_density, stability_edge, support_edges


def levels(count, d=1000.0):
    s = np.geomspace(0.1, 10, count) if count > 1 else np.ones(1)
    return Spectrum(s, multiplicities=np.full(count, d / count))


def integrate(spectrum, n, power=0, nodes=2000):
    """Moment of the law by Gauss-Chebyshev on each bulk, which absorbs square roots at the edges."""
    theta = (np.arange(nodes) + 0.5) * np.pi / nodes
    found = sample_covariance_density(spectrum, n, [1.0])
    total = found.atom if power == 0 else 0.0
    for low, high in found.edges:
        x = low + (high - low) * (1 - np.cos(theta)) / 2
        law = sample_covariance_density(spectrum, n, x, on_failure="raise")
        assert law.solution.residual.max() <= 1e-12
        total += np.sum(law.density * x**power * np.sin(theta)) * (high - low) / 2 * np.pi / nodes
    return total


@pytest.mark.parametrize("count", [1, 3, 6, 10, 20, 40, 100])
@pytest.mark.parametrize("ratio", [0.005, 0.02, 0.2, 0.9, 1.0, 2.0, 10.0])
def test_mass_is_one_and_the_mean_is_the_trace(count, ratio):
    spectrum = levels(count)
    assert integrate(spectrum, 1000 / ratio) == pytest.approx(1, abs=1e-9)
    assert integrate(spectrum, 1000 / ratio, 1) == pytest.approx(spectrum.trace / spectrum.rank, rel=1e-9)


@pytest.mark.parametrize("gamma", [0.005, 0.5, 0.9, 1.0, 2.0, 10.0])
def test_marchenko_pastur_up_to_the_edges(gamma):
    low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2
    near = np.array([1e-10, 1e-6, 1e-3, 0.3, 0.5, 0.7, 1 - 1e-3, 1 - 1e-6, 1 - 1e-10])
    x = low + (high - low) * near
    expected = np.sqrt((high - x) * (x - low)) / (2 * np.pi * gamma * x)
    found = sample_covariance_density(Spectrum.isotropic(1000 * gamma), 1000, x)
    # x - edge itself is known to eps*x/(x - edge) only
    room = 1e-13 + 4 * np.finfo(float).eps * x / np.minimum(x - low, high - x)
    assert np.all(np.abs(found.density / expected - 1) <= room)
    assert found.atom == pytest.approx(max(0.0, 1 - 1 / gamma))
    np.testing.assert_allclose(found.edges, [[low, high]], rtol=1e-13, atol=1e-28)


def test_zero_outside_and_the_hard_edge():
    law = sample_covariance_density(Spectrum.isotropic(100), 400, [[-1.0, 0.0], [0.2499999, 2.2500001]])
    np.testing.assert_array_equal(law.density, 0)
    assert law.density.shape == (2, 2)
    hard = sample_covariance_density(Spectrum.isotropic(100), 100, [0.0, 1e-20])
    assert hard.density[0] == np.inf
    assert hard.solution.status[0] == Status.DIVERGES
    assert hard.density[1] == pytest.approx(1 / (np.pi * 1e-10), rel=1e-8)


@pytest.mark.parametrize("count", [2, 3, 6, 10])
@pytest.mark.parametrize("ratio", [0.05, 0.3, 2.0])
def test_against_all_roots_of_the_polynomial(count, ratio):
    """kappa solves a polynomial of degree count + 1; its root below the axis is the answer (np.roots: 1e-8)."""
    spectrum = levels(count)
    s, n = spectrum.eigenvalues, 1000 / ratio
    c = spectrum.multiplicities / n
    grid = np.linspace(0.01, 1.2 * support_edges(spectrum, n)[-1, 1], 60)
    expected = []
    for x in grid:
        whole = np.poly(-s)
        parts = sum(ci * si * np.poly(-np.delete(s, i)) for i, (si, ci) in enumerate(zip(s, c, strict=True)))
        # -kappa whole + kappa parts - x whole = 0
        polynomial = np.polysub(np.polysub(np.polymul([1, 0], parts), np.polymul([1, 0], whole)), x * whole)
        roots = np.roots(polynomial)
        low = roots[np.argmin(roots.imag)]
        expected.append(max(0.0, (1 / low).imag / np.pi / c.sum()) if low.imag < -1e-7 else 0.0)
    found = sample_covariance_density(spectrum, n, grid).density
    np.testing.assert_allclose(found, expected, atol=2e-6)


def cusp(low=1000.0, high=1e6):
    """Sample size at which the two bulks of levels 1 and 7 touch, by bisection on their number."""
    spectrum = Spectrum([1.0, 7.0], multiplicities=[500.0, 500.0])
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if len(support_edges(spectrum, middle)) == 1 else (low, middle)
    return spectrum, high


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, -1e-3, -1e-6, -1e-9])
def test_bulks_just_apart_and_just_merged(distance):
    """At a merger the density has a cube root, on which 2,000 nodes leave 1e-5; a branch error would cost 1e-2."""
    spectrum, touch = cusp()
    n = touch * (1 + distance)
    assert len(support_edges(spectrum, n)) == (2 if distance > 0 else 1)
    assert integrate(spectrum, n) == pytest.approx(1, abs=1e-9 if distance > 0 else 3e-5)


@settings(max_examples=40, deadline=None)
@given(
    s=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12),
    counts=st.lists(st.floats(0.5, 100), min_size=12, max_size=12),
    ratio=st.floats(0.01, 20),
)
def test_mass_is_one_on_random_spectra(s, counts, ratio):
    spectrum = Spectrum(s, multiplicities=counts[: len(s)])
    # bulks about to merge leave a cube root to the quadrature, so 1e-3; a wrong branch costs more
    assert integrate(spectrum, spectrum.rank / ratio) == pytest.approx(1, abs=1e-3)


def test_scale_order_and_repetition_do_not_matter():
    spectrum, n = levels(6), 2500
    x = np.linspace(0.01, 15, 50)
    density = sample_covariance_density(spectrum, n, x).density
    shuffled = sample_covariance_density(spectrum, n, x[::-1].reshape(5, 10)).density
    np.testing.assert_allclose(shuffled.ravel()[::-1], density, rtol=1e-12)
    big = Spectrum(1e100 * spectrum.eigenvalues, multiplicities=spectrum.multiplicities)
    np.testing.assert_allclose(sample_covariance_density(big, n, 1e100 * x).density * 1e100, density, rtol=1e-12)
    twice = Spectrum(np.repeat(spectrum.eigenvalues, 2), multiplicities=np.repeat(spectrum.multiplicities / 2, 2))
    np.testing.assert_allclose(sample_covariance_density(twice, n, x).density, density, rtol=1e-12)


def test_lowest_edge_is_the_stability_edge():
    """Two solvers, one number: the lowest eigenvalue of X^T X/n is minus the most negative ridge over n."""
    for spectrum in (levels(10), Spectrum([3.0, 1.0], multiplicities=[5.0, 200.0])):
        for n in (30.0, 150.0, 4000.0):
            edge = support_edges(spectrum, n)[0, 0]
            assert -stability_edge(spectrum, n).value / n == pytest.approx(edge, rel=1e-9)


def test_one_large_matrix():
    """Seed 0, d = 600, n = 1500. Eigenvalues are rigid: the distribution functions differ by O(log d/d)."""
    rng = np.random.default_rng(0)
    s = np.repeat([0.5, 2.0, 6.0], 200)
    X = rng.standard_normal((1500, 600)) * np.sqrt(s)
    eigenvalues = np.sort(np.linalg.eigvalsh(X.T @ X / 1500))
    x = np.linspace(0, 15, 6001)

    def distance(spectrum):
        cdf = np.cumsum(sample_covariance_density(spectrum, 1500, x).density) * (x[1] - x[0])
        return np.max(np.abs(np.interp(eigenvalues, x, cdf) - (np.arange(600) + 0.5) / 600))

    assert distance(Spectrum(s)) < 0.006
    assert distance(Spectrum(1.05 * s)) > 0.012  # 5 % wrong eigenvalues would show


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: support_edges(levels(3), 0), "n = "),
        (lambda: support_edges(levels(3), [10.0, 20.0]), "single number"),
        (lambda: sample_covariance_density(levels(3), 10, [np.nan]), "grid"),
        (lambda: support_edges(Spectrum.power_law(1.5, 1.5, 100), 10), "tail=False"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("scale", [1e-150, 1e-10, 1.0, 1e10, 1e150])
@pytest.mark.parametrize("gap", [2.0**-40, 2.0**-20, -(2.0**-20), 1.0])
def test_lowest_edge_near_the_square_case_at_every_scale(scale, gap):
    """Marchenko-Pastur at n = 64 + gap, exact in doubles: (1 - sqrt(64/n))^2 without the cancellation."""
    n = 64 + gap
    expected = scale * (gap / n / (1 + np.sqrt(64 / n))) ** 2
    np.testing.assert_allclose(support_edges(Spectrum(np.full(64, scale)), n)[0, 0], expected, rtol=1e-13)
