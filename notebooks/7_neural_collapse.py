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
# # Neural collapse by hand
#
# You will train a classifier whose features are free, and watch them fall onto one point for each class, the points
# onto a regular frame, and the classifier onto the features. Where they end has a closed form: the singular values of
# one small matrix, each shrunk.

# %%
import matplotlib.pyplot as plt
import numpy as np

from solvable.figures.style import COLOURS, SINGLE, use_style
from solvable.solvers import collapse_metrics, collapse_minimizer, collapse_rates

use_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Unconstrained features
#
# A deep network can place the last-layer feature of every training sample where it likes. So let the features $H$ be
# free, with a classifier $W$ on top and weight decay on both:
#
# $$\frac1{2N}\|WH-Y\|^2+\frac{\lambda_W}2\|W\|^2+\frac{\lambda_H}2\|H\|^2,$$
#
# $K$ classes of $n$ samples, $N=Kn$, one-hot targets $Y$.

# %%
K, n, width = 4, 10, 8
N, decay_w, decay_h = K * n, 5e-3, 1e-3
labels = np.repeat(np.arange(K), n)
Y = np.eye(K)[:, labels]


def train(steps, step=1.0, every=50):
    """Gradient descent by hand; keep W and H now and then."""
    W, H = 0.3 * rng.standard_normal((K, width)), 0.3 * rng.standard_normal((width, N))
    kept = []
    for t in range(steps + 1):
        if t % every == 0:
            kept.append((t, W.copy(), H.copy()))
        residual = (W @ H - Y) / N
        W, H = W - step * (residual @ H.T + decay_w * W), H - step * (W.T @ residual + decay_h * H)
    return kept


kept = train(6000)
_, W, H = kept[-1]

# %% [markdown]
# ## 2. Three measurements by hand
#
# Within-class scatter against between-class scatter (NC1), the Gram matrix of the class means against a frame (NC2),
# the classifier against the means (NC3).


# %%
def by_hand(W, H):
    """Within over between, and the cosines of class means."""
    means = H.reshape(width, K, n).mean(2)
    within = np.sum((H - means[:, labels]) ** 2) / N
    between = np.sum((means - means.mean(1, keepdims=True)) ** 2) / K
    return within / between, means


ratio, means = by_hand(W, H)
lengths = np.linalg.norm(means, axis=0)
print(f"within / between: {by_hand(*kept[0][1:])[0]:.2f} at the start, {ratio:.1e} at the end")
print("cosines of the means:\n", (means.T @ means / np.outer(lengths, lengths)).round(4) + 0.0)
print(
    "classifier along the means:",
    [round(float(W[k] @ means[:, k] / np.linalg.norm(W[k]) / lengths[k]), 6) for k in range(K)],
)

# %% [markdown]
# Without a bias the frame is orthogonal; subtract the mean of the means and it is a simplex, with all cosines
# $-1/(K-1)$:

# %%
centred = means - means.mean(1, keepdims=True)
lengths = np.linalg.norm(centred, axis=0)
print((centred.T @ centred / np.outer(lengths, lengths)).round(4)[0], " -1/(K-1) =", round(-1 / (K - 1), 4))

# %% [markdown]
# ## 3. The closed form
#
# Minimising over $W$ and $H$ at fixed product $Z=WH$ costs $\sqrt{\lambda_W\lambda_H}$ times the nuclear norm of $Z$:
# weight decay on a product shrinks singular values. Those of $Y$ are $\sqrt n$, and each becomes $\sqrt
# n-N\sqrt{\lambda_W\lambda_H}$ or zero, so every output is $1-c$ with $c=K\sqrt{n\lambda_W\lambda_H}$.

# %%
c = K * np.sqrt(n * decay_w * decay_h)
found = collapse_minimizer([n] * K, decay_w, decay_h)
print("c =", c.round(6), " output of the trained model", (W @ H)[0, 0].round(6), " 1 - c =", (1 - c).round(6))
print(
    "objective trained",
    0.5 * np.sum((W @ H - Y) ** 2) / N + 0.5 * decay_w * np.sum(W**2) + 0.5 * decay_h * np.sum(H**2),
)
print("closed form      ", float(found.objective), " c(1 - c/2) =", c * (1 - c / 2))

# %% [markdown]
# From $c=1$ on everything is zero: too much decay leaves nothing. And for classes of different sizes the small ones
# go first.

# %%
sizes = [40, 20, 10, 3]
for layers in (1, 3):
    found_sizes = collapse_minimizer(sizes, [5e-2] * layers, 2e-3)
    gone = found_sizes.collapsed_classes
    print(f"{layers} layer{'s' if layers > 1 else ''}: class sizes {sizes}, collapsed to zero: {gone}")

# %% [markdown]
# ## 4. How fast
#
# Deviations within a class die at a rate $\lambda_H$ outside the span of the means, and faster inside: slow, and set
# by the weight decay alone.

# %%
times = np.array([t for t, _, _ in kept])
nc1 = np.array([by_hand(W, H)[0] for _, W, H in kept])
rates = collapse_rates(K, n, decay_w, decay_h)
fig, ax = plt.subplots(figsize=(SINGLE, 2.4))
ax.semilogy(times, nc1, color=COLOURS[0], label="within / between")
slope = (1 - rates.within_outside) ** (2 * (times - times[-1]))
ax.semilogy(times, nc1[-1] * slope, "--", color="black", label=r"rate $2\lambda_H$")
ax.set(xlabel="steps", ylabel="within / between scatter")
ax.legend()
late = times > 4000
print("measured rate", -np.polyfit(times[late], np.log(nc1[late]), 1)[0].round(6), " 2 lambda_H =", 2 * decay_h)

# %% [markdown]
# The solvers measure all of it at once, as papers define it. Their NC1 uses the pseudo-inverse of the between-class
# scatter and sees deviations *inside* the span of the means only, which die faster. Their NC3 compares with the
# centred means: without a bias the classifier is orthogonal, so it tends to $\sqrt{2-2\sqrt{(K-1)/K}}$ and not to 0.

# %%
metrics = collapse_metrics(H.T, labels, W)
expected = np.sqrt(2 - 2 * np.sqrt(1 - 1 / K))
print(f"NC1 {metrics.nc1:.1e}, NC2 {metrics.nc2:.1e}, NC3 {metrics.nc3:.4f} (expected {expected:.4f})")

# %% [markdown]
# A knob, to be turned in a running kernel: the decay of the features. At which value does everything vanish? (Fixed at
# $10^{-2.5}$ here; two classes, the larger one of size 40.)


# %%
def draw(log_decay):
    """Singular values against class size at one decay."""
    _, ax = plt.subplots(figsize=(SINGLE, 2.0))
    sizes = np.arange(1, 41)
    for j, layers in enumerate((1, 3)):
        values = [collapse_minimizer([40, int(m)], [5e-2] * layers, 10**log_decay).singular_values[1] for m in sizes]
        ax.plot(sizes, values, ".", color=COLOURS[j], label=f"{layers} layer{'s' if layers > 1 else ''}")
    ax.set(xlabel="size of the smaller class", ylabel="feature length", title=rf"$\lambda_H=10^{{{log_decay:g}}}$")
    ax.legend()


draw(-2.5)

# %% tags=["remove-output"]
try:
    from ipywidgets import interact
except ImportError:
    print("sliders need ipywidgets")
else:
    interact(draw, log_decay=(-5.0, -1.0, 0.25))

# %% [markdown]
# ## Exercises
#
# 1. Prove $\min_{WH=Z}\frac{\lambda_W}2\|W\|^2+\frac{\lambda_H}2\|H\|^2=\sqrt{\lambda_W\lambda_H}\|Z\|_*$.
# 2. Train with a bias that is not penalised. Which frame do you get now, without centring?
# 3. With one layer small classes vanish continuously, with three by a jump. See it in the picture, then in
#    `collapse_minimizer`.
#
# <details><summary>Solutions</summary>
#
# 1. Take the SVD of $Z$; balance the two factors mode by mode, $ab=\sigma$:
#    $\frac{\lambda_W}2a^2+\frac{\lambda_H}2b^2\ge\sqrt{\lambda_W\lambda_H}\,ab$. That no other factors do better is
#    the trace inequality $\|Z\|_*\le\|W\|\|H\|$.
# 2. The simplex: the bias removes the constant direction of class space. `collapse_minimizer(..., bias="free")`.
# 3. A mode minimises $1/(1+x^M)+rx$: for $M=1$ the minimiser moves into 0, for $M\ge2$ zero is always a local
#    minimum, and the other one loses to it at a finite size.
# </details>

# %%
simplex = collapse_minimizer([n] * K, decay_w, decay_h, bias="free")
print("objective with a free bias is (K-1)/K of the one without:", float(simplex.objective / found.objective))
