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
# # Logistic regression in high dimension
#
# You will see when the maximum-likelihood fit exists at all, how far it is from the truth where it does, where its
# double descent peaks (not at n = d), which loss errs least on the same rows, and what a ridge is worth on two Gaussian
# classes.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linprog
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from solvable.figures.style import use_style
from solvable.solvers import (
    Spectrum,
    best_ridge,
    logistic_bias,
    mixture_risk,
    separability_threshold,
    state_evolution,
)

use_style()
rng = np.random.default_rng(0)


def labels(X, beta):
    """Labels +-1 of a logistic model."""
    return np.where(rng.random(len(X)) < 1 / (1 + np.exp(-X @ beta)), 1.0, -1.0)


# %% [markdown]
# ## 1. Does the fit exist?
#
# Where a hyperplane separates the labels, the likelihood has no maximum. With random labels that happens below two
# rows for each dimension (Cover); a strong teacher makes it happen above. A linear program says whether one data set is
# separable:

# %%
signals, d = np.linspace(0, 6, 61), 40
threshold = separability_threshold(signals**2).value


def separable(n, signal):
    """Whether some w has y x.w >= 1 for all rows."""
    X = rng.standard_normal((n, d))
    y = labels(X, signal / np.sqrt(d) * np.ones(d))
    return linprog(np.zeros(d), A_ub=-y[:, None] * X, b_ub=-np.ones(n), bounds=(None, None)).status == 0


figure, axes = plt.subplots(figsize=(4, 2.8))
axes.plot(signals, threshold, color="black")
for signal in (0.0, 2.0, 5.0):
    for ratio in (1.5, 2.5, 4.0, 6.0):
        share = np.mean([separable(int(ratio * d), signal) for _ in range(10)])
        axes.scatter(signal, ratio, c=[[share, 0.2, 1 - share]], s=20)
axes.set(xlabel=r"signal $\gamma$", ylabel="rows for each dimension", ylim=(1, 7))
axes.set_title("red: all ten sets separable, blue: none")
plt.show()

# %% [markdown]
# ## 2. Where it exists, it is biased
#
# With five rows for each dimension the estimate is half as large again as the truth, and its spread is larger than
# the classical theory says. A simulated fit:

# %%
kappa, gamma, n = 0.2, np.sqrt(5), 2000
law = logistic_bias(kappa, gamma)
d = int(kappa * n)
beta = gamma / np.sqrt(d) * np.ones(d)
X = rng.standard_normal((n, d))
fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-6, max_iter=500).fit(X, labels(X, beta)).coef_[0]
slope = fit @ beta / (beta @ beta)
spread = np.sqrt(n) * np.std(fit - slope * beta)
print(f"slope {float(law.slope):.3f} (one fit: {slope:.3f}), spread {float(law.spread):.3f} (one fit: {spread:.3f})")

# %% [markdown]
# ## 3. Double descent peaks at the threshold of existence
#
# With a small ridge the test loss has its peak where separability ends, beyond twice as many rows as dimensions, and
# nothing happens at n = d, where least squares has its peak:

# %%
spectrum = Spectrum.isotropic(100, 1.0)
ratio = np.geomspace(0.4, 12, 80)
figure, axes = plt.subplots(figsize=(4.5, 2.8))
for ridge in (0.01, 0.1, 1.0):
    risk = state_evolution(spectrum, 100 * ratio, ridge, "logistic", teacher="logistic")
    axes.plot(ratio, risk.test_loss, label=f"ridge {ridge:g}")
axes.axvline(float(separability_threshold(1.0)), color="0.7", lw=0.8)
axes.axvline(1, color="0.7", lw=0.8, ls=":")
axes.set(xscale="log", yscale="log", xlabel="rows for each dimension", ylabel="test loss")
axes.legend()
plt.show()

# %% [markdown]
# ## 4. Which loss?
#
# Labels are signs of a noisy field. Four losses are fitted to the same rows, with the same ridge, and every fit is
# judged by its angle to the truth. Lines: the theory of each loss.

# %%
d, noise, ridge, places = 50, 0.2, 5.0, np.array([1.0, 3.0, 9.0])
truth = np.ones(d) / np.sqrt(d)
models = {
    "square": Ridge(alpha=ridge, fit_intercept=False),
    "logistic": LogisticRegression(C=1 / ridge, fit_intercept=False),
    "hinge": LinearSVC(C=1 / ridge, loss="hinge", fit_intercept=False, max_iter=50_000, random_state=0),
    "squared_hinge": LinearSVC(C=0.5 / ridge, fit_intercept=False),
}
errors = np.zeros((len(models), len(places)))
for _ in range(10):
    X = rng.standard_normal((int(places[-1] * d), d))
    y = np.sign(X @ truth + np.sqrt(noise) * rng.standard_normal(len(X)))
    for i, model in enumerate(models.values()):
        for j, n in enumerate((places * d).astype(int)):
            w = np.ravel(model.fit(X[:n], y[:n]).coef_)
            errors[i, j] += np.arccos(w @ truth / np.linalg.norm(w) / np.sqrt(1 + noise)) / np.pi / 10

isotropic, ratio = Spectrum.isotropic(d, 1.0), np.geomspace(0.5, 12, 60)
figure, axes = plt.subplots(figsize=(4.5, 2.8))
for i, (loss, marker) in enumerate(zip(models, "os^D", strict=True)):
    line = axes.plot(ratio, state_evolution(isotropic, ratio * d, ridge, loss, "sign", noise).test_error, label=loss)[0]
    axes.plot(places, errors[i], marker, color=line.get_color(), ms=4)
    theory = state_evolution(isotropic, places * d, ridge, loss, "sign", noise).test_error
    print(f"{loss:14}", "  ".join(f"{a:.3f} (theory {b:.3f})" for a, b in zip(errors[i], theory, strict=True)))
axes.set(xscale="log", xlabel="rows for each dimension", ylabel="share of wrong signs")
axes.legend()
plt.show()

# %% [markdown]
# ## 5. What is a ridge worth?
#
# Two balanced Gaussian classes are best told apart with an infinite ridge: the mean of the classes' rows. With
# unequal classes a finite one is best.

# %%
for balance in (0.5, 0.3, 0.1):
    best = best_ridge(1.0, 2.0, "logistic", balance)
    error = mixture_risk(1.0, 2.0, [0.01, float(best.value)], "logistic", balance).test_error
    print(f"share {balance}: best ridge {float(best.value):.3g}, error {error[1]:.4f} (ridge 0.01: {error[0]:.4f})")

# %% [markdown]
# ## Exercises
#
# 1. Derive Cover's two rows for each dimension from the formula of the threshold at $\gamma=0$.
# 2. Why does the peak of the logistic loss move with the signal, and that of least squares does not?
# 3. Repeat section 2 with 20 rows for each dimension. Is the estimate still biased?
# 4. In section 4 divide the ridge by ten. Which losses suffer most at one row for each dimension, and why?
#
# <details><summary>Solutions</summary>
#
# 1. Without signal u is independent of z and its sign is random, so t = 0 is best: $E(z)_+^2=\frac12$, and n/d = 2.
# 2. Least squares interpolates when the rows are as many as the dimensions, whatever the labels. The logistic fit
#    diverges when the labels can be separated, and labels that a strong teacher gave are easier to separate.
# 3. `logistic_bias(0.05, gamma)` says 1.07: 7 %, where the classical theory says none.
# 4. The square loss: at n = d it would interpolate the labels, noise and all, and only the ridge keeps it from that
#    pole; the theory goes from 0.325 to 0.378, that of the logistic loss from 0.303 to 0.307.
#
# </details>
