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
# # Regression beyond ridge, curvature, and fitting the rare
#
# You will see what is lost when labels are released in bags, why a trained ReLU network of one input is a spline,
# what a derivative in a hyperparameter costs, why a forest is smoother on new inputs than on its own, and what it
# costs not to fit an example that was seen once.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

from solvable.figures.style import use_style
from solvable.solvers import (
    aggregate_fit,
    aggregate_risk,
    effective_parameters,
    excess_from_unfitted,
    forest_weights,
    linear_spline_fit,
    optimal_bag,
    ridge_hypergradient,
    spline_network,
    tail_mass,
)

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Labels in bags
#
# A hospital releases the mean label of every k patients. The fit minimises the loss of the bags, plus $\rho$ times the
# spread of its predictions inside them. Theory and 100 simulated data sets:

# %%
n, d, noise = 240, 20, 0.25
rho = np.linspace(0, 1, 121) ** 2
figure, axes = plt.subplots(figsize=(4, 2.6))
for k in (2, 4, 8):
    (line,) = axes.plot(rho, aggregate_risk(n, d, k, rho, noise).excess, label=f"bags of {k}")
    for r in (0.0, 0.2, 0.6):
        found = []
        for _ in range(100):
            w, X = rng.standard_normal(d), rng.standard_normal((n, d))
            w /= np.linalg.norm(w)
            y = (X @ w + np.sqrt(noise) * rng.standard_normal(n)).reshape(-1, k)
            responses = y.mean(axis=1)
            found.append(np.sum((aggregate_fit(X, responses, r) - w) ** 2))
        axes.errorbar(r, np.mean(found), 2 * np.std(found) / 10, fmt="o", color=line.get_color(), ms=3)
axes.set(xlabel=r"weight $\rho$ of the spread inside a bag", ylabel="excess risk")
axes.legend()
plt.show()

# %% [markdown]
# Bags never help by themselves. Where the release adds noise for privacy, of variance $\tau^2/k$ in a bag's mean,
# there is a best size:

# %%
for privacy in (0.0, 4.0, 40.0, 200.0):
    best = optimal_bag(1200, 40, 0.25, privacy_variance=privacy)
    print(f"privacy noise {privacy:5.0f}: bags of {best.bag}, excess {best.excess:.3f}")

# %% [markdown]
# ## 2. A trained network of one input is a spline
#
# Weight decay on both layers of a ReLU network is, at the minimum, a penalty on the total variation of the slope. So
# the network that training looks for is a linear spline with few knots:

# %%
diabetes = load_diabetes()
x, place = np.unique(diabetes.data[:, 2], return_inverse=True)  # body-mass index; equal ones are averaged
y = np.bincount(place, diabetes.target) / np.bincount(place)
figure, axes = plt.subplots(figsize=(4, 2.6))
axes.plot(x, y, ".", color="0.8", ms=3)
for ridge in (0.1, 0.5, 2.0):
    fit = linear_spline_fit(x, y, ridge)
    network = spline_network(fit)
    fine = np.linspace(x.min(), x.max(), 400)
    axes.plot(fine, network.output(fine), label=f"{len(fit.knots)} knots")
axes.set(xlabel="body-mass index", ylabel="progression")
axes.legend()
plt.show()

# %% [markdown]
# ## 3. The derivative in a hyperparameter
#
# One decomposition gives the validation loss and its derivative in the log-ridge at every ridge. The zero of the
# derivative is the best ridge:

# %%
X, t = diabetes.data, diabetes.target - diabetes.target.mean()
order = rng.permutation(len(t))
train, validation = order[:60], order[60:]
log_ridges = np.linspace(-12, 4, 200)
found = ridge_hypergradient(X[train], t[train], X[validation], t[validation], log_ridges)
figure, (left, right) = plt.subplots(1, 2, figsize=(6.5, 2.4))
left.plot(log_ridges, found.loss / len(validation))
left.set(xlabel=r"$\ell=\ln$ ridge", ylabel="validation loss")
right.plot(log_ridges, found.gradient / len(validation), label="derivative")
differences = np.gradient(found.loss, log_ridges) / len(validation)
right.plot(log_ridges[::8], differences[::8], "o", ms=3, label="differences")
right.set(xlabel=r"$\ell=\ln$ ridge")
right.legend()
plt.show()

# %% [markdown]
# ## 4. Forests are smoothers
#
# A forest's prediction is a weighted mean of training labels, so it has effective parameters, and more of them on the
# inputs it was grown on than on new ones:

# %%
forest = RandomForestRegressor(30, max_features=0.4, random_state=0, bootstrap=False).fit(X[train], t[train])
on_train, on_new = (effective_parameters(forest_weights(forest, X[i], X[train])) for i in (train, validation))
print(f"{len(train)} rows: {on_train:.1f} effective parameters on its own inputs, {on_new:.1f} on new ones")
weights = forest_weights(forest, X[validation], X[train])
print("predictions agree to", np.abs(weights @ t[train] - forest.predict(X[validation])).max())

# %% [markdown]
# ## 5. What it costs not to fit the rare
#
# Where the frequencies of subpopulations have a long tail, an example that was seen once among n may stand for a
# whole share $\tau_1$ of what comes. A learner that leaves it unfitted pays that share:

# %%
frequencies = np.arange(1.0, 1001) ** -1.0
for n_seen in (500, 2000, 8000):
    masses = tail_mass(frequencies, n_seen, 1000, [1, 2, 3])
    print(f"n = {n_seen}: an example seen once, twice, three times stands for", masses.round(6))
    print(
        "    leaving ten of those seen once unfitted costs at least", round(excess_from_unfitted([10, 0, 0], masses), 4)
    )

# %% [markdown]
# ## Exercises
#
# 1. Derive the excess risk of bags at $\rho=0$: m = n/k rows of isotropic Gaussians with noise variance
#    $\sigma^2$ (sums of k rows, scaled to unit variance). Compare with `aggregate_risk`.
# 2. Why has an interpolating forest without bootstrap as many effective parameters as rows, and why does
#    `bootstrap=True` break the statement that the trace counts them?
# 3. Change the exponent of the frequencies to 2. When does memorising stop to pay?
#
# <details><summary>Solutions</summary>
#
# 1. Means of k rows, times $\sqrt k$, are m isotropic Gaussian rows with label noise of variance $\sigma^2$: least
#    squares has excess $\sigma^2d/(m-d-1)$, exactly; the theory's is that of the limit.
# 2. Every training row is alone in its leaf, $s(x_j)=e_j$, unless neighbours have the same label (hence 59.3, not 60).
#    Bootstrap leaves rows out: a row's own weight is below one although the forest still fits almost everything.
# 3. An example seen once still stands for about 1/(2n), but only few are seen once: 57 of 8,000 (209 at exponent 1),
#    so leaving all of them unfitted costs at least 0.4 % (4.6 %).
#
# </details>
