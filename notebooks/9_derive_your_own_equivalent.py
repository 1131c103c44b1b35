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
# # Derive your own equivalent
#
# You will write the error of an estimator as traces of random matrices, let `derive` find what it tends to, and see the
# verdict of a simulation before you believe it. The estimator is an ensemble: two ridge fits that share some of their
# samples. What does the second one gain?

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable import MatrixModel, check, derive, tr

# %% [markdown]
# ## 1. The model
#
# Two fits have $n$ samples each, $c$ of them in common. A *space* is a dimension; deterministic matrices are given by
# their eigenvalues, and those of one space commute.

# %%
m = MatrixModel()
c, own, d = m.space("c", 20), m.space("m", 20), m.space("d", 32)
n = c + own
lam, noise = m.scalar("lambda", 0.05), m.scalar("noise", 0.5)
s = np.arange(1, 33) ** -1.2
S = m.deterministic("Sigma", d, s / s.mean())
X, X1, X2 = (m.gaussian(f"Z{i}", rows, d) @ S.sqrt() for i, rows in enumerate((c, own, own)))
Q1, Q2 = (((X.T @ X + Y.T @ Y) / n + lam).inv() for Y in (X1, X2))

# %% [markdown]
# ## 2. The traces
#
# For a target of random direction the error of one fit is $\frac{\lambda^2}d\,\mathrm{tr}\,Q_1\Sigma Q_1$ plus noise;
# the mean product of the errors of both is the *cross term*. Half of the sum of the two is the error of the average.

# %%
cross = derive(lam**2 / d * tr(Q1 @ S @ Q2) + noise / n**2 * tr(Q1 @ X.T @ X @ Q2 @ S))
print(float(cross.value), "with a rounding error below", float(cross.value.error))
print(cross.verify("c"))

# %% [markdown]
# `verify` drew the matrices at three sizes and extrapolated. Sizes are arguments too, and need not be whole: from no
# common sample to all of them,

# %%
shared = np.linspace(0.5, 39.5, 14)
values = derive(cross.trace, at={"c": shared, "m": 40 - shared}).value.value
plt.plot(shared / 40, values)
plt.axhline(values[-1], color="0.6", ls="--")
plt.xlabel("share of common samples")
plt.ylabel("cross term")
plt.title("An average gains what this lies below the dashed line, half of it")
plt.show()

# %% [markdown]
# ## 3. The formula
#
# With all samples in common there is one fit, and its equations reduce to one effective ridge, which nobody told
# `derive` about:

# %%
k = MatrixModel()
n1, d1, lam1 = k.space("n", 40), k.space("d", 32), k.scalar("lambda", 0.05)
S1 = k.deterministic("Sigma", d1, s / s.mean())
Y = k.gaussian("Z", n1, d1) @ S1.sqrt()
Q = (Y.T @ Y / n1 + lam1).inv()
variance = derive(tr(Q @ Y.T @ Y @ Q @ S1) / n1)
for ridge, right in variance.equations.explicit.items():
    print(ridge, "=", right)
print(variance.limit("lambda").value)

# %% [markdown]
# Is it $n\,\mathrm{df}_2/(n-\mathrm{df}_2)$? A derived claim can be asked as any other:

# %%
claim = variance.claim("mine/variance", size="n", symbols=True)
for formula in ("n*df2/(n - df2)", "n*df2/(n - df1)"):
    print(formula, "->", check(formula, against=claim, budget=0).sentence)

# %% [markdown]
# ## Exercises
#
# 1. Give both fits weights that fall from 2 to 0.2 over their own samples (`m.deterministic("Omega", own, ...)`).
# 2. Which ridge is best for one fit, and which for the average of two with half of their samples in common?
# 3. Ask for $(X^TX/n-z)^{-1}$ with $z$ inside the spectrum. What does the refusal say?

# %% [markdown]
# <details><summary>Solutions</summary>
#
# 1. `Q1 = ((X.T @ X + X1.T @ Omega @ X1) / n + lam).inv()`; the cross term gets the same weights.
# 2. Take `at={"lambda": np.geomspace(1e-3, 10, 40)}` for the trace of one fit and for the mean of it and the cross
#    term: 0.37 and 0.29. The average wants a smaller ridge, for averaging takes a part of the variance away.
# 3. That the spectrum reaches the shift, and at which share of the variance: below it there is a gap, above it none.
#
# </details>
