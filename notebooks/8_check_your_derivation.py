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
# # Check your own derivation
#
# You will see three derivations on their way from a blackboard to a paper. Each has a flaw of the kind that survives a
# careful reading: a range that was forgotten, a convention that was mixed up, a finite-size term that was dropped.
# `check` tries the formula symbolically, at 50 digits, against the solver and against the simulation, and says what is
# off.

# %%
from solvable import check, check_rate

# %% [markdown]
# ## 1. A range that was forgotten
#
# The variance of ridgeless least squares is $\sigma^2\gamma/(1-\gamma)$, $\gamma = d/n$. Is it the excess risk?

# %%
report = check("sigma**2*gamma/(1 - gamma)", against="ridge/isotropic-ridgeless-excess", budget=256)
print(report)

# %% [markdown]
# Only below the peak. Above it the fit interpolates, and a bias appears:

# %%
both = "sigma**2*gamma/(1-gamma) if gamma < 1 else r2*(1 - 1/gamma) + sigma**2/(gamma - 1)"
print(check(both, against="ridge/isotropic-ridgeless-excess").sentence)

# %% [markdown]
# ## 2. A convention that was mixed up
#
# The effective ridge of an identity covariance solves $\kappa^2 + (1-\lambda-\gamma)\kappa - \lambda = 0$. A loss
# $\frac{1}{2n}\|y-Xw\|^2 + \lambda\|w\|^2$ in place of $\frac{1}{2n}\|y-Xw\|^2 + \frac{\lambda}{2}\|w\|^2$
# doubles the ridge:

# %%
doubled = "(sqrt((1 - 2*lam - gamma)**2 + 8*lam) - (1 - 2*lam - gamma))/2"
print(check(doubled, against="ridge/isotropic-effective-ridge", budget=0).sentence)

# %% [markdown]
# The same quantity as an integral: $1/\kappa = \gamma\int\frac{\mathrm{d}\mu(x)}{x+\lambda} + \frac{1-\gamma}{\lambda}$
# with the Marchenko-Pastur law $\mu$.

# %%
integral = "1/(gamma*mp_mean(1/(x + lam)) + (1 - gamma)/lam)"
print(check(integral, against="ridge/isotropic-effective-ridge", budget=0).sentence)

# %% [markdown]
# ## 3. A finite-size term that was dropped
#
# At 12 samples in 4 dimensions $\sigma^2 d/(n-d)$ is not good enough, and the simulation can tell:

# %%
print(check("sigma**2*d/(n - d)", against="ridge/least-squares-excess"))

# %% [markdown]
# ## Your own simulation
#
# Nothing has to be in the catalogue. Does the squared mean of n coin flips fall as 1/n? A draw averages 200 of them:
# the check must see that no small constant is added, and single squares would need a hundred thousand draws for it.


# %%
def squared_mean(rng, n):
    return float((rng.choice([-1.0, 1.0], (200, n)).mean(axis=1) ** 2).mean())


print(check_rate(squared_mean, size="n", exponent=-1, at={"n": 10}))

# %% [markdown]
# ## Exercises
#
# 1. The training error of ridge regression is $(1-\mathrm{df}_1/n)^2$ times the test error. Check
#    `(1 - df1/n)*n/(n - df2)*(unlearned + sigma**2)` against `ridge/train-error`. What does the sentence say, and why?
# 2. Write the test error of random features in `a`, `b`, `w`, `S1`, `S2` and check it against
#    `random-features/test-error`.
#
# <details><summary>Solutions</summary>
#
# 1. One factor (1 - df1/n) is missing; no convention explains it, so the sentence gives the range of the deviation.
# 2. `n*((S1 + sigma**2)*(a + w) + S2*w)/(a*b + w*(a + b))`.
# </details>

# %%
print(
    check(
        "n*((S1 + sigma**2)*(a + w) + S2*w)/(a*b + w*(a + b))", against="random-features/test-error", budget=0
    ).sentence
)
