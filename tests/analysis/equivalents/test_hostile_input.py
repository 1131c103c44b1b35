"""`derive` with names, numbers and powers it was not thought for: a right value or one sentence, never a wrong one."""

import ast
import builtins
import keyword
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from solvable import MatrixModel, check, derive, tr
from solvable.analysis.equivalents import python_module
from solvable.analysis.equivalents.text_notation import read_trace

S = np.linspace(0.5, 1.5, 12)


def model(n=20, d=12):
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    return m, N, D, m.gaussian("Z", N, D)


def resolvent(m, N, D, Z, shift=0.3):
    return (Z.T @ Z / N + m.scalar("lambda", shift)).inv()


def test_root_of_the_square_of_a_negative_scalar():
    """(c^2)^(1/2) is |c|, here and at any other value of c."""
    m, N, D, Z = model()
    c, Q = m.scalar("c", -2.0), resolvent(m, N, D, Z)
    plain = float(derive(tr(Q)).value)
    found = derive((c**2).sqrt() * tr(Q), at={"c": [-2.0, 3.0]}).value.value
    np.testing.assert_allclose(found, [2 * plain, 3 * plain], rtol=1e-14)
    with pytest.raises(ValueError, match=r"c = -2\.0 is not allowed: a root is taken"):
        c.sqrt()


@pytest.mark.parametrize("dense", [False, True])
def test_a_root_of_what_is_negative_is_refused_where_it_is_taken(dense):
    """Powers are joined: tr(X'X) with X = Z A^(1/2) never computes the root, and would have a value."""
    m, _, D, _ = model()
    values = np.r_[-1.0, np.ones(11)]
    A = m.deterministic("A", D, np.diag(values) if dense else values)
    with pytest.raises(ValueError, match=r"A = -1\.0 is not allowed: it must be positive semidefinite"):
        A.sqrt()
    if not dense:
        with pytest.raises(ValueError, match="the root of its square is A up to signs"):
            (A @ A).sqrt()


def test_inverse_of_what_has_a_zero_eigenvalue_is_refused_where_it_is_taken():
    m, _, D, _ = model()
    with pytest.raises(ValueError, match="no zero eigenvalue"):
        m.deterministic("A", D, np.r_[0.0, np.ones(11)]).inv()


def test_a_singular_matrix_beside_its_inverse_is_no_identity():
    """X'X of rank n < d has no inverse; with a shift it has one."""
    m, N, D, _ = model(8, 12)
    Z = m.gaussian("Y", N, D)
    G = Z.T @ Z / N
    singular = derive(tr(G.inv() @ G @ m.deterministic("A", D, S)), on_failure="ignore").value
    assert not np.isfinite(singular.value)
    shifted = G + m.scalar("lambda", 0.1)
    np.testing.assert_allclose(float(derive(tr(shifted.inv() @ shifted)).value), 12, rtol=1e-13)


@pytest.mark.parametrize("dense", [False, True])
def test_powers_of_one_dense_matrix_are_joined(dense):
    m, N, D, Z = model()
    A = m.deterministic("A", D, np.diag(S) if dense else S)
    Q = resolvent(m, N, D, Z @ A.sqrt())
    np.testing.assert_allclose(float(derive(tr(A.sqrt() @ Q @ A.sqrt())).value), float(derive(tr(A @ Q)).value),
                               rtol=1e-13)  # fmt: skip
    assert A.sqrt() @ A.sqrt() is A
    assert A.sqrt() @ A @ A.sqrt() is A**2 if not dense else True


def test_negative_variance_at_a_cell_is_refused():
    m, N, D, _ = model()
    W = m.gaussian("W", N, D, variance=m.scalar("v", 1.0))
    for value in (0.0, 2.0):
        assert float(derive(tr(W.T @ W), at={"v": value}).value) == pytest.approx(240 * value)
    with pytest.raises(ValueError, match=r"variance of W = -1\.0 is not allowed: it must not be negative"):
        _ = derive(tr(W.T @ W), at={"v": -1.0}).value


@pytest.mark.parametrize(
    "text",
    ["2^20^20^20 tr(A)", "tr(((A^20)^20)^20)", "((((2^20)^20)^20)^20) tr(A)", "((lam+n+d+2)^20)^20 tr(A)",
     "tr(((Z'Z)^20)^20)", "tr((A + (A + (A + Z'Z)^20)^20)^20)", "tr(A^-1^-1)"],
)  # fmt: skip
def test_powers_that_would_never_end_are_refused(text):
    m, _, D, _ = model()
    m.deterministic("A", D, S)
    m.scalar("lam", 0.1)
    with pytest.raises(ValueError) as refusal:
        _ = derive(read_trace(text, m.names)).value
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda m, A, lam: 2 / A, "it divides by scalars"),
        (lambda m, A, lam: lam / A, "it divides by scalars"),
        (lambda m, A, lam: np.eye(12) @ A, "it must be a real number"),
        (lambda m, A, lam: 1 / tr(A), "a quotient by a trace"),
        (lambda m, A, lam: tr(A) / tr(A), "divided by scalars only"),
        (lambda m, A, lam: tr(A) ** 2, "a power of a trace"),
        (lambda m, A, lam: m.space("e", multiplicities=[]), "at least one"),
        (lambda m, A, lam: derive(tr(A / lam), at={"lam": np.inf}), "finite"),
        (lambda m, A, lam: A ** np.array([1, 2]), "whole number"),
        (lambda m, A, lam: A ** (1 / 3), "whole number; others are not rational, but for roots"),
        (lambda m, A, lam: A**np.nan, "whole number"),
        (lambda m, A, lam: A**True, "whole number"),
        (lambda m, A, lam: A**10**400, "written out it has more than"),
        (lambda m, A, lam: A + tr(A), "a trace and a matrix are not added"),
        (lambda m, A, lam: A * tr(A), "a trace times a matrix"),
        (lambda m, A, lam: m.gaussian("Y", m.names["n"], m.names["d"], variance=np.nan), "variance = nan"),
        (lambda m, A, lam: derive(tr(A)).verify(start=0.5), r"start = 0\.5 is not allowed"),
        (lambda m, A, lam: derive(tr(A)).verify(start=2.5), r"start = 2\.5 is not allowed"),
    ],
)
def test_operators_that_mean_nothing(made, says):
    m, _, D, _ = model()
    with pytest.raises(ValueError, match=says):
        made(m, m.deterministic("A", D, S), m.scalar("lam", 0.1))


@pytest.mark.parametrize("function", [np.trace, np.linalg.inv, np.asarray, np.sqrt, np.exp])
def test_functions_of_arrays_are_refused(function):
    m, _, D, _ = model()
    with pytest.raises(TypeError):
        function(m.deterministic("A", D, S))


@pytest.mark.parametrize("made", [lambda x: tr(x), lambda x: derive(x)])
def test_an_array_is_refused_in_one_line(made):
    with pytest.raises(TypeError, match=r"it must be .*\.$") as refusal:
        made(np.eye(3))
    assert "\n" not in str(refusal.value)


def test_powers_of_a_deterministic_matrix():
    """Whole numbers of any type, and halves of them."""
    m, _, D, _ = model()
    A = m.deterministic("A", D, S)
    for power in (1.5, -0.5, Fraction(3, 2), np.float32(2), 2.0, -1, 0):
        np.testing.assert_allclose(float(derive(tr(A**power)).value), np.sum(S ** float(power)), rtol=1e-14)
    assert 2 * A is np.array(2.0) * A


def test_equations_of_a_hermitisation_are_refused_as_such():
    """Not with the advice to hermitise, which was followed."""
    m, N, D, Z = model()
    A = m.deterministic("A", D, S)
    r = derive(tr((A @ Z.T @ Z / N + 1).inv()), hermitise=True)
    for asked in (lambda: r.equations, r.to_latex, r.to_python, lambda: r.limit("n")):
        with pytest.raises(ValueError, match=r"hermitise = True is not allowed: .* take `value`"):
            asked()
    plain = derive(tr(resolvent(m, N, D, Z)), hermitise=True)  # nothing to hermitise in it
    assert plain.equations.explicit


def test_a_cell_without_a_value_is_refused_by_what_is_asked_of_it():
    """In the bulk and at a pole: claims, verdicts, equations, programs."""
    m, N, D, Z = model()
    r = derive(tr(resolvent(m, N, D, Z)), at={"lambda": -0.5})
    for asked in (
        lambda: r.value,
        lambda: r.equations,
        r.to_python,
        r.verify,
        lambda: check("n", against=r.claim("a/b")),
    ):
        with pytest.raises(ValueError, match=r"at lambda = -0\.5.* the spectrum reaches the shift"):
            asked()
    pole = derive(r.trace, at={"lambda": 0.0, "n": 8})
    assert float(pole.value) == np.inf
    for asked in (lambda: pole.equations, pole.to_latex, lambda: pole.limit("lambda")):
        with pytest.raises(ValueError, match="equations at lambda = 0, n = 8, d = 12 is not allowed"):
            asked()
    for asked in (pole.verify, lambda: check("n/d", against=pole.claim("a/b"))):
        with pytest.raises(ValueError, match="value = inf is not allowed: a claim needs a finite one"):
            asked()
    for size in (0.3, 12.5):
        with pytest.raises(ValueError, match=rf"n = {size} is not allowed: it must be a whole number"):
            derive(r.trace, at={"n": size, "lambda": 0.3}).verify()


def test_quantities_of_a_negative_unknown():
    """The resolvent of a Wigner matrix minus 3: its one unknown is negative, at any precision."""
    m = MatrixModel()
    N = m.space("n", 30)
    claim = derive(tr((m.wigner("A", N, variance=1 / N) - 3).inv()) / N).claim("a/b", symbols=True)
    with mp.workdps(50):
        found = claim.quantities(**claim.grid[0])["tau_1"]
        assert abs(found - (mp.sqrt(5) - 3) / 2) < mp.mpf(10) ** -45  # tau of M = 1/(-3 - tau)


def test_a_number_stands_on_either_side_of_a_matrix():
    m, _, D, _ = model()
    A, lam = m.deterministic("A", D, S), m.scalar("lam", 0.1)
    assert lam @ A is A @ lam
    assert A ** np.int64(2) is A**2


def _exported(name, matrix, seconds):
    """Value of a derivation and of its exported module, with a scalar or matrix of that name."""
    m = MatrixModel()
    N, D = m.space("n", 20), m.space("d", 12)
    A = m.deterministic(name if matrix else "A", D, S)
    lam, c = m.scalar("lambda", 0.1), m.scalar("c" if matrix else name, 0.7)
    X = m.gaussian("Z", N, D) @ A.sqrt()
    r = derive(c * tr(A @ (X.T @ X / N + lam + c).inv()), seconds=seconds)
    source = r.to_python()
    (function,) = (f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef) and f.name == "value")
    space = {}
    exec(source, space)
    plain = {"lambda": 0.1, "n": 20, "d": 12, name: S if matrix else 0.7, "d_multiplicities": np.ones(12),
             "n_multiplicities": np.ones(20), **({"c": 0.7} if matrix else {"A": S})}  # fmt: skip
    own = [a.arg for a in function.args.args][: -len(function.args.defaults)]
    sizes = ("d_multiplicities", "n_multiplicities")
    given = {a: plain[a] if a in sizes or a in plain else plain[a.rstrip("_")] for a in own}
    if name == "d_multiplicities":
        given |= {"d_multiplicities": np.ones(12), "d_multiplicities_": 0.7}
    return float(r.value), space["value"](**given)


@pytest.mark.parametrize("name", ["kappa", "tau_1", "t1", "low", "class", "d_multiplicities"])
def test_names_that_the_equations_or_the_exported_module_use(name):
    """The internal name gives way: equations hold (`check_reduction`), and the module has the value."""
    for matrix, seconds in ((False, 60.0), (name != "d_multiplicities", 1e-9)):
        value, found = _exported(name, matrix, seconds)
        assert found == pytest.approx(value, rel=1e-12), (name, matrix, seconds)


@pytest.mark.parametrize("name", ["_x", "__", "1a", "a b", "", "x'", "a.b", "x\n", "\u00b5", "\u2115", 7, None])
def test_names_that_no_sentence_could_print(name):
    """Underscores in front, and signs that Python reads as others (micro for mu) in the modules that are written."""
    with pytest.raises(ValueError, match=r"^name = .* is not allowed: .*\.$"):
        MatrixModel().space(name, 10)


@pytest.mark.parametrize("program", [python_module._PROGRAM, python_module._PROGRAM_OF_BLOCKS])
def test_arguments_of_a_module_take_no_name_it_uses(program):
    """Whatever is declared: all that the program reads, all words of Python, and what they would be renamed to."""
    used = set(re.findall(r"[A-Za-z_]\w*", program)) | set(keyword.kwlist) | set(dir(builtins))
    names = used | {f"{name}_" for name in used} | {"t1", "t12", "ridge"}
    new = python_module.renamed(names, {"d_multiplicities"}, program)
    assert len(set(new.values())) == len(names)
    assert not any(keyword.iskeyword(n) or re.fullmatch(r"t\d+", n) or n == "d_multiplicities" for n in new.values())
    code = re.sub(r'"""[^"]*"""|#.*', "", program)
    assert not set(re.findall(r"[A-Za-z_]\w*", code)) & set(new.values())
    assert new["ridge"] == "ridge"


def test_any_scalar_in_front_of_the_identity_is_a_ridge():
    """Not only one that is called lambda."""
    m, N, _, Z = model(12, 20)
    Q = (Z.T @ Z / N + m.scalar("alpha", 0.1)).inv()
    form = derive(tr(Q @ Z.T @ Z) / N).limit("alpha")
    assert "alpha" not in map(str, form.value.free_symbols)
