r"""Risk of gradient descent on random designs at every step: a filter under a deterministic equivalent.

With :math:`S = X^TX/n`, residual filter r (`spectral_response`) and a contour around 0 and the support of S,

.. math::
    r(S) = -\oint \frac{dz}{2\pi i}\, r(z)\,(S-z)^{-1}, \qquad
    (S-z)^{-1} \sim \frac{\kappa}{-z}\,G, \quad G = (\Sigma+\kappa)^{-1}, \quad
    z = -\kappa + \frac{\kappa}{n}\sum_i \frac{m_i s_i}{s_i+\kappa}.

Two factors r(S) need the second-order equivalent at two points of the contour. r is entire and leaves the contour free:

.. math:: z(\varphi) = \frac{Z}{1+Z/H}, \qquad Z = \varepsilon\sinh^2(A\cos\varphi + iB\sin\varphi), \qquad
          0\le\varphi<\pi,

an analytic closed curve (the square makes it :math:`\pi`-periodic), a lens of half angle 2B that crosses the real axis
left of 0 and between the upper edge and H. Its nodes are log-spaced from 0, starting at
:math:`\varepsilon\sim 1/(\eta t_{max})`, and from H: one contour of a few hundred nodes serves all times up to
:math:`t_{max}`, up to the edge of stability.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.double_descent.scheduled_momentum import as_short, follow_filter
from solvable.solvers.double_descent.spectral_filter import as_steps, as_times, check_step
from solvable.solvers.equivalents.bracketed_newton import iterate_active
from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.equivalents.support_edges import support_edges
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import OnFailure, Risk, Solution, Status, record, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_choice, as_nonnegative, as_positive, as_scalar, broadcast, refuse, within_range

__all__ = ["GradientDescentRisk", "gradient_descent_risk", "isotropic_flow_risk"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Rule = tuple[str, float]  # how momentum enters, and how much of it; 1 is the schedule (t - 1)/(t + 2)
_FIRST_NODES, _MOST_NODES = 128, 4096
_RUNS = 2000  # on one contour: as many rows of filter values at its nodes
_ACCURACY = 1e-9


@record
class GradientDescentRisk(Risk):
    r"""Risk of gradient descent at each time.

    Attributes
    ----------
    test : ndarray
        Expected squared error on a fresh noisy label: ``bias + variance + noise_variance``.
    train : ndarray
        Expected mean squared error on the training labels (without the one half of the loss).
    bias, variance : ndarray
        The part without and the part due to label noise; `bias` holds the irreducible power of the target.
    solution : Solution
        `value` is `test`; `residual` the change when the nodes were doubled, relative to the target's power plus noise;
        `iterations` the number of nodes.
    noise_variance : ndarray
        The label noise the risk was computed for.
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    """

    solution: Solution


def _contour(low: float, edge: float, high: float, opening: float, nodes: int) -> tuple[Complex, Complex]:
    """Upper half of the nodes and -dz/(2 pi i) there: crossing left of 0 at the scale `low`, and at `high`."""
    far = 2 * high - edge  # the map takes infinity there: nodes are log-spaced from it as they are from 0
    reach = np.arcsinh(np.sqrt(high * far / (far - high) / low))
    phi = (np.arange(nodes // 2) + 0.5) * np.pi / nodes  # off the real axis; the lower half is conjugate
    q = reach * np.cos(phi) + 1j * opening * np.sin(phi)
    plain = low * np.sinh(q) ** 2
    slope = low * np.sinh(2 * q) * (-reach * np.sin(phi) + 1j * opening * np.cos(phi))
    shrink = 1 / (1 + plain / far)
    return plain * shrink, -slope * shrink**2 * np.pi / nodes / (2j * np.pi)


def _kappa(spectrum: Spectrum, n: float, z: Complex, start: Complex | None) -> tuple[Complex, bool]:
    """Solve z = -k + (k/n) sum m s/(s+k) in Im z > 0: of all roots exactly one has Im k < 0."""
    s, c = spectrum.eigenvalues, spectrum.multiplicities / n
    kappa = c @ s - z if start is None else start.copy()
    # far out any start will do; close in, iterate the map 1/k -> -1/(z - sum c s/(1 + s/k)), which keeps the half-plane
    for _ in range(10 if start is None else 0):
        kappa = 0.5 * (kappa + (c * s) @ (kappa / (s[:, None] + kappa)) - z)
    modes, change = Modes.of(spectrum, "m"), np.full(z.size, np.inf)

    def advance(k: Complex, i: NDArray[np.intp]) -> tuple[Complex, NDArray[np.bool_]]:
        sums = modes.at(k, ("m", 1, 0), ("m", 2, 0))
        df1, df2 = sums("m", 1, 0) / n, sums("m", 2, 0) / n
        step = (k * (1 - df1) + z[i]) / (1 - df2)
        # leaving the half-plane is leaving the branch: a step of the contracting map instead
        out = ~((k - step).imag < 0)
        change[i] = np.abs(step) / np.abs(k)
        return np.where(out, 0.5 * (k + k * df1 - z[i]), k - step), ~out & (change[i] <= 1e-14)

    kappa, _, left = iterate_active(advance, kappa, 100 if start is None else 40)
    if left.size and start is not None:  # a bad start: from afar
        return _kappa(spectrum, n, z, None)
    return kappa, bool(np.all(change[left] < 1e-10))


def _estimate(
    spectrum: Spectrum, n: float, z: Complex, weight: Complex, kappa: Complex, residual: Complex, learned: Complex,
    ridgeless: float,
) -> Array:  # fmt: skip
    """Rows: bias of the target, its share for unit noise, both parts of the training error; a column for each run.

    Sums over the nodes of the upper half and, by conjugation, of the lower.
    """
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    # G serves the pairs below and the single sums alike: asking `Modes` for these took 1.4 to 2.2 times as long
    G = 1 / (s + kappa[:, None])
    sG = s * G
    u = residual * (weight * kappa / -z)  # (runs, nodes)
    # pairs (i, j) and (i, conj j), the other two are their conjugates: one real form in real and imaginary parts
    near, far = (n * ((G * power) @ other.T) / (n - (sG * m) @ (s * other).T) for other in (G, G.conj()))
    form = np.block([[near.real + far.real, far.imag - near.imag], [-near.imag - far.imag, far.real - near.real]])
    parts = np.hstack([u.real, u.imag])
    bias = 2 * np.sum((parts @ form) * parts, axis=1)
    moved = kappa * (sG @ m / n)  # z + kappa
    if ridgeless > 0:
        # less its value at z = 0, which integrates to nothing: (learned/z)^2 is entire, and t^2 large there
        moved = z - z / (kappa * (sG @ (m / (s + ridgeless)) / n))
    noise = -2 * (learned**2 @ (weight * moved / z / z)).real
    train = 2 * (residual**2 @ (weight[:, None] * np.stack([G @ power, 1 / kappa], axis=1))).real
    return np.array([bias, noise, *train.T])


@gridded("n", "step_size", "steps", "noise_variance", "momentum")
@within_range
def gradient_descent_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    step_size: ArrayLike,
    steps: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    momentum: ArrayLike | None = None,
    *,
    method: str = "heavy-ball",
    on_failure: OnFailure = "raise",
) -> GradientDescentRisk:
    r"""Test and training error of gradient descent on least squares, for any covariance and any number of steps.

    Loss :math:`(1/2n)\|y-Xw\|^2`, start at 0, :math:`w_{t+1} = w_t - \eta X^T(Xw_t-y)/n`, with momentum
    :math:`+\mu(w_t-w_{t-1})` where one is given: heavy ball, or Nesterov's, whose gradient is taken at
    :math:`w_t+\mu(w_t-w_{t-1})`, :math:`\mu=(t-1)/(t+2)` where none is given. Deterministic equivalents: exact as n and
    the rank grow together, relative error of order 1/n at finite size.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power (function space). Without an infinite tail.
    n : array_like
        Number of samples.
    step_size : array_like
        Below 2/s_max, 2(1 + momentum)/s_max (heavy ball) or 2(1 + momentum)/((1 + 2 momentum) s_max) (Nesterov, with
        the schedule as at 1), s_max the upper edge of the spectrum of :math:`X^TX/n` (see `support_edges`).
    steps : array_like
        Whole numbers, in any order; at most 2,000 with Nesterov's schedule.
    noise_variance : array_like
        Of the labels.
    momentum : array_like, optional
        Constant momentum in [0, 1). None: no momentum (heavy ball), the schedule (t - 1)/(t + 2) (Nesterov).
    method : {"heavy-ball", "nesterov"}
        How the momentum enters.
    on_failure : {"raise", "warn", "ignore"}
        What to do where 4,096 nodes do not bring the change below 1e-9: too few give garbage, not a rough answer.

    Returns
    -------
    GradientDescentRisk
        Test, train, bias and variance on the broadcast grid of all arguments, and how well the contours converged.

    Raises
    ------
    ValueError
        A step size at or above its limit, steps that are no whole numbers or too many, a spectrum without target power.
    ArithmeticError
        No convergence (``on_failure="raise"``): in practice a momentum of 0.9 or more with many steps.

    Notes
    -----
    One contour, and one second-order kernel on it, serves all step sizes, steps and noises of one n and momentum.

    References
    ----------
    ali2019continuous (the setting); nesterov1983method; bach2024projections (second-order equivalents); contour derived

    Examples
    --------
    >>> from solvable.solvers import Spectrum, gradient_descent_risk
    >>> risk = gradient_descent_risk(Spectrum.isotropic(200), 400, 0.5, [0, 10, 10**6], noise_variance=0.5)
    >>> risk.test.round(6)  # nothing learned, early stopping, least squares: 0.5/(1 - 1/2)
    array([1.5     , 0.845054, 1.      ])
    """
    as_spectrum(spectrum).require_target()
    as_choice("method", method, ("heavy-ball", "nesterov"))
    scheduled = momentum is None and method == "nesterov"
    rule = "gradient-descent" if momentum is None and not scheduled else method
    samples, step, times, sigma2, mu = broadcast(
        n=as_positive("n", n),
        step_size=as_positive("step_size", step_size),
        steps=as_steps("steps", steps),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
        momentum=as_nonnegative("momentum", 0.0 if momentum is None else momentum),
    )
    if np.any(mu >= 1):
        raise refuse("momentum", mu, "it must be below 1")
    if scheduled:
        mu = np.ones_like(as_short("steps", times))
    spectrum.check_sample_size(samples)
    shape, noise = samples.shape, sigma2 + spectrum.irreducible_power
    rows, change, nodes = np.empty((4, *shape)), np.empty(shape), np.empty(shape, dtype=np.int64)
    for count in np.unique(samples):
        edge = float(support_edges(spectrum, float(count))[-1, 1])
        for moved in np.unique(mu[samples == count]):
            cells = (samples == count) & (mu == moved)
            check_step(edge, float(step[cells].max()), float(moved), rule, "upper edge of the spectrum of X^T X/n")
            runs, place = np.unique([step[cells], times[cells]], axis=1, return_inverse=True)
            found = _runs(spectrum, float(count), (method, float(moved)), runs, edge, noise[cells])
            rows[:, cells], change[cells], nodes[cells] = (part[..., place.ravel()] for part in found)
    bias = rows[0] + spectrum.irreducible_power * (1 + rows[1])
    variance = sigma2 * rows[1]
    test = bias + variance + sigma2
    status = np.where(change <= _ACCURACY, Status.CONVERGED, Status.MAX_ITERATIONS)
    train = np.asarray(rows[2] + noise * rows[3])
    solution = Solution.shaped(shape, test, change, status, nodes)
    report_failures(solution, "gradient_descent_risk", on_failure)
    parts = np.asarray(bias), np.asarray(variance), np.array(sigma2)
    return GradientDescentRisk(solution.value, train, parts[0], parts[1], parts[2], solution)


def _runs(
    spectrum: Spectrum, n: float, rule: Rule, runs: Array, edge: float, noise: Array
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Estimates, their change and the nodes for runs (step size, steps), sorted; some thousands share a contour."""
    power = float(spectrum.require_target().sum())
    units = power + noise.min(), (power + noise.min()) / max(noise.max(), 1e-300)
    parts = [
        _converge(spectrum, n, rule, runs[0, part], runs[1, part], edge, units)
        for part in (slice(first, first + _RUNS) for first in range(0, runs.shape[1], _RUNS))
    ]
    rows, change = (np.concatenate(column, axis=-1) for column in list(zip(*parts, strict=True))[:2])
    return rows, change, np.concatenate([np.full(part[1].size, part[2]) for part in parts])


def _shape_of_contour(step: Array, steps: Array, rule: Rule, edge: float) -> tuple[float, float, float]:
    """Where the contour begins, where it crosses beyond the edge, and its half angle: right for every run."""
    method, mu = rule
    last = np.maximum(steps, 1.0)
    # near 0 momentum moves 1/(1-mu) times as far in a step, the schedule t/2 times as far in t of them
    low = min(float(np.min(2 * np.maximum(1 - mu, (mu == 1) * 2 / last) / (step * last))), edge)
    # beyond the edge the filter may grow by a factor e or so: at |1 - step z| = 1 + 1/t
    limit = 2 * (1 + mu) / step / (1 + 2 * mu if method == "nesterov" else 1)
    high = float(np.min(np.minimum(1.1 * edge, np.maximum(edge + 0.5 * (limit - edge), edge * (1 + 0.5 / last)))))
    if method == "nesterov" and mu > 0:
        return low, high, _opening(low, edge, high, step, last, mu)
    # the contour is a lens of half angle 2B; the filter grows by a factor e at most in an ellipse
    factor = 1 + 1 / last
    width, height = (factor + mu / factor) / step, (factor - mu / factor) / step
    middle = high - edge / 2
    room = np.arctan2(height * np.sqrt(1 - ((middle - (1 + mu) / step) / width) ** 2), middle)
    return low, high, min(0.4, 0.75 * float(room.min()))


def _opening(low: float, edge: float, high: float, step: Array, last: Array, mu: float) -> float:
    """Half angle at which no Nesterov filter grows by more than e^2 on the contour."""

    def growth(opening: float) -> float:
        z = step[:, None] * _contour(low, edge, high, opening, _FIRST_NODES)[0]
        b, c = (1 - z) * (1 + mu), (1 - z) * mu
        spread = np.sqrt(b * b - 4 * c)
        larger = np.maximum(np.abs(b + spread), np.abs(b - spread)) / 2
        return float(np.max(last[:, None] * np.log(larger)))

    openings = 0.4 * 0.8 ** np.arange(40)
    return next((float(x) for x in openings if growth(float(x)) <= 2.0), float(openings[-1]))


def _filters(z: Complex, step: Array, steps: Array, rule: Rule) -> tuple[Complex, Complex]:
    """Residual filter and what it has learned, one row for each run."""
    method = rule[0] if rule[1] else "gradient-descent"
    parts = [follow_filter(z, steps[step == size], method, float(size), rule[1]) for size in np.unique(step)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _converge(
    spectrum: Spectrum, n: float, rule: Rule, step: Array, steps: Array, edge: float, units: tuple[float, float]
) -> tuple[Array, Array, int]:
    """Double the nodes until nothing changes, in units of the errors and of what unit noise adds to them."""
    low, high, opening = _shape_of_contour(step, steps, rule, edge)
    before, change, kappa = None, np.full(steps.size, np.inf), None
    unpooled = replace(spectrum, points=None)  # warned once is enough
    ridgeless = float(effective_ridge(unpooled, n, 0.0).value) if n < spectrum.rank else 0.0
    unit, nodes = np.array([*units, *units])[:, None], _FIRST_NODES
    while True:
        z, weight = _contour(low, edge, high, opening, nodes)
        start = None
        if kappa is not None:
            old, new = ((np.arange(half) + 0.5) / half for half in (nodes // 4, nodes // 2))
            start = np.interp(new, old, kappa.real) + 1j * np.interp(new, old, kappa.imag)
        kappa, solved = _kappa(spectrum, n, z, start)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            residual, learned = _filters(z, step, steps, rule)
            rows = _estimate(spectrum, n, z, weight, kappa, residual, learned, ridgeless)
            if before is not None:
                change = np.max(np.abs(rows - before) / np.maximum(unit, np.abs(rows)), axis=0)
                change = np.where(np.isfinite(change) & solved, change, np.inf)
        if np.all(change <= _ACCURACY) or nodes >= _MOST_NODES:
            return rows, change, nodes
        before, nodes = rows, 2 * nodes


@gridded("times")
@within_range
def isotropic_flow_risk(
    gamma: float,
    times: ArrayLike,
    noise_variance: float = 0.0,
    signal: float = 1.0,
    *,
    on_failure: OnFailure = "raise",
) -> GradientDescentRisk:
    r"""Risk of gradient flow on isotropic rows, by quadrature against the Marchenko-Pastur law.

    Loss :math:`(1/2n)\|y-Xw\|^2`, :math:`\dot w = -X^T(Xw-y)/n`, start at 0, :math:`\gamma=d/n`, limit of large n:

    .. math::
        \mathrm{bias} = \|\beta\|^2\Big[\int e^{-2ts}\,dF + (1-1/\gamma)_+\Big], \qquad
        \mathrm{variance} = \sigma^2\gamma\int\frac{(1-e^{-ts})^2}{s}\,dF.

    Parameters
    ----------
    gamma : float
        d/n, positive.
    times : array_like
        A time of the flow, or increasing ones.
    noise_variance : float
        Of the labels.
    signal : float
        :math:`\|\beta\|^2`.
    on_failure : {"raise", "warn", "ignore"}
        What to do where 65,536 nodes are not enough.

    Returns
    -------
    GradientDescentRisk
        At each of `times`.

    Raises
    ------
    ValueError
        A gamma that is not positive, negative noise or signal, times that do not increase.
    ArithmeticError
        No convergence (``on_failure="raise"``).

    References
    ----------
    ali2019continuous, marchenko1967distribution

    Examples
    --------
    >>> from solvable.solvers import isotropic_flow_risk
    >>> isotropic_flow_risk(2.0, [0.0, 3.0, 1e6], noise_variance=0.5).bias.round(6)  # to 1 - 1/gamma
    array([1.      , 0.511465, 0.5     ])
    """
    ratio, sigma2 = as_scalar("gamma", gamma, as_positive), as_scalar("noise_variance", noise_variance, as_nonnegative)
    power, moments = as_scalar("signal", signal, as_nonnegative), as_times("times", times, whole=False)
    nodes, before, change = 256, None, np.full(moments.size, np.inf)
    while True:
        theta = (np.arange(nodes) + 0.5) * np.pi / nodes
        # x = low + (high - low) cos(theta/2)^2: the sine of the density cancels the square root at both edges
        low, width = ((1 - ratio) / (1 + np.sqrt(ratio))) ** 2, 4 * np.sqrt(ratio)
        x = low + width * np.cos(theta / 2) ** 2
        weight = (width / 2 * np.sin(theta)) ** 2 / (2 * np.pi * ratio * x) * (np.pi / nodes)
        left = np.exp(-moments[:, None] * x)
        learned = -np.expm1(-moments[:, None] * x)
        null = max(1 - 1 / ratio, 0.0)
        rows = np.array([left**2 @ weight + null, ratio * learned**2 @ (weight / x), left**2 @ (weight * x),
                         ratio * left**2 @ weight + max(1 - ratio, 0.0)])  # fmt: skip
        if before is not None:
            change = np.max(np.abs(rows - before) / np.maximum(np.abs(rows), 1.0), axis=0)
        if np.all(change <= 1e-10) or nodes >= 65_536:
            break
        before, nodes = rows, 2 * nodes
    bias, variance = power * rows[0], sigma2 * rows[1]
    test = bias + variance + sigma2
    status = np.where(change <= 1e-10, Status.CONVERGED, Status.MAX_ITERATIONS)
    train, spent, shape = power * rows[2] + sigma2 * rows[3], np.full(moments.size, nodes), np.shape(times)
    solution = Solution.shaped(shape, test, change, status, spent)
    report_failures(solution, "isotropic_flow_risk", on_failure)
    train, bias, variance = (part.reshape(shape) for part in (train, bias, variance))
    return GradientDescentRisk(solution.value, train, bias, variance, np.full(shape, sigma2), solution)
