"""The front door with hostile arguments, one at a time: a right answer, or one sentence.

And the list of what is fuzzed, held against the public names: nothing is missed silently.
"""

import inspect
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
import sympy
from hostile import NUMBERS, OTHERS
from valid_arguments import FUNCTIONS, PUBLIC, RECORDS

import solvable
import solvable.analysis
import solvable.figures
import solvable.solvers
from solvable.analysis import Claim, Kind, Source, bibtex, citation, claims, families, verify
from solvable.analysis.derivation.checking import check
from solvable.analysis.derivation.own import check_bound, check_rate
from solvable.analysis.equivalents.declaring import MatrixModel
from solvable.analysis.equivalents.deriving import derive
from solvable.analysis.sweeping.running import sweep
from solvable.analysis.verification.catalogue import claim
from solvable.analysis.writing.names import UnknownName
from solvable.figures import find_figure
from solvable.solvers.equivalents.trace_expression import tr

PLACE = Path(inspect.getfile(verify)).resolve().parents[2]
KNOWN = "ridge/isotropic-ridgeless-variance"


def draw(rng=None, **parameters):
    return 0.5 if rng is None else 0.5 + 0.01 * rng.standard_normal()


def half(**parameters):
    return 0.5


CLAIM = {"name": "demo/half", "statement": "One half.", "source": Source("derived"), "kind": Kind.MEAN,
         "predict": half, "measure": draw, "grid": [{"n": 2}], "tolerance": 0.2, "first_draws": 8,
         "most_draws": 16}  # fmt: skip
DEMO = Claim(**CLAIM)
AT = {"n": [2, 4]}


def of_model(method, *matrices):
    """A method of a new model with the spaces n and d, called with what is declared by name where a name is given."""

    def called(**arguments):
        model = MatrixModel()
        model.space("n", 6), model.space("d", 4)
        spaces = {
            name: model.names["n" if name == "rows" else "d"]
            for name in matrices
            if repr(arguments[name]) == "'declared'"
        }
        return getattr(model, method)(**{**arguments, **spaces})

    called.__signature__ = inspect.signature(getattr(MatrixModel(), method))
    return called


MODEL = MatrixModel()
SAMPLES, INPUTS = MODEL.space("n", 6), MODEL.space("d", 4)
DATA, WEIGHTS = MODEL.gaussian("X", SAMPLES, INPUTS), MODEL.gaussian("W", INPUTS, INPUTS)
TRACE = tr((DATA.T @ DATA / SAMPLES + MODEL.scalar("lambda", 0.1)).inv())
VALID = {
    "MatrixModel": (MatrixModel, {}),
    "MatrixModel.space": (of_model("space"), {"name": "k", "size": 3, "multiplicities": [1, 2]}),
    "MatrixModel.scalar": (of_model("scalar"), {"name": "lambda", "value": 0.1}),
    "MatrixModel.gaussian": (of_model("gaussian", "rows", "cols"),
                             {"name": "Z", "rows": "declared", "cols": "declared", "variance": 0.5}),
    "MatrixModel.wigner": (of_model("wigner", "space"), {"name": "A", "space": "declared", "variance": 0.5}),
    "MatrixModel.deterministic": (of_model("deterministic", "rows"),
                                  {"name": "S", "rows": "declared", "value": 2.0, "cols": None}),
    "MatrixModel.features": (of_model("features"),
                             {"activation": "relu", "X": DATA, "W": WEIGHTS, "name": "Theta"}),
    "derive": (derive, {"trace": TRACE, "at": {"lambda": [0.1, 0.2]}, "hermitise": False, "on_failure": "raise",
                        "seconds": 60.0}),
    "derive value": (lambda **at: derive(TRACE, at=at).value, {"n": 6, "d": 4, "lambda": 0.1}),
    "tr": (tr, {"matrix": DATA.T @ DATA}),
    "verify": (verify, {"claim": DEMO, "seed": 1, "quick": True, "most_draws": 8, "progress": None}),
    "check": (check, {"formula": "sigma**2*gamma/(1-gamma)", "against": KNOWN, "symbols": None, "at": None, "rng": 0,
                      "budget": 0, "latex": False, "quick": True, "spectrum": None}),
    "check of an experiment": (check, {"formula": "1/2 + 0*n", "experiment": draw, "at": AT, "rng": 0, "budget": 16,
                                       "size": None, "tolerance": 0.1}),
    "check_bound": (check_bound, {"formula": "1 + 0*n", "experiment": draw, "at": AT, "side": "upper", "symbols": None,
                                  "latex": False, "rng": 0, "budget": 16}),
    "check_rate": (check_rate, {"experiment": draw, "size": "n", "exponent": 0.0, "at": AT, "tolerance": 0.1, "rng": 0,
                                "budget": 16}),
    "sweep": (sweep, {"function": draw, "grid": {"n": [1.0, 2.0]}, "draws": 2, "seed": 0, "progress": False,
                      "workers": 1, "together": (), "fixed": {}, "outputs": (), "units": {}, "source": "",
                      "chunk": None, "ahead": None}),
    "Claim": (Claim, {**CLAIM, "absolute_tolerance": 0.0, "size": None, "sizes": (1, 2, 4), "side": None,
                      "statistic": "mean", "assumptions": "", "quick": [0], "quantities": None, "instance": None,
                      "given": (), "reason": "", "convention": "", "deterministic": False, "order": 1.0, "bounds": None,
                      "domain": None}),
    "Source": (Source, {"key": "derived", "locator": ""}),
    "claim": (claim, {"name": KNOWN}),
    "claims": (claims, {"family": "ridge"}),
    "families": (families, {}),
    "bibtex": (bibtex, {"key": "hastie2022surprises"}),
    "citation": (citation, {"key": "hastie2022surprises"}),
    "find_figure": (find_figure, {"name": "benign-overfitting"}),
}  # fmt: skip
SEEDS = [-1, 2**64, 10**30, np.int64(7), np.random.default_rng(0), np.random.SeedSequence(1)]
HOSTILE = [*NUMBERS, *(x for x in OTHERS if not hasattr(x, "__next__")), *SEEDS, sympy.Symbol("n"), {"n": []},
           {"n": "x"}, {"n": np.nan}, {"n": None}, {"absent": [1]}, [{"n": 1}, {}], "a/b", "x**", "",
           "\x00"]  # fmt: skip


def hostile(parameter):
    """Values for one argument, without long honest work; a caller's function that raises does so in its own words."""
    for value in HOSTILE:
        number = isinstance(value, int | float)
        long = parameter in ("most_draws", "budget") and number and value > 1e5
        processes = parameter == "workers" and number and value > 1
        if not (long or processes or callable(value)):
            yield value


def knock(name, share):
    """Every `share`-th value for each argument of one entry; what went wrong."""
    function, valid = VALID[name]
    function(**valid)
    bad = []
    for place, parameter in enumerate(valid):
        for value in list(hostile(parameter))[place % share :: share]:
            started = time.process_time()
            problem = trouble(function, valid | {parameter: value})
            if time.process_time() - started > 5:
                problem = "slower than 5 s"
            if problem:
                bad.append(f"{parameter} = {value!r}: {problem}")
    return bad


def trouble(function, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        try:
            function(**arguments)
        except (ValueError, TypeError, RuntimeError, ArithmeticError, UnknownName) as error:
            inner = Path(traceback.extract_tb(error.__traceback__)[-1].filename).resolve()
            said = str(error).endswith(".") and PLACE in inner.parents
            return None if said else f"{type(error).__name__} from {inner.name}: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("name", VALID)
def test_hostile_arguments_at_the_front_door(name):
    bad = knock(name, 4)
    assert not bad, "\n".join(bad)


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_all_hostile_arguments_at_the_front_door(name):
    bad = knock(name, 1)
    assert not bad, "\n".join(bad)


# public, and not called with hostile arguments
EXEMPT = {
    "Activation": "a type for annotations",
    "Status": "an enumeration",
    "Kind": "an enumeration",
    "Outcome": "an enumeration",
    "Verdict": "a record that verify fills",
    "Row": "a record that verify fills",
    "CheckReport": "a record that check fills",
    "Derivation": "a record that derive fills",
    "Figure": "a record that the decorator fills",
    "figure": "a decorator for the authors of figures",
    "figures": "has no arguments",
    **dict.fromkeys(RECORDS, "a record that solvers fill"),
}


def test_every_public_name_is_fuzzed_or_argued():
    public = {name for place in (solvable.solvers, solvable, solvable.analysis, solvable.figures)
              for name in place.__all__}  # fmt: skip
    warned = {name for name in public if inspect.isclass(item := PUBLIC.get(name)) and issubclass(item, Warning)}
    assert public - warned - set(EXEMPT) == {
        name for name in {*FUNCTIONS, *VALID} if "." not in name and " " not in name
    }


def test_every_argument_at_the_front_door_is_fuzzed():
    # objects with a life of their own (tests/analysis/test_sweep*), and what tests/analysis holds against `predict`
    left_out = {"executor", "store", "retry", "formula"}
    for name in VALID.keys() - {"derive value"}:
        function = VALID[name][0]
        valid = {p for f, arguments in VALID.values() if f is function for p in arguments}
        assert set(inspect.signature(function).parameters) - left_out == valid - left_out, name


def test_every_public_solver_refuses_what_leaves_the_range_of_doubles():
    plain = [name for name, item in FUNCTIONS.items() if not hasattr(item, "__wrapped__") and "." not in name]
    assert plain == ["Spectrum"]  # a dataclass: it checks in __post_init__
