"""Make generalisation.json: enumerated populations, integrals of densities, entropies, normal equations at 50 digits.

python tests/known_answers/make_generalisation.py
"""

import mpmath as mp
from writing import entry, write


def compositions(total, parts):
    """All ways to write total as a sum of so many whole numbers."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


def masses(frequencies, n, total, orders):
    """Every population there can be, by how often it draws each entry of the list: multinomial probabilities."""
    n, rest, k = int(n), int(total) - 1, len(frequencies)
    above, below = [mp.mpf(0)] * len(orders), [mp.mpf(0)] * len(orders)
    for counts in compositions(rest, k):
        ways = mp.factorial(rest)
        for count in counts:
            ways /= mp.factorial(count)
        others = mp.fsum(c * p for c, p in zip(counts, frequencies, strict=True))
        for p in frequencies:
            a = p / (p + others)
            for i, order in enumerate(orders):
                weight = ways * a ** int(order) * (1 - a) ** (n - int(order))
                above[i] += weight * a
                below[i] += weight
    return {"value": [x / y for x, y in zip(above, below, strict=True)]}


def dot(counts, masses):
    return {"value": mp.fsum(u * t for u, t in zip(counts, masses, strict=True))}


def parameters(weights):
    n = len(weights[0])
    return {"value": mp.mpf(n) / len(weights) * mp.fsum(w * w for row in weights for w in row)}


def label_norm(kernel, y, share=1, variance=None):
    """Sums over what is replaced are taken label by label: mean and second moment of every product."""
    inverse = mp.matrix(kernel) ** -1
    noise = mp.fsum(v * v for v in y) / len(y) if variance is None else variance
    total = mp.mpf(0)
    for i in range(len(y)):
        for j in range(len(y)):
            moment = (1 - share) * y[i] ** 2 + share * noise if i == j else (1 - share) ** 2 * y[i] * y[j]
            total += inverse[i, j] * moment
    return {"value": total}


def entropy(p):
    return -mp.fsum(x * mp.log(x) for x in p if x > 0)


def pairs(joint):
    flat = [x for row in joint for x in row]
    rows = [mp.fsum(row) for row in joint]
    columns = [mp.fsum(row[c] for row in joint) for c in (0, 1)]
    information = entropy(rows) + entropy(columns) - entropy(flat)
    gap = mp.fsum((d - 1) * (1 - 2 * c) * joint[d][c] for d in range(3) for c in (0, 1))
    return {"information": information, "interpolation_error": information / mp.log(2),
            "square_root": mp.sqrt(2 * information), "gap": gap}  # fmt: skip


def gaussian_mean(function, mean, variance, lam):
    """Integral over the residual, split around both laws, before and after tilting."""
    spread = mp.sqrt(variance / min(1, abs(1 - 2 * lam * variance)))
    centre = mean / (1 - 2 * lam * variance)
    low, high = min(mean, centre) - 22 * spread, max(mean, centre) + 22 * spread

    def density(r):
        return mp.exp(-((r - mean) ** 2) / (2 * variance)) / mp.sqrt(2 * mp.pi * variance)

    return mp.quad(lambda r: function(r) * density(r), mp.linspace(low, high, 25))


def cumulant(lam, mean, variance, loss="squared", central=False):
    value = (lambda r: r) if loss == "linear" else (lambda r: r**2)
    found = mp.log(gaussian_mean(lambda r: mp.exp(lam * value(r)), mean, variance, lam if loss == "squared" else 0))
    if central:
        found -= lam * gaussian_mean(value, mean, variance, mp.mpf(0))
    return {"value": found}


def sobolev(lam, mean, variance, loss="squared"):
    """The gradient's square is 4 r^2: the integral of its tilted mean is the cumulant, taken by quadrature."""
    if loss == "linear":
        return {"value": lam * mp.quad(lambda s: variance / 2, [0, lam])}
    return {"value": 2 * lam * variance * cumulant(lam, mean, variance)["value"]}


def chi_density(u, k, centre):
    if centre == 0:
        return mp.exp(-u / 2) * u ** (k / 2 - 1) / (2 ** (k / 2) * mp.gamma(k / 2))
    bessel = mp.besseli(k / 2 - 1, mp.sqrt(centre * u))
    return mp.exp(-(u + centre) / 2) / 2 * (u / centre) ** (k / 4 - mp.mpf(1) / 2) * bessel


def bias(d, n, target, level):
    """The density of the squared distance integrated over its root, which has no singularity."""
    root = mp.sqrt(level)
    # in units of the value at the end: quadrature stops at an absolute error
    unit = chi_density(level, d - n, target)
    inside = mp.quad(
        lambda s: 2 * s * chi_density(s * s, d - n, target) / unit if s else mp.mpf(0), mp.linspace(0, root, 7)
    )
    return {"value": -mp.log(inside) - mp.log(unit)}


def line(level, bias):
    """Normal equations of a straight line."""
    x = [-mp.log(e) for e in level]
    A = mp.matrix([[v, 1] for v in x])
    fit = mp.lu_solve(A.T * A, A.T * mp.matrix(bias))
    left = [b - fit[0] * v - fit[1] for v, b in zip(x, bias, strict=True)]
    return {"dimensions": 2 * fit[0], "offset": fit[1], "residual": mp.sqrt(mp.fsum(r * r for r in left) / len(x))}


def bayes(X, y, lam, prior_variance, noise_variance, target, delta):
    """Posterior by its precision; the cumulant as an integral over the distance of a prior weight to the target."""
    n, d = len(X), len(X[0])
    A, b = mp.matrix(X), mp.matrix(y)
    precision = mp.eye(d) / prior_variance + 2 * lam / n * A.T * A
    covariance = precision**-1
    mean = covariance * (2 * lam / n * A.T * b)
    r = b - A * mean
    empirical = (mp.fsum(x * x for x in r) + mp.fsum((A * covariance * A.T)[i, i] for i in range(n))) / n
    trace = mp.fsum(covariance[i, i] for i in range(d)) / prior_variance
    square = mp.fsum(m * m for m in mean) / prior_variance
    divergence = (trace - d + square + mp.log(mp.det(precision * prior_variance))) / 2

    def inner(s):
        v = noise_variance + prior_variance * s * s
        return 2 * s * chi_density(s * s, mp.mpf(d), target / prior_variance) * mp.exp(lam * v) * (
            1 + 2 * lam * v / n) ** (-mp.mpf(n) / 2) if s else mp.mpf(0)  # fmt: skip

    top = 25 / mp.sqrt(1 - 2 * lam * prior_variance)
    psi = mp.log(mp.quad(inner, mp.linspace(0, top, 25)))
    bound = empirical + (divergence - mp.log(delta) + psi) / lam
    return {"bound": bound, "empirical": empirical, "divergence": divergence, "cumulant": psi, "mean": list(mean)}


KERNEL = [[2.0, 0.5, 0.25], [0.5, 1.5, -0.5], [0.25, -0.5, 1.0]]
NEAR = [[1.0, 0.9990234375], [0.9990234375, 1.0]]
ROWS, Y = [[1.0, 0.5], [-0.5, 2.0], [0.25, 0.75], [1.5, -1.0]], [1.0, -0.5, 0.75, 2.0]


def entries():
    two, four = [1.0, 3.0], [1.0, 0.5, 0.25, 0.125]
    for name, pi, n, total, orders in (
        ("two values, a pair", two, 10, 2, [0.0, 1.0, 5.0, 10.0]),
        ("two values, forty examples", two, 60, 40, [0.0, 1.0, 2.0, 3.0]),
        ("four values", four, 30, 20, [0.0, 1.0, 2.0, 3.0]),
        ("four values, seen often", four, 200, 12, [0.0, 20.0, 100.0, 200.0]),
        ("uniform", [2.0, 2.0, 2.0], 50, 8, [0.0, 3.0]),
        ("four decades", [1.0, 1e-4], 100, 30, [0.0, 1.0, 5.0]),
        ("twelve decades", [1.0, 1e-6, 1e-12], 20, 10, [0.0, 1.0, 5.0]),
        ("a hundred examples", two, 1000, 100, [0.0, 10.0, 30.0]),
        ("one seen", four, 1, 15, [0.0, 1.0]),
    ):
        yield entry(name, "tail_mass", masses, frequencies=pi, n=n, total=total, orders=orders, rtol=1e-11, digits=40)
    yield entry("three orders", "excess_from_unfitted", dot, counts=[3.0, 1.0, 0.5], masses=[0.25, 0.5, 1e-9])
    yield entry("nothing unfitted", "excess_from_unfitted", dot, counts=[0.0], masses=[0.25])
    yield entry("identity", "effective_parameters", parameters, weights=[[1.0, 0.0], [0.0, 1.0]])
    yield entry("more inputs than labels", "effective_parameters", parameters,
                weights=[[0.5, 0.5], [0.25, 0.75], [1e-9, 1.0]])  # fmt: skip
    for share in (0.0, 0.25, 1.0):
        yield entry(f"share {share:g}", "random_label_norm", label_norm, kernel=KERNEL, y=[1.0, -1.0, 0.5], share=share)
    yield entry("variance given", "random_label_norm", label_norm, kernel=KERNEL, y=[1.0, -1.0, 0.5], share=0.5,
                variance=3.0)  # fmt: skip
    yield entry("near copies", "random_label_norm", label_norm, kernel=NEAR, y=[1.0, 1.0], share=0.5, rtol=1e-11)
    e = 2.0**-30
    for name, joint in (
        ("interpolating", [[0.0, 0.15625], [0.34375, 0.34375], [0.15625, 0.0]]),
        ("always wrong", [[0.0, 0.5], [0.0, 0.0], [0.5, 0.0]]),
        ("general", [[0.0625, 0.125], [0.375, 0.25], [0.125, 0.0625]]),
        ("biased coin", [[0.0625, 0.25], [0.0625, 0.25], [0.125, 0.25]]),
        ("nearly independent", [[0.125, 0.125], [0.25 + e, 0.25 - e], [0.125 - e, 0.125 + e]]),
    ):  # fmt: skip
        yield entry(name, "loss_difference_information", pairs, joint=joint, digits=40, rtol=1e-12)
    for lam, mean, variance in (
        (-0.6, 0.5, 0.8), (0.3, 1.0, 0.5), (-20.0, 2.0, 1.0), (0.49, 0.25, 1.0), (1e-6, 1.0, 1.0), (-3.0, 0.0, 2.0),
    ):  # fmt: skip
        yield entry(f"squared, lam {lam:g}", "gaussian_cumulant", cumulant, lam=lam, mean=mean, variance=variance,
                    digits=35)  # fmt: skip
        if lam != -20.0:
            yield entry(f"squared, central, lam {lam:g}", "gaussian_cumulant", cumulant, lam=lam, mean=mean,
                        variance=variance, central=True, digits=35)  # fmt: skip
        yield entry(f"squared, lam {lam:g}", "log_sobolev_bound", sobolev, lam=lam, mean=mean, variance=variance,
                    digits=35)  # fmt: skip
    yield entry("linear", "gaussian_cumulant", cumulant, lam=0.75, mean=0.5, variance=2.0, loss="linear", digits=35)
    yield entry("linear", "log_sobolev_bound", sobolev, lam=-0.75, mean=0.5, variance=2.0, loss="linear")
    for d, n, target, level in (
        (12.0, 8.0, 2.0, 1.0), (12.0, 8.0, 2.0, 20.0), (3.0, 2.0, 1.0, 0.5), (5.0, 0.0, 0.0, 2.0),
        (7.0, 2.0, 40.0, 1e-3), (40.0, 10.0, 5.0, 1e-6), (4.0, 1.0, 1e-9, 4.0), (9.0, 3.0, 100.0, 130.0),
    ):  # fmt: skip
        yield entry(f"{d:g} - {n:g} directions, target {target:g}, level {level:g}", "inductive_bias", bias, d=d, n=n,
                    target=target, level=level, digits=35)  # fmt: skip
    yield entry("three levels", "bias_scaling", line, level=[0.5, 0.25, 0.125], bias=[1.0, 2.5, 3.0])
    yield entry("six decades", "bias_scaling", line, level=[1e-6, 1e-3, 1.0, 1.0], bias=[30.0, 16.5, 1.25, 1.0])
    for lam, prior, target in ((0.5, 0.5, 1.0), (2.0, 0.2, 0.3), (0.05, 4.0, 2.0)):
        yield entry(f"lam {lam:g}", "pac_bayes_linear", bayes, X=ROWS, y=Y, lam=lam, prior_variance=prior,
                    noise_variance=0.25, target=target, delta=0.05, rtol=1e-11, digits=35)  # fmt: skip
    yield entry("one weight", "pac_bayes_linear", bayes, X=[[1.0], [-0.5], [2.0]], y=Y[:3], lam=0.4,
                prior_variance=0.75, noise_variance=0.5, target=0.5, delta=0.01, rtol=1e-11, digits=35)  # fmt: skip


if __name__ == "__main__":
    write(__file__, entries())
