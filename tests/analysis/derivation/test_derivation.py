"""`check`: verdicts on right, slipped and wrong formulas, hostile text, and the report."""

import json
import time

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from solvable import CheckReport, Outcome, check, check_bound, check_rate
from solvable.analysis.derivation import quantities
from solvable.analysis.derivation.notation import parse
from solvable.solvers import Spectrum, random_feature_risk, ridge_risk

VARIANCE, EXCESS = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-ridgeless-excess"


def quickly(formula, against, **kwargs):
    return check(formula, against=against, budget=0, **kwargs)


@pytest.mark.parametrize(
    ("formula", "against"),
    [
        ("sigma**2*gamma/(1-gamma)", VARIANCE),
        ("σ²·γ/(1−γ)", VARIANCE),
        ("noise_variance*(1/(1-gamma) - 1)", VARIANCE),
        ("sigma^2*gamma/(1-gamma) if gamma < 1 else r2*(1-1/gamma) + sigma^2/(gamma-1)", EXCESS),
        ("Piecewise((sigma**2*gamma/(1-gamma), gamma < 1), (r2*(1-1/gamma) + sigma**2/(gamma-1), True))", EXCESS),
        ("sigma2*d/(n-d-1)", "ridge/least-squares-excess"),
        ("1/(gamma*mp_mean(1/(x + lam)) + (1 - gamma)/lam)", "ridge/isotropic-effective-ridge"),
        ("n/(n - df2)*(unlearned + sigma**2)", "ridge/test-error"),
        ("(1 - df1/n)**2*n/(n - df2)*(unlearned + sigma**2)", "ridge/train-error"),
        ("n*((S1 + sigma**2)*(a + w) + S2*w)/(a*b + w*(a + b))", "random-features/test-error"),
    ],
)
def test_right_formulas_agree(formula, against):
    report = quickly(formula, against)
    assert report.sentence == "agrees everywhere tried", str(report)
    assert report.outcome is Outcome.AGREES


def test_the_quantity_itself_says_nothing():
    with pytest.raises(ValueError, match="kappa is what the claim is about: write what it is"):
        quickly("kappa", "ridge/isotropic-effective-ridge")


@pytest.mark.parametrize(
    ("formula", "against", "sentence"),
    [
        ("2*sigma**2*gamma/(1-gamma)", VARIANCE, "differs by the constant factor 2"),
        ("1.37*sigma**2*gamma/(1-gamma)", VARIANCE, "differs by the constant factor 1.37"),
        ("sigma**2*gamma/(1-gamma)", EXCESS, "agrees for gamma < 1 only"),
        ("r2*(1-1/gamma) + sigma**2/(gamma-1)", EXCESS, "agrees for gamma > 1 only"),
        ("sigma**2*d/(n-d-1)*n/(n-1)", "ridge/least-squares-excess", "differs by the factor n/(n - 1)"),
        ("sigma**2*d/(n-d)", "ridge/least-squares-excess", "agrees after n -> n - 1"),
        ("sigma**2*n/(d-n-1)", "ridge/least-squares-excess", "n <-> d"),
        ("n/(n-df2)*unlearned + sigma**2*df2/(n-df2)", "ridge/test-error",
         "differs by additive sigma**2: yours excludes label noise"),
        ("sigma**2*gamma/(1-gamma) + sigma**2", VARIANCE, "additive sigma**2: yours includes label noise"),
        ("(sqrt((1-2*lam-gamma)**2+8*lam)-(1-2*lam-gamma))/2", "ridge/isotropic-effective-ridge",
         "ridge convention: agrees after lam -> lam/2"),
        ("2*(sqrt((1-n*lam-gamma)**2+4*n*lam)-(1-n*lam-gamma))/2", "ridge/isotropic-effective-ridge",
         "ridge convention: after lam -> lam/n it differs by the constant factor 2"),
        ("sigma**2*log(1/(1-gamma))", VARIANCE, "leading order"),
        ("sigma**2*(2 + sin(9*gamma))", VARIANCE, "no common slip explains it"),
        (lambda gamma, noise_variance: 3 * noise_variance * gamma / (1 - gamma), VARIANCE, "constant factor 3"),
    ],
)  # fmt: skip
def test_slips_are_named(formula, against, sentence):
    report = quickly(formula, against)
    assert sentence in report.sentence, str(report)
    assert report.outcome is Outcome.DISAGREES


def test_the_ridge_of_another_convention():
    """A user's un-normalised ridge is translated; taken for the normalised one it is diagnosed."""
    text = "(sqrt((1-L-gamma)**2+4*L)-(1-L-gamma))/2"
    assert quickly(text, "ridge/isotropic-effective-ridge", symbols={"L": "lam"}).outcome is Outcome.AGREES
    report = quickly(text, "ridge/isotropic-effective-ridge", symbols={"L": "n*lam"})
    assert report.sentence == "ridge convention: agrees after lam -> lam/n"


def test_simulation_stage_sees_what_the_formula_misses():
    right = check("sigma**2*gamma/(1-gamma)", against=VARIANCE)
    assert right.stages[-1].outcome == "AGREES"
    off = check("1.05*sigma**2*gamma/(1-gamma)", against=VARIANCE)
    assert off.stages[-1].outcome == "DISAGREES"


def test_latex():
    assert quickly(r"\frac{\sigma^2 \gamma}{1-\gamma}", VARIANCE, latex=True).outcome is Outcome.AGREES
    assert quickly(r"$\|\beta\|^2(1-\frac{1}{\gamma})+\frac{\sigma^2}{\gamma-1}$", EXCESS, latex=True).sentence == (
        "agrees for gamma > 1 only"
    )
    text = r"\frac{n}{n-\mathrm{df}_2}(\mathrm{unlearned}+\sigma^2)"
    assert quickly(text, "ridge/test-error", latex=True).outcome is Outcome.AGREES
    for hostile in (r"\input{/etc/passwd}", r"\def\a{\a\a}\a", r"x^{999999}", "{" * 900, r"\frac{1}{"):
        with pytest.raises(ValueError, match="not allowed"):
            quickly(hostile, VARIANCE, latex=True)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "gamma.__class__", "(lambda: 1)()", "[x for x in (1,)]", "open('f')",
        "9**9**9",
        "gamma**(10**9)", "2**(3**500)", "(" * 3000 + "1" + ")" * 3000, "-" * 9000 + "gamma", "x" * 10**6, "", "1/0",
        "gamma if True", "f'{gamma}'", "gamma; gamma", "gamma = 1", "'a'*10**9", "exec('1')", "sqrt()",
        "log(1, 2, 3, 4)",
        "1" * 400, "gamma < 1", "~gamma", "gamma @ gamma", "__builtins__", "1j", "mp_mean()", "Piecewise(1)", "\0",
        "gamma < 'a'", "yield", "*gamma", "gamma[0]", "1e999", "True + gamma is gamma", "sqrt(x=1)",
    ],
)  # fmt: skip
def test_hostile_text_is_one_sentence_within_a_second(text):
    started = time.process_time()
    with pytest.raises(ValueError, match="is not allowed") as caught:
        quickly(text, VARIANCE)
    assert time.process_time() - started < 1  # of the processor, whatever else runs
    assert len(str(caught.value)) < 600


def test_refusals():
    with pytest.raises(ValueError, match="one of them"):
        check("1")
    with pytest.raises(LookupError, match="ridge/"):
        check("1", against="ridge/isotropic-ridgeless-varianse")
    with pytest.raises(ValueError, match="known are"):
        quickly("foo*gamma", VARIANCE)
    with pytest.raises(ValueError, match="rng"):
        quickly("gamma", VARIANCE, rng="seed")
    with pytest.raises(ValueError, match="whole number"):
        quickly("gamma", VARIANCE, at={"n": 10.5})
    with pytest.raises(ValueError, match="parameters are"):
        quickly("gamma", VARIANCE, at={"m": 10})
    with pytest.raises(ValueError, match="names"):
        quickly(lambda *a: 1, VARIANCE)
    with pytest.raises(ValueError, match="needs the parameters"):
        check("1", experiment=lambda rng: 1.0)
    with pytest.raises(ValueError, match="side"):
        check_bound("1", lambda rng: 1.0, {"n": 1}, side="both")


def test_own_experiments():
    """Seed 0. The mean of n squared normals; the variance of a mean; a bound; an exponent; each also wrong by 5 %."""
    draw = lambda rng, n: float(np.sum(rng.standard_normal(n) ** 2))  # noqa: E731
    assert check("n", experiment=draw, at={"n": [100, 200]}, tolerance=0.02).outcome is Outcome.AGREES
    assert check("1.05*n", experiment=draw, at={"n": [100, 200]}, tolerance=0.02).outcome is Outcome.DISAGREES
    assert check(lambda n: n, experiment=draw, at=[{"n": 100}], tolerance=0.02).outcome is Outcome.AGREES
    largest = lambda rng, n: float(np.linalg.eigvalsh(np.cov(rng.standard_normal((n, 2 * n))))[-1])  # noqa: E731
    limit = check("(1 + sqrt(1/2))**2", experiment=largest, at={"n": 20}, size="n", tolerance=0.05)
    assert limit.outcome is not Outcome.DISAGREES
    square = lambda rng, n: float(rng.standard_normal(n).mean() ** 2)  # noqa: E731
    squares = lambda rng, n: float(np.mean(rng.standard_normal((200, n)).mean(axis=1) ** 2))  # noqa: E731
    assert check_rate(squares, exponent=-1, at={"n": 10}).outcome is Outcome.AGREES
    assert check_rate(squares, exponent=-0.5, at={"n": 10}).outcome is Outcome.DISAGREES
    assert check_rate(square, exponent=-1, at={"n": 10}, budget=256).outcome is Outcome.INCONCLUSIVE
    assert check_bound("1.5/n", square, {"n": [5, 20]}).outcome is Outcome.AGREES
    assert check_bound("0.5/n", square, {"n": [5, 20]}).outcome is Outcome.DISAGREES
    assert check_bound("0.5/n", square, {"n": [5, 20]}, side="lower").outcome is Outcome.AGREES


def test_places_and_seeds():
    report = quickly("sigma**2*gamma/(1-gamma)", VARIANCE, at={"gamma": np.linspace(0.1, 0.9, 3), "n": 40})
    assert [row["parameters"]["gamma"] for row in report.rows] == pytest.approx([0.1, 0.5, 0.9])
    first, second = (check("sigma**2*gamma/(1-gamma)", against=VARIANCE, rng=np.random.default_rng(5)) for _ in "ab")
    assert str(first) == str(second)
    assert first.simulation.rows[0].measured == second.simulation.rows[0].measured


def test_report(tmp_path):
    report = check("sigma**2*gamma/(1-gamma)", against=VARIANCE)
    frame = report.to_dataframe()
    assert len(frame) == len(report.simulation.rows)
    assert {"gamma", "prediction", "measured", "low", "high", "outcome"} <= set(frame.columns)
    assert report.to_latex().count(r"\\") == len(frame) + 1
    assert r"noise\_variance" in report.to_latex()
    page = report._repr_html_()
    assert page.count("<circle") == len(frame)
    assert "agrees everywhere tried" in page
    saved = json.loads(report.save(tmp_path / "report.json").read_text())
    assert saved["outcome"] == "AGREES"
    assert "<script>" not in CheckReport("<script>", Outcome.AGREES, (), "<script>", "x", (), (), None)._repr_html_()
    assert len(quickly("gamma", VARIANCE).to_dataframe()) == 3


def test_high_precision_quantities_are_those_of_the_solvers():
    s = np.arange(1, 41.0) ** -1.5
    spectrum = Spectrum(s, s)
    with mp.workdps(40):
        found = quantities.ridge_quantities(spectrum, 20, 0.01)
        residual = found["df1"] + mp.mpf(20) * mp.mpf(0.01) / found["kappa"] - 20
        assert abs(residual) < mp.mpf(10) ** -36
        risk = ridge_risk(spectrum, 20, 20 * 0.01, 0.0)
        assert float(found["kappa"]) == pytest.approx(float(risk.effective_ridge), rel=1e-13)
        assert float(found["unlearned"] * 20 / (20 - found["df2"])) == pytest.approx(float(risk.bias), rel=1e-13)
        for ridge in (0.1, 0.0):
            shallow = quantities.random_feature_quantities(spectrum, 20, 12, ridge)
            exact = random_feature_risk(spectrum, 20, 12, ridge)
            for name, field in (("gamma_rf", "gamma"), ("kappa", "effective_ridge"), ("z", "z"), ("q", "q")):
                assert float(shallow[name]) == pytest.approx(float(getattr(exact, field)), rel=1e-12)
        for gamma in ("0.5", "2"):  # the mean of x is 1, of x^2 is 1 + gamma
            one = quantities.marchenko_pastur_mean(lambda x: x, mp.mpf(gamma))
            two = quantities.marchenko_pastur_mean(lambda x: x**2, mp.mpf(gamma))
            assert abs(one - 1) < 1e-15
            assert abs(two - 1 - mp.mpf(gamma)) < 1e-15


def test_notation_reads_numbers_as_written():
    assert parse("0.1*x") == sp.Rational(1, 10) * sp.Symbol("x", positive=True)
    assert parse("2^3") == 8
    assert parse("gamma_function(5)") == 24
    assert parse("x if a < b < c else y").func is sp.Piecewise


def test_instances_of_numbers_are_drawn():
    """Label noise on a diagonal network: the prediction names what the run measured."""
    name = "diagonal-networks/label-noise-shrinks-the-scale"
    right = check("4*squares*(label_noise + residual)/steps_per_time**2", against=name, budget=0)
    assert right.sentence == "agrees everywhere tried"
    assert check("2*squares*(label_noise + residual)/steps_per_time**2", against=name, budget=0).outcome.value == (
        "DISAGREES"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [("imputation/optimum-is-ridge", "no formula in numbers can name"), ("diagonal-networks/plateaus", "a vector")],
)
def test_instances_of_arrays_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        check("1", against=name, budget=0)
