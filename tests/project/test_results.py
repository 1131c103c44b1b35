"""Results behave alike: identity, pickles, short texts, documented fields; scalars in, scalars out."""

import dataclasses
import inspect
import pickle
import re
import warnings

import numpy as np
import pytest
from valid_arguments import FAMILIES, PUBLIC, SOLVERS, Setting, instance, plain_arguments

from solvable import solvers
from solvable.solvers import Risk, Solution, Spectrum
from solvable.solvers.solution import record

RECORDS = {name: item for name, item in PUBLIC.items() if dataclasses.is_dataclass(item)}
MADE = sorted(set(RECORDS) - {"Risk"})  # the base is never made itself
# losses other than the square have no bias and variance
RISKS = [name for name in RECORDS if name.endswith("Risk") and name != "ConvexRisk"]


@pytest.fixture(scope="module")
def results():
    return {name: instance(name)(Setting(3)) for name in MADE}


@pytest.mark.parametrize("name", MADE)
def test_records_are_compared_by_identity_and_cannot_be_changed(results, name):
    found = results[name]
    assert found == found
    assert found != instance(name)(Setting(3))
    assert len({found, found}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(found, dataclasses.fields(found)[0].name, 0)


def same(a, b):
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a)
                                          if f.name != "prover")  # fmt: skip
    if isinstance(a, tuple) and any(isinstance(x, np.ndarray) for x in a):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b if isinstance(a, str | dict | tuple) or a is None else np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("name", MADE)
def test_records_survive_a_pickle(results, name):
    assert same(results[name], pickle.loads(pickle.dumps(results[name])))


def arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    elif dataclasses.is_dataclass(value):
        for f in dataclasses.fields(value):
            yield from arrays(getattr(value, f.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays(item)


@pytest.mark.parametrize("name", MADE)
def test_arrays_of_results_are_read_only_and_stay_so_through_a_pickle(results, name):
    for found in (results[name], pickle.loads(pickle.dumps(results[name]))):
        assert not any(array.flags.writeable for array in arrays(found))


@pytest.mark.parametrize("kept", [lambda x: x, lambda x: (x, 1.0)])
def test_what_a_result_was_made_from_stays_writable(kept):
    @record
    class Pair:
        first: np.ndarray | tuple[np.ndarray, float]
        second: int

    own = np.zeros(2)
    (held,) = arrays(Pair(kept(own), 1))
    own[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 2.0


@pytest.mark.parametrize("name", MADE)
def test_texts_are_short_and_say_shapes(results, name):
    text, found = repr(results[name]), results[name]
    assert text.startswith(f"{name}(")
    assert "\n" not in text
    assert len(text) <= 60 + 50 * len(dataclasses.fields(found))
    for f in dataclasses.fields(found):
        value = getattr(found, f.name)
        if isinstance(value, np.ndarray) and value.ndim:
            assert f"{f.name}=array{value.shape}" in text


def test_a_long_result_has_a_short_text():
    risk = solvers.ridge_risk(Spectrum.isotropic(9.0), np.linspace(1, 5, 10_000), 0.5, 0.1)
    assert repr(risk) == (
        "RidgeRisk(test=array(10000,), train=array(10000,), bias=array(10000,), variance=array(10000,), "
        "noise_variance=array(10000,), effective_ridge=array(10000,), df1=array(10000,), df2=array(10000,), "
        "solution=Solution)"
    )
    assert "value=0.640388," in repr(solvers.effective_ridge(Spectrum.isotropic(1.0), 1.0, 0.25))


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_and_property_is_documented(name):
    cls = RECORDS[name]
    needed = {f.name for f in dataclasses.fields(cls)}
    needed |= {key for key in dir(cls) if isinstance(getattr(cls, key), property)}
    sections = re.findall(r"(?:Attributes|Parameters)\n\s*-+\n(.*?)(?=\n\s*\n\s*\w+\n\s*---|\Z)", cls.__doc__, re.S)
    rows = re.findall(r"^ {4}(\S[^\n]*?) :", "\n".join(sections), re.M)
    assert needed <= {key.strip() for row in rows for key in row.split(",")}


def test_every_public_record_is_made_by_the_one_decorator():
    assert {cls.__repr__ for cls in RECORDS.values()} == {Solution.__repr__}
    assert {cls.__hash__ for cls in RECORDS.values()} == {object.__hash__}


@pytest.mark.parametrize("name", RISKS)
def test_risks_share_their_base_and_their_sum(results, name):
    assert issubclass(RECORDS[name], Risk)
    if name != "Risk":
        found = results[name]
        np.testing.assert_allclose(found.test, found.bias + found.variance + found.noise_variance, rtol=1e-12)
        np.testing.assert_array_equal(found.excess, found.bias + found.variance)
        assert {
            np.shape(getattr(found, part)) for part in ("train", "bias", "variance", "noise_variance", "excess")
        } == {np.shape(found.test)}


def test_an_instance_of_a_record_needs_all_its_fields():
    @record
    class Pair:
        first: int
        second: int

    with pytest.raises(TypeError):
        Pair(1)


# Solutions as numbers and arrays


def test_a_solution_is_its_value_to_numpy_and_python():
    single, several = (solvers.effective_ridge(Spectrum.isotropic(9.0), n, 0.5) for n in (4.0, [4.0, 5.0]))
    assert float(single) == float(single.value)
    assert np.asarray(several) is several.value
    assert np.array(several) is not several.value
    assert np.asarray(several, dtype=np.float32).dtype == np.float32
    assert np.ndim(single) == 0
    np.testing.assert_array_equal(np.log(several), np.log(several.value))
    with pytest.raises(TypeError, match="single cell"):
        float(several)


def test_a_solution_can_be_an_argument():
    spectrum = Spectrum([3.0, 1.0, 0.1])
    spectrum = Spectrum(spectrum.eigenvalues, [1.0, 0.5, 0.2])
    best = solvers.optimal_ridge(spectrum, [2.0, 5.0], 0.3)
    by_value = solvers.ridge_risk(spectrum, [2.0, 5.0], best.value, 0.3).test
    np.testing.assert_array_equal(solvers.ridge_risk(spectrum, [2.0, 5.0], best, 0.3).test, by_value)


# Certificates asked of the answer

CERTIFIABLE = sorted(name for name, item in SOLVERS.items() if "certify" in inspect.signature(item).parameters)


@pytest.mark.parametrize("name", CERTIFIABLE)
def test_certificates_asked_later_are_those_asked_at_once(name):
    pytest.importorskip("flint")
    arguments = plain_arguments(name, 5)
    arguments = {key: value for key, value in arguments.items() if value is not None and key != "certify"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", solvers.ConvergenceWarning)
        later, at_once = SOLVERS[name](**arguments), SOLVERS[name](**arguments, certify=True)
        if name != "sample_covariance_density":
            later, at_once = (x if isinstance(x, Solution) else x.solution for x in (later, at_once))
        assert later.certificate is None
        proof = pickle.loads(pickle.dumps(later)).certify()
    assert at_once.certify() is at_once.certificate
    for part in ("lower", "upper", "proved"):
        np.testing.assert_array_equal(getattr(proof, part), getattr(at_once.certificate, part))


def test_what_cannot_be_certified_says_so():
    with pytest.raises(ValueError, match="none that can be certified"):
        solvers.growth_rate(0.1, np.eye(3), 1).certify()


# Scalars in, scalars out

VECTOR = "its answer is a vector or matrix whatever is asked: weights, features, coefficients or a table"
DATA = "it takes data and gives numbers about them"
SCALARS, NOT_SCALAR = {}, {}
for _family in FAMILIES.values():  # rows stand in arguments/<family>.py
    SCALARS |= getattr(_family, "SCALARS", {})
    NOT_SCALAR |= dict.fromkeys(getattr(_family, "VECTORS", []), VECTOR)
    NOT_SCALAR |= dict.fromkeys(getattr(_family, "DATA", []), DATA)


def numbers(result):
    if not dataclasses.is_dataclass(result):
        yield "result", result
        return
    for f in dataclasses.fields(result):
        value = getattr(result, f.name)
        if dataclasses.is_dataclass(value):
            yield from numbers(value)
        elif isinstance(value, np.ndarray | float):
            yield f.name, value


def test_every_public_solver_has_its_place():
    assert sorted([*SCALARS, *NOT_SCALAR]) == sorted(SOLVERS)


# records of single numbers about one object: their arguments are no grid
SINGLE = {"logit_margin", "perceptron_bounds", "single_index_moments", "slab_moments"}
PATHS = {"isotropic_flow_risk", "one_pass_sgd_risk", "spectral_response"}  # along times that increase


@pytest.mark.parametrize("name", SCALARS)
def test_scalars_in_scalars_out(name):
    result = SCALARS[name](SOLVERS[name])
    for part, value in numbers(result):
        assert np.ndim(value) == 0, part
    if dataclasses.is_dataclass(result) and name not in SINGLE:
        assert hasattr(SOLVERS[name], "over"), "a record over a grid does not know its arguments"


@pytest.mark.parametrize("name", [name for name in SCALARS if hasattr(SOLVERS[name], "over")])
def test_a_record_over_a_grid_labels_itself(name):
    """Two arguments on axes of their own, as often as they are given: the dimensions have their names."""
    function, given, results = SOLVERS[name], {}, []

    def call(*args, **kwargs):
        given.update(inspect.signature(function).bind(*args, **kwargs).arguments)
        for argument, shape in zip([a for a in function.over if a in given], ((3, 1), (2,)), strict=False):
            given[argument] = np.full(shape, given[argument])
        if name in PATHS:
            given.update(
                {argument: value[:, 0] * np.arange(1, 4) for argument, value in given.items() if np.ndim(value) > 1}
            )
        results.append(function(**given))
        return results[-1]

    SCALARS[name](call)
    (result,) = results
    data = result.to_dataset()
    arrays = {a: given[a] for a in function.over if np.ndim(given.get(a, 0))}
    leading = dataclasses.fields(result)[0].name
    assert {dim.removeprefix("given_"): size for dim, size in data[leading].sizes.items() if size > 1} == {
        argument: array.size for argument, array in arrays.items()
    }
    np.testing.assert_array_equal(data[leading].values, getattr(result, leading))
    for argument, array in arrays.items():
        np.testing.assert_array_equal(result._grid.arguments[argument], array)
