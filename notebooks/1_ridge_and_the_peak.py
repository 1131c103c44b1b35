# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Ridge regression and the peak
#
# You will see the test error of least squares explode where the number of parameters equals the number of samples, fall
# again beyond, and the peak vanish once the ridge is chosen well. Two lines of theory go through every simulated dot.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable import check, verify
from solvable import claim as find_claim
from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import Spectrum, optimal_ridge, ridge_risk

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## An experiment in six lines
#
# $n$ samples $y=\beta\cdot x+\varepsilon$ with $x\sim N(0,I_d)$, $\|\beta\|=1$ and noise of variance $\sigma^2$. The
# fit is the interpolator of least norm if $d>n$, and least squares otherwise. The excess risk is
# $\|\hat\beta-\beta\|^2$, because $x$ has unit covariance.


# %%
def excess_risk(n, d, ridge, noise_variance):
    """Excess risk of one fit; ridge 0 is the fit of least norm."""
    X = rng.standard_normal((n, d))
    beta = rng.standard_normal(d)
    beta /= np.linalg.norm(beta)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal(n)
    fit = np.linalg.pinv(X) @ y if ridge == 0 else np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ y)
    return np.sum((fit - beta) ** 2)


n, noise_variance = 60, 0.25
dimensions = np.array([6, 15, 30, 45, 54, 66, 80, 120, 240])
draws = np.array([[excess_risk(n, d, 0.0, noise_variance) for _ in range(60)] for d in dimensions])
print("excess risk at d =", dimensions[4], "and", dimensions[-1], ":", draws.mean(1)[[4, -1]].round(2))

# %% [markdown]
# ## The theory
#
# Below the peak the excess risk is variance, $\sigma^2\gamma/(1-\gamma)$ with $\gamma=d/n$. Above it the fit cannot
# see $d-n$ directions: a bias $1-1/\gamma$ appears and the variance is $\sigma^2/(\gamma-1)$. `ridge_risk` gives both
# sides for any covariance and any ridge.

# %%
lines = np.unique(np.round(np.geomspace(6, 300, 120))).astype(int)
theory = np.array([float(ridge_risk(Spectrum.isotropic(d), n, 0.0, noise_variance).excess) for d in lines])


def draw(noise_variance):
    """Theory for one noise level, without and with the best ridge."""
    _, ax = plt.subplots(figsize=(SINGLE, 2.4))
    for j, best in enumerate((False, True)):
        risk = [
            float(ridge_risk(Spectrum.isotropic(d), n, best * d * noise_variance, noise_variance).excess) for d in lines
        ]
        ax.loglog(lines / n, risk, color=COLOURS[j], label="best ridge" if best else "no ridge")
    ax.set(xlabel="$d/n$", ylabel="excess risk", ylim=(0.01, 30))
    ax.legend()


draw(noise_variance)
ax = plt.gca()
error = 2 * draws.std(1, ddof=1) / np.sqrt(draws.shape[1])
ax.errorbar(dimensions / n, draws.mean(1), error, fmt="o", color=COLOURS[0], label="simulation")
ax.legend()

# %% [markdown]
# Bars are two standard errors. The best ridge is $\delta=d\sigma^2/\|\beta\|^2$: with it the error grows with $d$,
# and there is no peak. A numerical search agrees:

# %%
for d in (30, 60, 120):
    found = float(optimal_ridge(Spectrum.isotropic(d), n, noise_variance).value)
    print(f"d = {d}: best ridge {found:.4f}, d sigma^2 = {d * noise_variance:.4f}")

# %% [markdown]
# A knob to turn: how does the peak depend on the noise? (The slider needs a running kernel; the picture above is at
# 0.25.)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, noise_variance=(0.01, 2.0, 0.01))

# %% [markdown]
# ## Is it right?
#
# Your eyes say the dots lie on the line. The check says whether they do: it draws until a confidence interval lies
# within the tolerance, or outside it.

# %%
print(verify(find_claim("ridge/isotropic-ridgeless-excess"), quick=True))

# %% [markdown]
# ## Exercises
#
# 1. For $\gamma>1$ the ridgeless risk has a second minimum if the signal is strong. Where? Check your formula against
#    the curve.
# 2. How much of the peak at $d=n$ is bias? Use `ridge_risk(...).bias`.
# 3. Check `sigma**2*d/(n-d-1)` against `ridge/least-squares-excess`. Where does the $-1$ come from?
#
# <details><summary>Solutions</summary>
#
# 1. $1-1/\gamma+\sigma^2/(\gamma-1)$ is stationary where $(\gamma-1)^2=\sigma^2\gamma^2$, so at $\gamma=1/(1-\sigma)$
#    for $\sigma<1$: 2 here.
# 2. None: the bias is continuous there and vanishes as $\gamma\to1$ from above. All of the peak is variance.
# 3. $E\,\mathrm{tr}(X^TX)^{-1}=d/(n-d-1)$ for Gaussian rows: the mean of an inverse Wishart matrix.
# </details>

# %%
above = lines > n
print("lowest beyond the peak at d/n =", lines[above][np.argmin(theory[above])] / n)
print(check("sigma**2*d/(n - d - 1)", against="ridge/least-squares-excess", budget=0).sentence)
