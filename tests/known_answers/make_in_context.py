"""Make in_context.json: linear attention by matrix algebra, its flow by Taylor series, Bayes by conditioning.

python tests/known_answers/make_in_context.py
"""

import mpmath as mp
from writing import bisect, entry, write


def trace(A):
    return mp.fsum(A[i, i] for i in range(A.rows))


def rows(A):
    return [[A[i, j] for j in range(A.cols)] for i in range(A.rows)]


def layer(n, covariance, prior, noise_variance=0, convention="sum"):
    """P and the risk as moments give them, the difference tr(SB) + noise - n tr(SPSB) included."""
    with mp.extradps(40):
        S, B = mp.matrix(covariance), mp.matrix(prior)
        whole, out = trace(S * B), {"preconditioner": [], "risk": []}
        for size in n:
            P = B * mp.inverse((size + 1) * S * B + (whole + noise_variance) * mp.eye(S.rows))
            out["preconditioner"].append(rows(P * (size if convention == "mean" else 1)))
            out["risk"].append(whole + noise_variance - size * trace(S * P * S * B))
    return out


def step(n, d, noise_variance, second_moment, linear_power):
    return {"value": [linear_power / (second_moment + noise_variance * d + (size - 1) * linear_power) for size in n]}


LINKS = {
    "relu": lambda x: max(x, mp.mpf(0)),
    "erf": mp.erf,
    "sin": mp.sin,
    "sign": mp.sign,
    "identity": lambda x: x,
}


def single_index(link):
    h = LINKS[link]

    def mean(f):
        return mp.quad(lambda x: f(x) * mp.npdf(x), [-20, -8, -2, 0, 2, 8, 20])

    return {
        "power": mean(lambda x: h(x) ** 2),
        "weighted_power": mean(lambda x: (x * h(x)) ** 2),
        "linear_power": mean(lambda x: x * h(x)) ** 2,
    }


def ridge_test(modes, power, n, ridge, noise):
    """Test error of ridge regression for eigenvalues `modes` and function-space powers, noise included."""
    if ridge == 0 and n >= len(modes):
        return noise * n / (n - len(modes))
    k = bisect(
        lambda k: n - mp.fsum(x / (x + k) for x in modes) - ridge / k, mp.mpf(10) ** -60, (ridge + sum(modes)) / n * 2
    )
    df2 = mp.fsum((x / (x + k)) ** 2 for x in modes)
    return n / (n - df2) * (mp.fsum(p * (k / (x + k)) ** 2 for x, p in zip(modes, power, strict=True)) + noise)


def bayes(n, covariance, prior, noise_variance=0):
    with mp.extradps(40):
        root = mp.cholesky(mp.matrix(prior))
        k = list(mp.eigsy(root.T * mp.matrix(covariance) * root, eigvals_only=True))
        return {"value": [ridge_test(k, k, size, noise_variance, noise_variance) for size in n]}


def gamma(L, n, noise=0):
    return L + (L + (trace(L) + noise) * mp.eye(L.rows)) / n


def limit(covariance, n, noise_variance=0):
    L = mp.matrix(covariance)
    out = {"key_query": [], "value": [], "loss": []}
    for size in n:
        inverse = mp.inverse(gamma(L, size, noise_variance))
        strength = trace(inverse * inverse) ** mp.mpf("0.25")
        out["key_query"].append(rows(inverse / strength))
        out["value"].append(strength)
        out["loss"].append(trace(L - inverse * L * L) / 2)
    return out


def isotropic_flow(covariance, n, start_scale, times, noise_variance=0):
    """For a multiple of the identity u^2 is a logistic curve."""
    d, l = len(covariance), covariance[0][0]
    g, root = l + (l * (1 + d) + noise_variance) / n, mp.sqrt(len(covariance))
    out = {"value": [], "loss": [], "key_query": []}
    for t in times:
        square = root / (g + (root / start_scale**2 - g) * mp.exp(-2 * root * l * l * t))
        u = mp.sqrt(square)
        U = u / root
        out["value"].append(u)
        out["key_query"].append(rows(U * mp.eye(d)))
        out["loss"].append(d * (square * g * l * l * U**2 / 2 - u * l * l * U + l / 2))
    return out


def series_flow(covariance, n, start_scale, times, start, noise_variance=0):
    """The matrix equation by its Taylor series."""
    L, d = mp.matrix(covariance), len(covariance)
    G, theta = gamma(L, n, noise_variance), mp.matrix(start)
    moment = theta * theta.T
    moment /= mp.sqrt(mp.fsum(x * x for x in moment))

    def right(_, state):
        U, u = mp.matrix(d, d), state[-1]
        for i in range(d):
            for j in range(d):
                U[i, j] = state[i * d + j]
        slope = u * G * L * U * L - L * L
        return [-u * slope[i, j] for i in range(d) for j in range(d)] + [
            -mp.fsum(slope[i, j] * U[i, j] for i in range(d) for j in range(d))
        ]

    path = mp.odefun(right, 0, [*(start_scale * x for x in moment), start_scale], tol=mp.mpf(10) ** -(mp.mp.dps - 6))
    out = {"value": [], "key_query": []}
    for t in times:
        state = path(t)
        out["value"].append(state[-1])
        out["key_query"].append([[state[i * d + j] for j in range(d)] for i in range(d)])
    return out


def risk(covariance, n, context, task_weights=None, prior=None, noise_variance=0, test_covariance=None,
         query_covariance=None):  # fmt: skip
    L = mp.matrix(covariance)
    d = L.rows
    T = L if test_covariance is None else mp.matrix(test_covariance)
    Q = T if query_covariance is None else mp.matrix(query_covariance)
    inverse = mp.inverse(gamma(L, n))
    w = mp.matrix(task_weights) if prior is None else None
    second = w * w.T if prior is None else mp.matrix(prior)
    b = mp.eye(d) - inverse * T
    floor = trace(b * second * b.T * Q)
    scatter = (trace(T * second) + noise_variance) * T + T * second * T
    return {"value": [noise_variance + floor + trace(inverse * Q * inverse * scatter) / M for M in context]}


def random_limit(eigenvalue_moments, n):
    out = []
    for size in n:
        line = []
        for i, (_, second, third) in enumerate(eigenvalue_moments):
            others = mp.fsum(row[0] for j, row in enumerate(eigenvalue_moments) if j != i)
            line.append(second / (third + (third + third + second * others) / size))
        out.append(line)
    return {"value": out}


def predictive(X, y, x, noise, prior_scale=1):
    """Conditioning on the labels in their joint covariance, for every noise level."""
    levels, chances = noise if isinstance(noise, list) else ([noise], [mp.mpf(1)])
    A, n, found = mp.matrix(X), len(y), []
    t2 = prior_scale**2
    cross = t2 * A * mp.matrix(x)
    for level in levels:
        joint = t2 * A * A.T + level * mp.eye(n)
        inverse = mp.inverse(joint)
        mean = (cross.T * inverse * mp.matrix(y))[0]
        variance = level + t2 * mp.fsum(v * v for v in x) - (cross.T * inverse * cross)[0]
        quad = (mp.matrix(y).T * inverse * mp.matrix(y))[0]
        log = -(n * mp.log(2 * mp.pi) + mp.log(mp.det(joint)) + quad) / 2
        found.append((mean, variance, log))
    joint = [chance * mp.exp(log) for chance, (_, _, log) in zip(chances, found, strict=True)]
    evidence = mp.fsum(joint)
    weights = [p / evidence for p in joint]
    mean = mp.fsum(w * f[0] for w, f in zip(weights, found, strict=True))
    square = mp.fsum(w * (f[1] + f[0] ** 2) for w, f in zip(weights, found, strict=True))
    return {"mean": mean, "variance": square - mean**2, "weights": weights, "log_likelihood": mp.log(evidence)}


def mean_variance(n, d, noise_variance):
    """The root of the quadratic, by bisection where there is noise."""
    out = []
    for size in n:
        if noise_variance == 0:
            out.append(max(d - size, mp.mpf(0)))
            continue
        tau = bisect(lambda t, size=size: noise_variance * t * t + (noise_variance + size - d) * t - d,
                     mp.mpf(10) ** -40, mp.mpf(10) ** 40)  # fmt: skip
        out.append(noise_variance * (1 + tau))
    return {"value": out}


def outside(n, d, noise_variance, assumed_noise, weight_variance=1, assumed_weight_variance=1):
    return {"value": [ridge_test([mp.mpf(1)] * int(d), [weight_variance] * int(d), n, a / assumed_weight_variance,
                                 noise_variance) for a in assumed_noise]}  # fmt: skip


EYE3 = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
FULL = [[2.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 0.5]]
OTHER = [[1.0, -0.25, 0.0], [-0.25, 0.75, 0.5], [0.0, 0.5, 1.5]]
SINGULAR = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
X = [[1.0, 0.5], [-0.25, 2.0], [0.75, -1.5], [0.125, 0.25]]
WIDE = [[1.0, 0.5, -0.5, 0.25], [0.0, 2.0, 1.0, -1.0]]
Y = [0.5, -1.0, 2.0, 0.25]


def table():
    name = "optimal_linear_attention"
    yield entry("isotropic", name, layer, n=[1, 10, 1000], covariance=EYE3, prior=EYE3, noise_variance=0.25)
    yield entry("any", name, layer, n=[1, 5, 50], covariance=FULL, prior=OTHER, noise_variance=0.5, together=True)
    yield entry("no noise", name, layer, n=[3], covariance=FULL, prior=OTHER, together=True)
    yield entry("mean of tokens", name, layer, n=[7], covariance=FULL, prior=OTHER, noise_variance=2.0,
                convention="mean", together=True)  # fmt: skip
    yield entry("singular prior", name, layer, n=[4, 40], covariance=FULL, prior=SINGULAR, noise_variance=0.125,
                together=True)  # fmt: skip
    yield entry("singular inputs", name, layer, n=[4], covariance=SINGULAR, prior=OTHER, noise_variance=1.0,
                together=True)  # fmt: skip
    yield entry("one input", name, layer, n=[1, 2, 3], covariance=[[2.0]], prior=[[0.5]], noise_variance=0.0)
    yield entry("much noise", name, layer, n=[9], covariance=EYE3, prior=EYE3, noise_variance=1e6)
    name = "optimal_step_size"
    for label, moments in (("cubic", (180.0, 9.0)), ("signed ReLU", (24.0, 1.5)), ("linear", (48.0, 6.0)),
                           ("no linear part", (24.0, 0.0))):  # fmt: skip
        yield entry(label, name, step, n=[1, 25, 1e5], d=6, noise_variance=0.25, second_moment=moments[0],
                    linear_power=moments[1])  # fmt: skip
    for link in ("relu", "erf", "sin", "sign", "identity"):
        yield entry(link, "single_index_moments", single_index, rtol=1e-10, link=link, digits=30)
    name = "bayes_risk"
    yield entry("isotropic", name, bayes, n=[1, 3, 30], covariance=EYE3, prior=EYE3, noise_variance=0.5)
    yield entry("any", name, bayes, n=[1, 2, 10], covariance=FULL, prior=OTHER, noise_variance=0.25)
    yield entry("no noise", name, bayes, n=[1, 2, 9], covariance=FULL, prior=OTHER)
    name = "attention_limit"
    yield entry("any", name, limit, covariance=FULL, n=[1, 8, 1000], together=True)
    yield entry("noise", name, limit, covariance=FULL, n=[8], noise_variance=1.5, together=True)
    yield entry("one input", name, limit, covariance=[[0.5]], n=[1, 20])
    yield entry("isotropic", name, limit, covariance=EYE3, n=[4])
    name = "attention_flow"
    times = [0.0, 0.25, 1.0, 4.0, 30.0]
    yield entry("one input", name, isotropic_flow, 1e-10, covariance=[[0.5]], n=8, start_scale=0.3, times=times)
    yield entry("isotropic", name, isotropic_flow, 1e-10, covariance=EYE3, n=8, start_scale=0.3, times=times,
                together=True)  # fmt: skip
    yield entry("small start", name, isotropic_flow, 1e-10, covariance=EYE3, n=20, start_scale=1e-3, times=times,
                noise_variance=0.5, together=True)  # fmt: skip
    yield entry("series", name, series_flow, 1e-10, covariance=[[2.0, 0.5], [0.5, 0.75]], n=8, start_scale=0.25,
                times=[0.5, 2.0], start=[[1.0, 0.5], [0.0, 1.0]], noise_variance=0.5, together=True, digits=30,
                precisions=(40, 50))  # fmt: skip
    name = "trained_attention_risk"
    w = [1.0, -0.5, 2.0]
    yield entry("prior", name, risk, covariance=FULL, n=8, context=[1, 20, 1e6], prior=OTHER, noise_variance=0.5)
    yield entry("one task", name, risk, covariance=FULL, n=8, context=[1, 20, 1e6], task_weights=w)
    yield entry("covariate shift", name, risk, covariance=FULL, n=8, context=[20], prior=OTHER, noise_variance=0.5,
                test_covariance=OTHER)  # fmt: skip
    yield entry("query shift", name, risk, covariance=FULL, n=8, context=[20], task_weights=w, test_covariance=OTHER,
                query_covariance=EYE3)  # fmt: skip
    yield entry("long training", name, risk, covariance=FULL, n=1e9, context=[1e12], task_weights=w)
    name = "random_covariance_limit"
    yield entry("exponential", name, random_limit, eigenvalue_moments=[[1.0, 2.0, 6.0]] * 3, n=[1, 10, 1e6])
    yield entry("unlike", name, random_limit, eigenvalue_moments=[[1.0, 2.0, 6.0], [0.5, 0.25, 0.125]], n=[5])
    name = "posterior_predictive"
    x = [0.5, 1.5]
    levels = [[0.1, 1.0, 4.0], [0.25, 0.5, 0.25]]
    yield entry("known noise", name, predictive, X=X, y=Y, x=x, noise=0.36)
    yield entry("little noise", name, predictive, 1e-10, X=X, y=Y, x=x, noise=1e-8)
    yield entry("levels", name, predictive, X=X, y=Y, x=x, noise=levels)
    yield entry("wide", name, predictive, X=WIDE, y=Y[:2], x=[1.0, 0.0, -1.0, 0.5], noise=0.25, prior_scale=2.0)
    yield entry("wide levels", name, predictive, X=WIDE, y=Y[:2], x=[1.0, 0.0, -1.0, 0.5], noise=levels)
    yield entry("one example", name, predictive, X=[[2.0, 1.0]], y=[3.0], x=x, noise=levels)
    yield entry("levels far apart", name, predictive, X=X, y=Y, x=x, noise=[[1e-3, 1e3], [0.5, 0.5]])
    name = "mean_predictive_variance"
    yield entry("noise 1", name, mean_variance, n=[0, 10, 20, 40, 1e6], d=20, noise_variance=1.0)
    yield entry("little noise", name, mean_variance, n=[10, 20, 40], d=20, noise_variance=1e-12)
    yield entry("no noise", name, mean_variance, n=[10, 20, 40], d=20, noise_variance=0.0)
    name = "out_of_prior_risk"
    yield entry("noise", name, outside, n=30, d=20, noise_variance=1.0, assumed_noise=[0.1, 1.0, 10.0])
    yield entry("weights", name, outside, n=10, d=20, noise_variance=0.5, assumed_noise=[0.5, 1.0],
                weight_variance=4.0, assumed_weight_variance=0.5)  # fmt: skip


if __name__ == "__main__":
    write(__file__, table())
