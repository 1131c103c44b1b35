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
# # Learning in context, and attention
#
# You will see what a layer of linear attention learns (one step of gradient descent), what its training does to it,
# what a Bayes learner does better, and which tokens softmax attention selects in the end.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import use_style
from solvable.solvers import (
    attention_descent,
    attention_flow,
    attention_limit,
    attention_margin,
    bayes_risk,
    mean_predictive_variance,
    optimal_linear_attention,
    posterior_predictive,
    trained_attention_risk,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. One step of descent
#
# A prompt shows n examples of $y=w^Tx+\varepsilon$. The best layer answers $x_q^TP\sum_iy_ix_i$: a step of gradient
# descent from $w=0$. With isotropic inputs and tasks the step size is $1/(n+d+1+\sigma^2)$:

# %%
d, noise = 5, 0.25
layer = optimal_linear_attention(10, np.eye(d), np.eye(d), noise)
print("P_11:", float(layer.preconditioner[0, 0].round(5)), "formula:", round(1 / (10 + d + 1 + noise), 5))
X, w = rng.standard_normal((20_000, 10, d)), rng.standard_normal((20_000, d))
y = np.einsum("kni,ki->kn", X, w) + noise**0.5 * rng.standard_normal((20_000, 10))
S = np.einsum("kn,kni->ki", y, X)
print("learned:", (np.linalg.solve(S.T @ S, S.T @ w)[0, 0]).round(5))

# %%
n = np.arange(1, 101)
fig, axes = plt.subplots(figsize=(4, 2.6))
axes.loglog(n, [optimal_linear_attention(k, np.eye(d), np.eye(d), noise).risk for k in n], label="one step")
axes.loglog(n, [float(bayes_risk(k, np.eye(d), np.eye(d), noise)) for k in n], label="Bayes")
axes.set(xlabel="examples n", ylabel="risk")
axes.legend()
plt.show()

# %% [markdown]
# ## 2. Training it
#
# Gradient flow keeps $u^2-\|U\|^2$ and ends at $\Gamma^{-1}$, which knows the *training* length. A longer prompt at
# test helps down to a floor.

# %%
covariance = np.diag([2.0, 1.0, 0.5])
flow = attention_flow(covariance, 10, 0.1, [0.0, 1.0, 10.0, 100.0])
print("loss:", flow.loss.round(4), "limit:", float(attention_limit(covariance, 10).loss.round(4)))
print(
    "risk at M = 10, 100, 1000, 10000:",
    trained_attention_risk(covariance, 10, [10, 100, 1000, 10_000], prior=np.eye(3)).round(4),
)

# %% [markdown]
# ## 3. How sure?
#
# The minimiser of the Gaussian likelihood is the posterior. Here the noise is one of three, and the prompt tells which:

# %%
for length in (3, 10, 40):
    inputs, task = rng.standard_normal((length, d)), rng.standard_normal(d)
    labels = inputs @ task + rng.standard_normal(length)  # noise variance 1
    said = posterior_predictive(inputs, labels, np.ones(d), noise=([0.1, 1.0, 4.0], [0.3, 0.4, 0.3]))
    print(f"n = {length}: {float(said.mean):.2f} +- {float(said.variance) ** 0.5:.2f}, levels {said.weights.round(2)}")
print("variance averaged over prompts:", mean_predictive_variance([3, 10, 40], d, 1.0).round(2))

# %% [markdown]
# ## 4. Softmax selects
#
# Descent on the weights of softmax attention runs off to infinity along the solution of a margin program.


# %%
def unit(*shape):
    x = rng.standard_normal(shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


tokens, queries = unit(3, 4, 10), unit(3, 10)
scores = tokens @ unit(10)
run = attention_descent(tokens, queries, scores, 0.1, 2000)
program = attention_margin(tokens, queries, run.selected[0])
W = run.weights[0]
cosine = np.sum(W * program.weights, axis=(1, 2)) / np.linalg.norm(W, axis=(1, 2)) / program.norm
print("selected:", run.selected[0], "best:", scores.argmax(axis=1), "rank:", program.rank)
print("correlation:", dict(zip(run.steps[::6].tolist(), cosine[::6].round(4).tolist(), strict=True)))

# %% [markdown]
# ## Exercises
#
# 1. Which step size does one step take without noise at n = 1 in d = 1, and why is it not 1?
# 2. Train at length 10 and test on inputs of four times the variance. What happens to the risk of section 2?
#
# <details><summary>Solutions</summary>
#
# 1. 1/3: $E x^4=3$, and the step multiplies the label by $x\,x_q$, which is right only on average.
# 2. See below: the layer keeps its step for the old inputs and overshoots.
# </details>

# %%
print(float(optimal_linear_attention(1, [[1.0]], [[1.0]]).preconditioner[0, 0]))
print(trained_attention_risk(covariance, 10, 100, prior=np.eye(3), test_covariance=4 * covariance).round(3))
