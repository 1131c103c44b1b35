"""Make diagonal_networks.json: implicit bias at 50 digits, by damped Newton on the dual, enumeration and iteration.

Shares nothing with the package: the link between dual and primal as it is written, hundreds of digits in place of care,
supports enumerated, descent iterated coordinate by coordinate. Takes three minutes,
nearly all for the Taylor series of the regularised flow:

    python tests/known_answers/make_diagonal_networks.py
"""

import json
from itertools import combinations
from pathlib import Path

import mpmath as mp
import numpy as np
import writing

mp.mp.dps = 80


def link(z, scale, depth, offset, linear):
    """Coefficient and its derivative at one dual variable."""
    if depth == 2:
        shift = mp.asinh(offset / (2 * scale**2))
        value, slope = 2 * scale**2 * mp.sinh(z + shift), 2 * scale**2 * mp.cosh(z + shift)
    else:
        p = depth / (depth - 2)
        value = scale**depth * ((1 - z / p) ** -p - (1 + z / p) ** -p)
        slope = scale**depth * ((1 - z / p) ** (-p - 1) + (1 + z / p) ** (-p - 1))
    extra = linear**2 / (depth**2 * scale ** (depth - 2))
    return value + extra * z, slope + extra


def interpolator(X, y, scale, depth=2, offset=0.0, linear=0.0):
    """Newton on X beta(X^T nu) = y, halved until the residual falls: the gradient of a concave dual."""
    X, y = mp.matrix(X), mp.matrix(y)
    n, d = X.rows, X.cols
    scale, depth, offset, linear = mp.mpf(scale), mp.mpf(depth), mp.mpf(offset), mp.mpf(linear)
    pole = mp.inf if depth == 2 else depth / (depth - 2)

    def at(nu):
        z = X.T * nu
        if max(abs(x) for x in z) >= pole:
            return None
        pairs = [link(x, scale, depth, offset, linear) for x in z]
        beta, slope = mp.matrix([v for v, _ in pairs]), mp.diag([s for _, s in pairs])
        return beta, X * slope * X.T, y - X * beta

    nu = mp.zeros(n, 1)
    now = at(nu)
    for _ in range(2000):
        beta, matrix, residual = now
        if mp.norm(residual) < mp.mpf(10) ** -65:
            return [beta[i] for i in range(d)]
        step, length = mp.lu_solve(matrix, residual), mp.mpf(1)
        while (trial := at(nu + length * step)) is None or mp.norm(trial[2]) > (1 - length / 10) * mp.norm(residual):
            length /= 2
        nu, now = nu + length * step, trial
    raise AssertionError("Newton did not end")


def minimum_l2(X, y):
    X, y = mp.matrix(X), mp.matrix(y)
    beta = X.T * mp.lu_solve(X * X.T, y)
    return [beta[i] for i in range(X.cols)]


def minimum_l1(X, y):
    """The best of all vertices."""
    n, d = len(X), len(X[0])
    best = None
    for support in combinations(range(d), n):
        part = mp.lu_solve(mp.matrix([[row[j] for j in support] for row in X]), mp.matrix(y))
        size = mp.fsum(abs(x) for x in part)
        if best is None or size < best[0]:
            best = size, [part[support.index(j)] if j in support else mp.mpf(0) for j in range(d)]
    return best[1]


def orthogonal_saddles(diagonal, y):
    """Coordinates are on their own: jump i at n/(2 |x_i y_i|), to y_i/x_i."""
    n = len(y)
    x, y = [mp.mpf(v) for v in diagonal], [mp.mpf(v) for v in y]
    times = [n / (2 * abs(a * b)) for a, b in zip(x, y, strict=True)]
    order = sorted(range(n), key=lambda i: times[i])
    beta, saddles, losses = [mp.mpf(0)] * n, [], []
    for i in [None, *order]:
        if i is not None:
            beta = [*beta[:i], y[i] / x[i], *beta[i + 1 :]]
        saddles.append(list(beta))
        losses.append(mp.fsum((a * b - c) ** 2 for a, b, c in zip(x, beta, y, strict=True)) / (2 * n))
    return {"times": [times[i] for i in order], "saddles": saddles, "losses": losses}


def descent(X, y, step, steps, scale, momentum=0.0, linear=0.0):
    """Full-batch descent (with heavy-ball momentum) on (1/2n)|X(w+^2 - w-^2 + linear v) - y|^2."""
    n, d = len(X), len(X[0])
    X, y = [[mp.mpf(v) for v in row] for row in X], [mp.mpf(v) for v in y]
    step, momentum, linear = mp.mpf(step), mp.mpf(momentum), mp.mpf(linear)
    w = [[mp.mpf(scale)] * d, [mp.mpf(scale)] * d, [mp.mpf(0)] * d]
    speed = [[mp.mpf(0)] * d for _ in range(3)]
    path = []
    for now in range(steps + 1):
        beta = [w[0][a] ** 2 - w[1][a] ** 2 + linear * w[2][a] for a in range(d)]
        path.append(beta)
        residual = [mp.fsum(x * b for x, b in zip(row, beta, strict=True)) - t for row, t in zip(X, y, strict=True)]
        g = [mp.fsum(X[i][a] * residual[i] for i in range(n)) / n for a in range(d)]
        slopes = [[2 * w[0][a] * g[a] for a in range(d)], [-2 * w[1][a] * g[a] for a in range(d)],
                  [linear * g[a] for a in range(d)]]  # fmt: skip
        for b in range(3):
            for a in range(d):
                speed[b][a] = momentum * speed[b][a] + slopes[b][a]
                w[b][a] -= step * speed[b][a]
        if now == steps:
            return {"beta": [path]}
    return None


def euler(X, y, step_size, time_step, steps, initial_scale):
    """Without noise the stochastic flow is Euler's method for the logarithms of the weights."""
    n, d = len(X), len(X[0])
    plus, minus = [mp.log(initial_scale)] * d, [mp.log(initial_scale)] * d
    losses, integral = [], mp.mpf(0)
    for k in range(int(steps) + 1):
        beta = [mp.exp(2 * a) - mp.exp(2 * b) for a, b in zip(plus, minus, strict=True)]
        gaps = [mp.fsum(a * b for a, b in zip(row, beta, strict=True)) - label for row, label in zip(X, y, strict=True)]
        losses.append(mp.fsum(x * x for x in gaps) / (2 * n))
        if k == int(steps):
            break
        integral += losses[-1] * time_step
        for i in range(d):
            move = 2 * time_step * mp.fsum(gap * row[i] for gap, row in zip(gaps, X, strict=True)) / n
            plus[i], minus[i] = plus[i] - move, minus[i] + move
    return {"beta": [beta], "train_loss": [losses], "loss_integral": [integral],
            "effective_scale": [[initial_scale] * d]}  # fmt: skip


def flows():
    for scale in (0.3, 1e-3):
        for dt in (0.01, 0.1):
            yield writing.entry(f"no noise, scale {scale:g}, dt {dt:g}", "stochastic_gradient_flow", euler, 1e-11,
                                together=True, X=[[1.0, 2.0, -1.0], [0.5, 0.0, 1.5]], y=[1.0, -0.5], step_size=0.0,
                                time_step=dt, steps=100, initial_scale=scale)  # fmt: skip


def written(value):
    return [written(x) for x in value] if isinstance(value, list) else mp.nstr(value, 50)


def entry(name, function, arguments, expected, rtol):
    expected = expected if isinstance(expected, dict) else {"value": expected}
    return {"name": f"{function}: {name}", "function": function, "arguments": arguments,
            "expected": {key: written(value) for key, value in expected.items()}, "rtol": rtol}  # fmt: skip


def entries():
    rng = np.random.default_rng(1)
    problems = {f"{n} x {d}": (rng.standard_normal((n, d)).tolist(), rng.standard_normal(n).tolist())
                for n, d in ((1, 2), (2, 4), (3, 6))}  # fmt: skip
    for name, (X, y) in problems.items():
        data = {"X": X, "y": y}
        for scale in (10.0, 1.0, 0.1, 0.01):
            yield entry(f"{name}, scale {scale:g}", "interpolator", data | {"initial_scale": scale},
                        interpolator(X, y, scale), 1e-9)  # fmt: skip
        for depth, scale in ((3, 1.0), (4, 0.5), (2.5, 0.3), (6, 2.0)):
            yield entry(f"{name}, depth {depth:g}, scale {scale:g}", "interpolator",
                        data | {"initial_scale": scale, "depth": depth}, interpolator(X, y, scale, depth),
                        1e-9)  # fmt: skip
        yield entry(f"{name}, offset", "interpolator", data | {"initial_scale": 0.5, "offset": 0.3},
                    interpolator(X, y, 0.5, offset=0.3), 1e-9)  # fmt: skip
        yield entry(f"{name}, linear branch", "interpolator", data | {"initial_scale": 0.2, "linear_scale": 0.4},
                    interpolator(X, y, 0.2, linear=0.4), 1e-9)  # fmt: skip
        yield entry(name, "minimum_l2", data, minimum_l2(X, y), 1e-12)
        yield entry(name, "minimum_l1", data, minimum_l1(X, y), 1e-12)
        for momentum, linear in ((0.0, 0.0), (0.9, 0.0), (0.0, 0.7)):
            yield entry(f"{name}, momentum {momentum:g}, linear {linear:g}", "diagonal_descent",
                        data | {"step_size": 0.02, "steps": 30, "initial_scale": 0.4, "momentum": momentum,
                                "linear_scale": linear, "checkpoints": list(range(31))},
                        descent(X, y, 0.02, 30, 0.4, momentum, linear), 1e-11)  # fmt: skip
    for name, diagonal, y in (("three", [1.0, 2.0, 0.5], [1.0, -3.0, 0.7]), ("scales", [1e-3, 1e3], [1e5, 1e-4])):
        X = np.diag(diagonal).tolist()
        yield entry(f"orthogonal, {name}", "saddle_to_saddle", {"X": X, "y": y}, orthogonal_saddles(diagonal, y), 1e-12)


def cycle(step_size):
    """Roots t = theta^2 of the quadratic of the twice iterated map that are no fixed points of the map itself."""
    # theta'' = theta, theta' != theta: eta^2 t^2 - eta (eta + 1) t + 1 = 0
    middle, product = (step_size + 1) / step_size, 1 / step_size**2
    root = mp.sqrt(middle**2 / 4 - product)
    ends = [mp.sqrt(middle / 2 - root), mp.sqrt(middle / 2 + root)]
    for here, there in (ends, ends[::-1]):
        assert abs(here + step_size * here * (1 - here**2) - there) < mp.mpf(10) ** -60
    return {"value": ends}


def cycles():
    for step in (1.0, 1.125, 1.2, 3.0):
        yield writing.entry(f"step {step:g}", "two_cycle", cycle, 1e-14, step_size=step)


def regularised(X, y, initial_scale, gradient_penalty, ascent):
    """The flow in the weights as it is defined, by Taylor series, until the residual is below the digits asked for."""
    n, d = len(X), len(X[0])

    def gradient(w):
        beta = [w[a] ** 2 - w[d + a] ** 2 for a in range(d)]
        gaps = [mp.fsum(x * b for x, b in zip(row, beta, strict=True)) - t for row, t in zip(X, y, strict=True)]
        g = [mp.fsum(X[i][a] * gaps[i] for i in range(n)) / n for a in range(d)]
        return g, [2 * w[a] * g[a] for a in range(d)] + [-2 * w[d + a] * g[a] for a in range(d)], gaps

    def hessian_times(w, g, v):
        change = [2 * w[a] * v[a] - 2 * w[d + a] * v[d + a] for a in range(d)]
        images = [mp.fsum(x * b for x, b in zip(row, change, strict=True)) for row in X]
        h = [mp.fsum(X[i][a] * images[i] for i in range(n)) / n for a in range(d)]
        return [2 * (v[a] * g[a] + w[a] * h[a]) for a in range(d)] + [
            -2 * (v[d + a] * g[a] + w[d + a] * h[a]) for a in range(d)]  # fmt: skip

    def velocity(_, state):
        w = state[: 2 * d]
        g, slope, _gaps = gradient(w)
        if ascent == 0:
            ahead, estimate = g, hessian_times(w, g, slope)
        else:
            ahead, moved, _gaps = gradient([a + ascent * b for a, b in zip(w, slope, strict=True)])
            estimate = [(a - b) / ascent for a, b in zip(moved, slope, strict=True)]
        return [-a - gradient_penalty * b for a, b in zip(slope, estimate, strict=True)] + [
            a * b for a, b in zip(g, ahead, strict=True)]  # fmt: skip

    path = mp.odefun(velocity, 0, [mp.mpf(initial_scale)] * (2 * d) + [mp.mpf(0)] * d)
    time = mp.mpf(1)
    while max(abs(x) for x in gradient(path(time)[: 2 * d])[2]) > mp.mpf(10) ** -33:
        time *= 2
    state = path(time)
    return {"beta": [state[a] ** 2 - state[d + a] ** 2 for a in range(d)],
            "effective_scale": [mp.sqrt(state[a] * state[d + a]) for a in range(d)],
            "integral": state[2 * d :]}  # fmt: skip


def regularised_flows():
    one, two = ([[1.0, 2.0]], [1.0]), ([[1.0, 2.0, -1.0], [0.5, 0.25, 1.5]], [1.0, -0.5])
    for (X, y), scale, penalty, ascent in ((one, 0.3, 0.1, 0.0), (one, 0.3, 0.1, -0.05), (two, 0.5, 0.1, 0.0),
                                           (two, 0.5, 0.3, 0.25), (two, 0.5, 0.1, -0.05)):  # fmt: skip
        yield writing.entry(f"{len(X)} x {len(X[0])}, penalty {penalty:g}, ascent {ascent:g}", "regularised_flow",
                            regularised, 1e-9, together=True, digits=30, precisions=(38, 42), X=X, y=y,
                            initial_scale=scale, gradient_penalty=penalty, ascent=ascent)  # fmt: skip


def main():
    lines = [json.dumps(line) for part in (entries, flows, cycles, regularised_flows) for line in part()]
    Path(__file__).with_name("diagonal_networks.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "entries")


if __name__ == "__main__":
    main()
