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
# # Grokking, and layers that learn together
#
# You will see late generalisation in the simplest model that has it, the difference that the output scale makes
# between a kernel and features, a network that adds modulo p without training, how outliers leave a factorised matrix
# alone, and residual layers that become a differential equation.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import use_style
from solvable.solvers import (
    linear_grokking,
    modular_addition_weights,
    modular_logits,
    quadratic_network_flow,
    residual_limit,
    subgradient_descent,
    subspace_loss,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Late generalisation of least squares
#
# Gradient flow on n = d/γ Gaussian rows without noise. Close to γ = 1 the training error falls exponentially at once
# and the test error, which weighs the slow directions, much later. Lines: the limit; dots: one matrix of 300 columns,
# whose smallest eigenvalues decide the last of them.

# %%
times, gamma, d = np.geomspace(0.1, 1e4, 120), 0.9, 300
law = linear_grokking(gamma, times)
n = round(d / gamma)
x = np.linalg.svd(rng.standard_normal((n, d)) / np.sqrt(n), compute_uv=False) ** 2
figure, axes = plt.subplots(figsize=(4, 2.8))
for values, weight, name in ((law.train, x, "train"), (law.test, np.ones(d), "test")):
    (line,) = axes.plot(times, values, label=name)
    dots = times[::10]
    axes.plot(dots, [np.mean(weight * np.exp(-2 * x * t)) for t in dots], "o", ms=3, color=line.get_color())
axes.set(xscale="log", yscale="log", ylim=(1e-8, 2), xlabel="time", ylabel="error")
axes.legend()
plt.show()

# %% [markdown]
# ## 2. Lazy and rich
#
# A quadratic network, centred at its start, on infinitely many samples. With a large output scale $\alpha$ the weights
# hardly move, and what their kernel sees of the target is learned at once. With a small one they have to turn to the
# target first: a plateau, and then a fast fall. The time axis is scaled by $\alpha$:

# %%
D = 40
beta = np.zeros(D)
beta[0] = np.sqrt(D)
figure, axes = plt.subplots(figsize=(4, 2.8))
for scale in (0.25, 1.0, 4.0):
    t = np.geomspace(0.1, 300, 80)
    flow = quadratic_network_flow(np.zeros(D), np.eye(D), beta, scale, 1.0, t / scale)
    axes.plot(t, flow.risk.test / flow.risk.test[0], label=rf"$\alpha={scale:g}$")
axes.set(xscale="log", xlabel=r"$\alpha\times$ time", ylabel="test error over the first")
axes.legend()
plt.show()

# %% [markdown]
# ## 3. A network that adds modulo $p$
#
# Cosines of one frequency for each neuron add modulo p, up to noise that falls with the width. The share of right
# sums:

# %%
p = 23
right = (np.arange(p)[:, None] + np.arange(p)) % p
for width in (22, 33, 44, 88):
    shares = [
        np.mean(modular_logits(modular_addition_weights(p, width, rng=s)).argmax(axis=-1) == right) for s in range(5)
    ]
    print(f"width {width:3d}: {np.mean(shares):.3f}")

# %% [markdown]
# ## 4. Outliers and the loss
#
# A tenth of the measurements of a rank-two matrix are replaced by large numbers. The absolute loss, descended from a
# small start with steps that shrink, finds the matrix all the same; the squared loss does not:

# %%
d, m = 10, 600
factor = np.zeros((d, 2))
factor[0, 0] = factor[1, 1] = 1.0
truth = factor @ factor.T
A = rng.standard_normal((m, d, d))
y = np.einsum("iab,ab->i", A, truth) + np.where(rng.random(m) < 0.1, 20 * rng.standard_normal(m), 0.0)
for loss, step in (("l1", 0.3 * 0.99 ** np.arange(1500)), ("l2", np.full(1500, 0.05))):
    run = subgradient_descent(A, y, d, 1e-4, step, loss)
    print(f"{loss}: distance to the truth {np.linalg.norm(run.matrices[-1] - truth) / np.linalg.norm(truth):.1e}")

# %% [markdown]
# ## 5. Depth as time, and the loss in a random subspace
#
# A scalar residual network of L layers from zero weights obeys $\dot F=(y-F)F^{2-2/L}$; depth without end has a
# closed form and a correction in 1/L:

# %%
limit = residual_limit(2.0, 0.5)
for depth in (10, 40, 160):
    f = 1.0
    for _ in range(20_000):
        f += 0.5 / 20_000 * (2.0 - f) * f ** (2 - 2 / depth)
    predicted = float(limit.output + limit.correction / depth)
    print(f"{depth:4d} layers: {f:.5f}, with the correction {predicted:.5f}, without {float(limit.output):.5f}")

# %% [markdown]
# The least loss in a random subspace of dimension d falls in a straight line and is exactly zero from as many
# dimensions on as there are constraints: the intrinsic dimension of the problem.

# %%
print(subspace_loss(10, 100, [0, 3, 6, 9, 10]).mean)

# %% [markdown]
# ## Exercises
#
# 1. From which time on is the test error of section 1 proportional to $t^{-3/2}e^{-2(1-\sqrt\gamma)^2t}$, and why
#    does $\gamma=1$ give a power law?
# 2. In section 3, how does the width that gets nine tenths of the sums right grow with p? Try p = 53 and 97.
# 3. Where does the squared loss of section 4 end, and why is that no minimum of the absolute loss?
#
# <details><summary>Solutions</summary>
#
# 1. The density of the Marchenko-Pastur law starts like a root at its edge $(1-\sqrt\gamma)^2$; once
#    t times the distance over which it does is large, the integral is that power times the exponential. At $\gamma=1$
#    the edge is 0 and the density diverges like $x^{-1/2}$: the error falls as $t^{-1/2}$.
# 2. Slowly: the largest of p - 1 noises has to stay below the signal, and grows as $\sqrt{2\ln p}$.
# 3. At the least squares matrix, pulled by every outlier in proportion to its size; the signs of residuals do not
#    balance there.
#
# </details>
