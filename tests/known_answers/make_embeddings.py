"""Make embeddings.json: eigenvectors of Gram matrices, normal equations and enumeration at 50 digits.

python tests/known_answers/make_embeddings.py
"""

from itertools import combinations

import mpmath as mp
from writing import entry, write


def rows(matrix):
    return [[matrix[i, j] for j in range(matrix.cols)] for i in range(matrix.rows)]


def modes(X):
    """Squared singular values, falling, and right singular vectors as columns of a matrix each."""
    gram = mp.matrix(X).T * mp.matrix(X)
    values, vectors = mp.eigsy(gram)
    order = sorted(range(gram.rows), key=lambda i: -values[i])
    return [values[i] for i in order], [vectors[:, i] for i in order]


def product(X, ridge, rank):
    squares, vectors = modes(X)
    k, p = int(rank), len(X[0])
    P = mp.zeros(p)
    for s2, v in list(zip(squares, vectors, strict=True))[:k]:
        P += s2 / (s2 + ridge) * v * v.T
    left = mp.matrix(X) - mp.matrix(X) * P
    return {"gram": rows(P), "objective": mp.mnorm(left, "f") ** 2 + ridge * mp.mnorm(P, "f") ** 2}


def factor(X, ridge, rank):
    squares, vectors = modes(X)
    k, p = int(rank), len(X[0])
    P, items, users = mp.zeros(p), mp.mpf(0), mp.mpf(0)
    for s2, v in list(zip(squares, vectors, strict=True))[:k]:
        s = mp.sqrt(s2)
        P += (1 - ridge / s) * v * v.T
        items += s - ridge
        users += s - ridge
    left = mp.matrix(X) - mp.matrix(X) * P
    return {"gram": rows(P), "objective": mp.mnorm(left, "f") ** 2 + ridge * (items + users)}


def cosines(items):
    def dot(a, b):
        return mp.fsum(x * y for x, y in zip(a, b, strict=True))

    return {"value": [[dot(a, b) / mp.sqrt(dot(a, a) * dot(b, b)) for b in items] for a in items]}


def regressions(X, ridge):
    """Each item by normal equations of its own, and the loss added up."""
    A, p = mp.matrix(X), len(X[0])
    B, value = mp.zeros(p), mp.mpf(0)
    for j in range(p):
        others = [i for i in range(p) if i != j]
        R = mp.matrix([[A[i, o] for o in others] for i in range(A.rows)])
        b = mp.lu_solve(R.T * R + ridge * mp.eye(p - 1), R.T * A[:, j])
        for o, x in zip(others, b, strict=True):
            B[o, j] = x
        value += mp.norm(A[:, j] - R * b) ** 2 + ridge * mp.norm(b) ** 2
    return {"weights": rows(B), "objective": value}


def lasso(X, theta, dual, tolerance):
    n, d = len(X), len(theta)
    kernel = [[mp.fsum(abs(theta[j]) * X[a][j] * X[b][j] for j in range(d)) for b in range(n)] for a in range(n)]
    g = [mp.fsum(dual[i] * X[i][j] for i in range(n)) for j in range(d)]
    off = [abs(x - mp.sign(t)) if t else max(abs(x) - 1, mp.mpf(0)) for x, t in zip(g, theta, strict=True)]
    fit = [mp.fsum(x * t for x, t in zip(row, theta, strict=True)) for row in X]
    summed = [mp.fsum(k * a for k, a in zip(row, dual, strict=True)) for row in kernel]
    return {"kernel": kernel, "kkt_residual": max(off),
            "reconstruction_error": max(abs(a - b) for a, b in zip(fit, summed, strict=True))}  # fmt: skip


def nuclear(X, theta, dual, tolerance, form):
    """theta is symmetric and positive here: its own polar factor, roots by eigenvalues."""
    T = mp.matrix(theta)
    values, vectors = mp.eigsy(T)
    root = mp.zeros(T.rows)
    for i in range(T.rows):
        root += mp.sqrt(values[i]) * vectors[:, i] * vectors[:, i].T
    moved = [root * mp.matrix(x) * root if form == "symmetric" else T * mp.matrix(x) for x in X]
    kernel = [[mp.fsum(mp.matrix(z)[i, j] * m[i, j] for i in range(T.rows) for j in range(T.rows)) for m in moved]
              for z in X]  # fmt: skip
    return {"kernel": kernel}


def completed(entries, shape, ridge):
    """A diagonal of known entries: each is lowered by the ridge."""
    a, b = (int(x) for x in shape)
    found = mp.zeros(a, b)
    for u, v, y in entries:
        found[int(u), int(v)] = mp.sign(y) * max(abs(y) - ridge, mp.mpf(0))
    return {"value": rows(found), "dual": [min(max(y / ridge, -mp.mpf(1)), mp.mpf(1)) for _, _, y in entries]}


def distance(A, B):
    def projector(M):
        M = mp.matrix(M)
        return M * (M.T * M) ** -1 * M.T

    return {"value": mp.mnorm(projector(A) - projector(B), "f") / mp.sqrt(2)}


def variance(gradient, second_moment, p):
    """The trace of G^+ E[yy^T] G^+^T, the pseudo-inverse by normal equations."""
    G = mp.matrix(gradient)
    inverse = (G.T * G) ** -1 * G.T
    whole = inverse * mp.matrix(second_moment) * inverse.T
    return {"value": (p - G.cols) * mp.fsum(whole[i, i] for i in range(G.cols))}


def space_strengths(X, Y, rank, order, combine):
    """Strengths of the moments with the Gaussian score of the sample."""
    n, p = len(X), len(X[0])
    A, R = mp.matrix(X), mp.matrix(Y)
    for M in (A, R):
        for j in range(M.cols):
            mean = mp.fsum(M[i, j] for i in range(n)) / n
            for i in range(n):
                M[i, j] -= mean
    inverse = (A.T * A / n) ** -1
    S = A * inverse
    if order == 1:
        moment = S.T * R / n
        return {"strengths": sorted((mp.sqrt(abs(x)) for x in mp.eigsy(moment.T * moment)[0]), reverse=True)}
    total = mp.zeros(p)
    for j in range(R.cols):
        M = mp.zeros(p)
        for i in range(n):
            M += R[i, j] * S[i, :].T * S[i, :] / n
        total += M * M if combine == "sum-of-squares" else M
    return {"strengths": sorted((abs(x) for x in mp.eigsy((total + total.T) / 2)[0]), reverse=True)}


def relevant(W, target, norm):
    A, w = mp.matrix(W), mp.matrix(target)
    k, M = A.rows, A.cols
    if norm == 2:
        return {"value": list(A.T * mp.lu_solve(A * A.T, w))}
    best = None
    for chosen in combinations(range(M), k):  # vertices of the linear program
        square = mp.matrix([[A[i, j] for j in chosen] for i in range(k)])
        if abs(mp.det(square)) < mp.mpf(10) ** -30:
            continue
        part = mp.lu_solve(square, w)
        total = mp.fsum(abs(x) for x in part)
        if best is None or total < best[0]:
            full = [mp.mpf(0)] * M
            for j, x in zip(chosen, part, strict=True):
                full[j] = x
            best = (total, full)
    return {"value": best[1]}


def costs(nu, budget):
    total = mp.fsum(abs(x) for x in nu)
    used = [x for x in nu if x]
    return {"best": total**2 / budget, "squared": len(used) * mp.fsum(x * x for x in used) / budget,
            "shares": [budget * abs(x) / total for x in nu]}  # fmt: skip


def sparse(W, target, ridge):
    """Every set of active tasks with every pattern of signs; the one that satisfies the conditions."""
    A, w = mp.matrix(W), mp.matrix(target)
    M = A.cols
    best = None
    for size in range(min(A.rows, M) + 1):
        for chosen in combinations(range(M), size):
            for code in range(2**size):
                signs = [1 if code >> i & 1 else -1 for i in range(size)]
                nu = [mp.mpf(0)] * M
                if size:
                    part = mp.matrix([[A[i, j] for j in chosen] for i in range(A.rows)])
                    right = part.T * w - ridge * mp.matrix(signs)
                    found = mp.lu_solve(part.T * part, right)
                    if any(x * s <= 0 for x, s in zip(found, signs, strict=True)):
                        continue
                    for j, x in zip(chosen, found, strict=True):
                        nu[j] = x
                value = mp.norm(A * mp.matrix(nu) - w) ** 2 / 2 + ridge * mp.fsum(abs(x) for x in nu)
                if best is None or value < best[0]:
                    best = (value, nu)
    return {"value": best[1]}


X = [[2.0, 0.5, 1.0], [0.25, -1.0, 0.5], [1.0, 1.5, -2.0], [0.125, 0.75, 1.25]]
WIDE = [[1.0, 0.5, -0.25, 2.0], [0.5, -1.0, 0.75, 0.25]]
Y = [[0.5, 1.0], [-0.25, 0.5], [1.5, -1.0], [0.25, 0.125], [-1.0, 0.75]]
INPUTS = [[1.0, 0.25], [-0.5, 1.0], [0.75, -1.0], [0.25, 0.5], [-1.5, -0.25]]


def entries():
    for rank in (1, 2, 3):
        for ridge in (0.125, 0.5) if rank == 3 else (0.0, 0.5):
            yield entry(f"rank {rank}, ridge {ridge}", "product_penalty", product, together=True, X=X, ridge=ridge,
                        rank=rank)  # fmt: skip
            yield entry(f"rank {rank}, ridge {ridge}", "factor_penalty", factor, together=True, X=X, ridge=ridge,
                        rank=rank)  # fmt: skip
    yield entry("wide ratings", "product_penalty", product, together=True, X=WIDE, ridge=0.25, rank=2)
    yield entry("wide ratings", "factor_penalty", factor, together=True, X=WIDE, ridge=0.25, rank=2)
    yield entry("four rows", "item_cosines", cosines, together=True, items=X)
    yield entry("two rows", "item_cosines", cosines, together=True, items=WIDE)
    for ridge in (0.0, 0.5, 64.0):
        yield entry(f"ridge {ridge}", "item_model", regressions, together=True, X=X, ridge=ridge)
    yield entry("wide ratings", "item_model", regressions, together=True, X=WIDE, ridge=0.5)
    for name, theta, dual in (("an optimum", [2.0, 0.0, -0.5], [0.5, 0.25, -0.125, 0.5]),
                              ("no optimum", [1.0, 1.0, 0.0], [0.25, 0.5, 1.0, -1.0])):  # fmt: skip
        yield entry(name, "lasso_representers", lasso, together=True, X=X, theta=theta, dual=dual, tolerance=10.0)
    Z = [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.5, 0.0]], [[0.0, 0.25], [0.0, 1.0]]]
    for form in ("symmetric", "one-sided"):
        yield entry(f"three samples, {form}", "nuclear_representers", nuclear, together=True, X=Z,
                    theta=[[2.0, 0.5], [0.5, 1.0]], dual=[1.0, 0.25, 0.75], tolerance=10.0, form=form)  # fmt: skip
    yield entry("known diagonal", "nuclear_completion", completed, 1e-9, together=True,
                entries=[[0, 0, 2.0], [1, 1, -1.0], [2, 2, 0.25]], shape=[3, 4], ridge=0.5)  # fmt: skip
    yield entry("two lines", "subspace_distance", distance, A=[[1.0], [0.5], [0.0]], B=[[1.0], [0.0], [0.25]])
    yield entry("two planes", "subspace_distance", distance, A=[[1.0, 0.0], [0.5, 1.0], [0.0, 2.0], [0.25, 0.5]],
                B=[[1.0, 0.25], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])  # fmt: skip
    yield entry("nearly equal lines", "subspace_distance", distance, A=[[1.0], [0.0]], B=[[1.0], [2.0**-40]])
    for p in (3, 40):
        yield entry(f"two directions of {p}", "first_order_variance", variance,
                    gradient=[[0.5, 0.25], [0.0, 1.0], [1.0, 0.5]],
                    second_moment=[[2.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 1.5]], p=p)  # fmt: skip
    for order in (1, 2):
        for how in ("sum-of-squares", "sum"):
            yield entry(f"order {order}, {how}", "index_space", space_strengths, together=True, X=INPUTS, Y=Y, rank=1,
                        order=order, combine=how)  # fmt: skip
    for name, W, w in (("two of four", WIDE, [1.0, 0.5]), ("another target", WIDE, [-0.25, 2.0]),
                       ("three of four", [[1.0, 0.5, 0.25, 0.0], [0.0, 1.0, 0.5, 2.0], [0.25, 0.0, 1.0, 0.5]],
                        [1.0, 1.0, 0.5])):  # fmt: skip
        for norm in (1, 2):
            yield entry(f"{name}, norm {norm}", "relevance", relevant, together=True, W=W, target=w, norm=norm)
        for ridge in (0.0625, 0.5):
            yield entry(f"{name}, ridge {ridge}", "lasso_relevance", sparse, together=True, W=W, target=w, ridge=ridge)
    yield entry("three tasks", "allocation_cost", costs, nu=[0.5, -2.0, 0.25], budget=3.0)
    yield entry("an unused task", "allocation_cost", costs, nu=[0.5, 0.0, -1.5], budget=8.0)


if __name__ == "__main__":
    write(__file__, entries())
