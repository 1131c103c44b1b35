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
# # Infinitely wide networks
#
# You will see the two kernels of a wide network, a trained ensemble that follows them, the stairs of a learning curve
# on the sphere, and what depth does: to the variance, and to the classifier in the limit.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import use_style
from solvable.solvers import (
    critical_flow,
    deep_classifier,
    edge_of_chaos,
    hermite_coefficients,
    linearised_training,
    ridge_risk,
    sphere_spectrum,
    wide_network_kernels,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Two kernels
#
# At initialisation the outputs of a wide network are a Gaussian process with covariance $\Sigma$ (NNGP); the sum of
# products of their derivatives in all weights is the tangent kernel $\Theta$ (NTK). A network of 2,000 neurons knows
# both to a few per cent:

# %%
X = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.6, 0.8]])
kernels = wide_network_kernels(X)
width, d = 2000, 3
W, v = rng.standard_normal((40, width, d)), rng.standard_normal((40, width))
z = np.sqrt(2 / d) * W @ X.T  # weight variance 2, one hidden layer of ReLU, 40 networks
h, on = np.maximum(z, 0), (z > 0) * v[..., None]
covariance = 2 / width * np.einsum("knx,kny->xy", h, h) / 40
tangent = covariance + 4 / width / d * np.einsum("knx,kny->xy", on, on) / 40 * (X @ X.T)
print("NNGP\n", kernels.nngp.round(3), "\nof networks\n", covariance.round(3))
print("NTK\n", kernels.ntk.round(3), "\nof networks\n", tangent.round(3))

# %% [markdown]
# ## 2. Training
#
# Gradient flow on $\frac12\sum(f-y)^2$ keeps the tangent kernel, so every network moves as a linear model does. Mean
# and spread over initialisations of the prediction for a circle of inputs:

# %%
angles, train = np.linspace(0, 2 * np.pi, 121), np.array([0.5, 1.5, 2.8, 4.0])


def circle(angle):
    """Points of the unit circle."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


y = np.array([1.0, -0.5, 0.5, 1.0])
inside, cross, outside = (
    wide_network_kernels(*pair) for pair in [(circle(train),), (circle(angles), circle(train)), (circle(angles),)]
)
times = [0.0, 1.0, np.inf]
found = linearised_training(
    (inside.ntk, cross.ntk, outside.ntk), (inside.nngp, cross.nngp, outside.nngp), times, y
)  # training, test against training, test
fig, axes = plt.subplots(1, 3, figsize=(7, 2.2), sharey=True)
for ax, t, mean, covariance in zip(axes, times, found.mean, found.covariance, strict=True):
    spread = 2 * np.sqrt(np.maximum(np.diag(covariance), 0))
    ax.plot(angles, mean)
    ax.fill_between(angles, mean - spread, mean + spread, alpha=0.2)
    ax.plot(train, y, "k.")
    ax.set(title=f"t = {t:g}", xlabel="angle")
plt.show()
print("training loss:", found.train_loss.round(4))

# %% [markdown]
# ## 3. Stairs on the sphere
#
# In d dimensions a kernel has one eigenvalue for all harmonics of a degree, and there are about $d^k/k!$ of degree k:
# with n of that order the degree is learned. Degrees that are left out act as a ridge.

# %%
sphere = sphere_spectrum({"activation": "relu", "depth": 2, "bias_variance": 0.1}, d=30, degree=6)
n = np.geomspace(2, 50_000, 120)
power = np.zeros(7)
power[1:4] = 1 / 3  # a target of degrees 1, 2 and 3 with the same power
spectrum = sphere.spectrum(power)
risk = ridge_risk(spectrum, n, sphere.ridge(0.0))
fig, ax = plt.subplots(figsize=(4, 2.6))
ax.semilogx(n, risk.test)
for size in sphere.multiplicities[1:4]:
    ax.axvline(size, color="0.7", lw=0.8)
ax.set(xlabel="samples n", ylabel="test error")
plt.show()

# %% [markdown]
# ## 4. Depth
#
# Variances stay at the edge of chaos. In every layer the squared scale of a finite network fluctuates afresh, so the
# kurtosis grows with depth over width:

# %%
edge = edge_of_chaos("erf", [0.1, 0.5, 1.0])
print("erf, edge:", edge.weight_variance.round(4), edge.bias_variance.round(4))
flow = critical_flow("relu", 2.0, 0.0, 1.0, 10)
print("relu, variance:", flow.kernel.round(6), "vertex:", flow.vertex.round(6))
L, n_width, x = 10, 50, np.ones(5) / np.sqrt(5)
out = np.tile(x, (4000, 1))
for layer in range(L):
    fan = out.shape[1]
    out = np.stack([rng.standard_normal((n_width, fan)) @ row for row in out]) * np.sqrt((1 if layer == 0 else 2) / fan)
    last, out = out[:, 0], np.maximum(out, 0)
print("E z^4/3K^2:", (np.mean(last**4) / 3 / np.mean(last**2) ** 2).round(2), "exact:", (1 + 5 / n_width) ** (L - 1))

# %% [markdown]
# An infinitely deep network is one of three classifiers, by three numbers of its activation alone:

# %%
for name, activation in {"relu": "relu", "erf": "erf", "u^3 + u": lambda u: u**3 + u}.items():
    a = hermite_coefficients(activation)
    kind = deep_classifier(a**2 / np.sum(a**2))
    print(f"{name}: {kind.kind}, exponent {kind.exponent}")

# %% [markdown]
# ## Exercises
#
# 1. Why are both kernels of the first section larger at the diagonal than off it, and why is $\Theta=2\Sigma$ there?
# 2. At which n would the fourth stair of section 3 be? Which degree does ReLU of one layer without bias never learn?
#
# <details><summary>Solutions</summary>
#
# 1. Equal inputs have the largest covariance. For $z\to\max(z,0)$ the function is homogeneous of degree one in the
#    weights of each of the two layers, so both layers give the same sum of squared derivatives: $\Sigma$.
# 2. See below; odd degrees above 1 have the eigenvalue 0.
# </details>

# %%
print("harmonics of degree 4 in 30 dimensions:", int(sphere.multiplicities[4]))
print("relu, one layer:", sphere_spectrum({"activation": "relu"}, d=30, degree=6).eigenvalues.round(8))
