"""Symbols and conventions: formulas have their words, printed conventions are what the docstrings of solvers state."""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from types import FunctionType, ModuleType

import numpy as np
import pytest

import solvable.solvers
from solvable.analysis import claims
from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.catalogue import families
from solvable.analysis.verification.claim import Kind
from solvable.analysis.writing import conventions as written
from solvable.analysis.writing.symbols import SHARED, Convention, Symbol
from solvable.index import claim_entry

FAMILIES = sorted(written.vocabularies())
EVERY = claims()
TAKING = [claim for claim in EVERY if not claim_entry(claim.name)["takes"]]  # as the index has it: why_not draws
ROWS = [(family, row) for family in FAMILIES for row in written.conventions(family)]
PUBLIC = {
    name: getattr(solvable.solvers, name)
    for name in solvable.solvers.__all__
    if inspect.isfunction(getattr(solvable.solvers, name))
}


def flat(text):
    return re.sub(r"\s+", "", text)


def reached(function, seen=None):
    """Public solvers that a function calls, through helpers of its own modules, partials and caches."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(getattr(function, "func", function))
    if not isinstance(function, FunctionType) or function in seen:
        return {name for name, solver in PUBLIC.items() if inspect.unwrap(solver) is function}
    seen.add(function)
    found = {name for name, solver in PUBLIC.items() if inspect.unwrap(solver) is function}
    if found or not (function.__module__ or "").startswith("solvable.analysis"):
        return found
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [constant for constant in code.co_consts if inspect.iscode(constant)]
    values = [function.__globals__[name] for name in names if name in function.__globals__]
    values += [module.__dict__.get(name) for module in values if isinstance(module, ModuleType) for name in names]
    values += [cell.cell_contents for cell in function.__closure__ or ()]
    for value in values:
        found |= reached(value, seen) if callable(value) else set()
    return found


def test_every_family_brings_its_words():
    assert families() == FAMILIES


@pytest.mark.parametrize(("family", "row"), ROWS, ids=lambda x: x if isinstance(x, str) else x.name)
def test_docstrings_of_solvers_state_the_convention(family, row):
    for name in row.solvers:
        text = flat(inspect.getdoc(PUBLIC[name]))
        assert not [piece for piece in row.states if flat(piece) not in text], name


@pytest.mark.parametrize("claim", EVERY, ids=lambda claim: claim.name)
def test_the_convention_that_show_prints_is_that_of_the_solver(claim):
    """Of the solvers the prediction calls, those with conventions for the same parameters must have the printed one."""
    printed = written.used_conventions(claim)
    for name in reached(claim.predict):
        for row in written.conventions(claim.family):
            shares = [own for own in printed if set(own.fixes) & set(row.fixes)]
            if name in row.solvers and shares:
                assert any(name in own.solvers for own in shares), (name, row.name, [own.name for own in shares])


def test_the_reader_of_predictions_finds_solvers():
    assert "response_spectrum" in reached(find_claim("neural-collapse/exact-gains").predict)
    assert "shrink_singular_values" in reached(find_claim("neural-collapse/shrinkage").predict)
    assert "ridge_risk" in reached(find_claim("ridge/test-error").predict)


@pytest.mark.parametrize(
    ("names", "convention", "loss"),
    [
        ("exact-gains response-spectrum block-staircase central-path-slopes central-path-is-monotone "
         "attachment-lowers-nc1 first-order-in-attachment isotropic-attenuation", "per-class",
         "(1/2Kn)‖WH − Y‖² + (λ_W/2K)‖W‖² + (λ_H/2Kn)‖H‖²"),
        ("shrinkage shrinkage-jump", "deep-linear", "½‖XW₁⋯W_L − Y‖² + (β/2)Σ‖W_l‖²"),
        ("cross-entropy-objective", "cross-entropy", "(1/N)ΣCE"),
        ("balanced-objective imbalanced-objective", "mean-square", "(1/2N)‖WH + b1ᵀ − Y‖²"),
    ],
)  # fmt: skip
def test_neural_collapse_pages_name_their_normalisation(names, convention, loss):
    for name in names.split():
        (row,) = written.used_conventions(find_claim(f"neural-collapse/{name}"))
        assert row.name == convention
        assert row.loss.startswith(loss)


def test_other_pages_that_share_a_name_of_an_argument():
    (row,) = written.used_conventions(find_claim("sgd-stability/weight-decay-equilibrium"))
    assert row.solvers == ("weight_decay_equilibrium",)
    (row,) = written.used_conventions(find_claim("diagonal-networks/jump-times"))
    assert "twice ours" in row.loss
    deep = next(row for family, row in ROWS if "deep_random_feature_risk" in row.solvers)
    assert "δ = nλ/k_L" in deep.loss
    assert deep.loss in {meaning for _, _, meaning in written.convention_table()["random-features"]}


def test_every_solver_with_a_normalised_argument_has_a_convention():
    # batch sizes, depths and times are counts or clocks; what fixes them is printed with the step
    fixed = {name for _, row in ROWS for name in row.fixes} - {"depth", "time", "batch_size"} | {"ridges"}
    listed = {name for _, row in ROWS for name in row.solvers}
    assert not {name for name, solver in PUBLIC.items() if fixed & set(inspect.signature(solver).parameters)} - listed


@pytest.mark.parametrize("claim", EVERY, ids=lambda claim: claim.name)
def test_formulas_have_rows_and_words_one_meaning(claim):
    names = {row.name for row in written.used_symbols(claim)}
    assert {str(symbol) for symbol in getattr(claim.formula, "free_symbols", ())} <= names
    own = {row.name for row in written.symbols(claim.family)} - {row.name for row in SHARED}
    known = {name for cell in claim.grid for name in cell} | set(
        claim.quantities(**claim.draw(np.random.default_rng(0), claim.grid[0])) if claim.quantities else ()
    )
    for tier in (True, False):
        rows = [row for row in written.used_symbols(claim) if (row.name in own) is tier and row.name in known]
        words = [word for row in rows for word, meaning in row.words().items()
                 if word not in known and set(re.findall(r"[a-z]\w*", meaning)) - {"sqrt"} <= known]  # fmt: skip
        assert len(words) == len(set(words)), words


@pytest.mark.parametrize("claim", TAKING, ids=lambda claim: claim.name)
def test_every_number_that_a_formula_may_name_has_a_row(claim):
    """Choices among words need none: a formula names numbers."""
    rows = {row.name for row in written.symbols(claim.family)}
    rows |= {row.name for fixed in written.used_conventions(claim) for row in fixed.symbols}
    numbers = {name for cell in claim.grid for name, value in cell.items()
               if isinstance(value, int | float) and not isinstance(value, bool)}  # fmt: skip
    assert numbers <= rows, f"{sorted(numbers - rows)} are not in analysis/{claim.family}/symbols.py"


def test_a_name_has_one_kind_and_a_family_no_name_twice():
    kinds = {}
    for family in FAMILIES:
        own = [row.name for row in written.symbols(family) if row not in SHARED]
        assert len(own) == len(set(own)), family
        names = [row.name for row in written.conventions(family)]
        assert len(names) == len(set(names)), family
        for row in (*written.symbols(family), *(x for y in written.conventions(family) for x in y.symbols)):
            assert kinds.setdefault(row.name, row.kind) == row.kind, row.name


def test_a_new_family_is_found_by_looking(tmp_path, monkeypatch):
    folder = tmp_path / "lotteries"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "symbols.py").write_text(
        "from solvable.analysis.writing.symbols import Convention, Symbol\n"
        "SYMBOLS = (Symbol('tickets', 'T', 'T', 'size', 'tickets', ('draws',)),)\n"
        "CONVENTIONS = (Convention('fair', 'a loss', (), ('tickets',)),)\n"
    )
    import solvable.analysis

    monkeypatch.setattr(solvable.analysis, "__path__", [*solvable.analysis.__path__, str(tmp_path)])
    caches = (written.vocabularies, written.names_of_kind)
    for cached in caches:
        cached.cache_clear()
    try:
        assert "tickets" in written.names_of_kind("size")
        assert ("T", "tickets", "tickets") in written.convention_table()["lotteries"]
        claim = find_claim("ridge/conservation-law")
        changed = replace(claim, name="lotteries/odds", grid=[{"tickets": 3}], size=None, kind=Kind.EXACT, quick=None)
        assert [row.name for row in written.used_conventions(changed)] == ["fair"]
        assert written.translations(changed, "draws") == ["tickets"]
    finally:
        for cached in caches:
            cached.cache_clear()


def test_undeclared_and_missing_conventions_are_refused():
    claim = find_claim("neural-collapse/exact-gains")
    for name, message in (("", "name the convention of"), ("nowhere", "'nowhere' is not declared; declared are")):
        wrong = replace(claim, convention=name)
        with pytest.raises(LookupError, match=message):
            written.used_conventions(wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Symbol("", "x", "x", "other", "nothing"),
        lambda: Symbol("two words", "x", "x", "other", "a name"),
        lambda: Symbol("x", "x", "x", "colour", "a kind"),
        lambda: Convention("x", "", (), ("n",)),
        lambda: Convention("x", "loss", (), ("n",), ("ridge_risk",)),
        lambda: Convention("x", "loss", (), ()),
    ],
)
def test_rows_that_say_nothing_are_refused(make):
    with pytest.raises(ValueError, match="is not allowed"):
        make()


def test_words_come_from_sign_latex_and_aliases():
    row = Symbol("weight_decay", r"\lambda_{W}", "λ_W", "ridge", "decay", ("lW", "lambda", "c = 2*weight_decay"))
    assert row.words() == {"λ_W": "weight_decay", "lambda_W": "weight_decay", "lW": "weight_decay",
                           "lam_W": "weight_decay", "lam": "weight_decay", "lambda": "weight_decay",
                           "lambda_": "weight_decay", "c": "2*weight_decay"}  # fmt: skip


def test_latex_follows_the_convention():
    assert r"\lambda_{W}" in written.formula_latex(find_claim("neural-collapse/balanced-objective"))
    jump = written.formula_latex(find_claim("neural-collapse/shrinkage-jump"))
    assert r"\beta" in jump
    assert r"\lambda" not in jump
    assert r"\eta \lambda" in written.formula_latex(find_claim("sgd-stability/effective-step-size"))


def test_the_words_are_light():
    """The table opens without numerics beyond numpy: symbols import neither claims nor solvers."""
    code = textwrap.dedent("""
        import sys
        from solvable.analysis.writing.conventions import convention_table
        convention_table()
        heavy = {"scipy", "sympy", "numba", "pandas"} & set(sys.modules)
        assert not heavy, heavy
        assert not [name for name in sys.modules if name.endswith(".claims")]
    """)
    subprocess.run([sys.executable, "-c", code], check=True)


def test_symbols_import_only_the_words():
    for family in FAMILIES:
        module = sys.modules[written.vocabularies()[family]]
        tree = ast.parse(inspect.getsource(module))
        froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert froms <= {"__future__", "solvable.analysis.writing.symbols"}
