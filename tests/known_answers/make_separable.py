"""Make separable.json: every active set tried, Gram-Schmidt and eigenvalues at 50 digits.

python tests/known_answers/make_separable.py
"""

from itertools import product

import mpmath as mp
from writing import bisect, entry, write


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def projection(Z, start):
    """Nearest point with Zw >= 1: every subset of rows as equations; the one with admissible slacks that is nearest."""
    best = None
    for bits in product((0, 1), repeat=len(Z)):
        rows = [z for z, bit in zip(Z, bits, strict=True) if bit]
        if len(rows) > len(start):
            continue
        move, multipliers = [mp.mpf(0)] * len(start), []
        if rows:
            size = [mp.sqrt(dot(z, z)) for z in rows]
            gram = mp.matrix([[dot(a, b) / s / t for b, t in zip(rows, size, strict=True)]
                              for a, s in zip(rows, size, strict=True)])  # fmt: skip
            right = mp.matrix([(1 - dot(a, start)) / s for a, s in zip(rows, size, strict=True)])
            with mp.extradps(60):
                multipliers = [x / s for x, s in zip(mp.lu_solve(gram, right), size, strict=True)]
            if min(multipliers) < 0:
                continue
            move = [dot(multipliers, column) for column in zip(*rows, strict=True)]
        w = [a + b for a, b in zip(start, move, strict=True)]
        if all(dot(z, w) >= 1 - mp.mpf(10) ** -40 for z in Z) and (best is None or dot(move, move) < best[0]):
            full, left = [], list(multipliers)
            for bit in bits:
                full.append(left.pop(0) if bit else mp.mpf(0))
            best = (dot(move, move), w, full)
    return best


def project(Z, start):
    return {"value": projection(Z, start)[1]}


def margin(Z):
    _, w, dual = projection(Z, [mp.mpf(0)] * len(Z[0]))
    return {"weights": w, "margin": 1 / mp.sqrt(dot(w, w)), "dual": dual}


def violation(Z, weights):
    return {"value": [max([mp.mpf(0)] + [1 - dot(z, w) for z in Z]) for w in weights]}


def perceptron(X, y, steps, normalised=False):
    Z = [[label * x for x in row] for label, row in zip(y, X, strict=True)]
    w = [mp.mpf(0)] * len(Z[0])
    for _ in range(int(steps)):
        margins = [dot(z, w) for z in Z]
        c = [mp.mpf(1) if m < 0 else mp.mpf(0.5) if m == 0 else mp.mpf(0) for m in margins]
        total = mp.fsum(c)
        if total == 0:
            break
        w = [a + dot(c, column) / (total if normalised else len(Z)) for a, column in zip(w, zip(*Z, strict=True),
                                                                                         strict=True)]  # fmt: skip
    return {"weights": w}


def bounds(radius, margin, n):
    return {"batch": n * radius * radius / margin / margin, "normalised": radius * radius / margin / margin + 1}


def centred(rows):
    means = [mp.fsum(column) / len(rows) for column in zip(*rows, strict=True)]
    return [[x - m for x, m in zip(row, means, strict=True)] for row in rows]


def basis(vectors):
    """Gram-Schmidt; what is left of a dependent vector is dropped."""
    found = []
    for v in vectors:
        size = mp.sqrt(dot(v, v))
        for _ in range(2):
            for q in found:
                share = dot(q, v)
                v = [a - share * b for a, b in zip(v, q, strict=True)]
        length = mp.sqrt(dot(v, v))
        if length > size * mp.mpf(10) ** -40:
            found.append([a / length for a in v])
    return found


def without(directions, d):
    return [[mp.mpf(i == j) - mp.fsum(q[i] * q[j] for q in directions) for j in range(d)] for i in range(d)]


def erased(X, Y, rank):
    labels = Y if isinstance(Y[0], list) else [[y] for y in Y]
    x, y = centred(X), centred(labels)
    columns = list(zip(*x, strict=True))
    cross = [[dot(a, b) for a in columns] for b in zip(*y, strict=True)]
    value = mp.fsum(v * v for row in y for v in row) / len(y)
    return {"value": value, "projector": without(basis(cross), len(columns))}


def exact_axes(d):
    return [[mp.mpf(i == j) for j in range(d)] for i in range(d)]


def rayleigh(A, rank):
    values, vectors = mp.eigsy(mp.matrix(A))
    order = sorted(range(len(A)), key=lambda i: -values[i])
    k = int(rank)
    removed = [[vectors[i, j] for i in range(len(A))] for j in order[:k]]
    value = max(values[order[k]], mp.mpf(0)) if k < len(A) else mp.mpf(0)
    return {"value": value, "projector": without(removed if k < len(A) else exact_axes(len(A)), len(A))}


def residual(x, t):
    """Labels after a fit, by Gram-Schmidt on the columns, and the fit by its triangular system."""
    left = list(t)
    for q in basis([list(column) for column in zip(*x, strict=True)]):
        share = dot(q, left)
        left = [a - share * b for a, b in zip(left, q, strict=True)]
    return left


def nullspace(X, y, rounds):
    x, t = centred(X), [row[0] for row in centred([[v] for v in y])]
    d, removed = len(x[0]), []
    for _ in range(int(rounds)):
        # coordinates in a basis of what is kept, or the normal equations are singular
        kept = basis([*removed, *exact_axes(d)])[len(removed) :]
        z = [[dot(row, q) for q in kept] for row in x]
        columns = list(zip(*z, strict=True))
        with mp.extradps(60):
            fit = mp.lu_solve(mp.matrix([[dot(a, b) for b in columns] for a in columns]),
                              mp.matrix([dot(a, t) for a in columns]))  # fmt: skip
        w = [mp.fsum(f * q[i] for f, q in zip(fit, kept, strict=True)) for i in range(d)]
        size = mp.sqrt(dot(w, w))
        removed.append([a / size for a in w])
    P = without(removed, d)
    left = residual([[dot(row, p) for p in P] for row in x], t) if len(removed) < d else t
    return {"value": dot(left, left) / len(left), "projector": P}


def share(z):
    return 1 + z if z >= 0 else 1 / (1 - z)


def probabilities(logits):
    total = mp.fsum(share(z) for z in logits)
    return {"value": [share(z) / total for z in logits]}


def stable_loss(logits, label):
    """Gradient by a symmetric difference of the loss at twice the digits."""

    def loss(z):
        return mp.log(mp.fsum(share(v) for v in z)) - mp.log(share(z[int(label)]))

    with mp.extradps(170):
        step = mp.mpf(10) ** -75
        gradient = []
        for j in range(len(logits)):
            up, down = ([v + side * step * (i == j) * max(1, abs(v)) for i, v in enumerate(logits)] for side in (1, -1))
            gradient.append((loss(up) - loss(down)) / (2 * step * max(1, abs(logits[j]))))
        return {"value": loss(logits), "gradient": gradient}


def gap(dtype, classes, order):
    """Half a unit in the last place of 1, shared by what is added to it at once."""
    half = {"float16": mp.mpf(2) ** -11, "float32": mp.mpf(2) ** -24, "float64": mp.mpf(2) ** -53}[dtype]
    return {"value": -mp.log(half / (classes - 1 if order == "last" else 1))}


def across(gradient, parameters, rescale=False):
    part = dot(gradient, parameters) / dot(parameters, parameters)
    rest = [g - part * p for g, p in zip(gradient, parameters, strict=True)]
    scale = mp.sqrt(dot(gradient, gradient) / dot(rest, rest)) if rescale else mp.mpf(1)
    return {"value": [scale * r for r in rest]}


def cosine(gradient, parameters):
    return {"value": -dot(gradient, parameters) / mp.sqrt(dot(gradient, gradient) * dot(parameters, parameters))}


def best(separation2):
    return {"value": [mp.erfc(mp.sqrt(x / 2)) / 2 for x in separation2]}


def plug_in(n, d, separation2):
    return {"value": [mp.ncdf(-separation2 / mp.sqrt((separation2 + d / m) * (1 + 1 / m))) for m in n]}


ROWS = [[1.0, 0.5, -0.25], [0.75, -1.0, 0.5], [2.0, 0.25, 1.5], [0.5, 0.125, -0.375]]
SETS = (
    ("four rows", ROWS),
    ("one row", [[3.0, 4.0]]),
    ("opposite but for a little", [[1.0, 2.0**-20], [-1.0, 2.0**-20]]),
    ("margin 1e-9", [[1.0, 2.0**-30], [-1.0, 2.0**-30], [0.5, 2.0**-20]]),
    ("units of 1e100", [[1e100, 5e99], [2e100, -1e100]]),
    ("rows of unlike length", [[1e-8, 0.0], [1.0, 1e3], [-0.5, 1e6]]),
    ("more rows than dimensions", [[1.0, 2.0], [2.0, 1.0], [3.0, -1.0], [-1.0, 3.0], [4.0, 4.0]]),
)
X = [[1.0, 0.5, -2.0], [0.25, -1.0, 0.5], [-1.5, 2.0, 0.75], [3.0, 0.125, 1.0], [-0.5, -0.75, 2.5]]
y = [1.0, -0.5, 2.0, 0.25, -3.0]
PAIR = [[1.0, 2.0], [-0.5, 0.25], [2.0, -1.0], [0.25, 3.0], [-3.0, 1.0]]
A = [[2.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 0.5]]
INDEFINITE = [[-2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, -3.0]]


def margins():
    for name, Z in SETS:
        yield entry(name, "max_margin", margin, 1e-12, together=True, Z=Z)
    for name, start in (("outside", [-1.0, 2.0, 0.5]), ("inside", [50.0, 1.0, 0.0]), ("far", [-1e6, 3.0, 2.0])):
        # rounding of the start against what is left of it
        yield entry(name, "project_onto_margin", project, 1e-9 if name == "far" else 1e-12, together=True, Z=ROWS,
                    start=start)  # fmt: skip
    yield entry("two dimensions", "project_onto_margin", project, 1e-12, together=True, Z=SETS[6][1],
                start=[-0.25, 0.5])  # fmt: skip
    yield entry("hinge", "largest_violation", violation, 1e-14, Z=ROWS, weights=[[0.0, 0.0, 0.0], [0.1, 0.3, -2.0],
                                                                                 [9.0, 0.0, 0.0]])  # fmt: skip
    yield entry("large", "largest_violation", violation, 1e-14, Z=[[1e100, 0.0]], weights=[[-1e-90, 5.0]])
    labels = [1.0, -1.0, 1.0, 1.0, -1.0]
    for normalised in (False, True):
        for steps in (1, 2, 40):
            yield entry(f"{steps} steps, {normalised}", "batch_perceptron", perceptron, 1e-13, together=True, X=X,
                        y=labels, steps=steps, normalised=normalised)  # fmt: skip
    for radius, least, n in ((1.0, 0.1, 20), (1e120, 1e119, 3), (2.0, 2.0, 1)):
        yield entry(f"R={radius:g}", "perceptron_bounds", bounds, 1e-14, radius=radius, margin=least, n=n)


def readers():
    yield entry("one label", "erase_squared", erased, 1e-13, together=True, X=X, Y=y, rank=1)
    yield entry("two labels", "erase_squared", erased, 1e-13, together=True, X=X, Y=PAIR, rank=2)
    yield entry("one label twice", "erase_squared", erased, 1e-13, together=True, X=X, Y=[[v, 2 * v] for v in y],
                rank=3)  # fmt: skip
    yield entry("offset inputs", "erase_squared", erased, 1e-12, together=True,
                X=[[x + 8.0 for x in row] for row in X], Y=y, rank=1)  # fmt: skip
    for name, matrix in (("positive", A), ("indefinite", INDEFINITE), ("large", [[1e150, 0.0], [0.0, 1e149]])):
        for rank in range(1, len(matrix) + 1):
            yield entry(f"{name}, {rank}", "erase_rayleigh", rayleigh, 1e-13, together=True, A=matrix, rank=rank)
    for rounds in (1, 2):
        yield entry(f"{rounds} rounds", "nullspace_projection", nullspace, 1e-12, together=True, X=X, y=y,
                    rounds=rounds)  # fmt: skip
        yield entry(f"{rounds} rounds, inputs of unlike size", "nullspace_projection", nullspace, 1e-11, together=True,
                    X=[[row[0], 1e3 * row[1], row[2]] for row in X], y=y, rounds=rounds)  # fmt: skip


def edges():
    for name, logits in (("mixed", [3.0, 0.0, -1.0]), ("far apart", [1e200, -1e200, 0.5]), ("one class", [2.0])):
        yield entry(name, "stablemax", probabilities, 1e-14, logits=logits)
    for name, logits, label in (("mixed", [3.0, 0.25, -1.5], 0), ("wrong", [3.0, 0.25, -1.5], 2),
                                ("a lead of 1e20", [1e20, 0.5, -1.0], 0), ("a lead of 1e20 the other way",
                                                                           [1e20, 0.5, -1.0], 1)):  # fmt: skip
        yield entry(name, "stablemax_loss", stable_loss, 1e-13, digits=40, logits=logits, label=label)
    for dtype in ("float16", "float32", "float64"):
        for classes, order in ((2, "first"), (101, "first"), (101, "last")):
            yield entry(f"{dtype}, {classes}, {order}", "collapse_gap", gap, 1e-14, dtype=dtype, classes=classes,
                        order=order)  # fmt: skip
    pair = {"gradient": [1.0, -2.0, 0.5], "parameters": [0.25, 3.0, -1.0]}
    near = {"gradient": [1.0, 1.0], "parameters": [1.0, 1.0 + 2.0**-20]}
    for name, both in (("plain", pair), ("nearly along", near)):
        for rescale in (False, True):
            yield entry(f"{name}, {rescale}", "perpendicular", across, 1e-9 if both is near else 1e-13, **both,
                        rescale=rescale)  # fmt: skip
        yield entry(name, "naive_minimisation_cosine", cosine, 1e-14, **both)
    yield entry("separations", "bayes_error", best, 1e-13, separation2=[0.0, 1e-200, 0.5, 4.0, 900.0])
    for d, separation in ((50.0, 1.0), (400.0, 2.0), (3.0, 1e-8), (1e6, 100.0)):
        yield entry(f"d={d:g}", "plug_in_error", plug_in, 1e-13, n=[2.0, 40.0, 1e4, 1e12], d=d,
                    separation2=separation)  # fmt: skip


def signed(X, y):
    return [[label * x for x in row] for label, row in zip(y, X, strict=True)]


def descent(X, y, step_sizes, steps, normalised=False, loss="logistic", label_targets=None, momentum=0, checkpoints=9):
    """Weights and losses after every step, from the formulas as they stand."""
    Z, f = signed(X, y), 2 if loss == "tanh" else 1
    weights, losses = [], []
    for gamma in step_sizes:
        theta, path, values = [mp.mpf(0)] * len(Z[0]), [], []
        mine = other = [mp.mpf(0)] * len(Z)
        for step in range(int(steps) + 1):
            m = [f * dot(z, theta) for z in Z]
            path.append(list(theta))
            values.append(mp.fsum(mp.log1p(mp.exp(-v)) for v in m) / len(Z))
            if step == steps:
                break
            p = [1 / (1 + mp.exp(-v)) for v in m]
            c = [1 / (1 + mp.exp(v)) for v in m]
            total = mp.fsum(c) if normalised else mp.mpf(len(Z)) / f
            if label_targets is not None:
                mine = [momentum * t + (1 - momentum) * v for t, v in zip(mine, p, strict=True)]
                other = [momentum * t + (1 - momentum) * (1 - v) for t, v in zip(other, p, strict=True)]
                # d/dm of ln(1 - p t - (1 - p) u)
                c = [q + label_targets * v * q * (t - u) / (1 - v * t - q * u)
                     for v, q, t, u in zip(p, c, mine, other, strict=True)]  # fmt: skip
            theta = [a + gamma * dot(c, column) / total for a, column in zip(theta, zip(*Z, strict=True), strict=True)]
        weights.append(path)
        losses.append(values)
    return {"weights": weights, "loss": losses}


def walk(tasks, order, passes):
    w = [mp.mpf(0)] * len(tasks[0][0])
    path, together = [w], [z for rows in tasks for z in rows]
    for t in list(order) * int(passes):
        w = projection(tasks[int(t)], w)[1]
        path.append(w)
    near = [projection(together, w)[1] for w in path]
    gaps = [[a - b for a, b in zip(w, x, strict=True)] for w, x in zip(path, near, strict=True)]
    return {"weights": path, "distance": [mp.sqrt(dot(g, g)) for g in gaps],
            "forgetting": [max([mp.mpf(0)] + [1 - dot(z, w) for z in together]) ** 2 for w in path]}  # fmt: skip


def weak(tasks, ridges):
    """Newton's method on w - w0 = Z^T e^{L - Zw}, damped in the exponents, until the steps are rounding."""
    found = []
    for ridge in ridges:
        level, w, path = -mp.log(ridge), [mp.mpf(0)] * len(tasks[0][0]), []
        for Z in tasks:
            start, d = w, len(w)
            w = [level * a for a in projection(Z, [a / level for a in start])[1]]
            for _ in range(400):
                v = [mp.exp(level - dot(z, w)) for z in Z]
                g = [w[k] - start[k] - mp.fsum(x * z[k] for x, z in zip(v, Z, strict=True)) for k in range(d)]
                J = mp.matrix([[mp.fsum(x * z[i] * z[j] for x, z in zip(v, Z, strict=True)) + (i == j)
                                for j in range(d)] for i in range(d)])  # fmt: skip
                step = list(mp.lu_solve(J, mp.matrix(g)))
                size = max(abs(dot(z, step)) for z in Z)
                w = [a - s / max(mp.mpf(1), size) for a, s in zip(w, step, strict=True)]
                if size < mp.mpf(10) ** -(mp.mp.dps - 12):
                    break
            else:
                raise ArithmeticError("no convergence")
            path.append(w)
        found.append(path)
    return {"value": found}


def continual(radius, margin, tasks, ordering, steps):
    kappa2 = (radius / margin) ** 2
    rounds = [mp.floor(k / tasks) if ordering == "cyclic" else k for k in steps]
    left = [(1 - 1 / (tasks * kappa2)) ** int(k) for k in rounds]
    return {"distance2": [x / margin**2 for x in left], "forgetting": [x * kappa2 for x in left]}


def slabs_second(linear_margin, slab_margin, slabs, corrupt_linear=0):
    """The slabs walked through from the left, integrals of x and x^2 over each by their primitives."""
    count = int(slabs)
    width = (2 - 2 * slab_margin * (count - 1)) / count
    ends = [(-1 + k * (width + 2 * slab_margin), -1 + k * (width + 2 * slab_margin) + width) for k in range(count)]
    first, second = {1: [], -1: []}, {1: [], -1: []}
    for k, (a, b) in enumerate(ends):
        label = -1 if (k - count // 2) % 2 == 0 else 1
        # the middle slab is drawn as often as each pair on its two sides
        weight = 2 if k == count // 2 else 1
        first[label].append((weight, (a + b) / 2))
        second[label].append((weight, (b**3 - a**3) / (3 * (b - a))))

    def mean(parts):
        return mp.fsum(w * v for w, v in parts) / mp.fsum(w for w, _ in parts)

    low, high = (1 - corrupt_linear), corrupt_linear
    middle = (1 + linear_margin) / 2
    return {"linear": low * middle - high * middle, "linear_square": mp.mpf(0),
            "slab": mp.chop((mean(first[1]) - mean(first[-1])) / 2, mp.mpf(10) ** -60),
            "slab_square": (mean(second[1]) - mean(second[-1])) / 2}  # fmt: skip


def staircase(n, d, decay, degrees, ridge=0):
    """Sums over degrees to the end; those above 60 count as a ridge."""
    levels = range(400)
    weight = [mp.binomial(d + L - 1, L) for L in levels]
    lam = ridge + mp.fsum(weight[L] * decay**L for L in levels if L > 60)
    shares = []
    for (m,) in n:
        kappa = bisect(lambda k, m=m: m - lam / k - mp.fsum(weight[L] * decay**L / (decay**L + k) for L in levels[:61]),
                       mp.mpf(10) ** -90, mp.mpf(10) ** 10)  # fmt: skip
        shares.append([decay**L / (decay**L + kappa) for L in degrees])
    return {"value": shares}


def needed(gap, d, separations, rule="plug-in"):
    def error(n):
        if rule == "plug-in":
            return mp.ncdf(-separations / mp.sqrt((separations + d / n) * (1 + 1 / n)))
        return mp.ncdf(-separations * mp.sqrt(1 - d / n) / mp.sqrt(separations + d / n)) if n > d else mp.mpf(0.5)

    goal = mp.ncdf(-mp.sqrt(separations)) + gap
    return {"value": bisect(lambda n: goal - error(n), mp.mpf(10) ** -3, mp.mpf(10) ** 40)}


def uncertain(X, y, rank):
    """The entropy of the labels, and the projector without the difference of the class means."""
    p = mp.fsum(1 for v in y if v > 0) / mp.mpf(len(y))
    return {"bound": -p * mp.log(p) - (1 - p) * mp.log(1 - p), "value": -p * mp.log(p) - (1 - p) * mp.log(1 - p)}


def fitted_and_removed(X, y, rounds, fit, weight_decay):
    """One round of logistic fit and removal, and the loss of the reader after it, both by Newton's method."""
    x = centred(X)
    unit = mp.sqrt(mp.fsum(v * v for row in x for v in row) / (len(x) * len(x[0])))
    x = [[v / unit for v in row] for row in x]
    d, removed = len(x[0]), []

    def newton(z):
        rows = [[*row, mp.mpf(1)] for row in z]
        k, n = len(rows[0]), len(rows)
        w = [mp.mpf(0)] * k
        for _ in range(300):
            pull = [1 / (1 + mp.exp(label * dot(row, w))) for label, row in zip(y, rows, strict=True)]
            g = [mp.fsum(-label * p * row[i] for label, p, row in zip(y, pull, rows, strict=True)) / n
                 + (weight_decay * w[i] if i < k - 1 else 0) for i in range(k)]  # fmt: skip
            H = mp.matrix([[mp.fsum(p * (1 - p) * row[i] * row[j] for p, row in zip(pull, rows, strict=True)) / n
                            + (weight_decay if i == j < k - 1 else 0) for j in range(k)]
                           for i in range(k)])  # fmt: skip
            step = mp.lu_solve(H, mp.matrix(g))
            size = max(abs(s) for s in step)
            w = [a - s / max(mp.mpf(1), size) for a, s in zip(w, step, strict=True)]
            if size < mp.mpf(10) ** -(mp.mp.dps - 12):
                break
        else:
            raise ArithmeticError("no convergence")
        loss = mp.fsum(mp.log1p(mp.exp(-label * dot(row, w))) for label, row in zip(y, rows, strict=True)) / n
        return w[:-1], loss

    for _ in range(int(rounds)):
        kept = basis([*removed, *exact_axes(d)])[len(removed) :]
        w, _ = newton([[dot(row, q) for q in kept] for row in x])
        w = [mp.fsum(f * q[i] for f, q in zip(w, kept, strict=True)) for i in range(d)]
        size = mp.sqrt(dot(w, w))
        removed.append([a / size for a in w])
    kept = basis([*removed, *exact_axes(d)])[len(removed) :]
    return {"value": newton([[dot(row, q) for q in kept] for row in x])[1], "projector": without(removed, d)}


TASKS = [[[0.5, 0.25, -1.0], [1.0, 0.5, 0.25]], [[-0.25, 1.0, 0.5]], [[0.75, 0.5, 1.0], [0.125, -0.25, 0.5]]]
SIGNS = [1.0, -1.0, 1.0, 1.0, -1.0]
CROSSED = [1.0, 1.0, -1.0, 1.0, -1.0, -1.0]
MORE = [*X, [0.5, 0.25, 0.125]]


def sequences():
    for name, order, passes in (("in turn", [0, 1, 2], 2), ("with repeats", [2, 2, 0, 1, 0], 1)):
        yield entry(name, "sequential_max_margin", walk, 1e-12, together=True, tasks=TASKS, order=order, passes=passes)
    for ridge in (0.5, 1e-4, 1e-32, 1e-300):
        yield entry(f"ridge {ridge:g}", "weak_regularisation_path", weak, 1e-10, together=True, tasks=TASKS,
                    ridges=[ridge])  # fmt: skip
    for ordering, radius, margin in (("cyclic", 1.0, 0.25), ("random", 1.0, 0.25), ("random", 3.0, 1e-9)):
        yield entry(f"{ordering}, {margin:g}", "continual_bounds", continual, 1e-11, radius=radius, margin=margin,
                    tasks=4, ordering=ordering, steps=[0, 3, 8, 1000])  # fmt: skip


def descents():
    sizes = [0.5, 20.0]
    for name, more in (("plain", {}), ("normalised", {"normalised": True}), ("tanh", {"loss": "tanh"}),
                       ("targets", {"loss": "tanh", "label_targets": 3.0, "momentum": 0.75}),
                       ("targets without memory", {"label_targets": 1.0})):  # fmt: skip
        yield entry(name, "logistic_descent", descent, 1e-12, together=True, X=X, y=SIGNS,
                    step_sizes=[0.5, 2.0] if "label_targets" in more else sizes, steps=6,
                    checkpoints=9, **more)  # fmt: skip


def features():
    for slabs in (3, 5, 7):
        yield entry(f"{slabs} slabs", "slab_moments", slabs_second, 1e-13, linear_margin=0.125, slab_margin=0.03125,
                    slabs=slabs, corrupt_linear=0.125)  # fmt: skip
    for d, q, ridge in ((3, 0.25, 0.0), (20, 0.03125, 1e-3)):
        yield entry(f"d={d}", "kernel_staircase", staircase, 1e-11, n=[[2.0], [30.0], [400.0]], d=d, decay=q,
                    degrees=[0, 1, 2, 5], ridge=ridge)  # fmt: skip
    for rule in ("plug-in", "discriminant"):
        for gap, d, separation in ((0.01, 40.0, 2.25), (1e-12, 160.0, 0.5), (0.2, 10.0, 9.0), (1e-6, 5.0, 100.0)):
            yield entry(f"{rule}, {gap:g}", "samples_to_reach", needed, 1e-12, gap=gap, d=d, separations=separation,
                        rule=rule)  # fmt: skip


def logistic_readers():
    yield entry("entropy", "relaxed_erasure", uncertain, 1e-9, X=MORE, y=CROSSED, rank=1)
    yield entry("one label in six", "relaxed_erasure", uncertain, 1e-9, X=MORE, y=[1.0, *[-1.0] * 5], rank=1)
    for rounds in (1, 2):
        yield entry(f"logistic, {rounds} rounds", "nullspace_projection", fitted_and_removed, 1e-9, together=True,
                    X=MORE, y=CROSSED, rounds=rounds, fit="logistic", weight_decay=0.0625)  # fmt: skip


PARTS = (margins, readers, edges, sequences, descents, features, logistic_readers)

if __name__ == "__main__":
    write(__file__, (row for part in PARTS for row in part()))
