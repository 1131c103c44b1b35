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
# # Judge a paper's formula
#
# You will take four statements as they stand in papers, in the authors' letters and conventions, and find out
# what each is worth: an exact one, one whose letters mean something else, one that holds only for large sizes,
# and one that the catalogue does not know, which you hold against a simulation of your own.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable import check, check_bound, claim

# %% [markdown]
# ## 1. In the authors' letters
#
# "With $N$ samples, $p$ features and noise of standard deviation $s$, least squares has the excess risk
# $s^2p/(N-p-1)$." `symbols` says what a letter of theirs is in our names; the usual ones ($N$, $p$, $\sigma$,
# $\lambda$) are known.

# %%
report = check("s**2*p/(N - p - 1)", against="ridge/least-squares-excess", symbols={"s": "sqrt(noise_variance)"})
print(report)

# %% [markdown]
# The first line of the answer says how the formula was read: look at it before you believe the verdict. What the
# claim is about, and under which assumptions, stands in the claim:

# %%
found = claim("ridge/least-squares-excess")
print(found.statement)
print("valid:", found.assumptions or "for all sizes in its domain")

# %% [markdown]
# ## 2. The same letter for another thing
#
# A second paper has the risk $\sigma^2/(\gamma-1)$. Taken literally it is refuted, by a factor $-1/\gamma$, which
# gives it away: theirs is the ratio of *samples to dimensions*, one over ours. Said so, it agrees.

# %%
print(check("sigma**2/(gamma - 1)", against="ridge/isotropic-ridgeless-variance", budget=0).sentence)
theirs = {"g": "1/gamma"}
print(check("sigma**2/(g - 1)", against="ridge/isotropic-ridgeless-variance", symbols=theirs, budget=0).sentence)

# %% [markdown]
# ## 3. Exact, or for large sizes?
#
# "The excess risk is $\sigma^2d/(n-d)$" is right as n and d grow. How wrong is it where you want to use it?

# %%
print(check("sigma**2*d/(n - d)", against="ridge/least-squares-excess").sentence)
ratio = np.array([0.2, 0.5, 0.8])
sizes = np.geomspace(10, 1000, 80)
fig, ax = plt.subplots(figsize=(5, 3))
for share in ratio:
    d = share * sizes
    ok = sizes - d - 1 > 0
    gap = (d / (sizes - d - 1)) / (d / (sizes - d)) - 1
    ax.loglog(sizes[ok], gap[ok], label=f"d/n = {share:g}")
ax.set(xlabel="samples $n$", ylabel="what the limit lacks, relative")
ax.legend()

# %% [markdown]
# ## 4. A statement that no claim covers
#
# "Interpolating pure noise of variance $\sigma^2$ in $d > n + 1$ isotropic dimensions takes weights of mean
# squared norm $\sigma^2n/(d-n-1)$." Write one draw of it; `check` decides how many it needs.


# %%
def squared_norm(rng, n, d, noise_variance):
    X = rng.standard_normal((n, d))
    y = np.sqrt(noise_variance) * rng.standard_normal(n)
    return float(np.sum(np.linalg.lstsq(X, y, rcond=None)[0] ** 2))


places = {"n": [10, 20, 30], "d": 60, "noise_variance": 1.0}
print(check("noise_variance*n/(d - n - 1)", experiment=squared_norm, at=places, rng=0).sentence)
print(check("2*noise_variance*n/(d - n - 1)", experiment=squared_norm, at=places, rng=0).sentence)

# %% [markdown]
# Without the $-1$ it is a lower bound, which is a statement of its own and is checked as one:

# %%
near = {"n": [40, 50], "d": 60, "noise_variance": 1.0}
print(check_bound("noise_variance*n/(d - n)", squared_norm, at=near, side="lower", rng=0).sentence)

# %% [markdown]
# ## Exercises
#
# 1. A paper writes the excess risk of least squares as $\sigma^2\,\frac{d}{n}\,\frac{1}{1-(d+1)/n}$. Is it the
# same?
# 2. What does `check` say of $\sigma^2 d/(n-d+1)$, and why does it not call it a large-size limit?
# 3. Predict the mean squared norm for labels of a unit target plus noise, and check it.
#
# <details><summary>Solutions</summary>
#
# 1. Multiply out: $\sigma^2d/(n-d-1)$, and `check("sigma**2*(d/n)/(1-(d+1)/n)",
# against="ridge/least-squares-excess")` agrees.
# 2. It names the step from the exact formula, $n \to n-2$: the limit is the same, but the claim is about every
# size.
# 3. $\|\beta\|^2\,n/d + \sigma^2n/(d-n-1)$: a random projection keeps the share $n/d$ of the target.
#
# </details>
