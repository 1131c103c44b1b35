"""Make sgd_stability.json: thresholds and growth rates at 50 digits, from the d^2 x d^2 second-moment operator.

Shares nothing with the package: Kronecker products of whole Hessians and dense eigenproblems in mpmath, where the
solver works on the range of the mean Hessian with Lanczos and a secular equation. Takes a few seconds:

    python tests/known_answers/make_sgd_stability.py
"""

import json
from itertools import pairwise
from pathlib import Path

import mpmath as mp
import numpy as np
import writing

mp.mp.dps = 70
SAMPLINGS = ("without-replacement", "with-replacement", "bernoulli")


def kron(A, B):
    n, m = A.rows, B.rows
    return mp.matrix([[A[i // m, j // m] * B[i % m, j % m] for j in range(n * m)] for i in range(n * m)])


def hessians(G, factor=1):
    rows = [mp.matrix(row) for row in G]
    return [factor * (row * row.T) for row in rows]


def mean(matrices):
    return sum(matrices[1:], matrices[0]) / len(matrices)


def weights(n, B, sampling):
    B = mp.mpf(B)
    p = {"without-replacement": (n - B) / (B * max(n - 1, 1)), "with-replacement": 1 / B,
         "bernoulli": 1 / B - mp.mpf(1) / n}[sampling]  # fmt: skip
    return (mp.mpf(1) if sampling == "bernoulli" else 1 - p), p


def noise_part(each, c0, p):
    H = mean(each)
    return c0 * kron(H, H) + p * mean([kron(h, h) for h in each])


def threshold(G, B, sampling, factor=1):
    """2 over the largest eigenvalue of C^-1 D, C = (H x I + I x H)/2."""
    unit = max(abs(mp.mpf(x)) for row in G for x in row)  # mpmath's Cholesky has an absolute tolerance
    each = hessians([[x / unit for x in row] for row in G], factor)
    H, one = mean(each), mp.eye(len(G[0]))
    C = (kron(H, one) + kron(one, H)) / 2
    D = noise_part(each, *weights(len(G), B, sampling))
    L = mp.cholesky(C)
    inverse = L**-1
    return 2 / max(mp.eigsy(inverse * D * inverse.T, eigvals_only=True)) / unit**2


def growth(G, B, sampling, step):
    each = hessians(G)
    H, one, step = mean(each), mp.eye(len(G[0])), mp.mpf(step)
    D = noise_part(each, *weights(len(G), B, sampling))
    T = kron(one, one) - step * (kron(H, one) + kron(one, H)) + step**2 * D
    return max(abs(x) for x in mp.eigsy((T + T.T) / 2, eigvals_only=True))


def conditions(G, B, sampling):
    each = hessians(G)
    H = mean(each)
    values = mp.eigsy(H, eigvals_only=True)
    c0, p = weights(len(G), B, sampling)
    trace = sum(values)
    norms = [sum(h[i, i] for i in range(h.rows)) for h in each]  # rank one: norm = trace
    square = sum(x * x for x in values)
    single = mp.fsum(x * x for x in norms) / len(G)
    return {"top_eigenvalue": 2 / max(values), "necessary": 2 * trace / (c0 * square + p * single),
            "trace": 2 / trace, "sufficient": 2 / max(norms), "frobenius": 1 / mp.sqrt(square)}  # fmt: skip


def coherence(G):
    """Largest eigenvalue of |g_i . g_j| over the largest |g_i|^2."""
    rows = [mp.matrix(row) for row in G]
    inner = mp.matrix([[abs((a.T * b)[0]) for b in rows] for a in rows])
    return max(mp.eigsy(inner, eigvals_only=True)) / max(inner[i, i] for i in range(len(rows)))


def equilibrium(step, decay, gradient):
    """Fixed point of |w|^2 -> (1 - step decay)^2 |w|^2 + (step gradient)^2/|w|^2, by bisection."""
    step, decay, gradient = mp.mpf(step), mp.mpf(decay), mp.mpf(gradient)
    keep = 1 - step * decay
    low, high = mp.mpf(10) ** -60, mp.mpf(10) ** 60
    for _ in range(600):
        middle = mp.sqrt(low * high)
        grows = keep**2 * middle + (step * gradient) ** 2 / middle > middle
        low, high = (middle, high) if grows else (low, middle)
    square = low  # of the norm
    return {"norm": mp.sqrt(square), "effective_step_size": step / square,
            "angle": mp.atan(step * gradient / square / keep)}  # fmt: skip


def adam(step, decay, gradient, d, momentum, where):
    """Sums of the impulse response of w to the noise in closed geometric form, by the roots of its recursion.

    The size of Adam's steps is found by bisection of the norm: given ||w||, all else is a linear filter.
    """
    eta, lam, g, d, beta = (mp.mpf(x) for x in (step, decay, gradient, d, momentum))

    def filtered(b, c, gain):
        """Variance and lag-one covariance of x_t = b x_{t-1} - c x_{t-2} + gain e_t, from its two roots."""
        spread = mp.sqrt(mp.mpc(b * b - 4 * c))
        roots = [(b + spread) / 2, (b - spread) / 2]
        weights = [roots[0] / spread, -roots[1] / spread]  # h_k = sum of w r^k
        sums = [
            mp.fsum(u * v * (r if shift else 1) / (1 - r * s) for u, r in zip(weights, roots, strict=True)
                    for v, s in zip(weights, roots, strict=True))
            for shift in (0, 1)
        ]  # fmt: skip
        return [gain**2 * mp.re(x) for x in sums]

    if where == "decoupled":
        a = 1 - eta * lam
        square, product = filtered(a + beta, a * beta, eta * (1 - beta) * mp.sqrt(d))
        p = eta * lam
    else:

        def state(square):
            v = (g**2 / square + lam**2 * square) / d
            p = eta * lam / mp.sqrt(v)
            gain = eta * (1 - beta) * g / mp.sqrt(square * v)
            return (*filtered(1 + beta - (1 - beta) * p, beta, gain), p)

        low, high = mp.mpf(10) ** -40, mp.mpf(10) ** 40
        for _ in range(400):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if state(middle)[0] > middle else (low, middle)
        square, product, p = state(low)
    cosine = product / square
    return {"norm": mp.sqrt(square), "effective_step_size": eta / mp.sqrt(square), "angle": mp.acos(cosine),
            "shrinkage": p}  # fmt: skip


def sharpness(plus, minus):
    """All eigenvalues of 4 diag(a^2 + b^2), written as the 2d x 2d Gauss-Newton matrix of whitened inputs."""
    plus, minus = [mp.mpf(x) for x in plus], [mp.mpf(x) for x in minus]
    d = len(plus)
    J = mp.zeros(d, 2 * d)
    for i in range(d):
        J[i, i], J[i, d + i] = 2 * plus[i], -2 * minus[i]
    values = mp.eigsy(J.T * J, eigvals_only=True)
    return {"trace": sum(values), "frobenius": mp.sqrt(sum(x * x for x in values)), "top_eigenvalue": max(values)}


def divergence(hessians, batch_size):
    """From whole Hessians: sigma = lambda_1 of sqrt(tr H_i H_j) over the largest eigenvalue of one of them."""
    n, d = len(hessians), len(hessians[0])
    each = [mp.matrix(d, d) for _ in hessians]
    for H, g in zip(each, hessians, strict=True):
        for i in range(d):
            for j in range(d):
                H[i, j] = g[i] * g[j]
    traces = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            traces[i, j] = mp.sqrt(abs(sum((each[i] * each[j])[k, k] for k in range(d))))
    sigma = max(mp.eigsy(traces, eigvals_only=True)) / max(max(mp.eigsy(H, eigvals_only=True)) for H in each)
    top = max(mp.eigsy(mean(each), eigvals_only=True))
    noisy = [sigma / mp.sqrt(n / b - 1) if b < n else mp.inf for b in batch_size]
    return {"value": [min(mp.mpf(2), x) / top for x in noisy]}


def grouped(largest_eigenvalue, coherence, n, batch_size, sampling):
    """The threshold of one direction of the extremal set: sigma equal gradients of n, E(1 - eta H_B)^2 = 1."""
    g2 = largest_eigenvalue * n / coherence
    found = []
    for b in batch_size:
        # number drawn from the group: mean and second moment of each design
        share = coherence / n
        first = b * share
        if sampling == "with-replacement":
            variance = b * share * (1 - share)
        elif sampling == "bernoulli":
            variance = coherence * (b / n) * (1 - b / n)
        else:
            variance = b * share * (1 - share) * (n - b) / (n - 1)
        # 1 - 2 eta g2 first/b + eta^2 g2^2 (variance + first^2)/b^2 = 1
        found.append(2 * g2 * first / b / (g2**2 * (variance + first**2) / b**2))
    return {"value": found}


def chain(X, y, steps, optimiser, step_size, betas=None, guard=None):
    """Full batches, written out."""
    n, p = len(X), len(X[0])
    w, m, v, rows = [mp.mpf(0)] * p, [mp.mpf(0)] * p, [mp.mpf(0)] * p, []
    for t in range(1, int(steps[-1]) + 1):
        gaps = [mp.fsum(a * b for a, b in zip(row, w, strict=True)) - label for row, label in zip(X, y, strict=True)]
        g = [mp.fsum(gap * row[i] for gap, row in zip(gaps, X, strict=True)) / n for i in range(p)]
        if optimiser == "sgd":
            w = [a - step_size * b for a, b in zip(w, g, strict=True)]
        else:
            first, second = betas
            m = [first * a + (1 - first) * b for a, b in zip(m, g, strict=True)]
            v = [second * a + (1 - second) * b * b for a, b in zip(v, g, strict=True)]
            w = [a - step_size * (b / (1 - first**t)) / (mp.sqrt(c / (1 - second**t)) + guard)
                 for a, b, c in zip(w, m, v, strict=True)]  # fmt: skip
        if t in steps:
            rows.append(w)
    return {"value": rows}


def linear_chain(gradients, step_size, batch_size, steps, chains, rng):
    """One dimension and full batches leave nothing to chance."""
    factor = 1 - step_size * mp.fsum(g[0] ** 2 for g in gradients) / len(gradients)
    return {"value": [[2 * t * mp.log(abs(factor)) for t in steps]] * int(chains)}


def relu_sharpness(hidden, readout):
    """In the plane: gradients are of degree one, so that E f = (1/pi) times the integral of f over the circle."""
    k = len(hidden)
    size = 3 * k
    breaks = {mp.mpf(0), 2 * mp.pi}
    for b in hidden:
        for turn in (-1, 1, 3):
            angle = mp.atan2(b[1], b[0]) + turn * mp.pi / 2
            breaks |= {angle % (2 * mp.pi)}

    def gradient(u):
        active = [b[0] * u[0] + b[1] * u[1] for b in hidden]
        rows = [max(x, mp.mpf(0)) for x in active]
        return rows + [a * v * (x > 0) for a, x in zip(readout, active, strict=True) for v in u]

    H = mp.matrix(size, size)
    points = sorted(breaks)
    for low, high in pairwise(points):
        if high - low < mp.mpf(10) ** -30:
            continue
        # trigonometric polynomials of degree two on each arc: g = A cos + B sin, exactly
        middle = (low + high) / 2
        side, other = gradient((mp.cos(middle), mp.sin(middle))), None
        eps = (high - low) / 4
        other = gradient((mp.cos(middle + eps), mp.sin(middle + eps)))
        across = [(b - a * mp.cos(eps)) / mp.sin(eps) for a, b in zip(side, other, strict=True)]
        half = (high - low) / 2
        cc, ss = half + mp.sin(2 * half) / 2, half - mp.sin(2 * half) / 2
        for i in range(size):
            for j in range(size):
                H[i, j] += (side[i] * side[j] * cc + across[i] * across[j] * ss) / mp.pi
    values = mp.eigsy(H, eigvals_only=True)
    return {"trace": mp.fsum(values), "frobenius": mp.sqrt(mp.fsum(x * x for x in values)),
            "top_eigenvalue": max(values)}  # fmt: skip


def more():
    rows = [[1.0, 0.5], [0.25, -1.0], [2.0, 1.0], [0.0, 0.75]]
    for name, G in (("four", rows), ("orthogonal", [[1.0, 0.0], [0.0, 1.0]]), ("one direction", [[1.0], [2.0], [0.5]])):
        yield writing.entry(name, "divergence_step_size", divergence, 1e-12, hessians=G,
                            batch_size=list(range(1, len(G) + 1)))  # fmt: skip
    for sampling in SAMPLINGS:
        for sigma in (1.0, 4.0, 20.0):
            yield writing.entry(f"{sampling}, coherence {sigma:g}", "group_threshold", grouped, 1e-13,
                                largest_eigenvalue=0.3, coherence=sigma, n=20, batch_size=[1, 7, 20],
                                sampling=sampling)  # fmt: skip
    y = [1.0, -2.0, 0.5, 3.0]
    yield writing.entry("full batches", "optimiser_chain", chain, 1e-12, together=True, X=rows, y=y,
                        steps=[1, 2, 10, 200], optimiser="sgd", step_size=0.2)  # fmt: skip
    for betas in ([0.9, 0.999], [0.0, 0.5], [0.99, 0.9]):
        yield writing.entry(f"Adam, {betas}", "optimiser_chain", chain, 1e-11, together=True, X=rows, y=y,
                            steps=[1, 2, 10, 100], optimiser="adam", step_size=0.05, betas=betas,
                            guard=1e-8)  # fmt: skip
    for step in (1e-3, 0.5, 40.0):
        yield writing.entry(f"one dimension, step {step:g}", "linearised_sgd", linear_chain, 1e-12,
                            gradients=[[1.0], [0.5], [2.0]], step_size=step, batch_size=3, steps=[1, 10, 1000],
                            chains=2, rng=0)  # fmt: skip
    for name, hidden, readout in (("one unit", [[1.0, 0.0]], [2.0]), ("two units", [[1.0, 0.5], [-0.25, 1.0]],
                                  [1.0, -0.5]), ("opposite", [[1.0, 0.0], [-2.0, 0.0]], [1.0, 1.0]),
                                  ("three", [[1.0, 0.5], [1.0, 0.5009765625], [-3.0, 1.0]],
                                   [1.0, 2.0, 0.5])):  # fmt: skip
        yield writing.entry(name, "relu_network_sharpness", relu_sharpness, 1e-12, hidden=hidden, readout=readout)


def entry(name, function, arguments, expected, rtol=1e-12):
    expected = expected if isinstance(expected, dict) else {"value": expected}
    return {"name": f"{function}: {name}", "function": function, "arguments": arguments,
            "expected": {key: mp.nstr(value, 50) for key, value in expected.items()}, "rtol": rtol}  # fmt: skip


def entries():
    rng = np.random.default_rng(0)
    problems = {
        "4 in 2 dimensions": rng.standard_normal((4, 2)),
        "3 in 3 dimensions": rng.standard_normal((3, 3)),
        "6 in 3 dimensions": rng.standard_normal((6, 3)),
        "one large sample": np.array([[30.0, 1.0], [0.1, 0.2], [0.3, -0.1], [0.1, 0.1]]),
        "scale 1e60": 1e60 * rng.standard_normal((4, 2)),
        "scale 1e-60": 1e-60 * rng.standard_normal((4, 2)),
        "anisotropic": rng.standard_normal((5, 3)) * np.array([1.0, 1e-2, 1e-4]),
    }
    for name, array in problems.items():
        G, n = array.tolist(), len(array)
        for B in (1, 2, n):
            for sampling in SAMPLINGS:
                exact = threshold(G, B, sampling)
                yield entry(f"{name}, B={B}, {sampling}", "stability_threshold",
                            {"hessians": G, "batch_size": B, "sampling": sampling}, exact)  # fmt: skip
                if B == 2 or sampling == "bernoulli":
                    step = float(exact) * (0.5 if B == 1 else 1.3)
                    yield entry(f"{name}, B={B}, {sampling}", "growth_rate",
                                {"step_size": step, "hessians": G, "batch_size": B, "sampling": sampling},
                                growth(G, B, sampling, step))  # fmt: skip
        yield entry(f"{name}, loss without the half", "stability_threshold",
                    {"hessians": G, "batch_size": 2, "loss": "squared-without-half"},
                    threshold(G, 2, SAMPLINGS[0], 2))  # fmt: skip
        yield entry(name, "stability_conditions", {"hessians": G, "batch_size": 2, "sampling": "bernoulli"},
                    conditions(G, 2, "bernoulli"))  # fmt: skip
        yield entry(name, "coherence", {"hessians": G}, coherence(G))
    for step, decay, gradient in ((0.1, 0.01, 1.0), (1e-3, 1e-4, 5.0), (0.5, 1.9, 0.2), (1e-8, 1e-8, 1e3)):
        yield entry(f"step {step:g}, decay {decay:g}", "weight_decay_equilibrium",
                    {"step_size": step, "weight_decay": decay, "gradient_norm": gradient},
                    equilibrium(step, decay, gradient))  # fmt: skip
    for where, step, decay, gradient, d, momentum in (
        ("decoupled", 1e-3, 0.1, 1.0, 100.0, 0.9), ("decoupled", 0.5, 1.9, 0.2, 3.0, 0.0),
        ("decoupled", 1e-8, 1e-8, 1e3, 1e6, 0.99), ("penalty", 1e-3, 0.1, 1.0, 100.0, 0.9),
        ("penalty", 0.02, 0.3, 10.0, 50.0, 0.0), ("penalty", 1e-6, 1e-8, 1e3, 1e6, 0.99),
        ("penalty", 0.4, 0.5, 1.0, 20.0, 0.5),
    ):  # fmt: skip
        yield entry(f"{where}, step {step:g}, momentum {momentum:g}", "adam_equilibrium",
                    {"step_size": step, "weight_decay": decay, "gradient_norm": gradient, "d": d,
                     "momentum": momentum, "decay": where},
                    adam(step, decay, gradient, d, momentum, where))  # fmt: skip
    for name, plus, minus in (("three", [1.0, 0.5, 2.0], [0.3, 0.0, -1.0]), ("wide range", [1e-8, 1e8], [1.0, -1e4])):
        yield entry(name, "diagonal_network_sharpness", {"w_plus": plus, "w_minus": minus}, sharpness(plus, minus))


def main():
    lines = [json.dumps(line) for part in (entries, more) for line in part()]
    Path(__file__).with_name("sgd_stability.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "entries")


if __name__ == "__main__":
    main()
