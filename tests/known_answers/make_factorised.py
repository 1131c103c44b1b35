"""Make factorised.json: circular sums, eigenvalues of Gram matrices, quadratures and linear solves at 50 digits.

python tests/known_answers/make_factorised.py
"""

from itertools import pairwise

import mpmath as mp
from writing import bisect, entry, write


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


# Recovery


def sign(delta, outlier_rate, outlier_std):
    """E|z| on clean labels; for corrupted ones 2 E z Phi(z delta/sigma) by a quadrature."""
    if mp.isinf(outlier_std):
        rest = mp.mpf(0)
    elif outlier_std == 0:
        rest = mp.sqrt(2 / mp.pi)
    else:
        r = delta / outlier_std
        width = 12 * mp.sqrt(mp.mp.dps / mp.mpf(75))
        density = lambda z: mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)  # noqa: E731
        points = sorted(
            {mp.mpf(0), min(1 / r, width), min(4 / r, width), min(10 / r, width), mp.mpf(2), mp.mpf(5), width}
        )
        rest = 2 * mp.quad(lambda z: z * mp.erf(z * r / mp.sqrt(2)) * density(z), points) if width else 0
        # beyond the width the error function is not needed: the rest of the integral is below the digits that are kept
        with mp.extradps(10):
            rest += 2 * mp.quad(lambda z: z * mp.erf(z * r / mp.sqrt(2)) * density(z), [width, 2 * width, 4 * width])
    return {"value": (1 - outlier_rate) * mp.sqrt(2 / mp.pi) + outlier_rate * rest}


def budget(schedule, eigenvalues, outlier_rate, scale, outlier_std=None):
    norm = mp.sqrt(dot(eigenvalues, eigenvalues))
    phi = sign(norm, outlier_rate, mp.inf if outlier_std is None else outlier_std)["value"]
    growth = []
    for value in eigenvalues:
        product = mp.mpf(1)
        for step in schedule:
            product *= 1 + 2 * phi * step * value / norm
        growth.append(mp.log(product))
    return {"growth": growth, "needed": [mp.log(mp.sqrt(value) / scale) for value in eigenvalues]}


def transposed(M):
    return [list(row) for row in zip(*M, strict=True)]


def product(A, B):
    return [[dot(row, column) for column in transposed(B)] for row in A]


def descend(A, y, rank, scale, schedule, loss, checkpoints):
    """Plain loops; the first factor and the last."""
    d = len(A[0])
    first = U = [[scale if i == j else mp.mpf(0) for j in range(int(rank))] for i in range(d)]
    for step in schedule:
        X = product(U, transposed(U))
        D = [[mp.mpf(0)] * d for _ in range(d)]
        for matrix, label in zip(A, y, strict=True):
            residual = mp.fsum(dot(r, x) for r, x in zip(matrix, X, strict=True)) - label
            pull = (residual if loss == "l2" else mp.sign(residual)) / len(A)
            D = [[D[i][j] + pull * (matrix[i][j] + matrix[j][i]) for j in range(d)] for i in range(d)]
        move = product(D, U)
        U = [[u - step * v for u, v in zip(a, b, strict=True)] for a, b in zip(U, move, strict=True)]
    return {"factors": [first, U]}


# Tensors: lists of rows of tubes


def circular(A, B):
    n, r, k, m = len(A), len(B), len(A[0][0]), len(B[0])
    return [
        [
            [mp.fsum(A[i][a][s] * B[a][j][(c - s) % k] for a in range(r) for s in range(k)) for c in range(k)]
            for j in range(m)
        ]
        for i in range(n)
    ]


def turned(A):
    k = len(A[0][0])
    return [[[A[i][j][-c % k] for c in range(k)] for i in range(len(A))] for j in range(len(A[0]))]


def tubes(A):
    """Roots of the eigenvalues of the slices' Gram matrices, transformed by explicit sums."""
    k, small = len(A[0][0]), min(len(A), len(A[0]))
    found = []
    for c in range(k):
        wave = [mp.expjpi(-2 * mp.mpf(c * s) / k) for s in range(k)]
        M = mp.matrix([[mp.fsum(t * w for t, w in zip(tube, wave, strict=True)) for tube in row] for row in A])
        gram = M.H * M if M.cols <= M.rows else M * M.H
        values = sorted((mp.re(v) for v in mp.eigh(gram, eigvals_only=True)), reverse=True)
        found.append([mp.sqrt(max(v, mp.mpf(0))) for v in values[:small]])
    return {"value": transposed(found)}


def tubal_steps(A, y, start, step_size, steps, checkpoints):
    U = start
    n, k = len(U), len(U[0][0])
    for _ in range(int(steps)):
        X = circular(U, turned(U))
        G = [[[mp.mpf(0)] * k for _ in range(n)] for _ in range(n)]
        for tensor, label in zip(A, y, strict=True):
            residual = label - mp.fsum(
                tensor[i][j][c] * X[i][j][c] for i in range(n) for j in range(n) for c in range(k)
            )
            other = turned(tensor)
            G = [
                [[G[i][j][c] + residual * (tensor[i][j][c] + other[i][j][c]) / 2 for c in range(k)] for j in range(n)]
                for i in range(n)
            ]
        move = circular(G, U)
        U = [
            [[u + step_size * v for u, v in zip(a, b, strict=True)] for a, b in zip(p, q, strict=True)]
            for p, q in zip(U, move, strict=True)
        ]
    return {"factors": [start, U]}


# Depth


def limit(y, times):
    """Root of the implicit formula in F, and the correction through dilogarithms."""
    if times == 0 or y == 1:
        return {"output": mp.mpf(1), "correction": mp.mpf(0)}

    def clock(F):
        return (mp.log(F / (y - F)) / y**2 - 1 / (y * F)) - (mp.log(1 / (y - 1)) / y**2 - 1 / y)

    with mp.extradps(60):
        F = y - bisect(
            lambda gap: times - clock(y - gap),
            (y - 1) * mp.exp(-(y**2) * times - 60),
            (y - 1) * (1 - mp.mpf(10) ** -70),
        )
        v = mp.log((y - 1) / (y - F))
        inner = mp.log(y) * v + mp.polylog(2, 1 - F / y) - mp.polylog(2, 1 - 1 / y)
        integral = inner / y**2 + mp.log(F) ** 2 / (2 * y**2) + (1 - (mp.log(F) + 1) / F) / y
        correction = -2 * (y - F) * F**2 * integral
    return {"output": F, "correction": mp.re(correction)}


def finite(L, y, times):
    """Equal layers: t is the integral of df/((y - f) f^{2 - 2/L})."""
    out = []
    for t in times:

        def clock(F):
            return mp.quad(lambda f: 1 / ((y - f) * f ** (2 - 2 / L)), mp.linspace(1, F, 5))

        F = mp.findroot(lambda F, t=t: clock(F) - t, (1 + (y - 1) * mp.mpf("0.3"), 1 + (y - 1) * mp.mpf("0.6")))
        out.append(F)
    return {"output": out, "weights": [[L * (F ** (1 / L) - 1)] * int(L) for F in out]}


def rough(weights):
    norms = []
    for a, b in pairwise(weights):
        a, b = (x if isinstance(x, list) else [[x]] for x in (a, b))
        norms.append(
            mp.sqrt(mp.fsum((u - v) ** 2 for p, q in zip(a, b, strict=True) for u, v in zip(p, q, strict=True)))
        )
    return {"value": len(weights) * max(norms)}


# Recurrence


def powers(W, steps):
    M = mp.matrix(W)
    spectral, square = [], []
    for k in steps:
        P = M ** int(k)
        gram = P.T * P
        spectral.append(mp.sqrt(max(mp.eigsy(gram, eigvals_only=True))))
        square.append(mp.fsum(gram[i, i] for i in range(gram.rows)) / gram.rows)
    return {"spectral": spectral, "mean_square": square}


def bounds(W, slope):
    M = mp.matrix(W)
    largest = mp.sqrt(max(mp.eigsy(M.T * M, eigvals_only=True)))
    radius = max(abs(v) for v in mp.eig(M, left=False, right=False))
    return {"largest": largest, "radius": radius, "per_step": slope * largest}


def clipped(gradient, threshold):
    rows = gradient if isinstance(gradient[0], list) else [gradient]
    size = mp.sqrt(mp.fsum(dot(row, row) for row in rows))
    factor = min(mp.mpf(1), threshold / size) if size else mp.mpf(1)
    value = [[factor * x for x in row] for row in rows]
    return {"value": value if isinstance(gradient[0], list) else value[0]}


# Subspaces and walks


def subspace(groups, size, d, start=0):
    """Moments of a Beta law by Gamma functions, not by their closed form."""
    G = int(groups)
    theta = start if isinstance(start, list) else [mp.mpf(start)] * (G * int(size))
    sums = [mp.fsum(theta[g * int(size) : (g + 1) * int(size)]) for g in range(G)]
    square = mp.fsum((g + 1 - total) ** 2 for g, total in enumerate(sums))
    if d >= G or d == 0:
        return {"mean": square if d == 0 else mp.mpf(0), "variance": mp.mpf(0), "start": square}
    a, b = mp.mpf(d) / 2, (mp.mpf(G) - d) / 2

    def moment(p):  # of 1 - B
        return mp.gamma(b + p) * mp.gamma(a + b) / (mp.gamma(b) * mp.gamma(a + b + p))

    return {"mean": square * moment(1), "variance": square**2 * (moment(2) - moment(1) ** 2), "start": square}


def passage(p_right):
    n = len(p_right)
    M, right = mp.eye(n), mp.ones(n, 1)
    for i, p in enumerate(p_right):
        M[i, max(i - 1, 0)] -= 1 - p
        if i + 1 < n:
            M[i, i + 1] -= p
    with mp.extradps(60):
        return {"value": mp.lu_solve(M, right)[0]}


def climbed(potential):
    return {"value": max(b - a for i, a in enumerate(potential) for b in potential[i:])}


def least(dimensions, performance, baseline, share):
    return {"value": min(d for d, p in zip(dimensions, performance, strict=True) if p >= share * baseline)}


A = [[[1.0, 0.5], [-0.25, 2.0]], [[0.5, -1.0], [1.5, 0.25]], [[-0.75, 0.125], [0.5, 1.0]]]
T = [[[1.0, 2.0, -0.5], [0.25, 0.0, 1.5]], [[-1.0, 0.5, 0.75], [2.0, -0.125, 1.0]], [[0.5, 0.5, 1.0], [1.0, -2.0, 0.0]]]
B = [[[0.5, 1.0, 0.0], [1.0, -1.0, 2.0]], [[1.5, 0.25, -0.5], [0.0, 1.0, 0.125]]]
M = [[[[1.0, 0.5], [0.25, -1.0]], [[0.5, 0.75], [2.0, 0.0]]], [[[-0.5, 1.0], [1.0, 0.25]], [[0.0, 0.5], [-1.0, 1.5]]]]
W = [[0.5, 2.0, 0.25], [-0.25, 0.75, 1.0], [0.0, 0.5, -0.5]]
PACE = [0.25, 0.125, 0.0625, 0.03125]


def entries():
    for delta, rate, std in [
        (0.7, 0.3, 6.0),
        (0.7, 0.1, 6.0),
        (3.0, 1.0, 0.5),
        (1e-3, 0.5, 2.0),
        (2.0, 0.0, 1.0),
        (1.0, 0.25, 0.0),
    ]:
        yield entry(
            f"norm {delta:g}, rate {rate:g}, std {std:g}",
            "sign_factor",
            sign,
            delta=delta,
            outlier_rate=rate,
            outlier_std=std,
        )
    yield entry(
        "gross outliers", "learning_budget", budget, schedule=PACE, eigenvalues=[2.0, 0.5], outlier_rate=0.1, scale=1e-6
    )
    yield entry(
        "small outliers",
        "learning_budget",
        budget,
        schedule=PACE,
        eigenvalues=[1.0],
        outlier_rate=0.5,
        scale=1e-3,
        outlier_std=0.5,
    )
    yield entry(
        "tiny target",
        "learning_budget",
        budget,
        schedule=PACE,
        eigenvalues=[1e-30, 3e-30],
        outlier_rate=0.25,
        scale=1e-20,
    )
    for loss in ("l1", "l2"):
        yield entry(
            f"four steps, {loss}",
            "subgradient_descent",
            descend,
            A=A,
            y=[1.0, -2.0, 0.5],
            rank=2,
            scale=0.5,
            schedule=PACE,
            loss=loss,
            checkpoints=1,
            together=True,
        )
    yield entry(
        "one column",
        "subgradient_descent",
        descend,
        A=A,
        y=[1.0, -2.0, 0.5],
        rank=1,
        scale=0.25,
        schedule=PACE,
        loss="l1",
        checkpoints=1,
        together=True,
    )
    yield entry(
        "3 x 2 x 3 times 2 x 2 x 3", "tubal_product", lambda A, B: {"value": circular(A, B)}, A=T, B=B, together=True
    )
    yield entry(
        "one slice",
        "tubal_product",
        lambda A, B: {"value": circular(A, B)},
        A=[[[2.0], [3.0]]],
        B=[[[0.5]], [[-1.0]]],
        together=True,
    )
    yield entry(
        "two slices",
        "tubal_product",
        lambda A, B: {"value": circular(A, B)},
        A=[[[2.0, 1e-8]]],
        B=[[[0.5, 3.0]]],
        together=True,
    )
    yield entry("3 x 2 x 3", "tubal_transpose", lambda A: {"value": turned(A)}, A=T)
    yield entry("3 x 2 x 3", "tubal_singular_values", tubes, A=T, together=True)
    yield entry("2 x 3 x 3", "tubal_singular_values", tubes, A=turned(T), together=True)
    yield entry(
        "four slices", "tubal_singular_values", tubes, A=[[[1.0, 2.0, 0.5, -1.0], [0.0, 1.0, 1.0, 0.25]]], together=True
    )
    yield entry(
        "three steps",
        "tubal_descent",
        tubal_steps,
        A=M,
        y=[1.0, -0.5],
        start=[[[0.5, 0.25]], [[-0.25, 1.0]]],
        step_size=0.0625,
        steps=3,
        checkpoints=1,
        together=True,
    )
    for y, time in [
        (2.5, 1.0),
        (1.8, 0.7),
        (2.5, 0.25),
        (1.001, 0.5),
        (1.5, 1e-6),
        (20.0, 0.01),
        (1.2, 40.0),
        (3.0, 0.0),
        (1.0, 2.0),
    ]:
        yield entry(f"y = {y:g}, t = {time:g}", "residual_limit", limit, rtol=1e-11, y=y, times=time)
    for L in (2, 5):
        yield entry(
            f"{L} layers",
            "residual_training",
            finite,
            rtol=1e-9,
            precisions=(45, 60),
            digits=30,
            L=L,
            y=1.8,
            times=[0.7],
        )
    yield entry("numbers", "layer_roughness", rough, weights=[0.5, 1.25, -1.0, 0.0])
    yield entry("matrices", "layer_roughness", rough, weights=A)
    yield entry("3 x 3", "gradient_norms", powers, W=W, steps=[1, 2, 7], together=True)
    yield entry("shear", "gradient_norms", powers, W=[[0.5, 2.0], [0.0, 0.5]], steps=[0, 1, 20])
    yield entry("3 x 3", "jacobian_bounds", bounds, W=W, slope=0.25)
    yield entry("rotation", "jacobian_bounds", bounds, W=[[0.0, -2.0], [0.5, 0.0]], slope=1.0)
    yield entry("long", "clip", clipped, gradient=[[3.0, 1.0], [-2.0, 0.5]], threshold=1.5)
    yield entry("short", "clip", clipped, gradient=[0.25, 0.5], threshold=1.0)
    yield entry("huge", "clip", clipped, gradient=[1e200, -1e200], threshold=1.0)
    for d in (0, 3, 9, 10, 50):
        yield entry(f"d = {d}", "subspace_loss", subspace, groups=10, size=100, d=d)
    yield entry(
        "another start", "subspace_loss", subspace, groups=3, size=2, d=2, start=[0.5, 1.0, -0.25, 0.0, 2.0, 1.5]
    )
    yield entry(
        "third of four",
        "intrinsic_dimension",
        least,
        dimensions=[1.0, 2.0, 4.0, 8.0],
        performance=[0.1, 0.4, 0.93, 0.95],
        baseline=0.96,
        share=0.9,
    )
    for name, p in [
        ("even", [0.5] * 6),
        ("one site", [0.25]),
        ("uphill", [0.25, 0.125, 0.25, 0.0625]),
        ("mixed", [0.75, 0.25, 0.25, 0.75, 0.75, 0.25, 0.5]),
        ("extreme", [1e-8, 0.999, 1e-8, 0.5]),
    ]:
        yield entry(name, "quenched_passage_time", passage, p_right=p)
    yield entry("hills", "barrier", climbed, potential=[0.0, 2.0, -1.0, 1.5, 1.0, -3.0, 0.25])
    yield entry("falling", "barrier", climbed, potential=[1.0, 0.5, -2.0])


if __name__ == "__main__":
    write(__file__, entries())
