"""Every public callable against hostile arguments: a right answer, or a sentence.

One or two arguments of a valid call are replaced: wrong types, NaN, infinities, denormals, sizes 0 and 1, sizes beyond
any memory, other scales and memory layouts. Whatever comes back holds no silent NaN, the call ends, the caller's arrays
are as they were; a refusal is an error the package raised itself, one sentence. A changed layout or dtype of the same
numbers changes nothing.
"""

import copy
import inspect

import numpy as np
import pytest
from hostile import FORMS, changed, invoke, leaves
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from valid_arguments import FUNCTIONS, builder, plain_arguments

from solvable import solvers
from solvable.solvers.validate import within_range


def fuzz(name, data):
    arguments = plain_arguments(name, data.draw(st.integers(0, 10**6)))
    open_to_change = sorted(set(arguments) - {"self"})
    if not open_to_change:
        invoke(name, arguments)
        return
    names = data.draw(st.lists(st.sampled_from(open_to_change), min_size=1, max_size=2, unique=True))
    for argument in names:
        value = arguments[argument]
        if inspect.signature(FUNCTIONS[name]).parameters[argument].annotation == "bool":
            arguments[argument] = data.draw(st.sampled_from([None, "text", 1, True]))
        elif (
            isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray) and data.draw(st.booleans())
        ):
            arguments[argument] = type(value)([changed(argument, value[0], data.draw), *value[1:]])
        else:
            arguments[argument] = changed(argument, value, data.draw)
    invoke(name, arguments)


def same_in_every_form(name, data):
    arguments = plain_arguments(name, data.draw(st.integers(0, 10**6)))
    plain = invoke(name, arguments)
    usable = [k for k, v in arguments.items() if isinstance(v, np.ndarray) and v.ndim and v.size]
    if not usable:
        return
    argument = data.draw(st.sampled_from(usable))
    other = invoke(name, arguments | {argument: data.draw(st.sampled_from(FORMS))(arguments[argument], 0)})
    assert type(plain) is type(other)
    for left, right in zip(leaves(plain), leaves(other), strict=True):
        if left.dtype.kind == "f":  # BLAS sums in an order that depends on the layout
            size = np.max(np.abs(left), initial=1.0, where=np.isfinite(left))
            np.testing.assert_allclose(right, left, rtol=1e-7, atol=1e-9 * size)


# no shrinking: it may take minutes, and the draws of a failure are printed as they are
SLACK = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
         "phases": [Phase.generate]}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_plain_arguments_are_accepted(name):
    """Or the fuzzing would see refusals only; this also compiles the kernels before calls are timed."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    known = {parameter for parameter in parameters if builder(name, parameter) is not None}
    results = []
    for seed in range(24):
        arguments = plain_arguments(name, seed)
        try:
            results.append(invoke(name, copy.copy(arguments)))
        except AssertionError as error:
            if "slower" not in str(error):
                raise
    required = [p.name for p in inspect.signature(FUNCTIONS[name]).parameters.values() if p.default is p.empty]
    if set(required) <= known:
        assert sum(not isinstance(result, Exception) for result in results) >= 5


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=20, **SLACK)
@given(data=st.data())
def test_hostile_arguments(name, data):
    fuzz(name, data)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=4, **SLACK)
@given(data=st.data())
def test_layout_and_type_do_not_matter(name, data):
    same_in_every_form(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=max(500, 20_000 // len(FUNCTIONS) + 1), **SLACK)
@given(data=st.data())
def test_hostile_arguments_at_length(name, data):
    fuzz(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=100, **SLACK)
@given(data=st.data())
def test_layout_and_type_do_not_matter_at_length(name, data):
    same_in_every_form(name, data)


def test_sizes_beyond_any_memory_are_refused():
    X, y = np.array([[1.0, 2.0]]), [1.0]
    for call in (
        lambda: solvers.diagonal_descent(X, y, 0.01, 10**12, 0.5),
        lambda: solvers.diagonal_descent(X, y, 0.01, 10, 0.5, seeds=10**12),
        lambda: solvers.diagonal_descent(X, y, 0.01, 10, 0.5, checkpoints=10**12),
        lambda: solvers.stochastic_gradient_flow(X, y, 0.01, 1e-3, 10**12, 0.5),
        lambda: solvers.stochastic_gradient_flow(X, y, 0.01, 1e-3, 4, 0.5, seeds=10**12),
        lambda: solvers.linearised_sgd(X, 0.1, 1, [10**12], 1),
        lambda: solvers.linearised_sgd(X, 0.1, 1, [1], 10**12),
        lambda: solvers.optimiser_chain(X, y, [10**12], step_size=0.1),
        lambda: solvers.layer_coefficients("tanh", 10**12),
        lambda: solvers.Spectrum.power_law(2.0, 2.0, 10**12),
        lambda: solvers.Spectrum.power_law(1e150, 2.0, 10),
        lambda: solvers.simplex_frame(10**12),
    ):
        with pytest.raises(ValueError, match=r"is not allowed: .*\.$"):
            call()


def test_more_memory_than_there_is_becomes_a_sentence():
    @within_range
    def hungry():
        return np.empty((2**31, 2**26))

    with pytest.raises(ValueError, match="more memory than there is"):
        hungry()


def test_an_offset_that_dwarfs_the_labels_is_projected_at_once():
    """Rounding of the offset's terms, not the labels, stops the residual: this took 40,000 steps and 9 s."""
    X, y = np.array([[3.3, -13.0, 9.1, 4.5], [-5.4, 5.8, 3.6, 2.9]]), np.array([-4.8, 6.0])
    large = solvers.interpolator(X, y, 0.4, 2.5, offset=2.0**70)
    assert large.converged
    assert int(large.iterations) < 200
    # Bregman projection scales: offset and labels times 2^70, scale times 2^28
    small = solvers.interpolator(X, y / 2.0**70, 0.4 * 2.0 ** (-70 / 2.5), 2.5, offset=1.0)
    np.testing.assert_allclose(large.value / 2.0**70, small.value, rtol=1e-12)


def test_found_by_fuzzing():
    with pytest.raises(ValueError, match="rescale"):  # overflow inside einsum went unnoticed
        solvers.imputed_risk([1.0, 1.0], np.eye(2), [1e300, -1e300], 0.5)
    with pytest.raises(ValueError, match="choose one of"):
        solvers.descent_path(np.eye(2), [1.0, 2.0], [1], method=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="must not exceed dimension"):  # the gain was negative
        solvers.response_spectrum(2, 2, 4, 0.1, 0.1).isotropic_gain(1.0, 6, 4)
    with pytest.raises(ValueError, match="rescale"):
        solvers.Sharpness.of_gradients([[1e200]])
    with pytest.raises(TypeError, match="real number"):
        solvers.saddle_to_saddle(np.eye(2), [1.0, 2.0]).at(None)
    with pytest.raises(ValueError, match="up to 9,007,199,254,740,992"):
        solvers.one_pass_sgd_risk(solvers.Spectrum([1.0], [1.0]), 0.1, 2**62, [1])
