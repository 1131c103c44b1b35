"""Expression trees written in LaTeX and as notebooks in many styles are read back; no slip put into a form agrees."""

import random

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solvable import check, claims
from solvable.analysis.derivation.admission import why_not
from solvable.analysis.derivation.edits import edits
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.notation import parse
from solvable.analysis.derivation.notebook import as_one_statement

s, g, n, d = sp.symbols("sigma gamma n d", positive=True)
LETTERS = {s: r"\sigma", g: r"\gamma", n: "n", d: "d"}
FUNCTIONS = {"exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "arctan": sp.atan, "cosh": sp.cosh}
BRACKETS = [("(", ")"), (r"\left(", r"\right)"), (r"\bigl(", r"\bigr)"), (r"\left[", r"\right]"),
            (r"\Big\{", r"\Big\}"), ("[", "]")]  # fmt: skip
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
SPACES = ["", " ", r"\,", r"\;", r"\!"]
FRACTIONS = [r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"]


def trees():
    leaves = st.sampled_from([s, g, n, d, sp.Integer(2), sp.Integer(3), sp.Rational(1, 2)])
    grown = lambda inner: st.one_of(  # noqa: E731
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), inner, inner), st.tuples(st.just("^"), inner),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner),
    )  # fmt: skip
    return st.recursive(leaves, grown, max_leaves=7)


class Style:
    """One hand: every choice is drawn anew."""

    def __init__(self, seed):
        self.draw = random.Random(seed)

    def bracketed(self, text):
        opening, closing = self.draw.choice(BRACKETS)
        return f"{opening}{text}{closing}"

    def group(self, text):
        return f"{{{text}}}"

    def latex(self, tree):
        """LaTeX, its value, and how tightly it binds: sum 0, product 1, power 2, atom 3."""
        if not isinstance(tree, tuple):
            if tree in LETTERS:
                return LETTERS[tree], tree, 3
            if tree == sp.Rational(1, 2):
                return self.draw.choice([r"\frac12", r"\tfrac{1}{2}", r"\frac{1}{2}"]), tree, 3
            return str(tree), tree, 3
        parts = [self.latex(part) for part in tree[1:]]
        (a, left, tight), (b, right, below) = parts[0], parts[-1]
        space = self.draw.choice(SPACES)
        if tree[0] in FUNCTIONS:
            if tree[0] == "sqrt":
                return rf"\sqrt{{{a}}}", sp.sqrt(left), 3
            name = self.draw.choice(["ln", "log"]) if tree[0] == "log" else tree[0]
            name = self.draw.choice([rf"\{name}", rf"\operatorname{{{name}}}", rf"\mathrm{{{name}}}"])
            if tree[0] == "exp" and self.draw.random() < 0.5:
                return f"e^{{{a}}}", sp.exp(left), 2
            return f"{name}{self.bracketed(a)}", FUNCTIONS[tree[0]](left), 3
        if tree[0] == "^":
            base = a if tight == 3 and not a.startswith("\\frac") and left in LETTERS else self.bracketed(a)
            return f"{base}^{self.draw.choice(['2', '{2}'])}", left**2, 2
        if tree[0] in "+-":
            b = b if below > 0 or tree[0] == "+" else self.bracketed(b)
            return f"{a}{space} {tree[0]} {b}", left + right if tree[0] == "+" else left - right, 0
        if tree[0] == "/" and self.draw.random() < 0.8:
            return rf"{self.draw.choice(FRACTIONS)}{{{a}}}{{{b}}}", left / right if right != 0 else sp.nan, 3
        if tree[0] == "/":
            return self.group(rf"{a} \over {b}"), left / right if right != 0 else sp.nan, 3
        a = a if tight > 1 else self.bracketed(a)
        b = b if below > 1 and not b[0].isdigit() else self.bracketed(b)
        sign = self.draw.choice([r"\cdot ", r"\times ", space + " ", space + " "])
        return f"{a}{sign}{b}", left * right, 1


def value_at(expression, at):
    try:
        return complex(expression.subs(at).evalf(20))
    except (TypeError, OverflowError):  # an exponential of an exponential
        return None


def equal(one, other):
    """At three places, twenty digits: simplification proves less and takes longer."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        at = {name: sp.Rational(int(rng.integers(2, 40)), 13) for name in LETTERS}
        b = value_at(other, at)
        assume(b is not None and abs(b) < 1e100)
        a = value_at(one, at)
        if a is None or not abs(a - b) <= 1e-12 * max(1.0, abs(b)):
            return False
    return True


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(trees(), st.integers(0, 10**6))
def test_latex_in_any_hand_is_read_back(tree, seed):
    text, value, _ = Style(seed).latex(tree)
    if not value.has(sp.nan, sp.zoo) and max((abs(x) for x in value.atoms(sp.Integer)), default=0) < 10**6:
        assert equal(parse(text, latex=True), value), text


def written(tree):
    """Python of a tree, with numpy's names."""
    if not isinstance(tree, tuple):
        return str(tree)
    parts = [written(part) for part in tree[1:]]
    if tree[0] in FUNCTIONS:
        return f"np.{tree[0]}({parts[0]})"
    return f"({parts[0]})**2" if tree[0] == "^" else f"(({parts[0]}) {tree[0]} ({parts[1]}))"


def value_of(tree):
    if not isinstance(tree, tuple):
        return tree
    parts = [value_of(part) for part in tree[1:]]
    if tree[0] in FUNCTIONS:
        return FUNCTIONS[tree[0]](parts[0])
    a, b = parts[0], parts[-1]
    return {"^": lambda: a**2, "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b,
            "/": lambda: a / b if b != 0 else sp.nan}[tree[0]]()  # fmt: skip


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(trees(), trees(), st.sampled_from(["; ", "\n", ";\n", "  # so far\n"]))
def test_assignments_may_come_first(first, second, between):
    value = value_of(first) * g + value_of(second)
    if not value.has(sp.nan, sp.zoo):
        text = f"first = {written(first)}{between}second = {written(second)}{between}first*gamma + second"
        statement, *definitions = as_one_statement(text).split("; ")
        assert statement == "first*gamma + second"
        assert [line.partition(" = ")[0] for line in definitions] == ["first", "second"]
        found = read_formula(text, None).expression
        assert equal(found, value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a = 1; b = 2; a + b; a - b", "2 of its statements"), ("a = b; b = a", "0 of its statements"),
     ("np.polyfit(n, d)", "unknown")],
)  # fmt: skip
def test_what_is_no_single_formula_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        read_formula(text, None)


FORMS = [claim for claim in claims() if claim.formula is not None and claim.side is None
         and claim.quantities is None and not why_not(claim)]  # fmt: skip


def slips(claim):
    """Corrections of the pen of a closed form are slips of it just as well."""
    reference = read_formula(claim.formula, claim).expression
    return [] if reference.has(sp.Piecewise) else edits(reference)


@pytest.mark.parametrize("claim", random.Random(18).sample(FORMS, 5), ids=lambda claim: claim.name)
def test_a_slip_of_the_pen_is_not_passed_over(claim):
    """Two of each: what they are called is measured by the benchmark; here nothing wrong may agree."""
    for text, wrong in random.Random(claim.name).sample(slips(claim), min(2, len(slips(claim)))):
        report = check(wrong, against=claim, budget=0)
        same = all(abs(row["yours"] - row["ours"]) <= 1e-12 * abs(row["ours"]) for row in report.rows)
        assert not report or same or report.sense or "as" in report.sentence, (text, report.sentence)
