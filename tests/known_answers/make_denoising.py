"""Make denoising.json: densities integrated, linear equations solved and moment equations integrated at 50 digits.

python tests/known_answers/make_denoising.py
"""

import mpmath as mp
from writing import entry, write

mpf = mp.mpf


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def vector(x):
    return mp.matrix([[v] for v in x])


def lists(M):
    return [[M[i, j] for j in range(M.cols)] for i in range(M.rows)]


def column(M):
    return [M[i, 0] for i in range(M.rows)]


def eye(d):
    return mp.eye(d)


# the flow to a mixture: normal equations of the autoencoder on pairs with the moments of d = infinity, then its path


def moments(n, std, signal):
    """Products of the columns mu, mean noise of the targets, mean base point, over d, and squares over all pairs."""
    return {"x1": signal + std**2, "mu_e": signal + std**2 / n, "xi": 1 / n}


def trained(n, decay, std, signal, a, b, no_skip=False):
    """Minimum over c and w = p mu_e + q xi of sum |c x_t + s w - x_1|^2 + decay |w|^2, over d: a quadratic form."""
    m = moments(n, std, signal)
    # loss = sum_m |(cb - 1) x1 + c a x0|^2 + 2 s_m w.((cb - 1) x1 + c a x0) + |w|^2, plus decay |w|^2; unknowns c, p, q
    H = mp.matrix(3, 3)
    g = mp.matrix(3, 1)
    H[0, 0] = n * (b**2 * m["x1"] + a**2)
    H[0, 1] = H[1, 0] = n * b * m["mu_e"]
    H[0, 2] = H[2, 0] = n * a * m["xi"]
    H[1, 1] = (n + decay) * m["mu_e"]
    H[2, 2] = (n + decay) * m["xi"]
    g[0] = n * b * m["x1"]
    g[1] = n * m["mu_e"]
    if no_skip:
        H, g = H[1:3, 1:3], g[1:3]
    z = mp.lu_solve(H, mp.matrix(list(g)))
    loss = n * m["x1"] - dot(column(g), column(z))
    return [mpf(0), *column(z), loss] if no_skip else [*column(z), loss]


def flow(n, decay, std, signal, schedule, times, no_skip=False):
    """Fields at one time: the solution of the linear equation x' = rate x + push, its exponential by quadrature."""

    def pair(t):
        if schedule == "linear":
            return 1 - t, t, mpf(-1), mpf(1)
        half = mp.pi / 2
        return mp.cos(half * t), mp.sin(half * t), -half * mp.sin(half * t), half * mp.cos(half * t)

    m = moments(n, std, signal)
    left, rest = m["x1"] - n / (n + decay) * m["mu_e"], 1 - n / (n + decay) * m["xi"]

    def parts(t):
        """The same quadratic form with p and q eliminated, which is quicker than a solve."""
        a, b, da, db = pair(t)
        c = mpf(0) if no_skip else b * left / (b * b * left + a * a * rest)
        p = (n - c * n * b) / (n + decay)
        q = mpf(0) if no_skip else -c * n * a / (n + decay)
        z = db - da * b / a
        return z * c + da / a, z * p, z * q

    a, b, _, _ = pair(times)
    c, p, q, loss = trained(n, decay, std, signal, a, b, no_skip)
    nodes = [mpf(0), times]

    def grown(t):
        return mp.exp(mp.quad(lambda u: parts(u)[0], [t, times], method="gauss-legendre")) if t < times else mpf(1)

    root = grown(mpf(0))
    mean = mp.quad(lambda t: grown(t) * parts(t)[1], nodes, method="gauss-legendre")
    noise = mp.quad(lambda t: grown(t) * parts(t)[2], nodes, method="gauss-legendre")
    return {"skip": c, "weight_mean": p, "weight_noise": q, "train_loss": loss, "mean": [mean, noise],
            "variance": root**2,
            "mse": (mean - 1) ** 2 * signal + mean**2 * std**2 / n + noise**2 * m["xi"],
            "cosine2": mean**2 * signal / (mean**2 * m["mu_e"] + noise**2 * m["xi"]),
            "overlap": mean * signal}  # fmt: skip


def shifted(n, decay, std, signal, times, dimension):
    """Linear schedule with the closed exponent, and the mean of |N(0, 1/d)| along the mean estimate added."""
    B = n + decay - 1
    A = decay * signal + std**2 * B
    k = n / (n + decay)
    a, b = 1 - times, times
    root = mp.sqrt((b * b * A + a * a * B) / B)
    shift = root * mp.sqrt(2 / (mp.pi * dimension))
    length = mp.sqrt(signal + std**2 / n)
    # coordinates: along mu, along the targets' mean noise, along the base points' mean, in units of sqrt(d)
    c = k * b + shift / length
    place = [c * mp.sqrt(signal), c * std / mp.sqrt(n), -k * (root - a) / mp.sqrt(n)]
    off = [place[0] - mp.sqrt(signal), place[1], place[2]]
    return {"mse": dot(off, off), "overlap": place[0] * mp.sqrt(signal), "cosine2": place[0] ** 2 / dot(place, place)}


def endpoint(n, decay, std, signal):
    """At time 1 the last instant of the closed solution: the learned skip is 1/beta there, and the sum is direct."""
    B = n + decay - 1
    A = decay * signal + std**2 * B
    k = n / (n + decay)
    return {"mse": (1 - k) ** 2 * signal + k * k * (std**2 + A / B) / n, "variance": A / B}


def flows():
    for name, n, decay, std, signal, schedule, t in (
        ("measured", 4, 0.125, 0.75, 1.0, "linear", 0.5), ("trigonometric", 8, 0.5, 1.5, 2.0, "trigonometric", 0.75),
        ("one pair", 1, 0.25, 0.5, 1.0, "linear", 0.25), ("no decay", 3, 0.0, 0.25, 0.5, "linear", 0.875),
    ):  # fmt: skip
        yield entry(name, "mixture_flow", flow, 1e-12, digits=32, precisions=(40, 50), n=n, decay=decay, std=std,
                    signal=signal, schedule=schedule, times=t)  # fmt: skip
    yield entry("no skip", "mixture_flow", flow, 1e-12, digits=32, precisions=(40, 50), n=4, decay=0.5, std=0.75,
                signal=1.0, schedule="linear", times=0.5, no_skip=True)  # fmt: skip
    for name, n, decay, std, signal in (("end", 4, 0.125, 0.75, 1.0), ("end, many", 10**9, 1e-3, 3.0, 0.01),
                                        ("end, little", 1, 1e-12, 1e-3, 1.0),
                                        ("end, much", 7, 1e9, 0.5, 1.0)):  # fmt: skip
        yield entry(name, "mixture_flow", endpoint, 1e-12, n=n, decay=decay, std=std, signal=signal)
    for d, t in ((1000.0, 1.0), (250.0, 0.5), (1e6, 0.0)):
        yield entry(f"d={d:g}, t={t}", "mixture_flow", shifted, 1e-12, n=4, decay=0.125, std=0.75, signal=1.0, times=t,
                    dimension=d)  # fmt: skip
    yield entry("few", "bayes_mean_error", lambda n, std: {"value": 1 / (1 / std**2 * n + 1)}, 1e-14, n=3, std=0.7)
    yield entry("few", "pca_cosine2", lambda n, std, signal: {"value": signal * n / (signal * n + std**2)}, 1e-14, n=3,
                std=0.7, signal=1.5)  # fmt: skip


# subspaces


def gaussian(x, m, S):
    """Log-density by LU."""
    d = len(x)
    off = vector([a - b for a, b in zip(x, m, strict=True)])
    return -(off.T * mp.lu_solve(S, off))[0] / 2 - mp.log(mp.det(S)) / 2 - d * mp.log(2 * mp.pi) / 2


def mixture(x, weights, means, covariances, noise_variance):
    d = len(x)
    logs, parts = [], []
    for p, m, S in zip(weights, means, covariances, strict=True):
        S = mp.matrix(S)
        total = S + noise_variance * eye(d)
        logs.append(mp.log(p) + gaussian(x, m, total))
        off = vector([a - b for a, b in zip(x, m, strict=True)])
        parts.append([a + b for a, b in zip(m, column(S * mp.lu_solve(total, off)), strict=True)])
    top = max(logs)
    w = [mp.exp(v - top) for v in logs]
    w = [v / mp.fsum(w) for v in w]
    return {"estimate": [dot(w, c) for c in zip(*parts, strict=True)], "responsibilities": w}


def subspaces(x, bases, weights, scale, noise):
    """As a mixture of full Gaussians of the noisy point, s times the posterior mean by the cross-covariance."""
    d = len(x)
    logs, parts = [], []
    for p, U in zip(weights, bases, strict=True):
        U = mp.matrix(U)
        total = scale**2 * U * U.T + noise**2 * eye(d)
        logs.append(mp.log(p) + gaussian(x, [mpf(0)] * d, total))
        parts.append(column(scale * U * U.T * mp.lu_solve(total, vector(x))))
    top = max(logs)
    w = [mp.exp(v - top) for v in logs]
    w = [v / mp.fsum(w) for v in w]
    return {"estimate": [dot(w, c) for c in zip(*parts, strict=True)], "responsibilities": w}


def subspace_loss(X, basis, scale, noise):
    """The error as a linear map of the row plus one of the noise."""
    U = mp.matrix(basis)
    M = scale / (scale**2 + noise**2) * U * U.T
    rest = scale * M - eye(U.rows)
    rows = [column(rest * vector(x)) for x in X]
    return {"value": mp.fsum(dot(r, r) for r in rows) / len(X)
            + noise**2 * mp.fsum(M[i, j] ** 2 for i in range(M.rows) for j in range(M.cols))}  # fmt: skip


def recovery(n, d, N, noise=0):
    """Missing directions as the root of the equivalent by bisection; a random completion by the mean of a projector."""
    if noise == 0:
        m = max(d - N, 0)
        return {"error": mp.sqrt(2 * (m - m * m / (n - d + m))) if m else mpf(0), "bound": mp.sqrt(2 * m)}
    clear = 1 - (n - d) * noise**4 / N
    if clear <= 0:
        return {"error": mp.sqrt(2 * (d - mpf(d) * d / n))}
    z = (n - d) * noise**2 * (1 + noise**2) / clear
    low, high = mpf(0), d
    for _ in range(500):
        m = (low + high) / 2
        # share of each direction that is lost, z/(z + N/(1 + m/z)), d times
        low, high = (m, high) if d * z / (z + N / (1 + m / z)) > m else (low, m)
    return {"error": mp.sqrt(2 * (m - m * m / (n - d + m)))}


ROTATED = [[0.6, -0.8], [0.8, 0.6], [0.0, 0.0]]
AXIS = [[0.0], [0.0], [1.0]]


def on_subspaces():
    for name, x, s, g in (("plain", [0.5, 1.0, -2.0], 1.0, 0.5), ("little noise", [0.5, 1.0, -2.0], 1.0, 1e-3),
                          ("no signal", [0.5, 1.0, -2.0], 0.0, 1.0)):  # fmt: skip
        yield entry(name, "subspace_denoiser", subspaces, 1e-11, x=x, bases=[ROTATED, AXIS], weights=[0.25, 0.75],
                    scale=s, noise=g)  # fmt: skip
    for s, g in ((1.0, 0.5), (0.25, 4.0), (1.0, 0.0)):
        yield entry(f"s={s:g}, g={g:g}", "single_subspace_loss", subspace_loss, 1e-13,
                    X=[[1.0, 2.0, 0.5], [-0.5, 0.25, 3.0]], basis=ROTATED, scale=s, noise=g)  # fmt: skip
    for n, d, N, g in ((48, 4, 2, 0.0), (48, 8, 7, 0.0), (48, 8, 9, 0.0), (48, 4, 0, 0.0)):
        yield entry(f"{n}, {d}, {N}", "subspace_recovery", recovery, 1e-13, n=n, d=d, N=N, noise=g)
    for N, g in ((4, 0.05), (12, 0.05), (2, 1e-3), (4, 1e-9), (9, 1e-9), (100, 1.0), (400, 3.0)):
        yield entry(f"noise {g:g}, N={N}", "subspace_recovery", recovery, 1e-10, n=48, d=4, N=N, noise=g)
    yield entry("one and more", "fewest_samples", lambda dims: {"value": [d + 1 for d in dims]}, 1e-15, dims=[3, 5])


# denoisers and diffusions


def one(x, mean, covariance, noise_variance):
    S = mp.matrix(covariance)
    off = vector([a - b for a, b in zip(x, mean, strict=True)])
    return {"value": [a + b for a, b in zip(mean, column(S * mp.lu_solve(S + noise_variance * eye(len(x)), off)),
                                            strict=True)]}  # fmt: skip


def chain(covariance, noise):
    """Stationary covariance by summing the series of the step; slowest mode by power iteration."""
    S = mp.matrix(covariance)
    d = S.rows
    K = S * mp.inverse(S + noise**2 * eye(d))
    added = noise**2 * (K * K + K)
    total, power = added.copy(), K.copy()
    # doubling: after j rounds 2^j terms are summed
    for _ in range(40):
        total, power = total + power * total * power.T, power * power
    v = vector([mpf(1)] * d)
    L = K.copy()
    for _ in range(30):
        L = L * L
        L = L / max(abs(L[i, j]) for i in range(d) for j in range(d))
    v = L * v
    w = K * v
    return {"stationary": lists(total), "slow_mode": dot(column(v), column(w)) / dot(column(v), column(v)),
            "transition": lists(K)}  # fmt: skip


def total_beta(t):
    return (mpf(0.1) + (mpf(20) - mpf(0.1)) * t / 2) * t


def noise_of(kind, t):
    """alpha and v as the solutions of their linear equations, by quadrature."""
    low, high = mpf(0.01), mpf(50)
    if kind == "ve":
        return mpf(1), mp.quad(lambda u: 2 * mp.log(high / low) * (low * (high / low) ** u) ** 2, mp.linspace(0, t, 9))

    def rate(u):
        base = mpf(0.1) + u * (mpf(20) - mpf(0.1))
        return base * (1 if kind == "vp" else 1 - mp.exp(-2 * total_beta(u)))

    b = total_beta(t)
    cuts = mp.linspace(0, t, 17)
    return mp.exp(-b / 2), mp.quad(lambda u: rate(u) * mp.exp(total_beta(u) - b), cuts)


def marginal(kind, times):
    a, v = noise_of(kind, times)
    return {"alpha": a, "variance": v}


def ode_path(x0, mean, covariance, times, kind, start):
    """Symmetric square roots of both covariances commute: their quotient by the eigenvectors."""
    (a, v), (a0, v0) = noise_of(kind, times), noise_of(kind, start)
    values, Q = mp.eigsy(mp.matrix(covariance))
    d = len(x0)
    D = mp.diag([mp.sqrt((a * a * values[i] + v) / (a0 * a0 * values[i] + v0)) for i in range(d)])
    off = vector([x - a0 * m for x, m in zip(x0, mean, strict=True)])
    return {"value": [a * m + s for m, s in zip(mean, column(Q * D * Q.T * off), strict=True)]}


def sampled(mean, variance, times, score_error, kind, start, start_mean, start_variance):
    """Moment equations in y = x/alpha against the noise-to-signal ratio, by integrating factors and quadrature."""
    (a, v), (a0, v0) = noise_of(kind, times), noise_of(kind, start)
    low, high = v / a**2, v0 / a0**2
    G = 1 + score_error
    # in the logarithm of variance + ratio the integrands are single exponentials
    ends = [mp.log(variance + low), mp.log(variance + high)]
    cuts = mp.linspace(*ends, 9)
    factor = mp.exp(-mp.quad(lambda u: G, cuts))
    spread = mp.quad(lambda u: mp.exp(-2 * G * (u - ends[0])) * mp.exp(u), cuts) + factor**2 * start_variance / a0**2
    return {"mean": a * (mean + factor * (start_mean / a0 - mean)), "variance": a * a * spread}


S2 = [[2.0, 0.5], [0.5, 1.0]]
S2B = [[0.25, 0.0], [0.0, 3.0]]


def denoisers():
    for name, x, v in (("plain", [0.5, -1.0], 0.25), ("little noise", [0.5, -1.0], 1e-12),
                       ("much noise", [0.5, -1.0], 1e12)):  # fmt: skip
        yield entry(name, "denoiser", one, 1e-12, together=True, x=x, mean=[1.0, 2.0], covariance=S2, noise_variance=v)
    yield entry("same", "contractive_reconstruction", one, 1e-13, x=[3.0, 0.5], mean=[1.0, 2.0], covariance=S2,
                noise_variance=0.75)  # fmt: skip
    points = [[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]
    for name, x, S, v in (("plain", [0.5, -1.0], [S2, S2B], 0.25), ("far", [50.0, -70.0], [S2, S2B], 0.25),
                          ("points", [0.5, -1.0], points, 0.5),
                          ("little noise", [0.5, -1.0], [S2, S2B], 1e-10)):  # fmt: skip
        yield entry(name, "mixture_denoiser", mixture, 1e-11, x=x, weights=[0.25, 0.75],
                    means=[[1.0, 0.0], [-1.0, 0.5]], covariances=S, noise_variance=v)  # fmt: skip
    for noise in (0.5, 4.0, 1e-3):
        yield entry(f"noise {noise:g}", "denoising_chain", chain, 1e-11, together=True, covariance=S2, noise=noise)


def diffusions():
    for kind in ("vp", "sub-vp", "ve"):
        for t in (0.5, 1e-3, 1.0):
            yield entry(f"{kind}, {t:g}", "diffusion_marginals", marginal, 1e-12, digits=32, precisions=(40, 50),
                        kind=kind, times=t)  # fmt: skip
        yield entry(kind, "reverse_ode", ode_path, 1e-11, digits=32, precisions=(40, 50), x0=[0.5, -1.0],
                    mean=[1.0, 2.0], covariance=S2, times=0.125, kind=kind, start=0.75)  # fmt: skip
        for error in (0.0, 0.0625, -0.5):
            yield entry(f"{kind}, {error:g}", "reverse_sde_marginal", sampled, 1e-11, digits=32, precisions=(40, 50),
                        mean=1.5, variance=0.75, times=0.0625, score_error=error, kind=kind, start=0.875,
                        start_mean=0.25, start_variance=1.5)  # fmt: skip


# inverse problems


def conditioned(measurement, operator, mean, covariance, noise_variance):
    """By precisions, the inverse of S^{-1} + A'A/s."""
    A, S = mp.matrix(operator), mp.matrix(covariance)
    precision = mp.inverse(S) + A.T * A / noise_variance
    C = mp.inverse(precision)
    pull = mp.lu_solve(S, vector(mean)) + A.T * vector(measurement) / noise_variance
    return {"mean": column(C * pull), "covariance": lists(C)}


def guided(prior_variance, noise_variance, y, guidance):
    """Mean and variance equations in the explained variance, by quadrature of their integrating factors."""
    rate = guidance / noise_variance
    left = lambda q: prior_variance - q  # noqa: E731
    cuts = [prior_variance * mpf(i) / 8 for i in range(9)]
    return {"mean": mp.quad(lambda q: rate * y * mp.exp(-rate * left(q)), cuts),
            "variance": mp.quad(lambda q: mp.exp(-2 * rate * left(q)), cuts)}  # fmt: skip


def latent(operator, decoder, start, glue):
    """Minimum-norm correction by the Gram matrix of the rows of AS, all of which are independent here."""
    M = mp.matrix(operator) * mp.matrix(decoder)
    off = vector(glue) - M * vector(start)
    rows, k = M.rows, M.cols
    move = M.T * mp.lu_solve(M * M.T, off) if rows <= k else mp.lu_solve(M.T * M, M.T * off)
    return {"estimate": [a + b for a, b in zip(start, column(move), strict=True)]}


def inverses():
    for name, v in (("plain", 0.25), ("nearly noiseless", 1e-14), ("useless", 1e14)):
        yield entry(name, "posterior", conditioned, 1e-11, together=True, measurement=[1.0, -0.5],
                    operator=[[1.0, 0.5, 0.0], [0.25, -1.0, 2.0]], mean=[1.0, 0.0, -1.0],
                    covariance=[[2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 0.5]], noise_variance=v)  # fmt: skip
    for s, v, zeta in ((1.0, 0.25, 1.0), (0.5, 0.5, 1.0), (4.0, 1.0, 0.375), (1.0, 1.0, 0.0), (1e-9, 1.0, 1.0)):
        yield entry(f"{s:g}, {v:g}, {zeta:g}", "guided_sampling", guided, 1e-13, prior_variance=s, noise_variance=v,
                    y=1.5, guidance=zeta)  # fmt: skip
    S = [[1.0, 0.5], [0.0, 1.0], [0.25, -1.0], [2.0, 0.0]]
    for name, A in (("enough", [[0.6, 0.8, 0.0, 0.0], [-0.8, 0.6, 0.0, 0.0]]), ("one row", [[0.0, 0.6, 0.8, 0.0]])):
        yield entry(name, "latent_recovery", latent, 1e-12, operator=A, decoder=S, start=[1.0, -2.0],
                    glue=[0.5, 1.5][: len(A)])  # fmt: skip


# noisy samples


def information(mean, std):
    """Variance of the score under both components of the density, by tanh-sinh quadrature."""

    def density(x):
        return (mp.exp(-((x - mean) ** 2) / (2 * std**2)) + mp.exp(-((x + mean) ** 2) / (2 * std**2))) / (
            2 * std * mp.sqrt(2 * mp.pi))  # fmt: skip

    def square(x):
        return ((x * mp.tanh(x * mean / std**2) - mean) / std**2) ** 2 * density(x)

    reach = 16 * std
    cuts = sorted({-mean - reach, *mp.linspace(-mean - 2 * std, mean + 2 * std, 13), mean + reach})
    return {"value": mp.quad(square, cuts)}


def worth(mean, noisy, clean):
    return {"value": information(mean, noisy)["value"] / information(mean, clean)["value"]}


def likeliest(x, stds):
    """Root of the score by bisection."""

    def score(m):
        return mp.fsum((a * mp.tanh(a * m / s**2) - m) / s**2 for a, s in zip(x, stds, strict=True))

    low, high = mpf(10) ** -6, max(abs(a) for a in x)
    for _ in range(int(4 * mp.mp.dps)):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    m = (low + high) / 2
    return {"value": m}


def samples():
    for mean, std in ((1.0, 0.5), (1.0, 10.0), (1.0, 1.0), (2.0, 0.25), (1e-3, 1.0), (3.0, 1.0)):
        yield entry(f"{mean:g}, {std:g}", "mixture_information", information, 1e-12, digits=32, precisions=(40, 50),
                    mean=mean, std=std)  # fmt: skip
    yield entry("noisy", "sample_worth", worth, 1e-12, digits=32, precisions=(40, 50), mean=1.0, noisy=3.0, clean=0.5)
    yield entry("orders", "worth_exponent", lambda separation_order: {"value": [-2 * p for p in separation_order]},
                1e-15, separation_order=[1, 2, 6])  # fmt: skip
    for name, x, s in (("mixed", [1.5, -0.75, 0.5, 2.0], [0.5, 0.5, 0.25, 2.0]),
                       ("barely", [1.0625, -1.0, 0.9375, 1.0], [1.0, 1.0, 1.0, 0.875])):  # fmt: skip
        yield entry(name, "heterogeneous_mle", likeliest, 1e-9, x=x, stds=s)


# guidance, modes, priors, chains


def guiding(scale, conditional_mean, conditional_variance, mean, variance, sampler):
    """Moment equations in the noise-to-signal ratio by their integrating factors; ratio = t/(1 - t)."""
    half = mpf(1) / 2 if sampler == "ode" else mpf(1)
    s, c = variance, conditional_variance

    def kept(v):
        return (s / (s + v)) ** (half * (1 - scale)) * (c / (c + v)) ** (half * scale)

    def pull(v):
        return half * ((1 - scale) * mean / (s + v) + scale * conditional_mean / (c + v)) * kept(v)

    # v = u^2/(1 - u)^2 takes the tails v^{-3/2} and v^{-2} to analytic ends
    def changed(f):
        return lambda u: f((u / (1 - u)) ** 2) * 2 * u / (1 - u) ** 3 if u < 1 else mpf(0)

    cuts = mp.linspace(0, 1, 9)
    m = mp.quad(changed(pull), cuts)
    if sampler == "sde":
        return {"mean": m, "variance": mp.quad(changed(lambda v: kept(v) ** 2), cuts)}
    return {"mean": m, "variance": s ** (1 - scale) * c**scale}


def between(modes, noise, smoothness):
    """Two modes at -a and a in units of the noise: potential of the smoothed score integrated piece by piece."""
    a, L = (modes[1] - modes[0]) / (2 * noise), smoothness * noise**2
    score = lambda x: -x + a * mp.tanh(a * x)  # noqa: E731
    w = mp.findroot(lambda x: score(x) - L * x, (mpf(1) / 1000, a), solver="anderson") if a * a - 1 > L else mpf(0)
    low, high = mpf(1) / 10**9, a
    for _ in range(6 * mp.mp.dps):
        w = (low + high) / 2
        low, high = (w, high) if score(w) > L * w else (low, w)
    density = lambda x: mp.exp(-((x - a) ** 2) / 2) + mp.exp(-((x + a) ** 2) / 2)  # noqa: E731
    inside = mp.quad(lambda x: mp.exp(L * (x * x - w * w) / 2), mp.linspace(0, w, 9))
    outside = mp.quad(density, [w, *[a + k for k in range(-1, 13) if a + k > w]]) / density(w)
    true = mp.quad(density, mp.linspace(0, w, 9))
    whole = mp.quad(density, [0, *[a + k for k in range(-1, 13) if a + k > 0]])
    return {"mass": inside / (inside + outside), "true_mass": true / whole}


def maximised(observations, operators, noise, tolerance):
    """Identity operators: sample mean and sample covariance less the noise, where that is positive definite."""
    N, d = len(observations), len(observations[0])
    m = [mp.fsum(c) / N for c in zip(*observations, strict=True)]
    S = [[mp.fsum((y[i] - m[i]) * (y[j] - m[j]) for y in observations) / N - (noise**2 if i == j else 0)
          for j in range(d)] for i in range(d)]  # fmt: skip
    return {"mean": m, "covariance": S}


def carried(gains, errors):
    """Every product of gains by itself."""
    T = len(gains)

    def after(t, end):
        return mp.fprod(gains[u] for u in range(t + 1, end + 1))

    return {"total": [mp.fsum(errors[t] * after(t, end) for t in range(end + 1)) for end in range(T)],
            "contributions": [errors[t] * after(t, T - 1) for t in range(T)]}  # fmt: skip


def rest():
    for sampler in ("ode", "sde"):
        for scale, s in ((3.0, 4.0), (2.0, 0.25), (0.5, 1.0), (1.0, 9.0), (7.5, 1.5), (64.0, 1024.0)):
            yield entry(f"{sampler}, {scale:g}, {s:g}", "guidance_law", guiding, 1e-11, digits=30, precisions=(38, 46),
                        scale=scale, conditional_mean=1.5, conditional_variance=1.0, mean=0.25, variance=s,
                        sampler=sampler)  # fmt: skip
    for L in (1.0, 2.0, 10.0):
        yield entry(f"L={L:g}", "mode_interpolation", between, 1e-9, digits=30, precisions=(38, 46), modes=[-4.0, 4.0],
                    noise=1.0, smoothness=L)  # fmt: skip
    yield entry("wide", "mode_interpolation", between, 1e-9, digits=30, precisions=(38, 46), modes=[0.0, 3.0],
                noise=0.25, smoothness=20.0)  # fmt: skip
    yield entry("identity", "em_prior", maximised, 1e-9, together=True,
                observations=[[3.0, 0.5], [-1.0, 2.0], [0.5, -4.0], [2.5, 1.0]], operators=[[1.0, 0.0], [0.0, 1.0]],
                noise=0.25, tolerance=1e-14)  # fmt: skip
    yield entry("chain", "error_propagation", carried, 1e-14, gains=[0.5, 2.0, 1.25, 0.75],
                errors=[1.0, -0.5, 0.25, 2.0])  # fmt: skip


PARTS = (flows, on_subspaces, denoisers, diffusions, inverses, samples, rest)

if __name__ == "__main__":
    write(__file__, (row for part in PARTS for row in part()))
