"""Make neural_collapse.json: minima, Hessians and metrics at 30 to 50 digits, from losses written out as they are.

Minima come from the balanced amplitude of all layers of a mode, rates and responses from second differences of the
losses in 140 digits, limited widths from every subset of modes. Takes a minute:

    python tests/known_answers/make_neural_collapse.py
"""

from itertools import combinations

import mpmath as mp
from writing import bisect, entry, write

WIDE = {"digits": 30, "precisions": (140, 160)}  # second differences keep a third of the digits


class Mode:
    """min over t of weight/(2N) (sqrt(level) - t^(M+1)/D)^2 + (M+1) t^2/2, t^2 = decay times square in every layer."""

    def __init__(self, level, total, layers, feature_decay, weight=1):
        self.level, self.total, self.weight = level, total, mp.mpf(weight)
        self.M, self.layers, self.feature_decay = len(layers), layers, feature_decay
        self.D = mp.sqrt(feature_decay * mp.fprod(layers))
        self.t = self.branch()
        self.alive = self.t > 0 and self.value(self.t) < self.value(mp.mpf(0))

    def value(self, t):
        gap = mp.sqrt(self.level) - t ** (self.M + 1) / self.D
        return self.weight / (2 * self.total) * gap**2 + (self.M + 1) * t * t / 2

    def branch(self):
        """The larger root of weight/N (sqrt(level) - t^(M+1)/D) t^(M-1) = D."""

        def pull(t):
            return self.weight / self.total * (mp.sqrt(self.level) - t ** (self.M + 1) / self.D) * t ** (self.M - 1)

        if self.level == 0:
            return mp.mpf(0)
        top = (self.D * mp.sqrt(self.level)) ** (mp.mpf(1) / (self.M + 1))
        peak = top * (mp.mpf(self.M - 1) / (2 * self.M)) ** (mp.mpf(1) / (self.M + 1))
        low = peak if self.M > 1 else top * mp.mpf(10) ** -200
        return bisect(lambda t: self.D - pull(t), low, top) if pull(low) > self.D else mp.mpf(0)

    @property
    def output(self):
        return self.t ** (self.M + 1) / self.D / mp.sqrt(self.level)

    @property
    def head(self):
        return self.t**self.M / mp.sqrt(mp.fprod(self.layers))

    @property
    def feature(self):
        return self.t / mp.sqrt(self.feature_decay)


def limits(total, layers, feature_decay):
    """Levels at which the nonzero minimum is as good as zero, and at which it appears."""

    M = len(layers)
    if M == 1:
        both = total**2 * feature_decay * layers[0]
        return both, both
    D = mp.sqrt(feature_decay * mp.fprod(layers))
    share = mp.mpf(M - 1) / (2 * M)

    def excess(level):
        top = (D * mp.sqrt(level)) ** (mp.mpf(1) / (M + 1))
        t = top * share ** (mp.mpf(1) / (M + 1))
        return (mp.sqrt(level) - t ** (M + 1) / D) * t ** (M - 1) / total - D

    spinodal = bisect(excess, mp.mpf(10) ** -150, mp.mpf(10) ** 150)

    def better(ratio):
        mode = Mode(ratio * spinodal, total, layers, feature_decay)
        return 1 - mode.value(mode.t) / mode.value(mp.mpf(0))

    return spinodal * mp.findroot(better, (mp.mpf("1.001"), mp.mpf(4)), solver="illinois"), spinodal


def minimum(class_sizes, layer_decays, feature_decay, width=None, bias="none", bias_decay=None):
    n, total, K = class_sizes, mp.fsum(class_sizes), len(class_sizes)
    layers = layer_decays if isinstance(layer_decays, list) else [layer_decays]
    targets = mp.eye(K)
    if bias == "none":
        levels, Q, weights = n, mp.eye(K), [1] * K
    else:
        centred = mp.matrix(K, K)
        for i in range(K):
            for j in range(K):
                centred[i, j] = (n[i] if i == j else 0) - n[i] * n[j] / total
        values, vectors = mp.eigsy(centred)
        levels = [values[K - 1 - i] for i in range(K - 1)] + [mp.mpf(0) if bias == "free" else n[0]]
        Q = mp.matrix(K, K)
        for i in range(K):
            for j in range(K - 1):
                Q[i, j] = vectors[i, K - 1 - j]
            Q[i, K - 1] = 1 / mp.sqrt(K)
        weights = [1] * K if bias == "free" else [1] * (K - 1) + [bias_decay / (1 + bias_decay)]
        if bias == "free":
            for i in range(K):
                for j in range(K):
                    targets[i, j] -= n[i] / total
    modes = [Mode(x, total, layers, feature_decay, w) for x, w in zip(levels, weights, strict=True)]
    kept = [i for i, mode in enumerate(modes) if mode.alive]
    if width is not None and len(kept) > int(width):
        kept = list(min(combinations(kept, int(width)), key=lambda some: objective(modes, some)))
    alive = [i in kept for i in range(K)]

    def space(values):
        return Q * mp.diag(values) * Q.T

    def listed(matrix):
        return [[matrix[i, j] for j in range(K)] for i in range(K)]

    zero = mp.mpf(0)
    outputs = [mode.output if ok else zero for mode, ok in zip(modes, alive, strict=True)]
    heads = [mode.head if ok else zero for mode, ok in zip(modes, alive, strict=True)]
    squares = [mode.feature**2 / mode.level if ok else zero for mode, ok in zip(modes, alive, strict=True)]
    shift = {"none": [zero] * K, "free": [x / total for x in n]}.get(bias)
    if shift is None:
        shift = [(mp.sqrt(n[0]) - outputs[-1] * mp.sqrt(n[0])) / mp.sqrt(total * K) / (1 + bias_decay)] * K
    critical, spinodal = limits(total, layers, feature_decay)
    return {
        "outputs": outputs,
        "singular_values": heads,
        "layer_singular_values": [
            [mode.t / mp.sqrt(x) if ok else zero for mode, ok in zip(modes, alive, strict=True)] for x in layers
        ],
        "bias": shift,
        "objective": objective(modes, kept),
        "collapsed_modes": [mp.mpf(not ok) for ok in alive],
        "classifier_gram": listed(space([x * x for x in heads])),
        "feature_gram": listed(targets.T * space(squares) * targets),
        "prediction": listed(space(outputs) * targets),
        "critical_class_size": critical,
        "spinodal_class_size": spinodal,
        **({"branch_outputs": [mode.output for mode in modes]} if bias != "free" else {}),
    }


def objective(modes, kept):
    return mp.fsum(mode.value(mode.t if i in kept else mp.mpf(0)) for i, mode in enumerate(modes))


def gram(code, classes):
    K = int(classes)
    if code == "simplex":
        rows = [[mp.mpf(i == j) - 1 / classes for j in range(K)] for i in range(K)]
    elif code == "circle":
        points = [(mp.cos(2 * mp.pi * i / K), mp.sin(2 * mp.pi * i / K)) for i in range(K)]
        rows = [[a[0] * b[0] + a[1] * b[1] for b in points] for a in points]
    else:
        points = [[mp.mpf((-1) ** i if i // 2 == a else 0) for a in range(K // 2)] for i in range(K)]
        rows = [[mp.fsum(x * y for x, y in zip(a, b, strict=True)) for b in points] for a in points]
    return {"value": rows}


def spectrum_of(code, K):
    if code == "simplex":
        return [mp.mpf(1)] * (K - 1) + [mp.mpf(0)]
    if code == "circle":
        return [mp.mpf(K) / 2] * 2 + [mp.mpf(0)] * (K - 2) if K > 2 else [mp.mpf(2), mp.mpf(0)]
    return [mp.mpf(2)] * (K // 2) + [mp.mpf(0)] * (K - K // 2)


def coded(classes, samples, layer_decays, feature_decay, code):
    """The last root of the derivative, met first from the right on a fine grid, then bisected."""
    K, row, g = int(classes), gram(code, classes)["value"][0], spectrum_of(code, int(classes))
    M, n = len(layer_decays), samples
    C, p = (feature_decay * mp.fprod(layer_decays)) ** (mp.mpf(1) / (M + 1)), mp.mpf(2) / (M + 1)
    price = mp.mpf(M + 1) / 2 * C * mp.fsum((mp.sqrt(n) * x) ** p for x in g if x)

    def loss(s):
        return mp.log(mp.fsum(mp.exp(s * (x - row[0])) for x in row)) + price * s**p

    def slope(s):
        terms = [mp.exp(s * (x - row[0])) for x in row]
        mean = mp.fsum((x - row[0]) * e for x, e in zip(row, terms, strict=True)) / mp.fsum(terms)
        return mean + price * p * s ** (p - 1)

    s = mp.mpf(0)
    with mp.workdps(20):
        at = mp.mpf(2) ** 12
        while slope(at) > 0 and at > mp.mpf(10) ** -8:
            at /= mp.mpf("1.05")
    if slope(at) < 0:
        s = bisect(slope, at, at * mp.mpf("1.06"))
    if loss(s) >= mp.log(K):
        s = mp.mpf(0)
    roots = [s * mp.sqrt(n) * x for x in g]
    D = mp.sqrt(feature_decay * mp.fprod(layer_decays))
    t = [(x * D) ** (mp.mpf(1) / (M + 1)) for x in roots]
    return {"scale": s, "objective": loss(s),
            "singular_values": [x**M / mp.sqrt(mp.fprod(layer_decays)) for x in t],
            "feature_singular_values": [x / mp.sqrt(feature_decay * n) for x in t]}  # fmt: skip


def second(f, a, b=None):
    """d^2 f/da db at zero by central differences; f takes the two amounts."""
    h = mp.mpf(10) ** -(mp.mp.dps // 3)
    if b is None:
        return (f(a, h) - 2 * f(a, mp.mpf(0)) + f(a, -h)) / h**2
    return (f(a, h, b, h) - f(a, h, b, -h) - f(a, -h, b, h) + f(a, -h, b, -h)) / (4 * h * h)


def hessian(loss, size):
    def moved(i, x, j=None, y=0):
        point = [mp.mpf(0)] * size
        point[i] += x
        if j is not None:
            point[j] += y
        return loss(point)

    rows = mp.matrix(size, size)
    for i in range(size):
        rows[i, i] = second(moved, i)
        for j in range(i):
            rows[i, j] = rows[j, i] = second(moved, i, j)
    return rows


def classifier(features, labels, weight_decay):
    """Normal equations; n_k lambda_W on the diagonal."""
    K, d = int(max(labels)) + 1, len(features[0])
    A, B = mp.matrix(d, d), mp.matrix(d, K)
    for x, label in zip(features, labels, strict=True):
        for i in range(d):
            B[i, int(label)] += x[i]
            for j in range(d):
                A[i, j] += x[i] * x[j]
    for i in range(d):
        A[i, i] += mp.mpf(len(labels)) / K * weight_decay
    return [[w[i] for i in range(d)] for w in (mp.lu_solve(A, B[:, k]) for k in range(K))]


def reduced(features, labels, weight_decay, feature_decay):
    """Kn times the loss with the best classifier."""
    W, K = classifier(features, labels, weight_decay), int(max(labels)) + 1
    total = mp.mpf(len(labels)) / K * weight_decay / 2 * mp.fsum(w * w for row in W for w in row)
    for x, label in zip(features, labels, strict=True):
        total += feature_decay / 2 * mp.fsum(v * v for v in x)
        for k in range(K):
            total += (mp.fsum(a * b for a, b in zip(W[k], x, strict=True)) - (k == int(label))) ** 2 / 2
    return total


def operator(features, labels, weight_decay, feature_decay):
    N, d = len(features), len(features[0])

    def loss(move):
        now = [[x + move[i * d + j] for j, x in enumerate(row)] for i, row in enumerate(features)]
        return reduced(now, labels, weight_decay, feature_decay)

    return hessian(loss, N * d)


def operator_rows(**arguments):
    T = operator(**arguments)
    return {"value": [[T[i, j] for j in range(T.cols)] for i in range(T.rows)]}


def response(features, labels, weight_decay, feature_decay, attachment, change):
    T, d = operator(features, labels, weight_decay, feature_decay), len(features[0])
    flat = mp.matrix([x for row in change for x in row])
    moved = mp.lu_solve(mp.eye(T.rows) + T / attachment, flat)
    return {"value": [[moved[i * d + j] for j in range(d)] for i in range(len(features))]}


def directions(classes, samples, dimension, weight_decay, feature_decay):
    """One perturbation of each kind around collapse; curvatures along them."""
    K, n, d = int(classes), int(samples), int(dimension)
    c = mp.sqrt(weight_decay * feature_decay)
    length = mp.sqrt((1 - c) * mp.sqrt(weight_decay / feature_decay))
    H = [[length * (j == k) for j in range(d)] for k in range(K) for _ in range(n)]
    labels = [mp.mpf(k) for k in range(K) for _ in range(n)]

    def along(*moves):
        """Moves (class, axis, kind): all samples of a class together, or the first two apart; to unit length."""
        entries = {}
        for k, axis, kind in moves:
            for i in range(n) if kind == "mean" else range(2):
                entries[k * n + i, axis] = mp.mpf(1 if kind == "mean" or i == 0 else -1)
        norm = mp.sqrt(len(entries))

        def f(_, x, other=None, y=0):
            now = [list(row) for row in H]
            for (i, axis), sign in entries.items():
                now[i][axis] += x * sign / norm
            for (i, axis), sign in (other or {}).items():
                now[i][axis] += y * sign / mp.sqrt(len(other))
            return reduced(now, labels, weight_decay, feature_decay)

        return f, entries

    def curvature(*moves):
        return second(along(*moves)[0], None)

    zero = mp.mpf(0)  # rotations, and means out of the span where there is room
    within_out, within_in = curvature((0, d - 1, "apart")), curvature((0, 0, "apart"))
    own, other = curvature((0, 0, "mean")), curvature((0, 1, "mean"))
    f, _ = along((0, 1, "mean"))
    _, partner = along((1, 0, "mean"))
    cross = second(f, None, partner)
    assert d == K or abs(curvature((0, d - 1, "mean"))) < mp.mpf(10) ** -30
    return {"rates": [zero, within_out, within_in, own], "block_rates": [zero, within_out, other, own, within_in],
            "cross_rate": cross}  # fmt: skip


def flow_rates(classes, samples, layer_decays, feature_decay):
    """The loss of two classes in matrices, written out, around the minimum; N = Kn and the scalar network per class."""
    layers = layer_decays if isinstance(layer_decays, list) else [layer_decays]
    n, N, M = samples, classes * samples, len(layers)
    mode = Mode(n, N, layers, feature_decay)
    w, h = [mode.t / mp.sqrt(x) for x in layers], mode.feature / mp.sqrt(n)
    d = 3

    def loss(W, features):
        """Two classes, two groups of n/2 samples in each; the rest of the K classes stays at the minimum."""
        total = mp.fsum(x / 2 * mp.fsum(v * v for v in A) for x, A in zip(layers, W, strict=True))
        for k in range(2):
            for half in features[k]:
                out = half
                for A in W:
                    out = A * out
                total += n / 2 * ((out[0] - (k == 0)) ** 2 + (out[1] - (k == 1)) ** 2) / (2 * N)
                total += n / 2 * feature_decay / 2 * mp.fsum(v * v for v in half)
        return total

    def built(move):
        """`move` maps (layer, row, column) and (class, half, axis) to changes."""
        W = [mp.diag([x, x, mp.mpf(0)]) for x in w]
        W[-1] = W[-1][:2, :]
        features = [[mp.matrix([h * (k == i) for i in range(d)]) for _ in range(2)] for k in range(2)]
        for (kind, a, b, c), x in move.items():
            if kind == "W":
                W[a][b, c] += x
            else:
                features[a][b][c] += x
        return loss(W, features)

    def matrix(*moves):
        """Hessian along unit moves; a change of a half of a class weighs sqrt(n/2) in length."""
        norms = [mp.sqrt(mp.fsum(x * x * (n / 2 if key[0] == "H" else 1) for key, x in m.items())) for m in moves]

        def f(amounts):
            total = {}
            for amount, move, norm in zip(amounts, moves, norms, strict=True):
                for key, x in move.items():
                    total[key] = total.get(key, mp.mpf(0)) + amount * x / norm
            return built(total)

        return hessian(f, len(moves))

    def both(entries):
        """The same change of the means (both halves) and of every layer."""
        means = {("H", k, half, axis): mp.mpf(x) for (axis, k), x in entries.items() for half in range(2)}
        return [means] + [{("W", j, a, b): mp.mpf(x) for (a, b), x in entries.items()} for j in range(M)]

    symmetric = sorted(mp.eigsy(matrix(*both({(0, 1): 1, (1, 0): 1})), eigvals_only=True))
    lengths = sorted(mp.eigsy(matrix(*both({(0, 0): 1})), eigvals_only=True))
    assert all(abs(a - b) < mp.mpf(10) ** -30 for a, b in zip(symmetric, lengths, strict=True))
    turning = sorted(mp.eigsy(matrix(*both({(0, 1): 1, (1, 0): -1})), eigvals_only=True))
    angle = matrix({("H", 0, half, 2): mp.mpf(1) for half in range(2)}, {("W", 0, 0, 2): mp.mpf(1)})
    apart = [matrix({("H", 0, 0, axis): mp.mpf(1), ("H", 0, 1, axis): mp.mpf(-1)})[0, 0] for axis in (0, 2)]
    return {"within_span": apart[0], "within_outside": apart[1], "alignment": max(mp.eigsy(angle, eigvals_only=True)),
            "symmetric": symmetric, "antisymmetric": turning[-1], "feature_geometry": symmetric[0],
            "head_geometry": symmetric[0]}  # fmt: skip


def path(features, labels, weight_decay, feature_decay, times):
    """Two classes along two axes decouple: two samples of one class, a Taylor integrator."""
    start = [features[0][0], features[1][0]]

    def velocity(_, x):
        w = (x[0] + x[1]) / (x[0] ** 2 + x[1] ** 2 + 2 * weight_decay)
        return [w * (1 - w * v) - feature_decay * v for v in x]

    solution = mp.odefun(velocity, mp.mpf(0), start)
    states, within, between = [], [], []
    for t in times:
        a, b = solution(t)
        states.append([[a, 0], [b, 0], [0, a], [0, b]])
        within.append(((a - b) / 2) ** 2)
        between.append(((a + b) / 2) ** 2 / 2)
    return {"features": states, "within": within, "between": between}


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def minus(a, b):
    return [x - y for x, y in zip(a, b, strict=True)]


def mean(rows):
    return [mp.fsum(column) / len(rows) for column in zip(*rows, strict=True)]


def grouped(features, labels):
    return [[x for x, y in zip(features, labels, strict=True) if int(y) == k] for k in range(int(max(labels)) + 1)]


def frobenius(A, B):
    """Distance of the two, each divided by its norm."""
    a, b = [x for row in A for x in row], [x for row in B for x in row]
    a, b = [x / mp.sqrt(dot(a, a)) for x in a], [x / mp.sqrt(dot(b, b)) for x in b]
    return mp.sqrt(dot(minus(a, b), minus(a, b)))


def metrics(features, labels, classifier, bias, target, global_mean):
    groups = grouped(features, labels)
    K, d, N = len(groups), len(features[0]), len(features)
    means = [mean(group) for group in groups]
    centre = mean(means) if global_mean == "classes" else mean(features)
    M = [minus(row, centre) for row in means]
    deviations = [minus(x, means[k]) for k, group in enumerate(groups) for x in group]
    within, between = mp.matrix(d, d), mp.matrix(d, d)
    for i in range(d):
        for j in range(d):
            within[i, j] = mp.fsum(x[i] * x[j] for x in deviations) / N
            between[i, j] = mp.fsum(x[i] * x[j] for x in M) / K
    values, vectors = mp.eigsy(between)
    top = sorted(range(d), key=lambda i: -values[i])[: min(K - 1, d)]
    nc1 = mp.fsum((vectors[:, i].T * within * vectors[:, i])[0] / values[i] for i in top) / K
    spread = [mp.fsum(dot(minus(x, m), minus(x, m)) for x in g) / len(g) for g, m in zip(groups, means, strict=True)]
    distance = [
        [mp.mpf(0) if k == j else (spread[k] + spread[j]) / (2 * dot(minus(a, b), minus(a, b)))
         for j, b in enumerate(means)] for k, a in enumerate(means)
    ]  # fmt: skip
    lengths = [mp.sqrt(dot(x, x)) for x in M]
    cosines = [dot(M[i], M[j]) / lengths[i] / lengths[j] for i in range(K) for j in range(i)]

    def deviation(x):
        middle = mp.fsum(x) / len(x)
        return mp.sqrt(mp.fsum((v - middle) ** 2 for v in x) / len(x)), middle

    def products(rows):
        return [[dot(a, b) for b in rows] for a in rows]

    def nearest(x):
        return min(range(K), key=lambda k: dot(minus(x, means[k]), minus(x, means[k])))

    def chosen(x):
        return max(range(K), key=lambda k: dot(classifier[k], x) + bias[k])

    return {
        "nc1": nc1,
        "nc1_trace": mp.fsum(within[i, i] for i in range(d)) / mp.fsum(between[i, i] for i in range(d)),
        "distance_variance": distance,
        "nc2": frobenius(products(M), [[mp.mpf(i == j) - mp.mpf(1) / K for j in range(K)] for i in range(K)]),
        "nc2_orthogonal": frobenius(products(means), [[mp.mpf(i == j) for j in range(K)] for i in range(K)]),
        "nc2_target": frobenius(products(means), [[target[i] * (i == j) for j in range(K)] for i in range(K)]),
        "equinorm": deviation(lengths)[0] / deviation(lengths)[1],
        "equiangular": deviation(cosines)[0],
        "angle_excess": mp.fsum(abs(x + mp.mpf(1) / (K - 1)) for x in cosines) / len(cosines),
        "nc3": frobenius(classifier, M),
        "nc3_uncentred": frobenius(classifier, means),
        "nc4": mp.fsum(chosen(x) != nearest(x) for x in features) / mp.mpf(N),
    }


def vertices(dimension):
    d = int(dimension)
    rows = [[mp.mpf(i == j) for j in range(d)] for i in range(d)] + [[(1 - mp.sqrt(dimension + 1)) / dimension] * d]
    centre = mean(rows)
    rows = [minus(row, centre) for row in rows]
    return [[x / mp.sqrt(dot(row, row)) for x in row] for row in rows]


def frame(classes, dimension):
    return {"value": [row + [mp.mpf(0)] * int(dimension - classes + 1) for row in vertices(classes - 1)]}


def axes(lengths, dimension):
    """Along the axes, one for each length that is not zero."""
    used = [i for i, x in enumerate(lengths) if x]
    return {"value": [[x if x and used.index(i) == j else mp.mpf(0) for j in range(int(dimension))]
                      for i, x in enumerate(lengths)]}  # fmt: skip


def centre_loss(features, labels, centres=None):
    groups = grouped(features, labels)
    around = [mean(g) for g in groups] if centres is None else centres
    return {"value": mp.fsum(mp.fsum(dot(minus(x, c), minus(x, c)) for x in g) / len(g)
                             for g, c in zip(groups, around, strict=True)) / len(groups)}  # fmt: skip


def angle_loss(centres):
    M = [minus(x, mean(centres)) for x in centres]
    angles = [min(mp.acos(dot(a, b) / mp.sqrt(dot(a, a) * dot(b, b))) for b in M if b is not a) for a in M]
    return {"value": -mp.fsum(angles) / len(angles)}


def angle_bound(classes, dimension):
    return angle_loss(vertices(classes - 1))


def resultant(dimension, kappa):
    """Mean cosine, by quadrature of the density; where that is a needle, Bessel functions from their expansion."""
    if kappa > 100:
        return mp.besseli(dimension / 2, kappa) / mp.besseli(dimension / 2 - 1, kappa)
    width = mp.sqrt(dimension / kappa)
    marks = sorted({mp.mpf(0), mp.pi} | {x * width for x in (0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 9, 16) if x * width < 3})

    def moment(weight):
        return mp.quad(lambda a: weight(mp.cos(a)) * mp.exp(kappa * (mp.cos(a) - 1)) * mp.sin(a) ** (dimension - 2),
                       marks)  # fmt: skip

    return moment(lambda c: c) / moment(lambda c: 1)


def resultants(dimension, concentration):
    return {"value": [resultant(dimension, kappa) for kappa in concentration]}


def compatibility(dimension, new_concentration, old_concentration):
    W = vertices(dimension)
    same, different = dot(W[0], W[0]), dot(W[0], W[1])
    new, old = resultant(dimension, new_concentration), resultant(dimension, old_concentration)
    return {"new_old_same": new * old * same, "old_old_same": old * old * same,
            "new_old_different": new * old * different, "old_old_different": old * old * different,
            "compatible": mp.mpf(new >= old)}  # fmt: skip


def minima():
    cases = [
        ("one layer", [20, 10, 5, 5], 0.02, 0.001, {}),
        ("one layer, a class collapses", [400, 100, 1], 0.02, 0.001, {}),
        ("two classes of one", [1, 1], [0.01, 0.02], 0.03, {}),
        ("two layers", [20, 10, 5, 5], [0.01, 0.03], 0.001, {}),
        ("three layers, a metastable class", [40, 20, 8], [0.05] * 3, 0.002, {}),
        ("three layers, a class without branch", [40, 20, 3], [0.05] * 3, 0.002, {}),
        ("eight layers", [30, 30, 30], [0.01] * 8, 0.001, {}),
        ("everything collapses", [3, 2], [1.0, 2.0], 3.0, {}),
        ("decays of 1e-40", [7, 5], [1e-40, 2e-40], 1e-38, {}),
        ("width two", [20, 10, 5, 5], [0.01, 0.03], 0.001, {"width": 2}),
        ("width one, two good classes", [21, 20], 0.01, 0.001, {"width": 1}),
        ("free bias, balanced", [6, 6, 6], [0.01, 0.02], 0.001, {"bias": "free"}),
        ("free bias, long tail", [50, 10, 2], [0.01, 0.02], 0.001, {"bias": "free"}),
        ("free bias, one layer", [50, 10, 2], 0.01, 0.001, {"bias": "free"}),
        ("penalised bias", [6, 6, 6], 0.01, 0.001, {"bias": "ridge", "bias_decay": 0.5}),
        ("penalised bias, two layers", [6, 6], [0.01, 0.005], 0.001, {"bias": "ridge", "bias_decay": 4.0}),
    ]
    for name, sizes, layers, decay, more in cases:
        yield entry(name, "collapse_minimizer", minimum, 1e-11, together=True, class_sizes=sizes, layer_decays=layers,
                    feature_decay=decay, **more)  # fmt: skip


def codes():
    for code, K in (("simplex", 2), ("simplex", 5), ("circle", 2), ("circle", 4), ("circle", 7), ("orthoplex", 2),
                    ("orthoplex", 6)):  # fmt: skip
        yield entry(f"{code}, K={K}", "code_gram", gram, 1e-14, together=True, code=code, classes=K)
    for K, n, layers, decay, code in ((4, 5, [1e-3], 1e-4, "simplex"), (2, 1, [1e-2], 1e-3, "simplex"),
                                      (4, 5, [1e-3] * 3, 1e-4, "simplex"), (4, 5, [1e-3] * 3, 1e-4, "circle"),
                                      (6, 5, [1e-3] * 2, 1e-4, "orthoplex"), (7, 10, [1e-4] * 3, 1e-5, "circle"),
                                      (3, 2, [1.0], 1.0, "simplex"), (3, 2, [0.5, 0.5], 0.5, "simplex"),
                                      (10, 100, [1e-9] * 2, 1e-10, "simplex")):  # fmt: skip
        yield entry(f"{code}, K={K}, {len(layers)} layers of {layers[0]:g}", "cross_entropy_code", coded, 1e-11,
                    classes=K, samples=n, layer_decays=layers, feature_decay=decay, code=code)  # fmt: skip


def around():
    for K, n, d, lw, lh in ((2, 2, 3, 0.8, 0.3), (3, 2, 4, 0.01, 0.02), (2, 3, 3, 5.0, 0.1), (2, 2, 4, 1e-3, 10.0)):
        yield entry(f"K={K}, n={n}, d={d}, decays {lw:g}, {lh:g}", "response_spectrum", directions, 1e-13, **WIDE,
                    together=True, classes=K, samples=n, dimension=d, weight_decay=lw, feature_decay=lh)  # fmt: skip
    features = [[1.0, 0.25], [0.75, -0.5], [-0.25, 1.0], [0.5, 1.5]]
    change = [[0.1, -0.2], [0.3, 0.0], [0.0, 1.0], [-0.5, 0.25]]
    for name, X, y, lw, lh in (("four samples", features, [0, 0, 1, 1], 0.5, 0.1), ("no feature decay",
                               features, [0, 1, 0, 1], 0.2, 0.0), ("two samples", features[:2], [0, 1], 3.0, 0.2),
                               ("three dimensions", [[1.0, 0.5, 0.25], [0.0, -1.0, 0.5]], [0, 1], 0.1,
                                0.3)):  # fmt: skip
        arguments = {"features": X, "labels": y, "weight_decay": lw}
        yield entry(name, "response_operator", operator_rows, 1e-12, **WIDE, together=True, **arguments,
                    feature_decay=lh)  # fmt: skip
        yield entry(name, "optimal_classifier", lambda **a: {"value": classifier(**a)}, 1e-13, together=True,
                    **arguments)  # fmt: skip
    for beta in (1e3, 20.0, 1e12):  # solved to a relative residual of 1e-12
        yield entry(f"attachment {beta:g}", "feature_response", response, 1e-10, **WIDE, together=True,
                    features=features, labels=[0, 0, 1, 1], weight_decay=0.5, feature_decay=0.1, attachment=beta,
                    change=change)  # fmt: skip
    for K, n, layers, decay in ((4, 5, [5e-3], 2e-2), (2, 2, [5e-3], 2e-2), (3, 4, [5e-3, 1e-2], 2e-3),
                                (2, 10, [1e-3, 2e-3, 3e-3], 1e-3), (10, 2, [1e-4], 1e-4)):  # fmt: skip
        yield entry(f"K={K}, n={n}, {len(layers)} layers", "collapse_rates", flow_rates, 1e-12, **WIDE, classes=K,
                    samples=n, layer_decays=layers, feature_decay=decay)  # fmt: skip
    for a, b in ((1.0, 0.5), (0.25, -0.125)):  # integrated to rtol 1e-10
        yield entry(f"samples at {a} and {b}", "central_path", path, 1e-9, precisions=(38, 45), digits=30,
                    together=True, features=[[a, 0.0], [b, 0.0], [0.0, a], [0.0, b]], labels=[0, 0, 1, 1],
                    weight_decay=0.3, feature_decay=0.05, times=[0.0, 0.5, 3.0])  # fmt: skip


def measured():
    features = [[1.0, 0.25, 0.5], [0.75, -0.5, 0.0], [-0.25, 1.0, 1.5], [0.5, 1.5, -1.0], [-1.0, -1.25, 0.5],
                [-1.5, -0.5, 0.25], [-0.75, -1.0, 0.125]]  # fmt: skip
    labels = [0, 0, 1, 1, 2, 2, 2]
    W = [[1.0, 0.0, 0.25], [-0.25, 1.0, 0.5], [-0.75, -1.0, 0.0]]
    for scale in (1.0, 2.0**-300, 2.0**300):
        rows = [[scale * x for x in row] for row in features]
        for which in ("classes", "samples"):
            yield entry(f"three classes, mean of {which}, units of {scale:.0e}", "collapse_metrics", metrics, 1e-12,
                        features=rows, labels=labels, classifier=W, bias=[0.1 * scale, 0.0, 0.2 * scale],
                        target=[2.0, 1.0, 1.5], global_mean=which)  # fmt: skip
        yield entry(f"units of {scale:.0e}", "centre_term", centre_loss, 1e-13, features=rows, labels=labels)
        yield entry(f"units of {scale:.0e}", "minimum_angle_term", angle_loss, 1e-13, centres=rows[::2])
    yield entry("centres given", "centre_term", centre_loss, 1e-13, features=features, labels=labels, centres=W)
    yield entry("two centres to the clamp", "minimum_angle_term", angle_loss, 1e-13,
                centres=[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])  # fmt: skip
    for d in (1, 2, 3, 10):
        yield entry(f"d={d}", "simplex_coordinates", lambda dimension: {"value": vertices(dimension)}, 1e-14,
                    together=True, dimension=d)  # fmt: skip
        yield entry(f"K={d + 1}", "simplex_frame", frame, 1e-14, together=True, classes=d + 1, dimension=d + 2)
        yield entry(f"K={d + 1}", "minimum_angle_bound", angle_bound, 1e-14, classes=d + 1, dimension=d + 2)
    yield entry("one collapsed", "orthogonal_frame", axes, 1e-15, lengths=[2.0, 0.0, 1e-100, 3.0], dimension=5)
    for d in (2, 3, 9, 64):
        yield entry(f"d={d}", "mean_resultant", resultants, 1e-13, digits=30, precisions=(45, 60), dimension=d,
                    concentration=[1e-6, 0.5, 8.0, 300.0, 1e5])  # fmt: skip
        yield entry(f"d={d}", "simplex_compatibility", compatibility, 1e-13, digits=30, precisions=(45, 60),
                    dimension=d, new_concentration=20.0, old_concentration=8.0)  # fmt: skip
    yield entry("an older model that is better", "simplex_compatibility", compatibility, 1e-13, digits=30,
                precisions=(45, 60), dimension=4, new_concentration=2.0, old_concentration=2.5)  # fmt: skip


def attached(features, labels, weight_decay, feature_decay, attachment):
    """Features c times the unit matrix, one a class: x times it, the root in one unknown with W eliminated."""
    c = features[0][0]

    def slope(x):
        pull = feature_decay * x + attachment * (x - c)
        return pull - weight_decay * x / (x**2 + weight_decay) ** 2

    x = bisect(slope, c * attachment / (attachment + feature_decay), 2 * c)
    return {"value": [[x if i == j else mp.mpf(0) for j in range(len(labels))] for i in range(len(labels))]}


def pulled():
    for K, c, lw, lh, beta in ((2, 1.0, 0.1, 0.1, 5.0), (3, 2.0, 0.5, 0.2, 2.0), (4, 0.5, 1.0, 0.05, 10.0)):
        yield entry(f"K={K}, attachment {beta:g}", "attached_minimizer", attached, 1e-12, together=True,
                    features=[[c * (i == j) for j in range(K)] for i in range(K)], labels=list(range(K)),
                    weight_decay=lw, feature_decay=lh, attachment=beta)  # fmt: skip


if __name__ == "__main__":
    write(__file__, (row for part in (minima, codes, around, measured, pulled) for row in part()))
