"""Make wide_networks.json: Gaussian integrals over the plane and the line, at 30 digits, no closed form of a dual.

Homogeneous activations: the radius by its moments, the angle by quadrature between the kinks. Smooth ones: the
trapezoidal rule with two steps, which agree.

python tests/known_answers/make_wide_networks.py
"""

from itertools import pairwise

import mpmath as mp
from writing import entry as full_entry
from writing import write


def entry(*arguments, **keywords):
    return full_entry(*arguments, digits=32, precisions=(42, 50), **keywords)


def gauss_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


# degree, values of phi at +1 and -1
HOMOGENEOUS = {"identity": (1, 1, -1), "relu": (1, 1, 0), "relu2": (2, 1, 0), "abs": (1, 1, 1), "step": (0, 1, 0),
               "sign": (0, 1, -1)}  # fmt: skip
SLOPES = {"identity": (0, 1, 1), "relu": (0, 1, 0), "relu2": (1, 2, 0), "abs": (0, 1, -1)}
SMOOTH = {
    "erf": (mp.erf, lambda u: 2 / mp.sqrt(mp.pi) * mp.exp(-u * u)),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda u: -mp.sin(u)),
    "exp": (mp.exp, mp.exp),
    "gauss": (lambda u: mp.exp(-u * u / 2), lambda u: -u * mp.exp(-u * u / 2)),
    "gelu": (lambda u: u * gauss_cdf(u), lambda u: gauss_cdf(u) + u * density(u)),
    "tanh": (mp.tanh, lambda u: 1 - mp.tanh(u) ** 2),
}


def homogeneous(degree, plus, minus, q1, q2, c):
    """E[u^k v^k] over the four quadrants: (k) moments of the radius times integrals of (cos t cos(t - theta))^k."""
    with mp.extradps(30):
        turn = mp.acos(min(max(c / mp.sqrt(q1 * q2), -1), 1))
        edges = sorted({mp.mpf(0), mp.pi / 2, 3 * mp.pi / 2, (mp.pi / 2 + turn) % (2 * mp.pi),
                        (3 * mp.pi / 2 + turn) % (2 * mp.pi), 2 * mp.pi})  # fmt: skip
        total = mp.mpf(0)
        for low, high in pairwise(edges):
            middle = (low + high) / 2
            value = (plus if mp.cos(middle) > 0 else minus) * (plus if mp.cos(middle - turn) > 0 else minus)
            if value:
                total += value * mp.quad(lambda t: abs(mp.cos(t) * mp.cos(t - turn)) ** degree, [low, high])
        radius = mp.mpf(2) ** degree * mp.factorial(degree)  # E r^(2k)
        return (q1 * q2) ** (mp.mpf(degree) / 2) * radius * total / (2 * mp.pi)


def trapezoid(f, q1, q2, c):
    a, b = mp.sqrt(q1), c / mp.sqrt(q1)
    rest = mp.sqrt(max(q2 - b * b, mp.mpf(0)))
    if rest < mp.mpf(10) ** (3 - mp.mp.dps / 2):  # equal inputs: what is left is rounding, and enters squared
        rest = mp.mpf(0)
    # finer at the higher precision, so that the two check the step as well; tanh has poles
    step = mp.mpf("0.12" if f in SMOOTH["tanh"] else "0.2") * 42 / mp.mp.dps / max(1, a, mp.sqrt(q2))
    count = int(mp.mpf("13.5") / step)
    z = [step * k for k in range(-count, count + 1)]
    weights = [density(x) * step for x in z]
    outer = [w * f(a * x) for x, w in zip(z, weights, strict=True)]
    if rest == 0:
        return mp.fsum(o * f(b * x) for x, o in zip(z, outer, strict=True))
    return mp.fsum(o * mp.fsum(w * f(b * x + rest * y) for y, w in zip(z, weights, strict=True))
                   for x, o in zip(z, outer, strict=True) if abs(o) > mp.mpf(10) ** -45)  # fmt: skip


def integral(activation, q1, q2, c, derivative=False):
    if activation in HOMOGENEOUS:
        return homogeneous(*(SLOPES if derivative else HOMOGENEOUS)[activation], q1, q2, c)
    return trapezoid(SMOOTH[activation][int(derivative)], q1, q2, c)


def dual(activation, q1, q2, c, derivative=False):
    return {"value": integral(activation, q1, q2, c, derivative)}


def kernels(X, depth, activation, weight_variance, bias_variance):
    d = len(X[0])
    n = len(X)
    pairs = [(i, j) for i in range(n) for j in range(i + 1)]
    sigma = {(i, j): bias_variance + weight_variance * mp.fsum(x * y for x, y in zip(X[i], X[j], strict=True)) / d
             for i, j in pairs}  # fmt: skip
    theta = dict(sigma)
    for _ in range(int(depth)):
        arguments = {(i, j): (sigma[i, i], sigma[j, j], sigma[i, j]) for i, j in pairs}
        sigma = {p: bias_variance + weight_variance * integral(activation, *arguments[p]) for p in pairs}
        theta = {p: sigma[p] + weight_variance * integral(activation, *arguments[p], True) * theta[p] for p in pairs}
    rows = [[(max(i, j), min(i, j)) for j in range(n)] for i in range(n)]
    return {"nngp": [[sigma[p] for p in row] for row in rows], "ntk": [[theta[p] for p in row] for row in rows]}


def line(f, K):
    """<f>_K, split at 0."""
    edge = [-14, -7, -3, 0, 3, 7, 14]
    return mp.quad(lambda z: density(z) * f(mp.sqrt(K) * z), edge)


def functions(activation):
    if activation == "relu":
        return (lambda u: max(u, mp.mpf(0))), (lambda u: mp.mpf(u > 0))
    return SMOOTH[activation]


def flow(activation, weight_variance, bias_variance, kernel0, depth):
    phi, slope = functions(activation)
    K = theta = kernel0
    vertex = mp.mpf(0)
    fields = {name: [] for name in ("kernel", "ntk", "chi_parallel", "chi_perpendicular", "vertex")}
    for _ in range(int(depth)):
        square, fourth = line(lambda u: phi(u) ** 2, K), line(lambda u: phi(u) ** 4, K)
        parallel = weight_variance * line(lambda u: u * phi(u) * slope(u), K) / K
        perpendicular = weight_variance * line(lambda u: slope(u) ** 2, K)
        for name, value in zip(fields, (K, theta, parallel, perpendicular, vertex), strict=True):
            fields[name].append(value)
        vertex = weight_variance**2 * (fourth - square**2) + parallel**2 * vertex
        K = bias_variance + weight_variance * square
        theta = K + perpendicular * theta
    return fields


def edge(activation, q):
    phi, slope = functions(activation)
    weights = [1 / line(lambda u: slope(u) ** 2, x) for x in q]
    biases = [x - w * line(lambda u: phi(u) ** 2, x) for x, w in zip(q, weights, strict=True)]
    return {"weight_variance": weights, "bias_variance": biases}


def duals():
    for name in (*HOMOGENEOUS, *SMOOTH):
        for place, (q1, q2, c) in {
            "positive": (1.25, 0.75, 0.5),
            "negative": (0.5, 2.0, -0.875),
            "small": (2.0**-20, 2.0**-18, 2.0**-21),
        }.items():
            for derivative in (False, True):
                if derivative and name in ("step", "sign"):
                    continue
                yield entry(f"{name}, {place}, {'slope' if derivative else 'value'}", "dual_activation", dual, 1e-12,
                            activation=name, q1=q1, q2=q2, c=c, derivative=derivative)  # fmt: skip
    for name in ("relu", "relu2", "erf", "abs"):  # almost opposite, almost parallel, far beyond unit variance
        for q, c in ((1.0, -1 + 2.0**-20), (1.0, 1 - 2.0**-30), (2.0**40, 2.0**39)):
            if name == "erf" and q > 1:
                continue
            yield entry(f"{name}, q={q:g}, c={c!r}", "dual_activation", dual, 1e-11, activation=name, q1=q, q2=q, c=c,
                        derivative=False)  # fmt: skip


X = [[1.0, -0.5, 0.75], [0.5, 1.25, 0.25], [-2.0, 1.0, -1.5]]


def networks():
    for activation, depth, weight, bias in (("relu", 1, 2.0, 0.0), ("relu", 3, 2.0, 0.125), ("relu", 8, 2.0, 0.0),
                                            ("abs", 2, 1.0, 0.25), ("erf", 2, 1.5, 0.25),
                                            ("sin", 1, 1.5, 0.0)):  # fmt: skip
        rows = X if activation in HOMOGENEOUS else X[:2]
        yield entry(f"{activation}, L={depth}", "wide_network_kernels", kernels, 1e-12, together=True, X=rows,
                    depth=depth, activation=activation, weight_variance=weight, bias_variance=bias)  # fmt: skip
    for activation, weight, bias in (("relu", 2.0, 0.0), ("tanh", 1.0, 0.0), ("gelu", 1.75, 0.125), ("erf", 1.0, 0.5)):
        yield entry(activation, "critical_flow", flow, 1e-11, activation=activation, weight_variance=weight,
                    bias_variance=bias, kernel0=1.5, depth=4)  # fmt: skip
    for activation in ("erf", "tanh"):
        yield entry(activation, "edge_of_chaos", edge, 1e-10, activation=activation, q=[0.5, 1.0, 2.0])


if __name__ == "__main__":
    write(__file__, (row for part in (duals, networks) for row in part()))
