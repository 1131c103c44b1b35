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
# # Denoisers and embeddings
#
# You will see what a denoiser learns, where guided sampling of a Gaussian goes instead of its posterior, how an
# embedding of pairs is learned one mode after another, and when the cosine of two embeddings means nothing.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import use_style
from solvable.solvers import (
    embedding_descent,
    factor_penalty,
    final_embedding,
    guided_sampling,
    item_cosines,
    item_model,
    mixture_denoiser,
    mixture_flow,
    pair_matrix,
    posterior,
    product_penalty,
    stepwise_embedding,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. A denoiser points up the density
#
# The best reconstruction moves a noisy point by $\sigma^2$ times the score of the *noised* density. As the noise
# vanishes that tends to the score of the clean one:

# %%
x = np.linspace(-3, 3, 121)
fig, axes = plt.subplots(figsize=(4, 2.6))
for noise2 in (0.5, 0.1, 0.01):
    found = mixture_denoiser(x[:, None], [0.4, 0.6], [[-1.0], [1.0]], [[[0.2]], [[0.4]]], noise2)
    axes.plot(x, (found.estimate[:, 0] - x) / noise2, label=rf"$\sigma^2={noise2}$")
axes.set(xlabel="$x$", ylabel=r"$(r(x)-x)/\sigma^2$")
axes.legend()
plt.show()

# %% [markdown]
# A flow between noise and a mixture, its denoiser learned from $n$ pairs, has the best rate and twice the constant:

# %%
pairs = np.array([16, 64, 256, 1024])
print("n times the squared error:", (pairs * mixture_flow(pairs, 0.1, 0.7).mse).round(3), "against 2 x 0.49")

# %% [markdown]
# ## 2. Guidance is not conditioning
#
# A signal of variance 1 is measured as 1 in noise of variance 0.25. Sampling that follows the gradient of the denoised
# residual does not sample the posterior, at no scale:

# %%
law = posterior([1.0], [[1.0]], [0.0], [[1.0]], 0.25)
print(f"posterior: mean {law.mean[0]:.3f}, variance {law.covariance[0, 0]:.3f}")
for scale in (1.0, np.log(5) / 4):
    found = guided_sampling(1.0, 0.25, 1.0, scale)
    print(f"guided, scale {scale:.2f}: mean {float(found.mean):.3f}, variance {float(found.variance):.3f}")

# %% [markdown]
# ## 3. Pairs are learned one mode after another
#
# Pairs share two strong directions and one weak one. The loss of a linear embedding falls in steps, at times that the
# start and the eigenvalues of the pair matrix decide:

# %%
shared = rng.standard_normal((400, 6)) * np.array([1.5, 1.0, 0.6, 0.1, 0.1, 0.1])
first, second = (shared + 0.2 * rng.standard_normal(shared.shape) for _ in range(2))
gamma = pair_matrix(first, second)
start = 1e-4 * rng.standard_normal((3, 6))
rate = 0.01 / float(np.linalg.eigvalsh(gamma)[-1])
run = embedding_descent(gamma, start, rate, 8000, 60)
path = stepwise_embedding(gamma, start, run.steps * rate, 3)
print("steps predicted at", path.step_times.round(2))
fig, axes = plt.subplots(figsize=(4, 2.6))
axes.plot(run.steps * rate, path.losses, label="closed form")
axes.plot(run.steps * rate, run.losses, "o", ms=3, label="descent")
axes.set(xlabel="time", ylabel="loss")
axes.legend()
plt.show()

# %% [markdown]
# Where it ends is a kernel principal component analysis of the pairs:

# %%
points = np.concatenate([first, second])
rows = final_embedding(points @ points.T, np.column_stack([np.arange(400), np.arange(400, 800)]), 3)
learned = points @ run.weights[-1].T
print(f"Gram matrices differ by {np.abs(rows @ rows.T - learned @ learned.T).max():.1e}")

# %% [markdown]
# ## 4. Cosines that mean nothing
#
# With a penalty on the product of two factors every scaling between them is optimal, and cosines follow the scaling.
# With a penalty on each factor they are determined:

# %%
X = rng.standard_normal((200, 3)) @ rng.standard_normal((3, 8)) + 0.5 * rng.standard_normal((200, 8))
for scaling in ([1, 1, 1], [4, 1, 0.25], [0.25, 1, 4]):
    found = product_penalty(X, 10.0, 3, scaling)
    print(f"scaling {scaling}: value {found.objective:.6f}, cosine {item_cosines(found.items)[0, 1]:+.3f}")
print(f"a penalty on each factor: cosine {item_cosines(factor_penalty(X, 5.0, 3).items)[0, 1]:+.3f}")

# %% [markdown]
# Items regressed on each other need no embedding and no cosine:

# %%
print("weights of all items for the first:", item_model(X, 10.0).weights[:, 0].round(2))

# %% [markdown]
# ## Exercises
#
# 1. Which scale makes guided sampling have the posterior's variance? What is its mean then?
# 2. Start the embedding of section 3 at 0.1. Why do the steps run into each other?
# 3. Which scaling makes every two items orthogonal at full rank, 8?
#
# <details><summary>Solutions</summary>
#
# 1. About 0.62, between the scales above; the mean is then 0.916 and not 0.8. See below.
# 2. A start ε is off by its power 1 − g, g the largest ratio of neighbouring modes: 0.1 is not small.
# 3. That by the lengths of the columns of the plain items, which makes them orthonormal. See below.
# </details>

# %%
scales = np.linspace(0.3, 1, 1401)
best = scales[np.argmin(np.abs(guided_sampling(1.0, 0.25, 1.0, scales).variance - 0.2))]
print(f"scale {best:.3f}, mean {float(guided_sampling(1.0, 0.25, 1.0, best).mean):.3f}")
lengths = np.linalg.norm(product_penalty(X, 10.0, 8).items, axis=0)
print(np.abs(item_cosines(product_penalty(X, 10.0, 8, lengths).items) - np.eye(8)).max() < 1e-12)
