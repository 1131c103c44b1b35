r"""Forms of papers: means over two variables, values at a place, limits of integrals, equations about a quantity.

Each is compared with the claim's own closed form; what looks alike and is another formula differs or is refused.
"""

import numpy as np
import pytest

from solvable import check
from solvable.analysis.derivation.quadrature import plane_mean

VARIANCE, RIDGE = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-effective-ridge"
KERNEL, EDGE = "attention/single-key-kernel", "wide-networks/edge-of-chaos-of-erf"
PAIR = r"\iota\,\mathbb{E}_{(u,v)\sim\mathcal N\left(0,\begin{pmatrix}1&C\\C&1\end{pmatrix}\right)}[u_+v_+]"


def latex(text, claim=VARIANCE):
    return check(text, against=claim, budget=0, latex=True)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (r"\frac{V}{\sigma^2}=\frac{\gamma}{1-\gamma}", VARIANCE),
        (r"\sigma^2\gamma\,\mathbb{E}_{x\sim\mu_{\mathrm{MP}}}\left[x^{-1}\right]", VARIANCE),
        (r"\sigma^2\gamma\lim_{z\to0^-}m(z),\quad m(z)=\int\frac{d\mu(x)}{x-z}", VARIANCE),
        (r"\left.\frac{\sigma^2x}{1-x}\right|_{x=\gamma}", VARIANCE),
        (r"\kappa\quad\text{solves}\quad\kappa^2+(1-\gamma-\lambda)\kappa-\lambda=0,\ \kappa>0", RIDGE),
        (r"\frac{\kappa}{\lambda}=1+\frac{\gamma}{\lambda}\cdot\frac{\kappa}{1+\kappa}", RIDGE),
        (PAIR.replace("C", r"\rho"), KERNEL),
        (r"\iota\,\mathbb{E}[u_+v_+],\ u\sim\mathcal N(0,1),\ v=\rho u+\sqrt{1-\rho^2}w,\ w\sim N(0,1)", KERNEL),
        (r"\frac{1}{\sigma_w^2}=\mathbb{E}_z\left[\phi'(\sqrt q z)^2\right],\quad\phi(x)=\operatorname{erf}(x)", EDGE),
        (r"\int_{-1}^{1}\frac{x^2}{4\pi\sqrt{1-x^2}}\,dx", "diagonal-networks/chaotic-loss"),
        (r"\frac{\sigma^2+\sum_i(1-g_i)^2v_i^2}{1-\mathrm{df}_2/n}", "ridge/test-error"),
        (r"R-\sigma^2=\frac{\sigma^2d}{n-d-1}", "ridge/least-squares-excess"),
        (r"\frac{\sigma^2\gamma}{1-\gamma}\ (\gamma<1),\quad r^2(1-\gamma^{-1})+\frac{\sigma^2}{\gamma-1}\ (\gamma>1)",
         "ridge/isotropic-ridgeless-excess"),
    ],
)  # fmt: skip
def test_a_form_of_papers_agrees(text, claim):
    assert latex(text, claim)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (r"\frac{V}{\sigma}=\frac{\sigma^2\gamma}{1-\gamma}", VARIANCE),
        (r"2\,\mathbb{E}\|\hat\beta-\beta\|^2=\frac{\sigma^2\gamma}{1-\gamma}", VARIANCE),
        (r"V^{-1}=\frac{\sigma^2\gamma}{1-\gamma}", VARIANCE),
        (r"\left.\frac{\sigma^2x}{1-x}\right|_{x=2\gamma}", VARIANCE),
        (r"\sigma_w^{4}=\frac{\pi}{4}\sqrt{1+4q}", EDGE),
        (r"\kappa=\kappa", RIDGE),
        (r"\kappa\quad\text{where}\quad\kappa=\kappa", RIDGE),
        (r"\frac{\kappa}{\lambda}=1+\frac{2\gamma}{\lambda}\frac{\kappa}{1+\kappa}", RIDGE),
        (PAIR.replace("C", r"\rho^2"), KERNEL),
        (r"\iota\int_0^1\int_0^1xy\,dx\,dy", KERNEL),
    ],
)
def test_what_looks_like_it_does_not(text, claim):
    try:
        agrees = bool(latex(text, claim))
    except ValueError:
        agrees = False
    assert not agrees


@pytest.mark.parametrize("correlation", [-0.9, -2e-4, 0.0, 0.5, 0.999])
def test_a_mean_over_the_plane_is_exact_where_it_has_rays(correlation):
    """The mean of two rectified variables, whose branches change along rays that may be close to each other."""
    other = np.sqrt(1 - correlation**2)
    first, second = (lambda u, v: u), (lambda u, v: correlation * u + other * v)
    found = plane_mean(lambda u, v: np.maximum(first(u, v), 0) * np.maximum(second(u, v), 0), [first, second])
    angle = np.arccos(correlation)
    known = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    assert found == pytest.approx(known, rel=1e-11)  # the known value itself loses digits near -1
