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
# # Separable data
#
# You will see what gradient descent does when a classifier can be right everywhere: where its direction goes and how
# slowly, what huge steps turn it into, what tasks in sequence forget, and where floating point ends it all.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import use_style
from solvable.solvers import (
    batch_perceptron,
    collapse_gap,
    continual_bounds,
    logistic_descent,
    max_margin,
    perceptron_bounds,
    plug_in_error,
    samples_to_reach,
    sequential_max_margin,
    softmax_descent,
)

use_style()
rng = np.random.default_rng(0)
X = rng.standard_normal((20, 5))
y = np.where(X @ rng.standard_normal(5) >= 0, 1.0, -1.0)
Z = X * y[:, None]

# %% [markdown]
# ## 1. The largest margin, slowly
#
# Weights with $Zw\ge1$ of least norm have the largest margin, and a few rows carry them:

# %%
best = max_margin(Z)
print(f"margin {best.margin:.4f}, carried by rows {best.support}, multipliers {best.dual[best.support].round(3)}")

# %% [markdown]
# Gradient flow on the mean logistic loss turns to that direction. Row $i$ pulls with $\alpha_i/t$, $\alpha$ the
# multipliers of the program: $z_i^T\theta-\ln t$ tends to $-\ln(n\alpha_i)$ on the rows that carry it. The angle falls
# as $1/\ln t$, and no faster.

# %%
run = logistic_descent(X, y, 1.0, 100_000, checkpoints=60)
angle = np.arccos(run.cosine_to_margin)
print(
    "angle at t = 100, 10,000, 100,000:",
    [round(float(angle[np.searchsorted(run.times, t)]), 3) for t in (1e2, 1e4, 1e5)],
)

# %%
fig, axes = plt.subplots(figsize=(4, 2.6))
axes.plot(np.log(run.times[1:]), 1 / np.tan(angle[1:]), marker="o", ls="none")
axes.set(xlabel=r"$\ln t$", ylabel="1/tan(angle)")
plt.show()

# %% [markdown]
# One over the angle grows by a constant in each unit of $\ln t$: a slope of $\ln$ angle against $\ln\ln t$, fitted at
# such times, lies anywhere between -0.9 and -1.4, because of the offset.
#
# ## 2. Large steps
#
# In units of the step the sigmoid becomes a step function: a perceptron. It separates in a bounded number of steps.

# %%
large = logistic_descent(X, y, np.array([1.0, 10.0, 100.0, 1e4, 1e100]), 2000)
perceptron = batch_perceptron(X, y, 1000)
bound = perceptron_bounds(np.linalg.norm(X, axis=1).max(), best.margin, len(y))
print(
    "steps to separate:", large.first_separated, "perceptron:", perceptron.first_separated, f"bound: {bound.batch:.0f}"
)

# %% [markdown]
# ## 3. Tasks in sequence
#
# With a vanishing ridge each new task projects the weights onto what separates it. Which order forgets less?

# %%
tasks = rng.standard_normal((4, 3, 12))
tasks *= np.where(tasks @ rng.standard_normal(12) >= 0, 1.0, -1.0)[..., None]
rows = tasks.reshape(-1, 12)
turn = sequential_max_margin(tasks, range(4), 6).distance
random = [sequential_max_margin(tasks, rng.integers(4, size=24), 1).distance for _ in range(200)]
bounds = continual_bounds(np.linalg.norm(rows, axis=1).max(), max_margin(rows).margin, 4, "cyclic", np.arange(25))
fig, axes = plt.subplots(figsize=(4, 2.6))
axes.semilogy(turn, label="in turn")
axes.semilogy(np.mean(random, axis=0), label="random, mean")
axes.semilogy(np.sqrt(bounds.distance2), "--", label="bound, in turn")
axes.set(xlabel="tasks learned", ylabel="distance to what separates all", ylim=(1e-6, None))
axes.legend()
plt.show()

# %% [markdown]
# ## 4. Where floating point ends it
#
# A lead of $(m+1)\ln2$ of the right class makes the softmax loss exactly 0. In half precision training reaches it:

# %%
print({name: round(collapse_gap(name, 10, "first"), 2) for name in ("float16", "float32", "float64")})
labels = (y > 0).astype(int)
for normaliser in ("softmax", "stablemax"):
    half = softmax_descent(X, labels, 30.0, 2000, dtype="float16", normaliser=normaliser)
    print(f"{normaliser:10} rows without gradient: {half.silent[-1]:.2f}, loss {half.loss[-1]:.2g}")

# %% [markdown]
# ## 5. How many samples?
#
# Two Gaussian classes at $\pm\mu$. At fixed $\|\mu\|$ the rule that only estimates the means needs samples in
# proportion to $d$, not to $\ln d$; estimating the covariance as well costs about
# three times as many.

# %%
d = np.array([10, 40, 160])
print(
    "means only:",
    samples_to_reach(0.01, d, 2.25).round(0),
    "discriminant:",
    samples_to_reach(0.01, d, 2.25, "discriminant").round(0),
)
print(
    "error of 2, 3 and 10 classes, n = 300, d = 30:",
    [float(plug_in_error(300, 30, 2.25, k).round(3)) for k in (2, 3, 10)],
)

# %% [markdown]
# ## Exercises
#
# 1. Repeat the first row 18 times beside one other: `Z = [[1, .3]]*19 + [[-1, .3]]`. How many steps does the batch
#    perceptron take, and the normalised one?
# 2. What does the margin do to the bound of section 3 if every row is multiplied by 10?
#
# <details><summary>Solutions</summary>
#
# 1. See below: the batch rule moves by 1/n of the single row; its steps grow as n.
# 2. Nothing relative to the distance: radius and margin grow alike, and the distance falls by 10 with the weights.
# </details>

# %%
copies = [[1.0, 0.3]] * 19 + [[-1.0, 0.3]]
print([batch_perceptron(copies, np.ones(20), 10_000, normalised).first_separated for normalised in (False, True)])
