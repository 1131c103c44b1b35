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
# # Random features, and why more is better
#
# You will see that adding random features or samples can hurt at a fixed small ridge and never hurts at the best one,
# that a simulation in ten lines of NumPy agrees, and when fitting the training data exactly is the best choice.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import (
    Spectrum,
    Status,
    optimal_fitting_ratio,
    optimal_random_feature_ridge,
    overfitting_threshold,
    random_feature_risk,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The model
#
# A kernel with eigenvalues $s_i$; $k$ random features are $\phi(x)=G^T(\sqrt{s_i}\,u_i)_i/\sqrt k$ with a Gaussian
# matrix $G$ and $u$ the eigenfunctions at $x$, here standard Gaussian. Ridge regression on $\phi$ with $n$ samples.

# %%
spectrum = Spectrum.power_law(1.5, 1.5, 400, tail=False)
s = np.arange(1, 401.0) ** -1.5
v = np.sqrt(np.arange(1, 401.0) ** -1.5)
noise_variance = 0.1


def simulated(n, k, ridge):
    """Test error of one draw of samples and features."""
    mix = np.sqrt(s)[:, None] * rng.standard_normal((s.size, k)) / np.sqrt(k)
    modes = rng.standard_normal((n, s.size))
    y = modes @ v + np.sqrt(noise_variance) * rng.standard_normal(n)
    features = modes @ mix
    weights = np.linalg.solve(features.T @ features + ridge * np.eye(k), features.T @ y)
    return np.sum((mix @ weights - v) ** 2) + noise_variance


n, small = 60, 1e-3
widths = np.unique(np.round(np.geomspace(5, 600, 80)))
places = np.array([10, 20, 40, 60, 90, 150, 300])
draws = np.array([[simulated(n, k, small) for _ in range(40)] for k in places])
fixed = random_feature_risk(spectrum, n, widths, small, noise_variance).test
ridges = optimal_random_feature_ridge(spectrum, n, widths, noise_variance).value
best = random_feature_risk(spectrum, n, widths, ridges, noise_variance).test

fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
ax.loglog(widths, fixed, color=COLOURS[0], label=f"ridge {small}")
error = 2 * draws.std(1, ddof=1) / np.sqrt(draws.shape[1])
ax.errorbar(places, draws.mean(1), error, fmt="o", color=COLOURS[0], label="simulation")
ax.loglog(widths, best, color=COLOURS[1], label="best ridge")
ax.axvline(n, color="0.7", lw=0.8)
ax.set(xlabel="features $k$", ylabel="test error")
ax.legend()
print("at the best ridge the error falls with every step in k:", bool(np.all(np.diff(best) < 0)))

# %% [markdown]
# Bars are two standard errors; the grey line is $k=n$. At a fixed small ridge there is a peak where features and
# samples are equally many; the best ridge removes it, and then more features are better, always. The same holds for
# samples:

# %%
samples = np.unique(np.round(np.geomspace(5, 600, 60)))
k = 60
fixed = random_feature_risk(spectrum, samples, k, small, noise_variance).test
tuned = optimal_random_feature_ridge(spectrum, samples, k, noise_variance).value
best = random_feature_risk(spectrum, samples, k, tuned, noise_variance).test
print("more samples hurt at a fixed ridge:", bool(np.any(np.diff(fixed) > 0)))
print("more samples hurt at the best ridge:", bool(np.any(np.diff(best) > 0)))

# %% [markdown]
# Why must it be so? With $k+1$ features you could always ignore one of them, but ridge regression on $k+1$ features
# does not do that. The reason is in the theory: $n$ and $k$ enter one scalar equation, and the error at the best
# ridge is monotone in both.
#
# A knob, to be turned in a running kernel: the ridge. At which value does the peak disappear? (Fixed at 0.1 below.)


# %%
def draw(log_ridge):
    """Error against width at one ridge."""
    _, ax = plt.subplots(figsize=(SINGLE, 2.4))
    ax.loglog(widths, random_feature_risk(spectrum, n, widths, 10**log_ridge, noise_variance).test, color=COLOURS[0])
    ax.set(xlabel="features $k$", ylabel="test error", ylim=(0.1, 30), title=f"ridge $10^{{{log_ridge:g}}}$")


draw(-1.0)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, log_ridge=(-6.0, 1.0, 0.5))

# %% [markdown]
# ## 2. When is it best to fit the noise?
#
# For $k=\infty$, eigenvalues $i^{-a}$ and target power $i^{-b}$, the best ridge leaves a training error that is a
# fixed fraction of the test error, whatever $n$. Below a noise level it is zero: interpolation is the best one can
# do.

# %%
a, b = 1.5, 2.0
threshold = float(overfitting_threshold(a, b))
noise = np.linspace(0, 3 * threshold, 60)
fig, ax = plt.subplots(figsize=(SINGLE, 2.2))
ax.plot(noise, optimal_fitting_ratio(a, b, noise).value, color=COLOURS[0])
ax.axvline(threshold, color="0.7", lw=0.8)
ax.set(xlabel="relative noise", ylabel="best train/test ratio")
print(
    f"interpolation is best up to relative noise {threshold:.4f} = (b - a)/(a(a - 1)) = {(b - a) / (a * (a - 1)):.4f}"
)

# %% [markdown]
# ## Exercises
#
# 1. At $n=60$ and ridge 0, what is `random_feature_risk` at $k=60$? What does its status say, and why not a large
#    number?
# 2. Show numerically that exchanging $n$ and $k$ leaves $\gamma$ unchanged at fixed $k\delta$. Does the error stay
#    the same?
# 3. Replace the Gaussian features by ReLU features of two-dimensional inputs. Which assumption breaks?
#
# <details><summary>Solutions</summary>
#
# 1. `inf` with status `DIVERGES`: it is a pole of the theory, and a simulation there has no mean.
# 2. $\gamma$ solves $(k-z)(n-z)\gamma=k\delta$ with $z$ a function of $\gamma$: symmetric. The error is not: its
#    prefactor is $n$.
# 3. Universality: features of low-dimensional inputs are far from Gaussian, and measured errors lie above the theory.
# </details>

# %%
risk = random_feature_risk(spectrum, 60, 60, 0.0, noise_variance)
print(risk.test, Status(int(risk.solution.status)).name)
one, two = (
    random_feature_risk(spectrum, *pair, 0.6 / pair[1], noise_variance).test.item() for pair in ((40, 80), (80, 40))
)
print(f"exchanged: {one:.4f} and {two:.4f}")
