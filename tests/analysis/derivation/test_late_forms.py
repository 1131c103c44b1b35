"""Forms behind a bound, in aligned lines and behind an arrow; powers of functions; means of a named activation."""

from __future__ import annotations

import pytest

from solvable import check

FROBENIUS, STABLE = "sgd-stability/frobenius-bound", "double-descent/one-pass-sgd-stability"
RIDGE, SPIKE, LEAST = "equivalents/ridge", "equivalents/spike", "ridge/least-squares-excess"
KAPPA, PRICE, SUBSPACE = (
    "ridge/isotropic-effective-ridge",
    "wide-networks/price-theorem",
    "embeddings/index-space-variance",
)
ROOT = r"\kappa=\frac{\lambda+\gamma-1+\sqrt{(\lambda+\gamma-1)^2+4\lambda}}{2}"


def outcome(claim: str, formula: str, at: dict[str, str] | None = None) -> str:
    """How `check` ends without the simulation; an error of another argument than the formula is shown."""
    try:
        return check(formula, against=claim, at=at, budget=0, latex=True).outcome.value
    except ValueError as error:
        return "refused" if str(error).startswith("formula = ") else str(error)


CHAINS = [  # claim, formula in two equal forms, both forms of a wrong twin, a form that is not equal to the last one
    (FROBENIUS, r"\eta\le{}={}", (r"\frac{1}{\sqrt{2\operatorname{tr}(H^2)}}", r"\frac{1}{\sqrt2\,\|H\|_F}"),
     (r"\frac{1}{\sqrt{8\operatorname{tr}(H^2)}}", r"\frac{1}{2\sqrt2\,\|H\|_F}")),
    (STABLE, r"\eta<{}={},\quad c=(d+1)/B", (r"\frac{2}{1+c}", r"\frac{2B}{B+d+1}"),
     (r"\frac{1}{1+c}", r"\frac{B}{B+d+1}")),
    (STABLE, r"\eta<\eta_c={}={},\quad c=(d+1)/B", (r"\frac{2}{1+c}", r"\frac{2B}{B+d+1}"),
     (r"\frac{1}{1+c}", r"\frac{B}{B+d+1}")),
    ("sgd-stability/full-batch", r"s\le{}={}", (r"\frac{4}{2\lambda_1}", r"\frac{2}{\lambda_1}"),
     (r"\frac{2}{2\lambda_1}", r"\frac{1}{\lambda_1}")),
    (SPIKE, "\\begin{{aligned}}\n\\mathcal R(\\hat\\beta_\\lambda)-\\sigma^2&\\simeq{}\\\\\n&={}\n\\end{{aligned}}",
     (r"\frac{n}{n-\mathrm{df}_2}(\sigma^2+\kappa^2b)-\sigma^2",
      r"\frac{n\kappa^2b+\sigma^2\,\mathrm{df}_2}{n-\mathrm{df}_2}"),
     (r"\frac{n}{n-\mathrm{df}_2}(2\sigma^2+\kappa^2b)-2\sigma^2",
      r"\frac{n\kappa^2b+2\sigma^2\,\mathrm{df}_2}{n-\mathrm{df}_2}")),
    (LEAST, r"\begin{{aligned}}\mathcal E&={}\\&\simeq{},\end{{aligned}}\qquad v=\sigma^2",
     (r"\frac{n-1}{n-d-1}v-v", r"\frac{dv}{n-d-1}"), (r"2\frac{n-1}{n-d-1}v-2v", r"\frac{2dv}{n-d-1}")),
    (LEAST, r"R_{{\rm test}}-\sigma^2={}={}", (r"\frac{n-1}{n-d-1}\sigma^2-\sigma^2", r"\frac{d\sigma^2}{n-d-1}"),
     (r"\frac{n}{n-d}\sigma^2-\sigma^2", r"\frac{d\sigma^2}{n-d}")),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "chain", "right", "wrong"), CHAINS)
def test_the_last_of_a_chain_is_judged_and_the_others_have_to_equal_it(
    claim: str, chain: str, right: tuple[str, str], wrong: tuple[str, str]
) -> None:
    assert outcome(claim, chain.format(*right)) == "AGREES"
    bounded = r"\eta_c" in chain  # what the quantity bounds is not read
    assert outcome(claim, chain.format(*wrong)) == ("refused" if bounded else "DISAGREES")
    assert outcome(claim, chain.format(wrong[0], right[1])) == "refused"
    assert outcome(claim, chain.format(right[0], wrong[1])) == "refused"


@pytest.mark.parametrize("signs", [(r"\le", "<"), (r"\le", r"\simeq"), (r"\ge", r"\le")])
def test_a_bound_of_a_bound_is_refused(signs: tuple[str, str]) -> None:
    first, second = signs
    assert outcome(STABLE, rf"\eta{first}\frac{{2}}{{1+(d+1)/B}}{second}\frac{{2B}}{{B+d+1}}") == "refused"


def test_an_environment_closes_before_definitions_and_before_nothing_else() -> None:
    lines = (
        r"\begin{{aligned}}\mathbb E\|\hat\beta-\beta\|^2&=\mathbb E\|(I-P)\beta\|^2"
        r"+\sigma^2\,\mathbb E\operatorname{{tr}}(XX^\top)^{{-1}}\\&=\Bigl(1-\frac nd\Bigr)r^2"
        r"+\frac{{n}}{{d-n-1}}\,\sigma^2,\end{{aligned}}{}"
    )
    assert outcome("diagonal-networks/least-l2-risk", lines.format(r"\qquad r=\|\beta\|")) == "AGREES"
    assert outcome("diagonal-networks/least-l2-risk", lines.format(r"\qquad r=2\|\beta\|")) != "AGREES"
    assert outcome(LEAST, r"\begin{aligned}\mathcal E&=\frac{d\sigma^2}{n-d-1}\end{aligned}+1") == "refused"


@pytest.mark.parametrize(
    "front",
    [
        r"\lambda=\kappa\Bigl(1-\frac{\gamma}{1+\kappa}\Bigr)\ \Longrightarrow\ ",
        r"\lambda=\kappa-\frac{\gamma\kappa}{1+\kappa}\iff ",
        r"\kappa^2+(1-\lambda-\gamma)\kappa=\lambda\Rightarrow ",
    ],
)
def test_what_an_equation_is_solved_for_is_the_formula(front: str) -> None:
    assert outcome(KAPPA, front + ROOT) == "AGREES"
    assert outcome(KAPPA, front + ROOT.replace("4", "2")) == "DISAGREES"


def test_the_quantity_in_front_of_an_arrow_is_not_passed_over() -> None:
    behind = r"\Rightarrow\lambda=\kappa\Bigl(1-\frac{\gamma}{1+\kappa}\Bigr)"
    assert outcome(KAPPA, ROOT.replace("4", "2") + behind) == "refused"
    assert outcome(KAPPA, r"s=\lambda+\gamma-1\Rightarrow\kappa=\frac{s+\sqrt{s^2+4\lambda}}{2}") == "AGREES"


@pytest.mark.parametrize(("power", "expected"), [("-2", "AGREES"), ("-3", "DISAGREES"), ("-k", "refused")])
def test_a_function_with_a_negative_power_other_than_one_is_a_power(power: str, expected: str) -> None:
    mean = rf"\mathbb E_{{g\sim N(0,1)}}[\cosh^{{{power}}}(g)]"
    formula = rf"V_p=(p-1)\left(\frac{{1+\tau^2}}{{a^2}}-\frac1a\right),\qquad a={mean},\ \tau^2=0.09"
    assert outcome(SUBSPACE, formula) == expected


@pytest.mark.parametrize(
    ("activation", "left", "right", "wrong"),
    [
        ("cos", r"\frac{\partial}{\partial c}\mathbb E[\cos u\cos v]", r"e^{-(q_1+q_2)/2}\sinh(c)",
         r"e^{-(q_1+q_2)/2}\cosh(c)"),
        ("sin", r"\partial_c\mathbb E\left[\sin(u)\sin(v)\right]", r"e^{-(q_1+q_2)/2}\cosh(c)",
         r"e^{-(q_1+q_2)/2}\sinh(c)"),
        ("exp", r"\frac{d}{dc}\mathbb E[\exp(u)\exp(v)]", r"e^{c+(q_1+q_2)/2}", r"e^{2c+(q_1+q_2)/2}"),
        ("erf", r"\frac{\partial}{\partial c}\mathbb E[\operatorname{erf}(u)\operatorname{erf}(v)]",
         r"\frac{4}{\pi\sqrt{(1+2q_1)(1+2q_2)-4c^2}}", r"\frac{2}{\pi\sqrt{(1+2q_1)(1+2q_2)-4c^2}}"),
    ],
)  # fmt: skip
def test_the_derivative_of_a_mean_of_the_activation_asked(activation: str, left: str, right: str, wrong: str) -> None:
    at = {"activation": activation}
    assert outcome(PRICE, f"{left}={right}", at) == "AGREES"
    assert outcome(PRICE, f"By Price's theorem ${left}={right}$.", at) == "AGREES"
    assert outcome(PRICE, f"{left}={wrong}", at) == "DISAGREES"
    other = {"activation": "sin" if activation != "sin" else "cos"}
    assert outcome(PRICE, f"{left}={right}", other) == "refused"


@pytest.mark.parametrize(
    "left", [r"\cos u\sin v", r"\cos^2(u)\cos^2(v)", r"2\cos(u)\cos(v)", r"\phi(u)^2\phi(v)^2", r"\cos u\cos u"]
)
def test_a_mean_of_something_else_is_refused(left: str) -> None:
    formula = rf"\partial_c\mathbb E[{left}]=e^{{-(q_1+q_2)/2}}\sinh(c)"
    assert outcome(PRICE, formula, {"activation": "cos"}) == "refused"


def test_an_error_less_the_noise_is_the_excess() -> None:
    excess = r"\frac{n\kappa^2b+\sigma^2\,\mathrm{df}_2}{n-\mathrm{df}_2}"
    for left in (
        r"\mathcal R(\hat\beta_\lambda)-\sigma^2",
        r"R_{\rm test}-\sigma_\varepsilon^2",
        r"E_{\mathrm{gen}}-\sigma^2",
    ):
        assert outcome(RIDGE, f"{left}={excess}".replace("_\\varepsilon", "")) == "AGREES"
        assert (
            outcome(RIDGE, f"{left}={excess}".replace("_\\varepsilon", "").replace("df}_2}{", "df}_1}{")) == "DISAGREES"
        )
    train = rf"R_{{\rm train}}-\sigma^2={excess}".replace("df}_2}{", "df}_1}{")
    assert outcome(RIDGE, train) == "refused"


@pytest.mark.parametrize("letter", [r"\mathcal E", "E", r"\mathsf R"])
def test_the_equation_that_uses_the_first_is_the_formula(letter):
    first, behind = r"\frac{\sigma^2d}{n-d-1}", r"\frac{\sigma_0^2d}{n_0-d-1}"
    lines = rf"$$\begin{{aligned}}{letter}_0&={first},\\ {letter}_t&={letter}_0+%s\,{behind}.\end{{aligned}}$$"
    assert check(lines % "t", "model-collapse/least-squares", latex=True, budget=0)
    assert not check(lines % "2t", "model-collapse/least-squares", latex=True, budget=0)
