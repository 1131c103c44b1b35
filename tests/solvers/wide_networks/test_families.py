"""Training, spheres, depth, convolutions, mixtures, machines and duals: limits, identities and refusals."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import multivariate_t

from solvable import solvers

RNG = np.random.default_rng(0)
A = RNG.standard_normal((6, 9))
K = A @ A.T / 9
TRAIN, CROSS, TEST = K[:4, :4], K[4:, :4], K[4:, 4:]
Y = np.array([1.0, -0.5, 2.0, 0.3])
SINGULAR = [0.0, 0.3, 0.5, 0.2]


def test_the_same_kernel_twice_ends_in_the_posterior_of_a_gaussian_process():
    found = solvers.linearised_training((TRAIN, CROSS, TEST), (TRAIN, CROSS, TEST), np.inf, Y)
    np.testing.assert_allclose(found.mean, CROSS @ np.linalg.solve(TRAIN, Y), rtol=1e-10)
    np.testing.assert_allclose(found.covariance, TEST - CROSS @ np.linalg.solve(TRAIN, CROSS.T), atol=1e-12)
    assert found.train_loss < 1e-20


@pytest.mark.parametrize("ridge", [0.0, 0.4])
def test_training_satisfies_its_differential_equation(ridge):
    """d/dt of the mean at the training inputs is Theta (y - f) less ridge f."""
    block = (TRAIN, TRAIN, TRAIN)
    low, here, high = solvers.linearised_training(block, None, [0.999, 1.0, 1.001], Y, ridge, "zero").mean
    np.testing.assert_allclose((high - low) / 0.002, TRAIN @ (Y - here) - ridge * here, rtol=1e-5)


def test_trace_of_a_sphere_spectrum_is_the_kernel_at_one():
    found = solvers.sphere_spectrum(np.exp, 5, 12)
    np.testing.assert_allclose(found.multiplicities @ found.eigenvalues + found.tail, np.e, rtol=1e-14)
    taylor = 1 / np.cumprod(np.r_[1.0, np.arange(1, 30)])
    np.testing.assert_allclose(solvers.dot_product_eigenvalues(taylor, 5)[:9], found.eigenvalues[:9], rtol=1e-7)


def test_koenigs_satisfies_its_equation_and_is_the_limit_of_the_tangent_kernel():
    rho = np.array([0.1, 0.5, 0.9])
    image = np.polynomial.polynomial.polyval(rho, SINGULAR)
    psi = solvers.koenigs(SINGULAR, rho)
    np.testing.assert_allclose(solvers.koenigs(SINGULAR, image), 0.3 * psi, rtol=1e-12)
    np.testing.assert_allclose(solvers.deep_ntk(SINGULAR, rho, 10_000).value, psi, rtol=1e-2)


def test_one_layer_convolution_of_equal_patches_is_the_dense_kernel():
    t = np.linspace(-1, 1, 7)
    dense = solvers.wide_network_kernels(np.eye(2)[:1], np.column_stack([t, np.sqrt(1 - t * t)]), 2)
    both = solvers.convolutional_kernel(np.column_stack([t, t]), (2, 2))
    np.testing.assert_allclose(both, dense.ntk[0], atol=1e-13)  # 2 x.x/d = x.x at d = 2


def test_evidence_of_a_student_process_is_the_density():
    found = solvers.student_process(TRAIN, Y, CROSS, TEST, 2.5, 1.5)
    np.testing.assert_allclose(found.log_evidence, multivariate_t(shape=TRAIN * 1.5 / 2.5, df=5).logpdf(Y), rtol=1e-12)
    many = solvers.student_process(TRAIN, Y, CROSS, TEST, 1e9, 1e9)  # the variance is known
    np.testing.assert_allclose(many.variance, TEST - CROSS @ np.linalg.solve(TRAIN, CROSS.T), rtol=1e-6)


@pytest.mark.parametrize("c", [1e-100, 1e100])
def test_a_kernel_machine_of_homogeneous_activations_has_no_unit(c):
    """Inputs, labels' squares and noise in other units: Gram matrices follow, the density by its Jacobian."""
    one, other = (solvers.kernel_machine(s * TRAIN, np.sqrt(s) * Y, 1, "relu", 2.0, 0.2 * s) for s in (1.0, c))
    np.testing.assert_allclose(other.grams / c, one.grams, rtol=1e-6)
    assert other.objective == pytest.approx(one.objective - len(TRAIN) / 2 * np.log(c), rel=1e-12)


def test_a_kernel_machine_with_linear_kernel_is_the_geodesic():
    target = K[:4, :4] @ K[:4, :4] + np.eye(4)
    root = np.linalg.cholesky(target)
    found = solvers.kernel_machine(TRAIN, 2 * root, 2, "identity", 4.0, 1e-9)  # four outputs, widths four
    np.testing.assert_allclose(found.grams, solvers.linear_kernel_machine(TRAIN, target, 2), atol=1e-5)
    wide = solvers.kernel_machine(TRAIN, Y, 1, "relu", 1e8, 0.1)
    one = 2 * solvers.dual_activation("relu", np.diag(TRAIN)[:, None], np.diag(TRAIN), TRAIN)
    np.testing.assert_allclose(wide.grams[0], one, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solvers.koenigs(SINGULAR, -0.1), "rho"),
        (lambda: solvers.student_process(TRAIN, Y, CROSS, TEST, 0.0, 1.0), "a = "),
        (lambda: solvers.convolutional_kernel(np.zeros(3), (2, 2)), "2 patches"),
        (lambda: solvers.linearised_training((-TRAIN, CROSS, TEST), None, 1.0, Y, 0.0, "zero"), "semidefinite"),
        (lambda: solvers.sphere_spectrum(lambda t: -t, 5, 3), "below 0"),
        (lambda: solvers.optimal_activation(1), "at least 2"),
        (lambda: solvers.dual_parameters([0.0], [0.5], "logistic"), "0 or 1"),
        (lambda: solvers.linear_kernel_machine(np.zeros((2, 2)), np.eye(2), 1), "positive definite"),
        (lambda: solvers.deep_classifier([0.0, 1.0]), "no deep limit"),
        (lambda: solvers.wide_network_kernels(A, out=(np.empty((6, 6)), np.empty((6, 5)))), "out"),
    ],
)
def test_what_is_not_allowed_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_standard_parametrisation_and_results_in_place():
    """Readout only at depth 1; and arrays of the caller are filled."""
    out = (np.empty((6, 6)), np.empty((6, 6)))
    found = solvers.wide_network_kernels(A, depth=1, parametrisation="standard", out=out)
    np.testing.assert_allclose(found.ntk, found.nngp / 2, rtol=1e-13)
    assert np.shares_memory(found.nngp, out[0])
    assert out[0].flags.writeable


@pytest.mark.parametrize("d", [3, 50, 1000, 10**5])
def test_sphere_spectra_of_polynomials_are_the_sums_in_every_dimension(d):
    """In high dimension the mass lies within 1/sqrt(d) of a right angle, between nodes that do not follow it."""
    taylor = [1.0, 0.5, 2.0, 1.0]
    found = solvers.sphere_spectrum(lambda t: np.polynomial.polynomial.polyval(t, taylor), d, 3)
    np.testing.assert_allclose(found.eigenvalues, solvers.dot_product_eigenvalues(taylor, d), atol=1e-15, rtol=1e-9)
    np.testing.assert_array_equal(found.multiplicities[:3], [1, d, (d + 2) * (d - 1) // 2])


def test_critical_points_of_functions_are_those_of_their_names():
    for function, name in ((np.tanh, "tanh"), (np.sin, "sin"), (erf, "erf")):
        found, named = solvers.critical_point(function), solvers.critical_point(name)
        assert found.kind == named.kind == "zero"
        np.testing.assert_allclose(found.weight_variance, named.weight_variance, rtol=1e-10)
    slope = solvers.critical_point(lambda u: np.where(u > 0, u, np.expm1(u)))  # smooth on one side only
    assert slope.kind == "none"


def test_exponents_reach_high_dimensions():
    for d in (2, 100, 1000):
        found = solvers.deep_classifier(solvers.optimal_activation(d) ** 2)
        np.testing.assert_allclose(found.exponent, d, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solvers.koenigs([0.0, 1 - 1e-6, 1e-6], 0.5), "close to linear"),
        (lambda: solvers.linearised_training((TRAIN, CROSS, TEST), None, [], Y, 0.0, "zero"), "not empty"),
        (lambda: solvers.sphere_spectrum(np.exp, 5, 10, nodes=20), "degree 10 needs at least 36"),
        (lambda: solvers.sphere_spectrum(np.exp, 5, -1), "negative"),
    ],
)
def test_what_would_not_end_or_not_resolve_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("activation", ["erf", "sin", "tanh", lambda u: u**3 + u, lambda u: u**3 - 3 * u])
@pytest.mark.parametrize("variance", [0.2, 1.0, 3.0])
def test_odd_activations_have_exact_zeros_and_no_majority(activation, variance):
    a = solvers.hermite_coefficients(activation, variance)
    assert not a[::2].any()
    found = solvers.deep_classifier(a**2 / np.sum(a**2))
    vanishing = abs(a[1]) < 1e-12
    assert found.kind == ("nearest-neighbour" if vanishing else "singular")
    a[::2] = 1e-16  # coefficients from elsewhere
    assert solvers.deep_classifier(a**2 / np.sum(a**2)).kind == found.kind


@pytest.mark.parametrize("f", [-800.0, -3.0, -0.2, 0.0, 1.5, 800.0])
def test_logistic_duals_are_label_less_probability_and_its_variance(f):
    small = np.exp(-abs(f))
    s = (1 if f > 0 else small) / (1 + small)
    alpha, beta = solvers.dual_parameters([f, f], [0.0, 1.0], "logistic")
    np.testing.assert_allclose(alpha, [-s, (small if f > 0 else 1) / (1 + small)], rtol=1e-14)  # y - s
    np.testing.assert_allclose(beta, small / (1 + small) ** 2, rtol=1e-14)


def test_expected_loss_is_that_of_mean_and_covariance_at_the_training_inputs():
    """E |f - y|^2/2 over starts, where the prior is not the tangent kernel."""
    prior = K[:4, :4] @ K[:4, :4] + 0.1 * np.eye(4)
    found = solvers.linearised_training((TRAIN,) * 3, (prior,) * 3, [0.0, 0.7, 3.0], Y, 0.2)
    spread = np.trace(found.covariance, axis1=1, axis2=2)
    np.testing.assert_allclose(found.train_loss, (np.sum((found.mean - Y) ** 2, axis=1) + spread) / 2, rtol=1e-12)


@pytest.mark.parametrize("squares", [(0.0, 0.0, 0.5, 0.5), (0.2, 0.2, 0.3, 0.3), SINGULAR])
def test_deep_tangent_kernels_are_the_recursion(squares):
    """Up to the units in which they are returned: quotients to the last entry."""
    rho, theta = np.array([0.1, 0.6, 0.9]), np.array([0.1, 0.6, 0.9])
    c = np.polynomial.Polynomial(squares)
    for _ in range(3):
        rho, theta = c(rho), c(rho) + theta * c.deriv()(rho)
    value = solvers.deep_ntk(squares, [0.1, 0.6, 0.9], 3).value
    np.testing.assert_allclose(value / value[-1], theta / theta[-1], rtol=1e-12)


def test_a_student_law_has_a_variance_above_two_degrees():
    for a, factor in ((1.2, 6.0), (1.0, np.inf), (0.8, np.inf)):
        found = solvers.trained_ensemble(TRAIN, Y, CROSS, TEST, a, 1.0)
        np.testing.assert_allclose(np.diag(found.variance), factor * np.diag(found.scale), rtol=1e-12)


def test_a_named_kernel_on_the_sphere_is_that_of_the_network():
    found = solvers.sphere_spectrum({}, 4, 6)
    one = solvers.wide_network_kernels(np.eye(4)[:1], normalise_input=False).ntk[0, 0]
    np.testing.assert_allclose(found.multiplicities @ found.eigenvalues + found.tail, one, rtol=1e-13)


@pytest.mark.parametrize("nodes", [500, 1000])
@pytest.mark.parametrize("d", [3, 5, 10, 24])
def test_one_layer_of_relu_without_bias_has_no_odd_degree_above_one(d, nodes):
    found = solvers.sphere_spectrum({}, d, 61, nodes).eigenvalues
    assert not found[3::2].any()
    assert found[1] > 0
    assert found[:21:2].min() > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solvers.linear_kernel_machine(np.diag([0.0, 1.0]), np.eye(2), 1), "positive definite"),
        (lambda: solvers.linear_kernel_machine(np.eye(2), np.eye(2), 10**4 + 1), "depth = 10001"),
        (lambda: solvers.dot_product_eigenvalues([1.0], 10**6 + 1), "d = 1000001"),
    ],
)
def test_ends_of_what_is_allowed(call, message):
    with pytest.raises(ValueError, match=message):
        call()
