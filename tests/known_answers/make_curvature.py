"""Make curvature.json: normal equations, differences of refits and sums of powers at 50 digits.

python tests/known_answers/make_curvature.py
"""

import mpmath as mp
from writing import entry, write


def normal(X, y, ridge):
    A = mp.matrix(X)
    return mp.lu_solve(A.T * A + ridge * mp.eye(A.cols), A.T * mp.matrix(y))


def outer(X_val, y_val, w):
    V, z = mp.matrix(X_val), mp.matrix(y_val)
    return V * w - z


def ridge_slope(X, y, X_val, y_val, log_ridges):
    """Loss by the normal equations; its derivative by Taylor's formula for analytic functions, a complex step."""
    losses, slopes = [], []
    step = mp.mpf(10) ** (-mp.mp.dps // 2 - 5)
    for l in log_ridges:
        r = outer(X_val, y_val, normal(X, y, mp.exp(l)))
        losses.append(mp.fsum(x * x for x in r) / 2)
        with mp.extradps(60):
            r = outer(X_val, y_val, normal(X, y, mp.exp(mp.mpc(l, step))))
            slopes.append(mp.im(mp.fsum(x * x for x in r) / 2) / step)
    return {"loss": losses, "gradient": slopes}


def series(hvp, cross, gradient, method="exact", terms=None, step=None):
    H, g = mp.matrix(hvp), mp.matrix(gradient)
    if method == "exact":
        s = mp.lu_solve(H, g)
    elif method == "cg":
        s, r = mp.matrix(len(gradient), 1), g.copy()
        p = r.copy()
        for _ in range(int(terms)):
            size = (r.T * r)[0]
            a = size / (p.T * H * p)[0]
            s, r = s + a * p, r - a * (H * p)
            p = r + (r.T * r)[0] / size * p
    else:
        s, term = step * g, g.copy()
        for _ in range(int(terms)):
            term = term - step * (H * term)
            s = s + step * term
    return {"value": -mp.fsum(a * b for a, b in zip(cross, s, strict=True)), "solution": list(s)}


def missed(hvp, cross, gradient, terms, step):
    exact = series(hvp, cross, gradient)["value"]
    return {"value": [series(hvp, cross, gradient, "neumann", J, step)["value"] - exact for J in terms]}


def hoag(X, y, X_val, y_val, log_ridge, step_size, tolerances):
    A, V = mp.matrix(X), mp.matrix(X_val)
    H, b = A.T * A, A.T * mp.matrix(y)
    top = max(mp.eigsy(H, eigvals_only=True))
    w, s, place, places, gradients = mp.matrix(len(b), 1), mp.matrix(len(b), 1), log_ridge, [log_ridge], []

    def descend(x, right, goal):
        while mp.norm(right - H * x - ridge * x) > goal * mp.norm(right):
            x = x + (right - H * x - ridge * x) / (top + ridge)
        return x

    for goal in tolerances:
        ridge = mp.exp(place)
        w = descend(w, b, goal)
        s = descend(s, V.T * outer(X_val, y_val, w), goal)
        gradients.append(-ridge * (w.T * s)[0])
        place = place - step_size * gradients[-1]
        places.append(place)
    return {"log_ridges": places, "gradients": gradients}


def step_of(J, residual, Q, ridge, side="auto"):
    """Normal equations in the weights, sample by sample."""
    b, d = len(J), len(J[0][0])
    left, right = ridge * mp.eye(d), mp.matrix(d, 1)
    for j, r, q in zip(J, residual, Q, strict=True):
        j = mp.matrix(j)
        left += j.T * mp.matrix(q) * j / b
        right += j.T * mp.matrix(r) / b
    return {"value": list(-mp.lu_solve(left, right))}


X = [[1.0, 0.5], [-0.5, 2.0], [0.25, 0.75], [1.5, -1.0]]
Y = [1.0, -0.5, 0.75, 2.0]
V, Z = [[0.5, 1.0], [1.0, -1.0], [-0.25, 0.5]], [0.5, 1.5, -1.0]
WIDE, WIDE_VAL = [[1.0, 0.5, -0.25], [0.5, -1.0, 2.0]], [[0.75, 0.5, 0.25], [1.0, 1.0, -1.0], [0.0, 0.5, 2.0]]
HESSIAN = [[2.0, 0.5, 0.25], [0.5, 1.5, -0.5], [0.25, -0.5, 1.0]]
STIFF = [[1.0, 0.0], [0.0, 9.5367431640625e-07]]
C, G = [1.0, -0.5, 2.0], [0.5, 1.0, -0.25]


def entries():
    for log_ridge in (-40.0, -5.0, -1.0, 0.0, 0.5, 2.0, 10.0, 100.0, 700.0):
        yield entry(f"log-ridge {log_ridge:g}", "ridge_hypergradient", ridge_slope, X=X, y=Y, X_val=V, y_val=Z,
                    log_ridges=[log_ridge], rtol=1e-10, digits=40)  # fmt: skip
    for log_ridge in (-20.0, 0.0, 3.0):
        yield entry(f"fewer rows than weights, log-ridge {log_ridge:g}", "ridge_hypergradient", ridge_slope, X=WIDE,
                    y=Y[:2], X_val=WIDE_VAL, y_val=Z, log_ridges=[log_ridge], rtol=1e-10, digits=40)  # fmt: skip
    yield entry("exact", "implicit_hypergradient", series, hvp=HESSIAN, cross=C, gradient=G)
    yield entry("exact, condition a million", "implicit_hypergradient", series, hvp=STIFF, cross=C[:2], gradient=G[:2])
    for terms in (1, 2, 5, 20, 80):
        yield entry(f"{terms} terms", "implicit_hypergradient", series, hvp=HESSIAN, cross=C, gradient=G,
                    method="neumann", terms=terms, step=0.5)  # fmt: skip
        yield entry(f"what {terms} terms leave", "neumann_error", missed, hvp=HESSIAN, cross=C, gradient=G,
                    terms=[terms], step=0.5, rtol=1e-10)  # fmt: skip
    yield entry("unrolled", "implicit_hypergradient", series, hvp=HESSIAN, cross=C, gradient=G, method="unrolled",
                terms=7, step=0.5)  # fmt: skip
    yield entry("alternating terms", "implicit_hypergradient", series, hvp=HESSIAN, cross=C, gradient=G,
                method="neumann", terms=9, step=0.8)  # fmt: skip
    yield entry("a thousand terms, condition a million", "neumann_error", missed, hvp=STIFF, cross=C[:2],
                gradient=G[:2], terms=[1000], step=1.0, rtol=1e-10)  # fmt: skip
    for terms in (1, 2):
        yield entry(f"{terms} conjugate gradients", "implicit_hypergradient", series, hvp=HESSIAN, cross=C, gradient=G,
                    method="cg", terms=terms)  # fmt: skip
    for name, tolerances in (("loose", [0.3, 0.3]), ("tightening", [0.1, 0.025, 0.0111]), ("tight", [1e-6])):
        yield entry(f"{name} tolerances", "approximate_gradient_descent", hoag, X=X, y=Y, X_val=V, y_val=Z,
                    log_ridge=0.25, step_size=0.5, tolerances=tolerances, rtol=1e-11)  # fmt: skip
    J = [[[1.0, 0.5, -0.25], [0.5, -1.0, 2.0]], [[0.75, 0.5, 0.25], [1.0, 1.0, -1.0]]]
    r, softmax = [[0.25, -0.25], [-0.5, 0.5]], [[[0.25, -0.25], [-0.25, 0.25]], [[0.125, -0.125], [-0.125, 0.125]]]
    whole = [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.5], [0.5, 1.0]]]
    nothing = [[[0.0, 0.0], [0.0, 0.0]]] * 2
    for name, Q in (("softmax", softmax), ("regular", whole), ("no curvature", nothing)):
        for side in ("primal", "dual"):
            for ridge in (1.0, 1e-3):
                yield entry(f"{name}, {side}, ridge {ridge:g}", "gauss_newton_step", step_of, J=J, residual=r, Q=Q,
                            ridge=ridge, side=side, together=True, rtol=1e-11)  # fmt: skip


if __name__ == "__main__":
    write(__file__, entries())
