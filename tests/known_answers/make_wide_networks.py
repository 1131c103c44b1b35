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


def hermite_polynomial(k, z):
    """Orthonormal, by the explicit sum."""
    terms = [mp.mpf(-1) ** j * z ** (k - 2 * j) / (mp.factorial(j) * mp.factorial(k - 2 * j) * mp.mpf(2) ** j)
             for j in range(k // 2 + 1)]  # fmt: skip
    return mp.sqrt(mp.factorial(k)) * mp.fsum(terms)


def hermite(activation, variance, degree):
    phi = functions(activation)[0]
    return {"value": [mp.quad(lambda z, k=k: density(z) * phi(mp.sqrt(variance) * z) * hermite_polynomial(k, z),
                              [-15, -9, -4, -1, 0, 1, 4, 9, 15]) for k in range(int(degree) + 1)]}  # fmt: skip


def critical(activation):
    """Half-stable: the two integrals agree."""
    phi, slope = functions(activation)

    def gap(K):
        return line(lambda u: u * phi(u) * slope(u), K) / K - line(lambda u: slope(u) ** 2, K)

    K = mp.findroot(gap, (mp.mpf("3.5"), mp.mpf("3.6")))
    weight = 1 / line(lambda u: slope(u) ** 2, K)
    return {"kernel": K, "weight_variance": weight, "bias_variance": K - weight * line(lambda u: phi(u) ** 2, K)}


def product(activation_slopes, widths):
    plus, minus = activation_slopes
    second, fourth = (plus**2 + minus**2) / 2, (plus**4 + minus**4) / 2
    return {"value": 3 * mp.fprod(1 + (3 * fourth - second**2) / second**2 / n for n in widths)}


def vertices(activation, weight_variance, bias_variance, kernel0, depth, widths):
    """Squared scales of relu: a product of independent factors, expanded to first order in all 1/n."""
    total, out = mp.mpf(0), [mp.mpf(0)]
    for n in widths:
        total += 5 / n
        out.append(total * n * kernel0**2)
    return {"vertex": out}


def gegenbauer(d, k, t):
    if d == 2:
        return mp.chebyt(k, t)
    return mp.gegenbauer(k, (d - 2) / 2, t) / mp.gegenbauer(k, (d - 2) / 2, 1)


def sphere_mean(d, f):
    """Over t with density (1 - t^2)^((d - 3)/2), in the angle."""
    edges = [0, mp.pi / 4, mp.pi / 2, 3 * mp.pi / 4, mp.pi]
    mass = mp.quad(lambda x: mp.sin(x) ** (d - 2), edges)
    return mp.quad(lambda x: mp.sin(x) ** (d - 2) * f(mp.cos(x)), edges) / mass


def relu_ntk(t, depth):
    sigma = theta = 2 * t
    q = mp.mpf(2)
    for _ in range(depth):
        angle = mp.acos(min(max(sigma / q, -1), 1))
        new = q * (mp.sin(angle) + (mp.pi - angle) * mp.cos(angle)) / mp.pi
        theta = new + (mp.pi - angle) / mp.pi * theta
        sigma = new
    return theta


def on_sphere(kernel, d, degree, nodes=None):
    values = [sphere_mean(d, lambda t, k=k: relu_ntk(t, int(kernel["depth"])) * gegenbauer(d, k, t))
              for k in range(int(degree) + 1)]  # fmt: skip
    values = [value if abs(value) > mp.mpf(10) ** -30 else mp.mpf(0) for value in values]
    counts = [mp.mpf(1)] + [(2 * k + d - 2) / k * mp.binomial(k + d - 3, k - 1) for k in range(1, int(degree) + 1)]
    tail = relu_ntk(mp.mpf(1), int(kernel["depth"])) - mp.fsum(a * b for a, b in zip(values, counts, strict=True))
    return {"eigenvalues": values, "multiplicities": counts, "tail": tail}


def taylor_eigenvalues(taylor, d):
    return {"value": [sphere_mean(d, lambda t, k=k: mp.polyval(taylor[::-1], t) * gegenbauer(d, k, t))
                      for k in range(len(taylor))]}  # fmt: skip


def exponential(matrix):
    return mp.expm(matrix, method="taylor")


def training(ntk, nngp, times, y, ridge):
    """By the exponential and the inverse of the matrix."""
    tangent, cross, _ = (mp.matrix(block) for block in ntk)
    prior, prior_cross, prior_test = (mp.matrix(block) for block in nngp)
    y, one = mp.matrix(y), mp.eye(len(y))
    rate = tangent + ridge * one
    mean, covariance, loss = [], [], []
    for t in times:
        progress = rate**-1 * (one - (mp.zeros(len(y)) if mp.isinf(t) else exponential(-rate * t)))
        read, left = cross * progress, one - tangent * progress
        mean.append(list(read * y))
        spread = prior_test - read * prior_cross.T - prior_cross * read.T + read * prior * read.T
        covariance.append(spread.tolist())
        residual, noise = left * y, left * prior * left.T
        loss.append(((residual.T * residual)[0] + mp.fsum(noise[i, i] for i in range(len(y)))) / 2)
    return {"mean": mean, "covariance": covariance, "train_loss": loss}


def schroeder(hermite_squares, rho):
    """Iterated until the argument is below the precision, then divided by the slope to that power."""
    out = []
    for r in rho:
        with mp.extradps(30):
            value, count = r, 0
            while value > mp.mpf(10) ** (-mp.mp.dps + 5):
                value, count = mp.polyval(hermite_squares[::-1], value), count + 1
            out.append(value / hermite_squares[1] ** count)
    return {"value": out}


def deep(hermite_squares, rho, depth):
    slopes = [k * c for k, c in enumerate(hermite_squares)][1:]
    out, scale = [], hermite_squares[1] ** depth * depth
    for r in rho:
        with mp.extradps(30):
            sigma = kernel = r
            for _ in range(int(depth)):
                gain = mp.polyval(slopes[::-1], sigma)
                sigma = mp.polyval(hermite_squares[::-1], sigma)
                kernel = sigma + kernel * gain
            out.append(kernel / scale)
    return {"value": out, "log_scale": mp.log(scale)}


def classifier(hermite_squares):
    slope1 = mp.fsum(k * c for k, c in enumerate(hermite_squares))
    return {"exponent": -2 * mp.log(hermite_squares[1]) / mp.log(slope1), "slope1": slope1}


def design(dimension):
    d = mp.mpf(dimension)
    return {"value": [mp.mpf(0), 2 ** (-d / 4), mp.sqrt(1 - 2 ** (1 - d / 2)), 2 ** (-d / 4)]}


def convolution(t, sizes, kind):
    """Angles, one pair of inputs after another."""

    def arcs(x):
        angle = mp.acos(x)
        return (mp.pi - angle) / mp.pi, (mp.sin(angle) + (mp.pi - angle) * x) / mp.pi

    out = []
    for row in t:
        found = [arcs(x) for x in row]
        kernel, tangent = [k for _, k in found], [k + x * s for (s, k), x in zip(found, row, strict=True)]
        for size in map(int, sizes[1:]):
            groups = range(0, len(kernel), size)
            means = [mp.fsum(kernel[i : i + size]) / size for i in groups]
            below = [mp.fsum(tangent[i : i + size]) / size for i in groups]
            found = [arcs(mean) for mean in means]
            kernel, tangent = [k for _, k in found], [k + s * x for (s, k), x in zip(found, below, strict=True)]
        out.append(tangent[0] if kind == "ntk" else kernel[0])
    return {"value": out}


def circle(sizes, kind, modes, grid):
    """Integrals of the kernel of one circle times cos(k u): 4/(pi (1 - k^2))^2 at even k and 1/4 at 1 of kappa_1;
    cos u kappa_0(cos u) has the means of neighbouring 2/(pi k)^2, k odd, and 1/2 at 0."""  # fmt: skip
    last = int(modes)
    step = [mp.mpf(1) / 2 if k == 0 else 2 / (mp.pi * k) ** 2 if k % 2 else mp.mpf(0) for k in range(last + 2)]
    arc = [4 / (mp.pi * (1 - k * k)) ** 2 if k % 2 == 0 else mp.mpf(int(k == 1)) / 4 for k in range(last + 1)]
    both = [arc[k] + (step[abs(k - 1)] + step[k + 1]) / 2 for k in range(last + 1)]
    return {"value": arc if kind == "rfk" else both}


def exponents(student, teacher, sizes, level):
    nu, smooth = ({"ntk": mp.mpf(1) / 2, "rfk": mp.mpf(3) / 2}[name] for name in (student, teacher))
    part = (sizes[0] - 1) * mp.fprod(sizes[1 : int(level)])
    whole = (sizes[0] - 1) * mp.fprod(sizes[1:])
    # error at kappa = n^-alpha: power beyond ||k|| = kappa^(-1/(2 nu + d_l)), or kappa^2
    alpha = (2 * nu + whole) / whole
    return {"error": min(2 * smooth * alpha / (2 * nu + part), 2 * alpha), "sector": 2 * nu + part, "spectrum": alpha}


def student(K, y, K_cross, K_test, a, b, trained=False):
    K, cross, test = mp.matrix(K), mp.matrix(K_cross), mp.matrix(K_test)
    y, n = mp.matrix(y), len(y)
    inverse = K**-1
    conditional = test - cross * inverse * cross.T
    Q = (y.T * inverse * y)[0]
    degrees, factor = (2 * a, b / a) if trained else (2 * a + n, (2 * b + Q) / (2 * a + n))

    # evidence by the integral over the variance, in its logarithm
    def integrand(u):
        v = mp.exp(u)
        prior = b**a / mp.gamma(a) * v ** (-a) * mp.exp(-b / v)
        return prior * (2 * mp.pi * v) ** (-mp.mpf(n) / 2) * mp.exp(-Q / (2 * v)) / mp.sqrt(mp.det(K))

    evidence = mp.log(mp.quad(integrand, [-6, -3, -1, 0, 1, 2, 4, 8, 16, 32, 64]))
    return {"mean": list(cross * inverse * y), "scale": (factor * conditional).tolist(), "degrees": degrees,
            "variance": (factor * degrees / (degrees - 2) * conditional).tolist(),
            "log_evidence": evidence}  # fmt: skip


def ensemble(**arguments):
    return student(**arguments, trained=True)


def likelihood_derivatives(f, y, likelihood):
    logs = {"logistic": lambda x, label: label * x - mp.log(1 + mp.exp(x)),
            "poisson": lambda x, label: label * x - mp.exp(x)}[likelihood]  # fmt: skip
    pairs = list(zip(f, y, strict=True))
    with mp.extradps(60):
        first, second = ([mp.diff(lambda x, label=label: logs(x, label), value, order) for value, label in pairs]
                         for order in (1, 2))  # fmt: skip
        return {"alpha": first, "beta": [-value for value in second]}


def sums(kernel_zx, alpha, beta, f):
    p, n = len(kernel_zx), len(f)
    return {"y_tilde": [mp.fsum(kernel_zx[i][j] * (alpha[j] + beta[j] * f[j]) for j in range(n)) for i in range(p)],
            "B": [[mp.fsum(beta[k] * kernel_zx[i][k] * kernel_zx[j][k] for k in range(n)) for j in range(p)]
                  for i in range(p)]}  # fmt: skip


def geodesic(G0, target, depth):
    """Fixed point of G_l = G_(l-1) # G_(l+1), the mean of neighbours, by eigenvalues of the quotient."""
    start, end = mp.matrix(G0), mp.matrix(target)
    L = int(depth)
    logarithm = mp.logm(start**-1 * end)
    return {
        "value": [(start * mp.expm(logarithm * layer / (L + 1), method="taylor")).tolist() for layer in range(1, L + 1)]
    }


GRAM = [[2.0, 0.5, -0.25], [0.5, 1.5, 0.25], [-0.25, 0.25, 1.0]]
CROSS = [[0.5, -0.25, 0.75], [1.0, 0.125, 0.25]]
TEST = [[1.5, 0.25], [0.25, 1.25]]
PRIOR = [[1.0, 0.25, 0.125], [0.25, 1.25, -0.125], [0.125, -0.125, 0.75]]
COEFFICIENTS = [0.0, 0.25, 0.5, 0.25]


def more():
    yield entry(
        "relu", "hermite_coefficients", hermite, 1e-12, together=True, activation="relu", variance=1.0, degree=9
    )
    yield entry(
        "tanh", "hermite_coefficients", hermite, 1e-12, together=True, activation="tanh", variance=1.75, degree=5
    )
    yield entry("gelu", "critical_point", critical, 1e-9, activation="gelu")
    for slopes, widths in (([1.0, 0.0], [32.0, 16.0, 8.0]), ([1.0, 0.5], [3.0]), ([1.0, -1.0], [4.0, 4.0]),
                           ([2.0**300, 2.0**299], [10.0])):  # fmt: skip
        yield entry(f"{slopes}", "kurtosis_product", product, activation_slopes=slopes, widths=widths)
    yield entry("unequal widths", "critical_flow", vertices, activation="relu", weight_variance=2.0, bias_variance=0.0,
                kernel0=1.5, depth=4, widths=[10.0, 20.0, 30.0])  # fmt: skip
    for d, depth in ((3, 1), (10, 2), (2, 2), (5, 1)):
        yield entry(f"d={d}, L={depth}", "sphere_spectrum", on_sphere, 1e-9, together=True,
                    kernel={"activation": "relu", "depth": depth}, d=d, degree=4, nodes=4000)  # fmt: skip
    for d in (2, 3, 10):
        yield entry(f"d={d}", "dot_product_eigenvalues", taylor_eigenvalues, taylor=[0.5, 0.25, 1.0, 0.125, 0.75, 2.0],
                    d=d)  # fmt: skip
    for ridge in (0.0, 0.5):
        yield entry(f"ridge {ridge}", "linearised_training", training, 1e-11, together=True, ntk=[GRAM, CROSS, TEST],
                    nngp=[PRIOR, [[0.25, 0.5, 0.125], [0.25, 0.0, 0.25]], TEST], times=[0.0, 0.25, 4.0, float("inf")],
                    y=[1.0, -2.0, 0.5], ridge=ridge)  # fmt: skip
    yield entry("near 1 and 0", "koenigs", schroeder, 1e-11, hermite_squares=COEFFICIENTS,
                rho=[2.0**-40, 0.125, 0.75, 1 - 2.0**-20, 1 - 2.0**-50])  # fmt: skip
    yield entry("no square", "koenigs", schroeder, 1e-11, hermite_squares=[0.0, 0.5, 0.0, 0.5], rho=[0.25, 0.875])
    for depth in (1, 20, 300):
        yield entry(f"L={depth}", "deep_ntk", deep, 1e-10, hermite_squares=COEFFICIENTS,
                    rho=[0.125, 0.75, 1 - 2.0**-20], depth=depth)  # fmt: skip
    yield entry("singular", "deep_classifier", classifier, hermite_squares=COEFFICIENTS)
    yield entry("nearly linear", "deep_classifier", classifier, 1e-12, hermite_squares=[0.0, 1 - 2.0**-30, 2.0**-30])
    for dimension in (2, 5, 40):
        yield entry(f"d={dimension}", "optimal_activation", design, dimension=dimension)
    places = [[0.5, -0.25], [0.9375, 1.0], [-1.0, 0.25]]
    for kind in ("ntk", "rfk"):
        yield entry(kind, "convolutional_kernel", convolution, t=places, sizes=[2, 2], kind=kind)
        yield entry(f"{kind}, three layers", "convolutional_kernel", convolution, t=[[0.5, -0.25, 0.125, 0.75]],
                    sizes=[3, 2, 2], kind=kind)  # fmt: skip
        yield entry(kind, "torus_spectrum", circle, 1e-11, together=True, sizes=[2], kind=kind, modes=6, grid=4096)
    for pair in (("ntk", "rfk"), ("ntk", "ntk"), ("rfk", "ntk")):
        yield entry(f"{pair}", "convolution_exponents", exponents, student=pair[0], teacher=pair[1], sizes=[3, 2, 2],
                    level=2)  # fmt: skip
    laws = {"K": GRAM, "y": [1.0, -2.0, 0.5], "K_cross": CROSS, "K_test": TEST, "a": 2.5, "b": 1.5}
    yield entry("a=2.5", "student_process", student, 1e-11, together=True, **laws)
    yield entry("a=2.5", "trained_ensemble", ensemble, 1e-11, together=True, **laws)
    for law in ("logistic", "poisson"):
        yield entry(law, "dual_parameters", likelihood_derivatives, 1e-12, f=[0.5, -3.0, 20.0], y=[1.0, 0.0, 1.0],
                    likelihood=law)  # fmt: skip
    yield entry("three data", "sparse_duals", sums, together=True, kernel_zx=CROSS, alpha=[1.0, -0.5, 2.0],
                beta=[0.5, 1.5, 0.25], f=[0.25, -1.0, 3.0])  # fmt: skip
    for depth in (1, 3):
        yield entry(f"L={depth}", "linear_kernel_machine", geodesic, 1e-11, together=True, G0=GRAM, target=PRIOR,
                    depth=depth)  # fmt: skip


if __name__ == "__main__":
    write(__file__, (row for part in (duals, networks, more) for row in part()))
