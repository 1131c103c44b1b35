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
# # Deterministic equivalents from scratch
#
# You will see random matrices behave like fixed ones. From one identity and one approximation you get the effective
# ridge, from it the Marchenko-Pastur density, and from its derivative the test error of ridge regression, each in a
# few lines of NumPy that are then compared with the solvers.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import Spectrum, effective_ridge, ridge_risk, sample_covariance_density

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. A trace that does not fluctuate
#
# Rows $x_i=\Sigma^{1/2}z_i$, and $Q=(X^TX+\delta)^{-1}$. The number $\mathrm{tr}\,\Sigma Q$ is random, but hardly:

# %%
eigenvalues = 1 / np.arange(1, 301)
ridge = 0.3


def sample_trace(n):
    """tr(Sigma Q) of one sample."""
    X = rng.standard_normal((n, eigenvalues.size)) * np.sqrt(eigenvalues)
    return np.trace(np.linalg.solve(X.T @ X + ridge * np.eye(eigenvalues.size), np.diag(eigenvalues)))


for n in (25, 50, 100):
    values = [sample_trace(n) for _ in range(20)]
    print(f"n = {n}: {np.mean(values):.4f} +- {np.std(values):.4f}")

# %% [markdown]
# ## 2. Leave one row out
#
# Write $Q_{-i}$ for the resolvent without row $i$. Sherman and Morrison: $Qx_i=Q_{-i}x_i/(1+x_i^TQ_{-i}x_i)$. The
# quadratic form is close to $\tau=\mathrm{tr}\,\Sigma Q$, since $x_i$ is independent of $Q_{-i}$ and one row of many
# matters little. Insert it into $I=\delta Q+\sum_ix_ix_i^TQ$ and average over each row alone:
#
# $$I\approx\delta Q+\frac{n}{1+\tau}\Sigma Q\quad\Rightarrow\quad\delta Q\approx\kappa(\Sigma+\kappa)^{-1},\qquad
# \kappa=\frac{\delta(1+\tau)}n.$$
#
# With $\tau=\mathrm{tr}\,\Sigma Q=(\kappa/\delta)\sum_is_i/(s_i+\kappa)$ this closes:
# $n=\sum_i\frac{s_i}{s_i+\kappa}+\frac\delta\kappa$.


# %%
def kappa_by_hand(eigenvalues, n, ridge):
    """Iterate the equation; it contracts for a positive ridge."""
    kappa = (ridge + np.sum(eigenvalues)) / n
    for _ in range(2000):
        kappa = (ridge + kappa * np.sum(eigenvalues / (eigenvalues + kappa))) / n
    return kappa


for n in (25, 50, 100):
    kappa = kappa_by_hand(eigenvalues, n, ridge)
    trace = kappa / ridge * np.sum(eigenvalues / (eigenvalues + kappa))
    solver = float(effective_ridge(Spectrum(eigenvalues), n, ridge).value)
    print(f"n = {n}: kappa {kappa:.8f} (solver {solver:.8f}), tr Sigma Q = {trace:.4f}")

# %% [markdown]
# Compare with the simulated traces above. The loop needs hundreds of steps at small ridges and never ends at ridge 0;
# the solver takes a handful of Newton steps on the logarithm, and the limit is a limit.
#
# ## 3. The density of eigenvalues
#
# The same equation at a complex ridge, $\delta=-n(x+i\epsilon)$, gives the density: with $v=1/\kappa$ it is
# $\frac nd\,\mathrm{Im}\,v/\pi$. For the identity it is the law of Marchenko and Pastur.

# %%
d, n = 200, 400
x = np.linspace(0.05, 3.2, 200)
z = x + 1e-4j
v = 1j * np.ones_like(z)
for _ in range(5000):  # v = 1/(-z + gamma/(1 + v)), damped
    v = 0.5 * v + 0.5 / (-z + (d / n) / (1 + v))
by_hand = n / d * v.imag / np.pi
exact = sample_covariance_density(Spectrum.isotropic(d), n, x).density
X = rng.standard_normal((2 * n, 2 * d))
fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
sample = np.linalg.eigvalsh(X.T @ X / (2 * n))
ax.hist(sample, 40, density=True, color="0.85", label="one matrix, d = 400")
ax.plot(x, exact, color=COLOURS[0], label="solver")
ax.plot(x, by_hand, "--", color=COLOURS[1], label="by hand")
ax.set(xlabel="eigenvalue of $X^TX/n$", ylabel="density")
ax.legend()
print("largest gap between the two lines:", np.abs(by_hand - exact).max().round(3))

# %% [markdown]
# The gap sits at the edges, where $\epsilon=10^{-4}$ rounds the square root off.
#
# ## 4. The test error is a derivative
#
# Without noise the error vector is $\delta Q\beta$. Its square needs $Q\Sigma Q$, which is minus a derivative of the
# resolvent of a tilted problem, $(X^TX+\delta+t\Sigma)^{-1}$ at $t=0$. That resolvent has an equivalent of the same
# form with $\delta+t\Sigma$ in the place of $\delta$. Differentiate it: $\kappa$ depends on $t$ too, and that makes one
# factor,
#
# $$\text{test}=\frac{n}{n-\mathrm{df}_2}\Big[\sum_i\Big(\frac{\kappa}{s_i+\kappa}\Big)^2v_i^2+\sigma^2\Big],\qquad
# \mathrm{df}_2=\sum_i\Big(\frac{s_i}{s_i+\kappa}\Big)^2.$$

# %%
target_power, noise_variance, n = eigenvalues**1.5, 0.1, 60
kappa = kappa_by_hand(eigenvalues, n, ridge)
learned = eigenvalues / (eigenvalues + kappa)
test = n / (n - np.sum(learned**2)) * (np.sum((1 - learned) ** 2 * target_power) + noise_variance)
print("by hand   ", test)
print("ridge_risk", float(ridge_risk(Spectrum(eigenvalues, target_power), n, ridge, noise_variance).test))


def simulated():
    """Test error of one ridge fit."""
    beta = np.sqrt(target_power / eigenvalues)
    X = rng.standard_normal((n, eigenvalues.size)) * np.sqrt(eigenvalues)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal(n)
    fit = X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), y)
    return np.sum(eigenvalues * (fit - beta) ** 2) + noise_variance


values = [simulated() for _ in range(200)]
print(f"simulation {np.mean(values):.4f} +- {2 * np.std(values) / np.sqrt(200):.4f} (two standard errors)")

# %% [markdown]
# ## Exercises
#
# 1. Show that the factor is a logarithmic derivative: $n/(n-\mathrm{df}_2)=n\,\mathrm{d}\kappa/\mathrm{d}\delta$.
#    Check it by a finite difference.
# 2. What happens to $\kappa$ as $\delta\to0$ for $n>300$? And for $n<300$? Why is the second called implicit
#    regularisation?
# 3. Redo section 1 with rows whose entries are random signs instead of Gaussians. What changes?
#
# <details><summary>Solutions</summary>
#
# 1. Differentiate $n\kappa=\kappa\,\mathrm{df}_1+\delta$: $\kappa\,\mathrm{df}_1$ has the derivative $\sum
#    s^2/(s+\kappa)^2=\mathrm{df}_2$.
# 2. It vanishes, or it tends to the positive root of $n=\mathrm{df}_1(\kappa)$: the fit of least norm shrinks every
#    mode as a ridge would.
# 3. Nothing that can be seen: only the first two moments and independence were used.
# </details>

# %%
step = 1e-5
slope = (kappa_by_hand(eigenvalues, n, ridge + step) - kappa_by_hand(eigenvalues, n, ridge - step)) / (2 * step)
print("n dkappa/ddelta =", n * slope, " n/(n - df2) =", n / (n - np.sum(learned**2)))
