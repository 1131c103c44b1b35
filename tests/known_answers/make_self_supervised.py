"""Make self_supervised.json: definitions at 50 digits - sums over outcomes, determinants, Cholesky, bisection.

python tests/known_answers/make_self_supervised.py
"""

from itertools import product

import mpmath as mp
from writing import bisect, entry, write


def rows(matrix):
    return [[matrix[i, j] for j in range(matrix.cols)] for i in range(matrix.rows)]


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def times(A, B):
    return [[dot(row, column) for column in zip(*B, strict=True)] for row in A]


def turned(A):
    return [list(column) for column in zip(*A, strict=True)]


def eigen(A):
    """Eigenvalues falling, eigenvectors as rows."""
    values, vectors = mp.eigsy(mp.matrix(A))
    order = sorted(range(len(A)), key=lambda i: -values[i])
    return [values[i] for i in order], [[vectors[k, i] for k in range(len(A))] for i in order]


def pair_matrix(X, X_pair):
    n, m = len(X), len(X[0])
    return {"value": [[mp.fsum(x[i] * z[j] + z[i] * x[j] for x, z in zip(X, X_pair, strict=True)) / (2 * n)
                       for j in range(m)] for i in range(m)]}  # fmt: skip


def pair_kernel(K, pairs):
    values, vectors = eigen(K)
    N = len(K)
    half = [[mp.fsum(mp.sqrt(max(w, 0)) * v[i] * v[j] for w, v in zip(values, vectors, strict=True)) for j in range(N)]
            for i in range(N)]  # fmt: skip
    Z = [[mp.mpf(0)] * N for _ in range(N)]
    for a, b in pairs:
        Z[int(a)][int(b)] += mp.mpf(1) / (2 * len(pairs))
        Z[int(b)][int(a)] += mp.mpf(1) / (2 * len(pairs))
    return {"value": times(times(half, Z), half)}


def stepwise(gamma, start, times, target_dim):
    """From e^{4 gt}/sqrt(s0^-2 + (e^{8 gt} - 1) g), the form that overflows in doubles."""
    lead = sorted(gamma, reverse=True)[: int(target_dim)]
    sizes, losses = [], []
    for t in times:
        below = [1 / s**2 + mp.expm1(8 * g * t) * g for g, s in zip(lead, start, strict=True)]
        sizes.append([mp.exp(4 * g * t) / mp.sqrt(x) for g, x in zip(lead, below, strict=True)])
        losses.append(mp.fsum(((1 / s**2 - g) / x) ** 2 for g, s, x in zip(lead, start, below, strict=True)))
    steps = [-mp.log(s * s * g) / (8 * g) for g, s in zip(lead, start, strict=True)]
    return {"singular_values": sizes, "losses": losses, "step_times": steps}


def stepwise_turned(gamma, start, times, target_dim):
    """Weights from the QR factors of generic weights, by Gram-Schmidt."""
    values, modes = eigen(gamma)
    d = int(target_dim)
    seen = [[dot(w, g) for g in modes[:d]] for w in start]
    basis, sizes = [], []
    for column in zip(*seen, strict=True):
        left = list(column)
        for q in basis:
            share = dot(q, left)
            left = [a - share * b for a, b in zip(left, q, strict=True)]
        sizes.append(mp.sqrt(dot(left, left)))
        basis.append([a / sizes[-1] for a in left])
    found = []
    for t in times:
        s = [mp.exp(4 * g * t) / mp.sqrt(1 / r**2 + mp.expm1(8 * g * t) * g)
             for g, r in zip(values[:d], sizes, strict=True)]  # fmt: skip
        found.append([[mp.fsum(basis[j][i] * s[j] * modes[j][k] for j in range(d)) for k in range(len(gamma))]
                      for i in range(d)])  # fmt: skip
    return {"weights": found}


def descent(gamma, start, step_size, steps, checkpoints):
    del checkpoints  # two: the first and the last
    W, kept, losses = start, [], []
    for step in range(int(steps) + 1):
        seen = times(W, gamma)
        C = [[x - (i == j) for j, x in enumerate(row)] for i, row in enumerate(times(seen, turned(W)))]
        if step in (0, int(steps)):
            kept.append(W)
            losses.append(mp.fsum(x * x for row in C for x in row))
        move = times(C, seen)
        W = [[w - 4 * step_size * g for w, g in zip(a, b, strict=True)] for a, b in zip(W, move, strict=True)]
    return {"weights": kept, "losses": losses}


def augmentation(p_joint):
    x = [mp.fsum(row) for row in p_joint]
    a = [mp.fsum(column) for column in zip(*p_joint, strict=True)]
    kernel = [[mp.fsum(p * q / w for p, q, w in zip(one, two, a, strict=True)) / (u * v)
               for two, v in zip(p_joint, x, strict=True)] for one, u in zip(p_joint, x, strict=True)]  # fmt: skip
    weighted = [[k * mp.sqrt(u * v) for k, v in zip(row, x, strict=True)] for row, u in zip(kernel, x, strict=True)]
    return {"eigenvalues": eigen(weighted)[0][: min(len(x), len(a))],
            "complexity": max(kernel[i][i] for i in range(len(x)))}  # fmt: skip


def avoided(tokens, ratio, kind):
    """Probability, for every set of tokens, that none of it is masked, times what flips leave: one by one."""
    found = []
    block = int(mp.nint(ratio * tokens))
    for bits in product((0, 1), repeat=tokens):
        size = sum(bits)
        if kind == "random":
            found.append((1 - ratio) ** size)
            continue
        places = [not any(bits[s : s + block]) for s in range(tokens - block + 1)]
        value = mp.mpf(sum(places)) / len(places)
        found.append(value * (1 - ratio) ** (2 * size) if kind == "block-flip" else value)
    return found


def masking(d, ratio, kind):
    every = avoided(int(d), ratio, kind)
    distinct = []
    for value in sorted(every, reverse=True):
        if not distinct or distinct[-1][0] - value > mp.mpf(10) ** -40:
            distinct.append([value, mp.mpf(0)])
        distinct[-1][1] += 1
    return {"eigenvalues": [v for v, _ in distinct], "multiplicities": [c for _, c in distinct]}


def complexity(d, ratio, kind):
    """The trace of the kernel: all inputs have the same diagonal entry, so it is the sum of the eigenvalues."""
    return {"value": mp.fsum(avoided(int(d), ratio, kind))}


def kappa_of(s, n, ridge):
    if ridge == 0 and len(s) < n:
        return mp.mpf(0)
    return bisect(lambda k: n - mp.fsum(x / (x + k) for x in s) - ridge / k, mp.mpf(10) ** -40, mp.mpf(10) ** 20)


def excess_of(s, power, irreducible, n, ridge, noise):
    k = kappa_of(s, n, ridge)
    df2 = mp.fsum((x / (x + k)) ** 2 for x in s)
    left = mp.fsum(p * (k / (x + k)) ** 2 for x, p in zip(s, power, strict=True)) + irreducible
    return (left + noise) / (1 - df2 / n) - noise


def probe(spectrum, target, dim, n, noise, ridge):
    values, d = spectrum["eigenvalues"], int(dim)
    order = sorted(range(len(target)), key=lambda i: -values[i])
    power = [target[i] ** 2 for i in order]
    kept = [values[i] for i in order[:d]]
    return {"excess": excess_of(kept, power[:d], mp.fsum(power[d:]), n, ridge, noise)}


def head(M, C, dim):
    """By Cholesky: the eigenvalues of L^-1 C L^-T, and W = L^-T u."""
    L = mp.cholesky(mp.matrix(M))
    inverse = L**-1
    shared = inverse * mp.matrix(C) * inverse.T
    values, vectors = eigen(rows((shared + shared.T) / 2))
    d, kept = len(M), []
    gram = mp.zeros(d)
    for q, u in list(zip(values, vectors, strict=True))[: int(dim)]:
        if q > mp.mpf(10) ** -30:
            w = inverse.T * mp.matrix(u)
            gram += q * w * w.T
            kept.append(q)
    return {"gram": rows(gram), "loss": -mp.fsum(q * q for q in kept), "selected": kept}


def layer(gram, layers, layer):
    values, vectors = eigen(gram)
    d = len(gram)
    raised = [v ** (layer / layers) if v > mp.mpf(10) ** -30 else mp.mpf(0) for v in values]
    return {"value": [[mp.fsum(r * v[i] * v[j] for r, v in zip(raised, vectors, strict=True)) for j in range(d)]
                      for i in range(d)]}  # fmt: skip


def head_probe(correlations, variances, target, n, noise, layers):
    """The least excess over ridges, by bisection of its slope in the logarithm of the ridge."""
    found, ridges, L = [], [], int(layers)
    for index in range(L + 1):
        s = [v ** (1 - mp.mpf(index) / L) * q ** (mp.mpf(index) / L)
             for q, v in zip(correlations, variances, strict=True)]  # fmt: skip

        def excess(ridge, s=s):
            return excess_of(s, target, 0, n, ridge, noise)

        def slope(ridge, excess=excess):
            step = mp.mpf(10) ** -15
            return (excess(ridge * (1 + step)) - excess(ridge * (1 - step))) / step

        low, high = mp.mpf("0.01"), mp.mpf(1000)
        for _ in range(70):
            middle = mp.sqrt(low * high)
            low, high = (low, middle) if slope(middle) > 0 else (middle, high)
        ridges.append(middle)
        found.append(excess(middle))
    return {"excess": found}


def contrastive(similarities, temperature):
    terms = [mp.exp(s / temperature) for s in similarities]
    total, others = mp.fsum(terms), mp.fsum(terms[1:])
    gradient = [-others / total / temperature] + [x / total / temperature for x in terms[1:]]
    return {"loss": mp.log(total / terms[0]), "gradient": gradient, "penalties": [x / others for x in terms[1:]]}


def entropy(similarities, temperature):
    def value(t):
        terms = [mp.exp(s / t) for s in similarities[1:]]
        shares = [x / mp.fsum(terms) for x in terms]
        return -mp.fsum(r * mp.log(r) for r in shares)

    with mp.extradps(60):
        step = temperature * mp.mpf(10) ** -40
        slope = (value(temperature + step) - value(temperature - step)) / (2 * step)
    return {"entropy": value(temperature), "slope": slope}


def limits(similarities):
    mean = mp.fsum(similarities) / len(similarities)
    return {"cold": max(max(similarities[1:]) - similarities[0], mp.mpf(0)), "hot": mp.log(len(similarities)),
            "hot_slope": mean - similarities[0]}  # fmt: skip


def directions(embeddings):
    return [[x / mp.sqrt(dot(row, row)) for x in row] for row in embeddings]


def even(embeddings, sharpness=2):
    unit = directions(embeddings)
    terms = [mp.exp(-sharpness * mp.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
             for i, a in enumerate(unit) for b in unit[:i]]  # fmt: skip
    return {"value": mp.log(mp.fsum(terms) / len(terms))}


def close(embeddings, labels):
    unit = directions(embeddings)
    terms = [dot(unit[i], unit[j]) for i in range(len(unit)) for j in range(i) if labels[i] == labels[j]]
    return {"value": mp.fsum(terms) / len(terms)}


def cost(kind, v):
    return max(mp.mpf(0), 1 - v) if kind == "hinge" else mp.log(1 + mp.exp(-v), 2)


def classes(features, members, rho, kind):
    C, N = range(len(rho)), range(len(features))
    tau = mp.fsum(r * r for r in rho)
    free = mp.fsum(
        rho[c] * rho[e] * members[c][x] * members[c][p] * members[e][m]
        * cost(kind, dot(features[x], [a - b for a, b in zip(features[p], features[m], strict=True)]))
        for c in C for e in C for x in N for p in N for m in N
    )  # fmt: skip
    means = [[dot(members[c], column) for column in zip(*features, strict=True)] for c in C]
    told = mp.fsum(
        rho[c] * rho[e] * members[c][x]
        * cost(kind, dot(features[x], [a - b for a, b in zip(means[c], means[e], strict=True)]))
        for c in C for e in C if c != e for x in N
    ) / (1 - tau)  # fmt: skip
    return {"unsupervised": free, "supervised": told, "bound": (free - tau) / (1 - tau)}


def bound(rho, loss):
    tau = mp.fsum(r * r for r in rho)
    return {"value": [(x - tau) / (1 - tau) for x in loss]}


def delta(covariance, encoder):
    S, f = mp.matrix(covariance), mp.matrix(encoder)
    return S - S * f.T * (f * S * f.T) ** -1 * f * S


def sufficient(covariance, encoder, noise_variance, weights=None):
    D, d = delta(covariance, encoder), len(covariance)
    det = mp.det(mp.eye(d) + D / noise_variance)
    if weights is None:
        excess, norm2 = eigen(rows((D + D.T) / 2))[0][0], 1
    else:
        w = mp.matrix(weights)
        excess, norm2 = (w.T * D * w)[0], dot(weights, weights)
    return {"loss": mp.log(det) / 2, "excess": excess, "bound": noise_variance * norm2 * (det - 1)}


def information(covariance, encoder, noise_variance, samples, draws):
    """Half the logarithm of det cov(z) over det cov(z | fx)."""
    d = len(covariance)
    z = mp.matrix(covariance) + noise_variance * mp.eye(d)
    left = delta(covariance, encoder) + noise_variance * mp.eye(d)
    return {"mutual_information": mp.log(mp.det(z) / mp.det(left)) / 2}


def pretraining(loadings, beta, noise, labelled, unlabelled):
    B, b = mp.matrix(loadings), mp.matrix(beta)
    d, r = B.rows, B.cols
    inner = B.T * B + mp.eye(r)
    solved = mp.lu_solve(inner, b)
    v = (b.T * solved)[0] + noise
    w = B * solved
    values, vectors = eigen(rows(B * B.T + mp.eye(d)))
    missed = (d - r) / mp.mpf(unlabelled) * mp.fsum(
        dot(u, list(w)) ** 2 * x / (x - 1) ** 2 for x, u in list(zip(values, vectors, strict=True))[:r]
    )  # fmt: skip
    rate = mp.mpf(r) / (labelled - r - 1)
    return {"true": v * rate, "pretrained": missed + (v + missed) * rate, "supervised": v * d / (labelled - d - 1)}


PAIRS = {"X": [[1.0, 0.25], [0.5, -2.0], [0.125, 3.0]], "X_pair": [[0.75, 0.5], [1.0, -1.5], [-0.5, 2.0]]}
KERNEL = [[2.0, 0.5, 0.25, 0.0], [0.5, 1.0, 0.125, 0.25], [0.25, 0.125, 3.0, 1.0], [0.0, 0.25, 1.0, 1.5]]
SPEED = [[2.0, 0.25, 0.0], [0.25, 1.0, 0.125], [0.0, 0.125, -0.5]]
START = [[0.125, -0.0625, 0.03125], [0.0625, 0.125, 0.25]]
JOINTS = {
    "flipped bit": [[0.375, 0.125], [0.125, 0.375]],
    "unequal": [[0.5, 0.125, 0.0], [0.0, 0.125, 0.0625], [0.0625, 0.0, 0.125]],
    "more augmented than inputs": [[0.25, 0.125, 0.0625, 0.0625], [0.0625, 0.0625, 0.125, 0.25]],
    "nothing shared": [[0.5, 0.0], [0.0, 0.5]],
    "everything lost": [[0.25], [0.75]],
}
MOMENTS = {"M": [[4.0, 0.5, 0.0], [0.5, 2.0, 0.25], [0.0, 0.25, 0.5]],
           "C": [[1.0, 0.25, 0.0], [0.25, 1.5, 0.0], [0.0, 0.0, 0.375]]}  # fmt: skip
COVARIANCE = [[2.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 0.5]]
POINTS = [[1.0, 0.5], [-0.5, 2.0], [0.25, -1.0], [3.0, 0.125]]
LATENT = {"features": POINTS, "members": [[0.5, 0.25, 0.25, 0.0], [0.0, 0.25, 0.25, 0.5], [0.25, 0.0, 0.5, 0.25]],
          "rho": [0.5, 0.25, 0.25]}  # fmt: skip


def entries():
    yield entry("three pairs", "pair_matrix", pair_matrix, 1e-14, together=True, **PAIRS)
    yield entry("two pairs of four points", "pair_kernel", pair_kernel, 1e-13, together=True, K=KERNEL,
                pairs=[[0, 1], [2, 3]])  # fmt: skip
    yield entry("points in several pairs", "pair_kernel", pair_kernel, 1e-13, together=True, K=KERNEL,
                pairs=[[0, 1], [0, 2], [3, 0]])  # fmt: skip
    for name, gamma, start, times in (
        ("separated modes", [2.0, 1.0, 0.25, -0.5], [1e-3, 0.015625], [0.0, 0.5, 1.0, 3.0]),
        ("tiny start", [0.5, 3.0], [1e-100, 1e-120], [1.0, 11.0, 60.0, 70.0, 500.0]),
        ("beyond the overflow of the exponential", [2.0, 1.0], [0.125, 0.125], [1e2, 1e4]),
        ("starts above the end", [2.0, 1.0], [3.0, 1.0], [0.0, 0.0625, 1.0]),
        ("sizes far from one", [2e10, 1e-10], [1e-7, 1e3], [1e-11, 1e9]),
    ):
        yield entry(name, "stepwise_embedding", stepwise, 1e-12, gamma=gamma, start=start, times=times, target_dim=2,
                    precisions=(300, 400))  # fmt: skip
    yield entry("generic start", "stepwise_embedding", stepwise_turned, 1e-12, together=True, gamma=SPEED, start=START,
                times=[0.0, 0.25, 2.0], target_dim=2)  # fmt: skip
    yield entry("nine steps", "embedding_descent", descent, 1e-13, together=True, gamma=SPEED, start=START,
                step_size=0.03125, steps=9, checkpoints=2)  # fmt: skip
    for name, p in JOINTS.items():
        yield entry(name, "augmentation_spectrum", augmentation, 1e-13, together=True, p_joint=p)
    for kind in ("random", "block", "block-flip"):
        for d, ratio in ((4, 0.5), (8, 0.25)):
            yield entry(f"{kind}, {d} tokens", "masking_complexity", complexity, d=d, ratio=ratio, kind=kind)
            yield entry(f"{kind}, {d} tokens", "masking_spectrum", masking, d=d, ratio=ratio, kind=kind)
    yield entry("nothing masked", "masking_complexity", complexity, d=5, ratio=0.0, kind="block-flip")
    yield entry("everything masked", "masking_spectrum", masking, d=3, ratio=1.0, kind="random")
    for name, n, ridge in (
        ("least squares", 9.0, 0.0),
        ("ridge", 9.0, 0.5),
        ("fewer samples than functions", 2.0, 0.125),
    ):

        def computed(spectrum_values, **rest):
            return probe(spectrum_values, **rest)

        yield entry(name, "linear_probe_error", probe, 1e-11, spectrum={"eigenvalues": [0.25, 1.0, 0.5, 0.125]},
                    target=[0.5, 0.25, 1.0, 0.125], dim=3, n=n, noise=0.25, ridge=ridge)  # fmt: skip
    for dim in (1, 2, 3):
        yield entry(f"{dim} of three", "spectral_contrastive", head, together=True, dim=dim, **MOMENTS)
    yield entry("a negative correlation", "spectral_contrastive", head, together=True, M=[[2.0, 0.5], [0.5, 1.0]],
                C=[[1.0, 0.0], [0.0, -0.5]], dim=2)  # fmt: skip
    yield entry("square root", "layer_weights", layer, together=True, gram=COVARIANCE, layers=2, layer=1)
    yield entry("second of three", "layer_weights", layer, together=True, gram=COVARIANCE, layers=3, layer=2)
    yield entry("the first feature", "robust_probe_risk", head_probe, 1e-10, correlations=[0.9375, 0.875, 0.5],
                variances=[4.0, 1.0, 0.25], target=[1.0, 0.0, 0.0], n=20.0, noise=0.5, layers=2, digits=25,
                precisions=(60, 75))  # fmt: skip
    for name, s in (("a hard negative", [0.5, 0.75, -0.25, 0.0]), ("easy negatives", [0.875, -0.5, -0.5, 0.125])):
        for t in (0.015625, 1.0, 50.0):
            yield entry(f"{name}, temperature {t}", "contrastive_gradient", contrastive, similarities=s, temperature=t)
            yield entry(f"{name}, temperature {t}", "penalty_entropy", entropy, similarities=s, temperature=t)
        yield entry(name, "temperature_limits", limits, similarities=s)
    yield entry("four points", "uniformity", even, embeddings=POINTS)
    yield entry("sharper", "uniformity", even, embeddings=POINTS, sharpness=8.0)
    yield entry("two classes", "tolerance", close, embeddings=POINTS, labels=[0.0, 1.0, 1.0, 0.0])
    for kind in ("hinge", "log2"):
        yield entry(kind, "class_transfer", classes, kind=kind, **LATENT)
    yield entry("three losses", "class_transfer_bound", bound, rho=[0.5, 0.25, 0.25], loss=[0.5, 0.75, 2.0])
    for name, f in (("one direction", [[1.0, 0.5, 0.0]]), ("two directions", [[1.0, 0.0, 0.25], [0.0, 2.0, 0.5]])):
        yield entry(name, "linear_sufficiency", sufficient, covariance=COVARIANCE, encoder=f, noise_variance=0.5)
        yield entry(f"{name}, given weights", "linear_sufficiency", sufficient, covariance=COVARIANCE, encoder=f,
                    noise_variance=0.5, weights=[1.0, -0.5, 2.0])  # fmt: skip
        yield entry(name, "gaussian_infonce", information, covariance=COVARIANCE, encoder=f, noise_variance=0.25,
                    samples=2, draws=2)  # fmt: skip
    loadings = [[2.0, 0.5], [0.5, -1.0], [0.25, 1.0], [1.0, 0.125]]
    for m in (10.0, 1000.0):
        yield entry(f"{m:g} unlabelled", "factor_pretraining_risk", pretraining, loadings=loadings, beta=[1.0, 0.5],
                    noise=0.25, labelled=9.0, unlabelled=m)  # fmt: skip


if __name__ == "__main__":
    write(__file__, entries())
