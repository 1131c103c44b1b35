"""Convolutional kernels against their recursion at 40 digits, torus spectra against integrals over triangles."""

import mpmath as mp
import numpy as np
import pytest

from solvable.solvers import convolutional_kernel, torus_spectrum


def by_recursion(t, sizes, kind):
    """At 40 digits, arc by arc."""
    with mp.workdps(40):
        inner = [mp.mpf(float(x)) for x in t]

        def arcs(x):
            slope = (mp.pi - mp.acos(x)) / mp.pi
            return slope, mp.sqrt(1 - x * x) / mp.pi + slope * x

        kernel = [arcs(x)[1] for x in inner]
        tangent = [k + x * arcs(x)[0] for k, x in zip(kernel, inner, strict=True)]
        for s in sizes[1:]:
            means = [mp.fsum(kernel[i : i + s]) / s for i in range(0, len(kernel), s)]
            tangent = [arcs(m)[1] + arcs(m)[0] * mp.fsum(tangent[i * s : (i + 1) * s]) / s for i, m in enumerate(means)]
            kernel = [arcs(m)[1] for m in means]
        return float((tangent if kind == "ntk" else kernel)[0])


@pytest.mark.parametrize("kind", ["ntk", "rfk"])
@pytest.mark.parametrize("sizes", [(2,), (2, 2), (3, 2, 2), (2, 1, 4)])
def test_kernels_keep_their_digits_at_both_ends(sizes, kind):
    """Patches alike to 1e-15 and opposite to 1e-15, where arc cosines and differences round."""
    p = int(np.prod(sizes[1:]))
    rng = np.random.default_rng(0)
    for sign, reach in [(1, 1), (1, 1e-6), (1, 1e-15), (-1, 1e-6), (-1, 1e-12), (0, 0), (1, 0), (-1, 0)]:
        t = sign * (1 - reach * rng.uniform(0.1, 1, p))
        assert convolutional_kernel(t, sizes, kind) == pytest.approx(by_recursion(t, sizes, kind), rel=4e-15, abs=1e-40)


def by_triangle(kind, a, b):
    """Mean of K cos(a u) cos(b v), u and v on [0, pi]: on v = u s the kernel is smooth in u and s."""
    x, w = np.polynomial.legendre.leggauss(60)
    r, wr = np.pi * (np.arange(3)[:, None] + (x + 1) / 2).ravel() / 3, np.pi * np.tile(w, 3) / 6
    u, s = np.meshgrid(r, (x + 1) / 2, indexing="ij")
    K = convolutional_kernel(np.stack([np.cos(u), np.cos(u * s)], axis=-1), (2, 2), kind)
    both = np.cos(a * u) * np.cos(b * u * s) + np.cos(b * u) * np.cos(a * u * s)
    return float(np.sum(wr[:, None] * w / 2 * u * K * both)) / np.pi**2


@pytest.mark.parametrize(("kind", "accuracy"), [("ntk", 3e-6), ("rfk", 1e-8)])
def test_what_aliasing_leaves_is_removed(kind, accuracy):
    """Grid 1024: plain cosine sums miss the tangent kernel's mode (16, 0) by 7e-4."""
    found = torus_spectrum((2, 2), kind, 16, 1024)
    for place in [(0, 0), (1, 0), (0, 3), (2, 4), (16, 0), (7, 9)]:
        assert found[place] == pytest.approx(by_triangle(kind, *place), rel=accuracy)


def test_modes_of_one_circle():
    """Integrals of kappa_1(cos u) cos(ku): 1/4 at 1, 4/(pi (1 - k^2))^2 at even k, 0 at other odd ones."""
    k = np.arange(2, 65, 2)
    found = torus_spectrum((2,), "rfk", 64)
    assert found[1] == pytest.approx(0.25, rel=1e-14)
    np.testing.assert_allclose(found[k], 4 / (np.pi * (1 - k.astype(float) ** 2)) ** 2, rtol=3e-10)


def test_the_finest_frequencies_that_a_grid_has():
    """At a quarter of the grid nothing coarser is left to compare with: errors of the size of what aliases there."""
    fine, coarse = torus_spectrum((2,), "ntk", 16, 4096), torus_spectrum((2,), "ntk", 16, 64)
    assert coarse.shape == fine.shape
    np.testing.assert_allclose(coarse[:5:2], fine[:5:2], rtol=0.02)
