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
# # Diagonal linear networks: from kernel to rich
#
# You will see one number, the scale of the initial weights, turn the same network from minimum-$\ell_2$ interpolation
# into sparse recovery. The end of training has a closed form as a convex problem, and you will check it against a
# training loop of your own.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import diagonal_descent, interpolator, minimum_l1, minimum_l2, saddle_to_saddle

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The model
#
# Linear regression with weights written as $\beta=w_+^2-w_-^2$, trained by gradient descent on $w_\pm$ from
# $w_\pm=\alpha$, loss $\frac1{2n}\|X\beta-y\|^2$. There are more weights than samples, so many $\beta$ fit; which one
# is found?

# %%
n, d = 20, 40
X = rng.standard_normal((n, d))
target = np.zeros(d)
target[:3] = [1.0, -1.0, 0.5]
y = X @ target


def train(alpha, step=0.02, steps=40000):
    """Gradient descent by hand."""
    plus, minus = np.full(d, alpha), np.full(d, alpha)
    for _ in range(steps):
        gradient = X.T @ (X @ (plus**2 - minus**2) - y) / n
        plus, minus = plus - 2 * step * gradient * plus, minus + 2 * step * gradient * minus
    return plus**2 - minus**2


for alpha in (0.03, 1.0):
    found, predicted = train(alpha), interpolator(X, y, alpha).value
    print(
        f"alpha = {alpha}: training loss {np.mean((X @ found - y) ** 2):.1e}, distance to theory "
        f"{np.linalg.norm(found - predicted):.1e}, to the target {np.linalg.norm(found - target):.3f}"
    )

# %% [markdown]
# ## 2. Where it comes from
#
# Along gradient flow $\dot w_\pm=\mp2g\odot w_\pm$ with $g=X^T(X\beta-y)/n$, so $\log w_\pm$ moves in the range of
# $X^T$ only, and $\beta=2\alpha^2\sinh(z)$ with $z$ in that range. Those are the optimality conditions of
#
# $$\min_\beta\sum_iQ_\alpha(\beta_i)\ \text{ subject to }X\beta=y,\quad
# Q_\alpha'(b)=\operatorname{arcsinh}\frac b{2\alpha^2}.$$
#
# For large $\alpha$ the potential is a parabola (minimum $\ell_2$ norm), for small $\alpha$ it is close to
# $|b|\log(1/\alpha^2)$ (minimum $\ell_1$ norm).

# %%
scales = np.geomspace(1e-4, 10, 25)
ends = np.array([interpolator(X, y, alpha).value for alpha in scales])
fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
ax.loglog(scales, np.linalg.norm(ends - minimum_l2(X, y), axis=1), color=COLOURS[0], label=r"to minimum $\ell_2$")
ax.loglog(scales, np.linalg.norm(ends - minimum_l1(X, y).value, axis=1), color=COLOURS[1], label=r"to minimum $\ell_1$")
ax.set(xlabel=r"initial scale $\alpha$", ylabel="distance")
ax.legend()
print("minimum l1 is the target:", np.allclose(minimum_l1(X, y).value, target, atol=1e-8))

# %% [markdown]
# A knob, to be turned in a running kernel: the scale. Dots are the coefficients that are found, crosses the target,
# which has three; here at two fixed scales.


# %%
def draw(log_alpha):
    """Coefficients of the interpolator at one scale."""
    _, ax = plt.subplots(figsize=(SINGLE, 2.0))
    ax.axhline(0, color="0.8", lw=0.8)
    ax.plot(interpolator(X, y, 10**log_alpha).value, "o", color=COLOURS[0])
    ax.plot(target, "x", color="black")
    ax.set(xlabel="coordinate", ylabel="coefficient", title=rf"$\alpha=10^{{{log_alpha:g}}}$", ylim=(-1.2, 1.2))


draw(0.0)
draw(-2.0)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, log_alpha=(-4.0, 1.0, 0.25))

# %% [markdown]
# ## 3. Finite steps count
#
# Gradient descent with a finite step ends at the interpolator of *another* scale, one a coordinate, which is known
# once the gradients are: `effective_scale`. SGD lowers it everywhere; full-batch descent lowers it where the target
# lives, which is the wrong place.

# %%
for batch in (None, 1):
    run = diagonal_descent(X, y, 0.02, 30000, 0.1, batch, accumulate=True, rng=0)
    end = run.beta[0, -1]
    predicted = interpolator(X, y, run.effective_scale[0], offset=run.offset[0]).value
    kind = "full batch" if batch is None else "batch 1   "
    print(
        f"{kind}: to the target {np.linalg.norm(end - target):.4f}, to theory {np.linalg.norm(end - predicted):.1e}, "
        f"scale {run.effective_scale[0].min():.3f} to {run.effective_scale[0].max():.3f} (from 0.1)"
    )
print(f"gradient flow: to the target {np.linalg.norm(interpolator(X, y, 0.1).value - target):.4f}")

# %% [markdown]
# ## 4. From a tiny start: one coordinate after the other
#
# As $\alpha\to0$, in units of $\log(1/\alpha)$ of time, the flow rests at saddles and jumps between them.

# %%
path = saddle_to_saddle(X, y)
fig, ax = plt.subplots(figsize=(SINGLE, 2.2))
ends = np.append(path.times, path.times[-1] * 1.3)
for j in range(3):
    ax.stairs(path.saddles[:, j], np.append(0, ends), color=COLOURS[j], baseline=None, label=f"coordinate {j + 1}")
ax.set(xlabel=r"time / $\log(1/\alpha)$", ylabel="coefficient")
ax.legend()
print("coordinates in use at each saddle:", np.count_nonzero(path.saddles, axis=1))

# %% [markdown]
# ## Exercises
#
# 1. Derive $\beta=2\alpha^2\sinh z$ from the two flows. What is conserved?
# 2. Train a network with $\beta=w_+^3-w_-^3$. Does it need a smaller or a larger $\alpha$ for the same sparsity?
# 3. Add noise to `y`. Which scale is now best, and why is it not the smallest?
#
# <details><summary>Solutions</summary>
#
# 1. $w_+w_-$ is conserved, so with $w_\pm=\alpha e^{\pm z/2}$ the difference of squares is $2\alpha^2\sinh z$.
# 2. A larger one: deeper networks are sparser at equal scale. See `interpolator(X, y, alpha, depth=3)`.
# 3. An interpolator must fit the noise. Spread over all coordinates (large scale) it does less harm to each.
# </details>

# %%
for depth in (2, 3):
    print(f"depth {depth}: l1 norm {np.abs(interpolator(X, y, 0.1, depth=depth).value).sum():.4f} at alpha = 0.1")
