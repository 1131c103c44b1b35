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
# # When is SGD stable?
#
# You will see that a minimum which gradient descent can sit on throws SGD out, that the largest stable step has a
# closed form, and that "stable" means two different things: in the mean square, or for almost every run.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable import claim as find_claim
from solvable import verify
from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import growth_rate, linearised_sgd, stability_threshold

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Two samples, one weight
#
# Near a minimum that fits every sample, SGD multiplies: $\theta\leftarrow(1-\eta h_i)\theta$ with the curvature $h_i$
# of the sample drawn. Take curvatures 0 and 2. The mean is 1, so gradient descent is stable for $\eta<2$.

# %%
curvatures = np.array([0.0, 2.0])


def chain(eta, steps=200, runs=2000):
    """Log squared size after many steps of SGD, for many runs."""
    drawn = rng.choice(curvatures, (runs, steps))
    return 2 * np.log(np.abs(1 - eta * drawn)).sum(1)


for eta in (0.9, 1.05):
    second = np.mean((1 - eta * curvatures) ** 2)
    logs = np.mean(2 * np.log(np.abs(1 - eta * curvatures)))
    print(
        f"eta = {eta}: E theta^2 grows by {second:.3f} a step, log theta^2 by {logs:+.3f} on average; "
        f"runs that shrank: {np.mean(chain(eta) < 0):.0%}"
    )

# %% [markdown]
# The second moment is stable for $\eta<1$: half of what gradient descent allows. In general, for one weight,
# $\eta^*=2\bar h/\overline{h^2}$.

# %%
gradients = np.sqrt(curvatures)[:, None]
print("solver:", stability_threshold(gradients, [1, 2]).value, "for batch sizes 1 and 2 (all samples)")

# %% [markdown]
# ## 2. Many weights, any batch size
#
# With gradients $g_i$ of the outputs, the second moment $M=E\theta\theta^T$ obeys a linear map; its spectral radius
# crosses 1 at $\eta^*$. Here is the map for batch size 1 by hand, as a $d^2\times d^2$ matrix:

# %%
n, d = 12, 4
gradients = rng.standard_normal((n, d)) * np.array([2.0, 1.0, 1.0, 0.5])


def radius(eta):
    """Spectral radius of the second-moment map of SGD with batch size 1."""
    steps = [np.eye(d) - eta * np.outer(g, g) for g in gradients]
    return np.abs(np.linalg.eigvals(np.mean([np.kron(step, step) for step in steps], axis=0))).max()


low, high = 1e-3, 1.0
for _ in range(60):
    middle = (low + high) / 2
    low, high = (middle, high) if radius(middle) < 1 else (low, middle)
print("by bisection", low, " solver", stability_threshold(gradients, 1).value)

# %%
batches = np.arange(1, n + 1)
threshold = stability_threshold(gradients, batches).value
fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
ax.plot(batches, threshold, "o-", color=COLOURS[0], label="SGD")
ax.axhline(threshold[-1], color="black", lw=0.8, ls="--", label="gradient descent")
ax.set(xlabel="batch size", ylabel=r"largest stable step $\eta^*$", ylim=(0, None))
ax.legend()
print("share of gradient descent's step at batch 1:", (threshold[0] / threshold[-1]).round(3))

# %% [markdown]
# ## 3. Mean square against almost sure
#
# Simulate 1000 chains a little above the threshold: the second moment grows, but the typical chain shrinks. A few
# rare chains carry the mean.

# %%
times = np.arange(1, 301)
eta = 1.15 * float(stability_threshold(gradients, 1).value)
logs = linearised_sgd(gradients, eta, 1, times, 1000, rng=0)
rate = float(growth_rate(eta, gradients, 1).value)
fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
ax.plot(times, logs[:20].T, color="0.85", lw=0.5)
ax.plot(times, np.median(logs, axis=0), color=COLOURS[1], label="median chain")
ax.plot(times, np.log(rate) * times, color=COLOURS[0], label="second moment, theory")
early = times <= 30
ax.plot(times[early], np.log(np.mean(np.exp(logs[:, early]), axis=0)), "o", ms=2, color=COLOURS[0], label="mean")
ax.set(xlabel="steps", ylabel=r"$\log\|\theta\|^2$")
ax.legend()
print(f"growth a step: {rate:.4f} in the mean square, {np.exp(np.median(logs[:, -1]) / 300):.4f} for the median chain")

# %% [markdown]
# The dots stop at 30 steps: later, 1000 chains do not contain the rare ones that the mean needs. That is why the
# catalogue has claims about both notions:

# %%
print(verify(find_claim("sgd-stability/almost-sure-is-weaker"), quick=True).summary())

# %% [markdown]
# A knob, to be turned in a running kernel: the step, in units of the threshold. Twenty chains, here at 0.8.


# %%
def draw(ratio):
    """Twenty chains at this step."""
    logs = linearised_sgd(gradients, ratio * float(threshold[0]), 1, times, 20, rng=0)
    _, ax = plt.subplots(figsize=(SINGLE, 2.0))
    ax.plot(times, logs.T, color=COLOURS[0], lw=0.5, alpha=0.5)
    ax.set(xlabel="steps", ylabel=r"$\log\|\theta\|^2$", title=rf"$\eta={ratio:g}\,\eta^*$")


draw(0.8)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, ratio=(0.5, 3.0, 0.05))

# %% [markdown]
# ## Exercises
#
# 1. Show that for orthogonal gradients of equal norm and batch size 1, $\eta^*=2/\mathrm{tr}\,H$. Compare with
#    $2/\lambda_{\max}$.
# 2. At which $\eta$ does the *typical* run of the two-sample example diverge?
# 3. Does sampling with replacement lower the threshold? At which batch size the most?
#
# <details><summary>Solutions</summary>
#
# 1. $H=\frac{g^2}nI$ on the span, and $E(1-\eta h_i)^2=1-2\eta g^2/n+\eta^2g^4/n<1$ iff
#    $\eta<2/g^2=2/\mathrm{tr}\,H$; $2/\lambda_{\max}$ is $n$ times as large.
# 2. Where $E\log|1-\eta h|=\frac12\log|1-2\eta|=0$, at $\eta=1$: with one curvature 0 the two notions coincide.
# 3. Yes; at $B=n$ it has noise where sampling without replacement has none.
# </details>

# %%
orthogonal = 3 * np.eye(5)
print("2/tr H =", 2 / (np.sum(orthogonal**2) / 5), " solver", stability_threshold(orthogonal, 1).value)
print(
    "with replacement / without:",
    (stability_threshold(gradients, batches, "with-replacement").value / threshold).round(2),
)
