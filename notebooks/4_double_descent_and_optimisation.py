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
# # Double descent and optimisation
#
# You will see that the peak of double descent belongs to the minimum of the loss, not to the model: gradient descent
# needs of the order of $n^2$ steps before it appears. Theory at any number of steps comes from one contour integral,
# and a training loop in two lines agrees.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import (
    Spectrum,
    descent_path,
    gradient_descent_risk,
    ridge_risk,
    smallest_eigenvalue_cdf,
    spectral_response,
    support_edges,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. What gradient descent has learned after $t$ steps
#
# Loss $\frac1{2n}\|y-Xw\|^2$, start at 0, steps $w\leftarrow w-\eta X^T(Xw-y)/n$. In every eigendirection of $X^TX/n$
# with eigenvalue $s$ the weight is $1-(1-\eta s)^t$ of its final value: a filter, as ridge is one, with $1/(\eta t)$
# in the place of $\lambda$.

# %%
s = np.geomspace(1e-4, 1, 200)
fig, ax = plt.subplots(figsize=(SINGLE, 2.2))
for j, t in enumerate((10, 1000)):
    ax.semilogx(s, spectral_response(s, [t], step_size=1.0).residual[0], color=COLOURS[j], label=f"descent, t = {t}")
    ax.semilogx(s, spectral_response(s, [t], "ridge").residual[0], "--", color=COLOURS[j], label=f"ridge 1/{t}")
ax.set(xlabel="eigenvalue $s$", ylabel="not yet learned")
ax.legend()

# %% [markdown]
# One SVD gives the weights at all times, and they are those of the loop:

# %%
X, y = rng.standard_normal((20, 30)), rng.standard_normal(20)
w = np.zeros(30)
for _ in range(500):
    w -= 0.1 * X.T @ (X @ w - y) / 20
print("largest difference:", np.abs(w - descent_path(X, y, [500], step_size=0.1).coefficients[0]).max())

# %% [markdown]
# ## 2. The peak takes time
#
# Excess risk against $d/n$ after 10, 100, 1000 and infinitely many steps; noise 0.25, signal 1.

# %%
n, noise_variance, steps = 60, 0.25, np.array([10, 100, 1000])
dimensions = np.unique(np.round(np.geomspace(10, 300, 40))).astype(int)
risk = []
for d in dimensions:
    spectrum = Spectrum.isotropic(int(d))
    eta = 1 / support_edges(spectrum, n).max()
    risk.append(gradient_descent_risk(spectrum, n, eta, steps, noise_variance).test - noise_variance)
risk = np.array(risk)
final = [float(ridge_risk(Spectrum.isotropic(int(d)), n, 0.0, noise_variance).excess) for d in dimensions]


def simulated(d, t):
    """Excess risk after t steps, mean over 40 data sets, and two standard errors."""
    found = []
    eta = 1 / (1 + np.sqrt(d / n)) ** 2
    for _ in range(40):
        X, beta = rng.standard_normal((n, d)), rng.standard_normal(d)
        beta /= np.linalg.norm(beta)
        y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal(n)
        gram, target, w = X.T @ X / n, X.T @ y / n, np.zeros(d)
        for _ in range(t):
            w -= eta * (gram @ w - target)
        found.append(np.sum((w - beta) ** 2))
    return np.mean(found), 2 * np.std(found, ddof=1) / np.sqrt(40)


fig, ax = plt.subplots(figsize=(SINGLE, 2.6))
for j, t in enumerate(steps):
    ax.loglog(dimensions / n, risk[:, j], color=COLOURS[j], label=f"{t} steps")
ax.loglog(dimensions / n, final, color="black", label="at the minimum")
places = (20, 60, 150)
for j, t in enumerate((10, 100)):
    mean, error = np.transpose([simulated(d, t) for d in places])
    ax.errorbar(np.array(places) / n, mean, error, fmt="o", color=COLOURS[j])
ax.set(xlabel="$d/n$", ylabel="excess risk", ylim=(0.05, 20))
ax.legend()
print("excess risk at d = n after", steps, "steps:", risk[np.argmin(np.abs(dimensions - n))].round(2))

# %% [markdown]
# Dots with bars of two standard errors are the training loop. Stopping early hides the peak; a paper that trains for
# a fixed number of epochs measures its optimiser as much as its model.
#
# ## 3. Why $n^2$
#
# The peak is due to the smallest eigenvalue of $X^TX/n$ at $d=n$, which is of order $1/n^2$: $n^2\lambda_{\min}$ has
# a law of its own (Edelman). Descent needs $1/(\eta\lambda_{\min})$ steps to see it.

# %%
sizes = (10, 30)
fig, ax = plt.subplots(figsize=(SINGLE, 2.2))
x = np.linspace(0.001, 5, 200)
ax.plot(x, smallest_eigenvalue_cdf(x), color="black", label="limit")
for j, size in enumerate(sizes):
    smallest = [np.linalg.svd(rng.standard_normal((size, size)), compute_uv=False)[-1] ** 2 for _ in range(1000)]
    smallest = np.sort(size * np.array(smallest))
    ax.plot(smallest, np.linspace(0, 1, 1000), ":", color=COLOURS[j], label=f"n = {size}")
    print(f"n = {size}: median of n^2 lambda_min = {np.median(smallest):.3f}")
ax.set(xlabel=r"$n^2\lambda_{\min}$", ylabel="probability", xlim=(0, 5))
ax.legend()

# %% [markdown]
# A knob, to be turned in a running kernel: the number of steps, in powers of ten. Black: the end of
# training.


# %%
def draw(log_steps):
    """Excess risk against d/n after this many steps."""
    curve = []
    for d in dimensions:
        spectrum = Spectrum.isotropic(int(d))
        eta = 1 / support_edges(spectrum, n).max()
        found = gradient_descent_risk(spectrum, n, eta, [round(10**log_steps)], noise_variance)
        curve.append(float(found.test[0]) - noise_variance)
    _, ax = plt.subplots(figsize=(SINGLE, 2.2))
    ax.loglog(dimensions / n, curve, color=COLOURS[0])
    ax.loglog(dimensions / n, final, color="black")
    ax.set(xlabel="$d/n$", ylabel="excess risk", ylim=(0.05, 20), title=f"{round(10**log_steps)} steps")


draw(2.5)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, log_steps=(0.0, 4.0, 0.5))

# %% [markdown]
# ## Exercises
#
# 1. At $d=n$ and late times the variance of gradient flow grows without bound. With which power of the time?
# 2. Repeat section 2 with a momentum of 0.5 (`gradient_descent_risk(..., momentum=0.5)`). Does the peak come earlier?
# 3. Is the best number of steps as good as the best ridge?
#
# <details><summary>Solutions</summary>
#
# 1. With the square root: the density of eigenvalues is $1/(\pi\sqrt s)$ near 0, and directions with $s<1/t$ are not
#    yet learned.
# 2. Yes: momentum $\mu$ multiplies the effective step by $1/(1-\mu)$.
# 3. Nearly, and never better on isotropic data, where the best ridge is the posterior mean.
# </details>

# %%
spectrum = Spectrum.isotropic(n)
times = np.array([250, 1000, 4000])
variance = gradient_descent_risk(spectrum, n, 0.25, times, noise_variance).variance
print("exponent of the variance:", (np.diff(np.log(variance)) / np.log(4)).round(3))
plain = gradient_descent_risk(spectrum, n, 0.2, np.arange(1, 201), noise_variance).test.min()
print("best stopping", plain.round(4), " best ridge", ridge_risk(spectrum, n, n * noise_variance, noise_variance).test)
