"""Make imputation.json: missing inputs by enumeration of every mask, deep shrinkage by bisection, at 50 digits.

python tests/known_answers/make_imputation.py
"""

from itertools import product

import mpmath as mp
from writing import bisect, entry, write


def masks(d, rho):
    """Every pattern of observed inputs with its probability."""
    for mask in product((0, 1), repeat=d):
        seen = sum(mask)
        yield [mp.mpf(bit) for bit in mask], rho**seen * (1 - rho) ** (d - seen)


def form(a, sigma, b):
    return mp.fsum(x * sigma[i][j] * y for i, x in enumerate(a) for j, y in enumerate(b))


def masked_risk(weights, covariance, target, observed, noise_variance=0):
    found = []
    for rho in observed:
        total = mp.mpf(noise_variance)
        for mask, probability in masks(len(target), rho):
            gap = [b - bit * w for b, bit, w in zip(target, mask, weights, strict=True)]
            total += probability * form(gap, covariance, gap)
        found.append(total)
    return {"value": found}


def moments(covariance, target, rho):
    """E[x x^T] and E[x y] of the imputed inputs, summed over the masks."""
    d = len(target)
    second, cross = mp.zeros(d), mp.zeros(d, 1)
    for mask, probability in masks(d, rho):
        for i in range(d):
            cross[i] += probability * mask[i] * mp.fsum(covariance[i][j] * target[j] for j in range(d))
            for j in range(d):
                second[i, j] += probability * mask[i] * mask[j] * covariance[i][j]
    return second, cross


def best_weights(covariance, target, rho):
    second, cross = moments(covariance, target, rho)
    used = [i for i in range(len(target)) if covariance[i][i]]
    small, right = mp.zeros(len(used)), mp.zeros(len(used), 1)
    for a, i in enumerate(used):
        right[a] = cross[i]
        for b, j in enumerate(used):
            small[a, b] = second[i, j]
    with mp.extradps(130):
        solution = mp.lu_solve(small, right)
    weights = [mp.mpf(0)] * len(target)
    for a, i in enumerate(used):
        weights[i] = solution[a]
    return weights, cross


def optimum(covariance, target, observed):
    return {"value": [best_weights(covariance, target, rho)[0] for rho in observed]}


def bias(covariance, target, observed):
    found = []
    for rho in observed:
        with mp.extradps(150):
            weights, cross = best_weights(covariance, target, rho)
            explained = mp.fsum(c * w for c, w in zip(cross, weights, strict=True))
            found.append(form(target, covariance, target) - explained)
    return {"value": found}


def copies(d, rank, observed, signal=1):
    """d/r copies of each of r inputs, target on the first of each."""
    group = int(d / rank)
    sigma = [[mp.mpf(i // group == j // group) for j in range(int(d))] for i in range(int(d))]
    target = [mp.sqrt(signal / rank) if i % group == 0 else mp.mpf(0) for i in range(int(d))]
    return {"value": bias(sigma, target, observed)["value"]}


def sgd_bound(covariance, target, observed, n, noise_variance=0, kurtosis=3):
    weights, _ = best_weights(covariance, target, observed)
    trace = mp.fsum(covariance[i][i] for i in range(len(target)))
    power, left = form(target, covariance, target), bias(covariance, target, [observed])["value"][0]
    first = kurtosis * trace * mp.fsum(w * w for w in weights) + noise_variance + power
    return {"value": [first / mp.sqrt(rows) + left for rows in n]}


def imputed_ridge(covariance, target, observed, n, ridge, noise_variance=0):
    """The misspecified Gaussian model in its cancelling form, n/(n - df2) [V - sum psi^2 (s + 2k)/(s + k)^2]."""
    with mp.extradps(150):
        second, cross = moments(covariance, target, observed)
        s, Q = mp.eigsy(second)
        psi = list(Q.T * cross)
        trace, rank = mp.fsum(s), len(s)
        power = form(target, covariance, target) + noise_variance
        fields = {"effective_ridge": [], "df1": [], "df2": [], "test": [], "train": []}
        for delta in ridge:
            k = mp.mpf(0)
            if delta > 0 or n < rank:
                k = bisect(lambda k, delta=delta: n - mp.fsum(x / (x + k) for x in s) - delta / k,
                           mp.mpf(10) ** -60 * trace, 2 * (delta + trace) / n)  # fmt: skip
            df1, df2 = mp.fsum(x / (x + k) for x in s), mp.fsum((x / (x + k)) ** 2 for x in s)
            fitted = mp.fsum(p * p * (x + 2 * k) / (x + k) ** 2 for p, x in zip(psi, s, strict=True))
            test = n / (n - df2) * (power - fitted)
            train = ((1 - df1 / n) ** 2 if n > df1 and delta else (max(1 - rank / n, mp.mpf(0))) ** 2) * test
            for name, value in zip(fields, (k, df1, df2, test, train), strict=True):
                fields[name].append(value)
    return fields


def shrunk(singular_values, weight_decay, depth):
    """Roots of s + beta s^(q-1) = sigma beyond its minimum, against zero; q = 2/L."""
    beta, q = weight_decay, 2 / depth
    fields = {"value": [], "objective": [], "threshold": [], "jump": [], "metastable": []}
    jump, threshold = mp.mpf(0), beta if depth == 2 else mp.mpf(0)
    if depth > 2 and beta > 0:
        # where the nonzero minimum is as good as zero: s^2/2 = beta (1/q - 1) s^q on the stationary curve
        jump = bisect(lambda s: s * s / 2 - beta * (1 / q - 1) * s**q, mp.mpf(10) ** -400, mp.mpf(10) ** 400)
        threshold = jump + beta * jump ** (q - 1)

    def objective(sigma, s):
        return (sigma - s) ** 2 / 2 + beta / q * s**q

    for sigma in singular_values:
        low = (beta * (1 - q)) ** (1 / (2 - q)) if depth > 2 and beta > 0 else mp.mpf(0)
        rise = (lambda s: s + beta * s ** (q - 1)) if depth != 1 else (lambda s: s + beta * s)
        root = mp.mpf(0)
        start = low if low > 0 else mp.mpf(10) ** -400
        if sigma > 0 and rise(start) < sigma:
            root = bisect(lambda s, sigma=sigma, rise=rise: rise(s) - sigma, start, sigma) if beta > 0 else sigma
        better = root > 0 and objective(sigma, root) < sigma**2 / 2
        best = root if better else mp.mpf(0)
        row = (best, objective(sigma, best), threshold, jump, mp.mpf(0) if better else root)
        for name, value in zip(fields, row, strict=True):
            fields[name].append(value)
    return fields


def gap(singular_values, depth, norm_bound=None):
    """Balanced layers: singular values sigma^(1/L) in every one; the dual's bidual has them all in one branch."""
    s, L = [x for x in singular_values if x > 0], int(depth)
    nuclear = mp.fsum(s)
    if norm_bound is not None:
        # layers of norm t share out as sigma^(1/L), the last two take what is left
        layers = mp.fsum(x ** (2 / depth) for x in s)
        rest = mp.fsum(x ** (2 / depth) for x in s) ** (depth / 2 - 1) / norm_bound ** (depth - 2)
        dual = nuclear / norm_bound ** (depth - 2)
        return {"primal": layers * rest, "dual": dual, "parallel": dual}
    primal = mp.fsum(mp.nthroot(x, L) ** 2 for x in s for _ in range(L)) / 2
    dual = mp.fsum(mp.nthroot(nuclear, L) ** 2 for _ in range(L)) / 2
    parallel = mp.fsum(mp.nthroot(x, L) ** L for x in s for _ in range(L)) / 2
    return {"primal": primal, "dual": dual, "parallel": parallel}


def rank_one(positive_slope, negative_slope, depth):
    """Minima over the weights of single paths: t^2 and s/t^(L-2) shared out among the layers."""
    L, s = int(depth), [abs(positive_slope), abs(negative_slope)]

    def least(total):
        """The first two layers cost total/z^(L-2), the others (L-2) z^2/2: stationary where z^L = total."""
        if total == 0:
            return mp.mpf(0)
        z = bisect(lambda z: z**L - total, mp.mpf(10) ** -400, mp.mpf(10) ** 400)
        return total / z ** (L - 2) + (L - 2) * z * z / 2

    dual = least(s[0] + s[1])
    primal = dual if positive_slope * negative_slope >= 0 else least(s[0]) + least(s[1])
    return {"primal": primal, "dual": dual, "parallel": mp.mpf(L) / 2 * (s[0] + s[1])}


SIGMA = [[2.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 0.5]]
TWINS = [[1.0, 1.0], [1.0, 1.0]]
DEAD = [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 2.0]]
BIG = [[1e100, 5e99], [5e99, 3e100]]
PROBLEMS = (
    ("full rank", SIGMA, [1.0, -2.0, 0.5], [0.1, 0.5, 0.9, 1 - 2.0**-40]),
    ("two copies", TWINS, [1.0, 0.25], [1e-6, 0.3, 0.75]),
    ("an input without variance", DEAD, [1.0, 3.0, -1.0], [0.25, 0.5]),
    ("units of 1e100", BIG, [1.0, -0.5], [0.25, 0.75]),
    ("one input", [[2.0]], [3.0], [1e-100, 0.5]),
)


def enumerated():
    for name, sigma, target, observed in PROBLEMS:
        arguments = {"covariance": sigma, "target": target, "observed": observed}
        yield entry(name, "imputation_optimum", optimum, 1e-12, together=True, **arguments)
        yield entry(name, "imputation_bias", bias, 1e-12, **arguments)
        weights = [0.5, -1.0, 2.0][: len(target)]
        yield entry(name, "imputed_risk", masked_risk, 1e-13, weights=weights, noise_variance=0.25, **arguments)
        for rho in observed[1:3]:
            arguments = {"covariance": sigma, "target": target, "observed": rho}
            yield entry(f"{name}, {rho}", "averaged_sgd_bound", sgd_bound, 1e-12, **arguments, n=[1, 100, 10**12],
                        noise_variance=0.3)  # fmt: skip
            if "variance" not in name:
                least = 1e-3 * sigma[0][0]
                for n in (2, 50):
                    yield entry(f"{name}, {rho}, n={n}", "imputed_ridge_risk", imputed_ridge, 1e-12, **arguments, n=n,
                                ridge=[least, sigma[0][0], 1e20 * sigma[0][0]], noise_variance=0.3)  # fmt: skip
    yield entry("everything seen", "imputed_risk", masked_risk, 1e-13, weights=[1.0, 1.0, 0.0], covariance=SIGMA,
                target=[1.0, -2.0, 0.5], observed=[1.0])  # fmt: skip
    yield entry("everything seen", "imputation_optimum", optimum, 1e-13, covariance=SIGMA, target=[1.0, -2.0, 0.5],
                observed=[1.0])  # fmt: skip
    yield entry("ridgeless", "imputed_ridge_risk", imputed_ridge, 1e-12, covariance=SIGMA, target=[1.0, -2.0, 0.5],
                observed=0.5, n=20, ridge=[0.0], noise_variance=0.1)  # fmt: skip
    for d, rank in ((5, 5), (6, 2), (8, 1), (2, 1)):
        yield entry(f"d={d}, r={rank}", "low_rank_imputation_bias", copies, 1e-13, d=d, rank=rank,
                    observed=[1e-9, 0.3, 0.5, 1 - 2.0**-50], signal=2.0)  # fmt: skip


def layers():
    for depth in (1, 2, 3, 4, 7, 30):
        for decay in (1e-80, 0.01, 1.0):
            scale = decay ** (depth / (2.0 * depth - 2)) if depth > 1 else 1.0
            # from far below the threshold to far above, in its own units: sigma_c ~ decay^(1/(2-q))
            values = [0.5 * scale, 1.6 * scale, 1.9 * scale, 2.5 * scale, 1e3 * scale]
            yield entry(f"L={depth}, decay {decay:g}", "shrink_singular_values", shrunk, 1e-11, singular_values=values,
                        weight_decay=decay, depth=depth)  # fmt: skip
    for factor in (1 - 2.0**-20, 1 + 2.0**-20):  # three layers jump at sigma = 2 (2 decay/... )
        sigma = factor * 2 * 0.5**0.75 * 2**0.75
        yield entry(f"L=3, threshold times {factor:.7f}", "shrink_singular_values", shrunk, 1e-11,
                    singular_values=[sigma], weight_decay=1.0, depth=3)  # fmt: skip
    yield entry("no decay", "shrink_singular_values", shrunk, 1e-13, singular_values=[0.5, 2.0], weight_decay=0.0,
                depth=3)  # fmt: skip
    for depth in (2, 3, 5, 20):
        for name, values in (("equal", [1.0, 1.0]), ("one", [3.0, 0.0]), ("spread", [1e3, 1.0, 1e-3]),
                             ("units of 1e-100", [2e-100, 1e-100])):  # fmt: skip
            yield entry(f"L={depth}, {name}", "duality_gap", gap, 1e-13, singular_values=values, depth=depth)
        for p, q in ((1.0, 0.5), (1.0, -0.5), (-2e-100, 1e-100), (3.0, 0.0)):
            yield entry(f"L={depth}, p={p:g}, q={q:g}", "rank_one_gap", rank_one, 1e-13, positive_slope=p,
                        negative_slope=q, depth=depth)  # fmt: skip
        yield entry(f"L={depth}, bounded", "duality_gap", gap, 1e-13, singular_values=[2.0, 1.0, 0.25], depth=depth,
                    norm_bound=1.5)  # fmt: skip


if __name__ == "__main__":
    write(__file__, (row for part in (enumerated, layers) for row in part()))
