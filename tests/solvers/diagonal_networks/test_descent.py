"""Training kernels against plain NumPy with the same random numbers, the theory of finite steps, and identities."""

import numba
import numpy as np
import pytest

from solvable.solvers import Status, diagonal_descent, interpolator, stochastic_gradient_flow

rng = np.random.default_rng(0)
X = rng.standard_normal((8, 15))
Y = X[:, 0] - 0.5 * X[:, 1]


def uniforms(seed):
    """xorshift64* in Python integers."""
    x, mask = int(seed), (1 << 64) - 1
    while True:
        x ^= x >> 12
        x ^= (x << 25) & mask
        x ^= x >> 27
        yield ((x * 2685821657736338717 & mask) >> 11) * 2.0**-53


def reference(steps, scale, seed, batch=8, replace=False, delta=0.0, mu=0.0, rho=0.0, eps=0.0, flood=-np.inf, lam=0.0):
    """The documented update, sample by sample; gradients of the three weights written out as one vector."""
    n, d = X.shape
    draw = uniforms(seed)
    w, velocity, order = np.array([np.full(d, scale)] * 2 + [np.zeros(d)]), np.zeros((3, d)), np.arange(n)

    def gradient(w, rows, labels):
        r = X[rows] @ (w[0] ** 2 - w[1] ** 2 + lam * w[2]) - labels
        g = X[rows].T @ r / len(rows)
        return np.array([2 * w[0] * g, -2 * w[1] * g, lam * g]), np.sum((r + (labels - Y[rows])) ** 2) / 2 / len(rows)

    for step in steps:
        rows = order.copy()
        if batch == 1 or replace:
            rows = np.array([int(next(draw) * n) for _ in range(batch)])
        elif batch < n:
            for j in range(batch):
                other = j + int(next(draw) * (n - j))
                order[[j, other]] = order[[other, j]]
            rows = order[:batch].copy()
        noise = np.array([delta**0.5 * (1 if next(draw) < 0.5 else -1) if delta else 0.0 for _ in rows])
        slope, loss = gradient(w, rows, Y[rows] + noise)
        if rho:
            e = eps if eps else 1e-6  # a central difference stands in for double backpropagation
            above = gradient(w + e * slope, rows, Y[rows] + noise)[0]
            below = slope if eps else gradient(w - e * slope, rows, Y[rows] + noise)[0]
            slope = slope + rho * (above - below) / (e if eps else 2 * e)
        velocity = mu * velocity + slope
        w = w - (step if loss >= flood else -step) * velocity
    return w


VARIANTS = [
    {},
    {"batch": 3},
    {"batch": 3, "replace": True},
    {"batch": 8, "replace": True},
    {"batch": 1},
    {"batch": 1, "delta": 0.2},
    {"batch": 3, "mu": 0.8, "lam": 0.3},
    {"rho": 0.1, "eps": 0.2, "lam": 0.3},
    {"rho": 0.1, "eps": -0.2},
    {"rho": 0.1, "batch": 2, "lam": 0.3},
    {"flood": 0.1},
    {"rho": 0.02, "eps": 0.02, "mu": 0.3, "delta": 0.1, "batch": 4},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_variant_against_numpy(variant):
    """300 steps of well-conditioned arithmetic: 1e-11; the finite-difference stand-in for eps = 0 is good to 1e-7."""
    schedule = 0.05 / (1 + np.arange(300) / 100)
    given = {
        "label_noise": "delta",
        "momentum": "mu",
        "gradient_penalty": "rho",
        "ascent": "eps",
        "linear_scale": "lam",
    }
    options = {name: variant.get(short, 0.0) for name, short in given.items()}
    run = diagonal_descent(
        X,
        Y,
        schedule,
        300,
        0.4,
        variant.get("batch"),
        sampling="with-replacement" if variant.get("replace") else "without-replacement",
        flooding=variant.get("flood"),
        seeds=2,
        rng=5,
        **options,
    )
    seeds = np.random.default_rng(5).integers(1, 2**63, 2).astype(np.uint64)
    for r in range(2):
        w = reference(schedule, 0.4, seeds[r], **variant)
        found = np.array([run.plus[r, -1], run.minus[r, -1], run.branch[r, -1]])
        np.testing.assert_allclose(found, w, atol=1e-6 if variant.get("rho") and not variant.get("eps") else 1e-11)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 1},
        {"batch_size": 3},
        {"gradient_penalty": 0.2, "ascent": 0.1},
        {"gradient_penalty": 0.2, "ascent": -0.1, "batch_size": 2},
        {"gradient_penalty": 0.2},
    ],
    ids=str,
)
def test_finite_steps_end_at_the_predicted_interpolator(options):
    """Exact but for rounding of 2e4 steps (1e-12) and the remaining residual (1e-12); no offset or gain: visible."""
    run = diagonal_descent(X, Y, 0.04, 20_000, 0.3, seeds=2, rng=1, accumulate=True, **options)
    assert np.all(run.status == Status.CONVERGED)
    for r in range(2):
        scale, offset, beta = run.effective_scale[r], run.offset[r], run.beta[r, -1]
        np.testing.assert_allclose(interpolator(X, Y, scale, offset=offset).value, beta, atol=1e-10)
        assert np.abs(interpolator(X, Y, 0.3).value - beta).max() > 1e-4
        np.testing.assert_allclose(scale**2, np.abs(run.plus[r, -1] * run.minus[r, -1]), rtol=1e-10)


def test_small_step_integrals():
    """As the step shrinks: gain -> 4 step * gradient products, and both converge to the flow's (first order)."""
    gaps = []
    for step in (2e-3, 1e-3):
        run = diagonal_descent(X, Y, step, int(40 / step), 0.3, accumulate=True)
        gain = run.gains[0].mean(axis=0)
        gaps.append(np.abs(gain / (4 * step * run.gradient_products[0]) - 1).max())
    assert gaps[1] < 5e-3
    # d L/dt = -|grad|^2, and the loss integral is the left sum of the recorded losses
    run = diagonal_descent(X, Y, 0.01, 50, 0.3, checkpoints=np.arange(51), accumulate=True)
    np.testing.assert_allclose(run.loss_integral[0], 0.01 * run.train_loss[0, :-1].sum(), rtol=1e-12)


def test_sharpness_aware_minimisation_is_forward_regularisation():
    """penalty = ascent: the gradient is taken at w + ascent * grad, here with plain arrays."""
    run = diagonal_descent(X, Y, 0.05, 100, 0.4, gradient_penalty=0.1, ascent=0.1)
    w = np.full((2, 15), 0.4)
    sign = np.array([[1.0], [-1.0]])
    for _ in range(100):
        gradient = 2 * sign * w * (X.T @ (X @ (w[0] ** 2 - w[1] ** 2) - Y) / 8)
        ahead = w + 0.1 * gradient
        w = w - 0.05 * 2 * sign * ahead * (X.T @ (X @ (ahead[0] ** 2 - ahead[1] ** 2) - Y) / 8)
    np.testing.assert_allclose([run.plus[0, -1], run.minus[0, -1]], w, atol=1e-12)


def test_flooding_down_then_up_is_a_backward_step():
    """From a loss just above the level: down, then up, moves by -step^2 times the backward estimate."""
    step = 0.05
    one = diagonal_descent(X, Y, step, 1, 0.4)
    level = one.train_loss[0].mean()
    assert one.train_loss[0, 0] > level > one.train_loss[0, -1]
    two = diagonal_descent(X, Y, step, 2, 0.4, flooding=level)
    w = np.full((2, 15), 0.4)

    def gradient(w):
        return 2 * np.array([[1.0], [-1.0]]) * w * (X.T @ (X @ (w[0] ** 2 - w[1] ** 2) - Y) / 8)

    backward = (gradient(w) - gradient(w - step * gradient(w))) / step
    np.testing.assert_allclose([two.plus[0, -1], two.minus[0, -1]], w - step**2 * backward, atol=1e-14)


def test_threads_do_not_matter():
    threads = numba.get_num_threads()
    jobs = [{"batch_size": 1}, {"batch_size": 3, "label_noise": 0.1, "accumulate": True}]
    many = [diagonal_descent(X, Y, 0.02, 2000, 0.3, seeds=6, rng=0, **job).plus for job in jobs]
    try:
        numba.set_num_threads(1)
        for job, found in zip(jobs, many, strict=True):
            np.testing.assert_array_equal(diagonal_descent(X, Y, 0.02, 2000, 0.3, seeds=6, rng=0, **job).plus, found)
    finally:
        numba.set_num_threads(threads)


def test_divergence_in_the_very_last_step():
    whole = diagonal_descent(X, Y, 3.0, 500, 1.0)
    last = int(whole.diverged_at[0])
    run = diagonal_descent(X, Y, 3.0, last, 1.0, checkpoints=np.arange(last + 1))
    assert np.all(np.isfinite(run.beta))
    assert not np.any(np.isnan(run.train_loss))


@pytest.mark.parametrize("options", [{"batch_size": 1}, {}, {"batch_size": 2, "momentum": 0.9}], ids=str)
def test_divergence_is_a_status_not_a_nan(options):
    run = diagonal_descent(X, Y, 3.0, 500, 1.0, seeds=3, rng=0, checkpoints=np.arange(501), **options)
    assert np.all(run.status == Status.DIVERGES)
    assert np.all((run.diverged_at > 0) & (run.diverged_at < 500))
    for name in ("plus", "minus", "beta"):
        assert np.all(np.isfinite(getattr(run, name)))
    for r, end in enumerate(run.diverged_at):
        assert np.all(np.isfinite(run.train_loss[r, :end]))
        assert np.all(np.isinf(run.train_loss[r, end:]))


def test_checkpoints():
    run = diagonal_descent(X, Y, 0.01, 1000, 0.3, checkpoints=20)
    assert run.times[0] == 0
    assert run.times[-1] == 1000
    assert run.times.size <= 20
    assert np.all(np.diff(run.times) > 0)
    np.testing.assert_array_equal(diagonal_descent(X, Y, 0.01, 10, 0.3, checkpoints=[3, 7]).times, [0, 3, 7, 10])
    np.testing.assert_array_equal(run.beta[:, 0], 0.0)
    assert np.all(np.diff(run.train_loss[0]) < 0)


def test_stochastic_flow_keeps_its_bias_at_all_times():
    """Long before convergence, at any time step; with 5 % less shrinkage of the scale it fails."""
    for dt in (0.05, 0.005):
        flow = stochastic_gradient_flow(X, Y, 0.1, dt, 300, 0.3, seeds=3, rng=2)
        assert np.all(flow.train_loss[:, -1] > 1e-6)
        for beta, scale in zip(flow.beta, flow.effective_scale, strict=True):
            np.testing.assert_allclose(interpolator(X, X @ beta, scale).value, beta, atol=1e-13)
            wrong = interpolator(X, X @ beta, 0.3 * (scale / 0.3) ** 0.95).value
            assert np.abs(wrong - beta).max() > 1e-6


def test_stochastic_flow_without_noise_is_gradient_flow():
    """Euler steps in ln w and multiplicative steps agree to first order in the step."""
    flow = stochastic_gradient_flow(X, Y, 0.0, 1e-3, 3000, 0.3)
    steps = diagonal_descent(X, Y, 1e-3, 3000, 0.3)
    np.testing.assert_allclose(flow.beta[0], steps.beta[0, -1], atol=5e-3)
    np.testing.assert_array_equal(flow.effective_scale, 0.3)


def test_stochastic_flow_models_single_sample_noise():
    """Mean of ln(w+ w-), averaged over coordinates and 200 seeds: 5 % apart here.

    The flow replaces the squared residual of each sample by their mean, so single coordinates differ by up to 40 %.
    """
    step, steps = 0.004, 500
    flow = stochastic_gradient_flow(X, Y, step, step, steps, 0.5, seeds=200, rng=0)
    sgd = diagonal_descent(X, Y, step, steps, 0.5, 1, seeds=200, rng=1)
    shrink = np.log(0.25 / (sgd.plus[:, -1] * sgd.minus[:, -1])).mean()
    assert 2 * np.log(0.5 / flow.effective_scale).mean() == pytest.approx(shrink, rel=0.1)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: diagonal_descent(X, Y, np.full(9, 0.1), 10, 0.1), "schedule of 10 or more"),
        (lambda: diagonal_descent(X, Y, 0.0, 10, 0.1), "step_size"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, -0.1), "initial_scale"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, [0.1, 0.2]), r"initial_scale\.shape"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, 9), "from 1 to n = 8"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, sampling="epochs"), "sampling"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, momentum=1.0), "momentum"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, momentum=0.5, accumulate=True), "accumulate"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, label_noise=-1.0), "label_noise"),
        (lambda: diagonal_descent(X, Y, 0.1, 10, 0.1, checkpoints=[20]), "checkpoints"),
        (lambda: diagonal_descent(X, Y[:2], 0.1, 10, 0.1), r"y\.shape"),
        (lambda: stochastic_gradient_flow(X, Y, -0.1, 0.1, 5, 0.1), "step_size"),
        (lambda: stochastic_gradient_flow(X, Y, 0.1, 0.0, 5, 0.1), "time_step"),
        (lambda: stochastic_gradient_flow(X, Y, 0.1, 0.1, 5, 0.0), "initial_scale"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_a_flow_with_too_long_steps_says_so():
    with pytest.raises(ArithmeticError, match="too long"):
        stochastic_gradient_flow(X, Y, 0.1, 20.0, 50, 1.0, rng=0)


def test_divergence_before_the_first_step_keeps_the_start():
    run = diagonal_descent([[1e200]], [1.0], 0.01, 8, 0.7, 1, flooding=0.01, seeds=2, checkpoints=4, rng=3)
    assert np.all(run.status == Status.DIVERGES)
    np.testing.assert_array_equal(run.plus, 0.7)
