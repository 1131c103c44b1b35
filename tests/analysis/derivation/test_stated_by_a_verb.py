"""Bare formulas that a verb states: what defines their letters is never judged in their place."""

from __future__ import annotations

import pytest

from solvable import check

EXCESS, BEST = "ridge/least-squares-excess", "in-context/one-step-risk"
FULL = r"\frac{d\sigma^2}{n-d-1}"


def outcome(claim: str, formula: str) -> str:
    """How `check` ends without the simulation."""
    try:
        return check(formula, against=claim, budget=0, latex=True).outcome.value
    except ValueError as error:
        return "refused" if str(error).startswith("formula = ") else str(error)


VERBS = [  # claim, sentence, the formula in it, a slip of that
    (EXCESS, r"Least squares attains ${}$, where $m=n-d-1$.", r"\frac{d\sigma^2}{m}", r"\frac{d\sigma^2}{2m}"),
    (EXCESS, r"The excess concentrates around ${}$ with $m=n-d-1$ and $v=\sigma^2$.", r"\frac{dv}{m}", r"\frac{v}{m}"),
    (EXCESS, r"Projecting leaves $m=n-d-1$ free rows, hence the risk ${}$.", r"\sigma^2 d/m", r"\sigma^2 d/(m+1)"),
    (EXCESS, r"No unbiased estimator can do better than ${}$, provided the rows are not too few.", FULL,
     r"\frac{d\sigma^2}{n-d}"),
    (EXCESS, r"On $n$ samples in dimension $d$ it pays ${}$, whatever the covariance.", FULL, r"\frac{d\sigma^2}{n}"),
    (EXCESS, r"As $n,d\to\infty$ the excess is $${}$$ for label noise $\sigma^2$.", FULL, r"\frac{2d\sigma^2}{n-d-1}"),
    ("in-context/bayes-risk", r"As $n,d\to\infty$ the Bayes risk is $${}$$ for isotropic tasks.",
     r"\frac12[d-n+\sigma^2+\sqrt{(d+n+\sigma^2)^2-4nd}]", r"\frac12[d-n+\sigma^2+\sqrt{(d+n+\sigma^2)^2-2nd}]"),
    (BEST, r"A single step attains ${}$, where $\eta=(n+d+1+\sigma^2)^{{-1}}$ is the learned step size.",
     r"\sigma^2+d(1-n\eta)", r"\sigma^2+d(1-2n\eta)"),
    ("double-descent/one-pass-sgd-stability", r"It loses stability at $\eta={}$, $c=(d+1)/B$, with $B$ the batch size.",
     r"\frac{2}{1+c}", r"\frac{1}{1+c}"),
    ("separable/bayes-error", r"The rule errs with probability ${}$ where $m=\sqrt{{\Delta_2}}$ and "
     r"$\Delta_2=\mathtt{{separation2}}$.", r"\Phi(-m)", r"\Phi(-m/2)"),
    ("sgd-stability/full-batch", r"Descent is stable for steps up to ${}$, with $\Lambda=\lambda_1$ the sharpness.",
     r"2/\Lambda", r"1/\Lambda"),
    ("imputation/isotropic-bias", r"For isotropic inputs and $\|\beta\|=1$ it has bias ${}$.", r"1-\rho", r"\rho"),
    ("factorised/recurrent-growth", r"On average the perturbation grows as ${}$ after $k$ steps.", r"e^{2k\ln g}",
     r"e^{k\ln g}"),
    ("attention/inverse-distances-keep-noise", r"The interpolant keeps a fraction ${}$ of the noise variance, where "
     r"$p>d$ is the power of the distance.", r"\frac{p-d}{p}", r"\frac{d}{p}"),
    ("diagonal-networks/two-cycle", r"The lower point of the cycle sits at ${}$.",
     r"\frac{\sqrt{\eta+3}-\sqrt{\eta-1}}{2\sqrt\eta}", r"\frac{\sqrt{\eta+3}-\sqrt{\eta-1}}{\sqrt\eta}"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "sentence", "right", "slip"), VERBS)
def test_a_formula_that_a_verb_states_is_judged(claim: str, sentence: str, right: str, slip: str) -> None:
    at = {"side": "lower"} if claim.endswith("two-cycle") else None
    assert check(sentence.format(right), against=claim, at=at, budget=0, latex=True)
    setting = r"\|\beta\|=1" in sentence  # a setting that is not read is no reason to reject
    if setting:
        assert outcome(claim, sentence.format(slip)) == "refused"
    else:
        assert check(sentence.format(slip), against=claim, at=at, budget=0, latex=True).outcome.value == "DISAGREES"


@pytest.mark.parametrize(
    "sentence",
    [
        rf"The risk differs from its floor by ${FULL}$.",
        rf"Ridge does better than ${FULL}$.",
        rf"No estimator has the risk ${FULL}$.",
        rf"The risk halves ${FULL}$.",
        rf"The variance is reduced by ${FULL}$.",
        rf"The risk has ratio ${FULL}$ to ours.",
        rf"A fraction ${FULL}$ of the signal is lost.",
        rf"Least squares pays ${FULL}$ and ridge pays $d/n$.",
        rf"Least squares pays ${FULL}$, in units of $\sigma^2$.",
        rf"It concentrates around ${FULL}$, which is twice the truth.",
        rf"The root mean squared error attains ${FULL}$.",
        rf"The risk is a function of ${FULL}$.",
    ],
)
def test_a_verb_that_alters_the_value_is_refused(sentence: str) -> None:
    assert outcome(EXCESS, sentence) == "refused"


@pytest.mark.parametrize(
    "words",
    [
        r"where $d$ is the number of samples and $n$ the dimension",
        r"where $n$ is the number of features",
        r"with $\sigma$ the noise variance",
        r"for $d$ samples",
        r"where $n$ denotes the noise variance",
    ],
)
def test_a_letter_that_is_said_to_be_another_of_the_claim_is_refused(words: str) -> None:
    assert outcome(EXCESS, rf"The excess risk is ${FULL}$, {words}.") == "refused"
    right = r"where $n$ is the number of samples, $d$ the dimension and $\sigma^2$ the noise variance"
    assert outcome(EXCESS, rf"The excess risk is ${FULL}$, {right}.") == "AGREES"


def test_a_remark_sets_nothing() -> None:
    cross = (
        r"Two members that share $cn$ rows have the correlation $$\frac{n\kappa^2 b+c\,\sigma^2\mathrm{df}_2}"
        r"{n-c\,\mathrm{df}_2},$$ which for $c=1$ is the risk of a single fit."
    )
    assert outcome("equivalents/ensemble-cross-term", cross) == "AGREES"
    assert outcome("equivalents/ensemble-cross-term", cross.replace("{n-c", "{n-2c")) == "DISAGREES"


HARMLESS_NO = [  # claim, sentence, the formula in it, a slip of that
    ("neural-collapse/parallel-minimum-norm", r"Over $L$ layers the least penalty is ${}$, and there is no duality "
     r"gap.", r"\frac L2\sum_i\sigma_i", r"L\sum_i\sigma_i"),
    ("regression/knots-at-most-n-minus-2", r"A sparsest solution has no more than ${}$ knots.", "N-2", "N-3"),
    ("convex-losses/mixture-bayes", r"No margin-based loss improves on $${}, \qquad\alpha=n/d,$$ where $s$ denotes the "
     r"separation and $\Phi$ the standard normal cdf.", r"\mathcal E=\Phi(-s^2/\sqrt{s^2+1/\alpha})",
     r"\mathcal E=\Phi(-s/\sqrt{s^2+1/\alpha})"),
    (EXCESS, r"No unbiased linear estimator improves upon ${}$.", FULL, r"\frac{d\sigma^2}{n-d}"),
    (EXCESS, r"Ridge is no better than ${}$.", FULL, r"\frac{2d\sigma^2}{n-d-1}"),
    (EXCESS, r"The excess is ${}$, and there is no peak.", FULL, r"\frac{d\sigma^2}{n}"),
    ("self-supervised/true-factors-risk", r"Knowing the factors one would pay only ${}$, where "
     r"$v=\sigma^2+\tfrac1{{21}}+\tfrac1{{22}}+\tfrac1{{23}}$.", r"\frac{v\,r}{N-r-1}", r"\frac{v\,r}{N-r}"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "sentence", "right", "slip"), HARMLESS_NO)
def test_a_no_that_alters_nothing(claim: str, sentence: str, right: str, slip: str) -> None:
    assert outcome(claim, sentence.format(right)) == "AGREES"
    assert outcome(claim, sentence.format(slip)) == "DISAGREES"


@pytest.mark.parametrize(
    "sentence",
    [
        rf"The excess is no longer ${FULL}$.",
        rf"The excess is no longer more than ${FULL}$.",
        rf"The excess is no more than twice ${FULL}$.",
        rf"The excess is ${FULL}$, and there is no noise.",
        rf"The excess is ${FULL}$, and there is no such formula.",
        rf"There is no excess ${FULL}$.",
        rf"No rule improves by ${FULL}$.",
        rf"The excess is no less than ${FULL}$.",
        rf"One would pay ${FULL}$.",
    ],
)
def test_a_no_that_alters_the_value_is_refused(sentence: str) -> None:
    assert outcome(EXCESS, sentence) == "refused"


NEAREST, UNSEEN = "attention/inverse-distances-keep-noise", "denoising/missing-directions"
SEEN = r"\frac{2(d-r)(n-d)}{n-r}"
MEANT = [  # claim, formula with its words, a slip, what the words say wrongly
    (NEAREST, r"\frac{{{}}}{{\beta}}, \qquad\text{{where }}\beta>d\text{{ is the singularity of the {}}}", r"\beta-d",
     "d", "kernel", "noise"),
    (NEAREST, r"It keeps a fraction ${}$ of the noise variance, where $s=\beta/d$ and $\beta$ is the singularity of "
     r"the {}.", "1-s^{-1}", "1-s", "kernel", "target"),
    (UNSEEN, r"2m\,{}, \qquad m=d-r\text{{ with }} r\text{{ {}}}", r"\frac{n-d}{n-r}", r"\frac{n-m}{n-r}", "rows",
     "columns"),
    (UNSEEN, r"If $r<d$ rows are seen ({1} $=r$), then $\mathbb E\|P-\hat P\|_F^2={0}$.", SEEN, SEEN[:6] + SEEN[7:],
     "rows", "dimension"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "text", "right", "slip", "word", "other"), MEANT)
def test_words_say_which_parameter_a_letter_is(
    claim: str, text: str, right: str, slip: str, word: str, other: str
) -> None:
    assert outcome(claim, text.format(right, word)) == "AGREES"
    assert outcome(claim, text.format(slip, word)) == "DISAGREES"
    assert outcome(claim, text.format(right, other)) == "refused"


IMPUTED = r"\frac{\kappa^2b}{1-\frac1n\mathrm{df}_2}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rf"{IMPUTED}, \qquad\kappa^2b\text{{ the unlearned power}}", "AGREES"),
        (rf"The risk is ${IMPUTED}$, where $\kappa^2b$ is the unlearned power.", "AGREES"),
        (rf"{IMPUTED}, \qquad\kappa b\text{{ the unlearned power}}", "DISAGREES"),
        (rf"{IMPUTED}, \qquad\kappa^2b\text{{ the noise variance}}", "DISAGREES"),
        (rf"{IMPUTED}, \qquad\kappa^2b\text{{ the learned power}}", "refused"),
        (IMPUTED.replace(r"\kappa^2b", "ab") + r", \qquad ab\text{ the unlearned power}", "refused"),
        (rf"The risk is ${IMPUTED}$, and $\frac{{b}}n$ is the unlearned power.", "refused"),
    ],
)
def test_a_product_is_called_by_a_quantity(text: str, expected: str) -> None:
    assert outcome("imputation/fit-on-imputed-inputs", text) == expected


ASIDES = [  # claim, sentence, the formula in it, a slip of that and what comes of it
    ("sgd-stability/trace-bound", r"SGD with batch size one can only be stable for $\eta\le{}$.",
     r"\frac{2}{\operatorname{tr}H}", r"\frac{1}{\operatorname{tr}H}", "DISAGREES"),
    ("sgd-stability/full-batch", r"Descent converges if and only if $0<\eta<{}$, where $\Lambda=\lambda_1$.",
     r"2/\Lambda", r"1/\Lambda", "DISAGREES"),
    ("neural-collapse/penalised-bias-switch", r"The simplex is a minimiser precisely as long as $\lambda_b\le{}$, "
     r"where $c=K\sqrt{{n\,\lambda_W\lambda_H}}$.", r"\bigl(\tfrac1c-1\bigr)^{-1}", r"\bigl(\tfrac2c-1\bigr)^{-1}",
     "DISAGREES"),
    ("in-context/random-covariance-minimiser", r"The best weight is $w_\star={}$, which tends to $1/3$ and not to $1$ "
     r"for long prompts.", r"\frac{n}{3n+d+5}", r"\frac{n}{2n+d+5}", "DISAGREES"),
    ("imputation/isotropic-bias", r"Imputation by zero costs exactly ${}$, and we normalise $\|\beta\|=1$.",
     r"\|\beta\|^2-\rho\|\beta\|^2", r"\|\beta\|^2-2\rho\|\beta\|^2", "refused"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "sentence", "right", "slip", "expected"), ASIDES)
def test_thresholds_are_stated_and_remarks_are_not(
    claim: str, sentence: str, right: str, slip: str, expected: str
) -> None:
    assert outcome(claim, sentence.format(right)) == "AGREES"
    assert outcome(claim, sentence.format(slip)) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        r"Descent is unstable only for $\eta\le 2/\lambda_1$.",
        r"Descent converges only if $\eta\ge 2/\lambda_1$.",
        r"Descent converges for $\eta\le 1/\lambda_1$.",
        r"The formula holds only for $\eta<2/\lambda_1$.",
        r"The iteration oscillates precisely when $\eta\le 2/\lambda_1$.",
        r"The threshold is not $2/\lambda_1$, which tends to $1$.",
        r"The threshold is $2/\lambda_1$ and not $1$.",
    ],
)
def test_a_range_is_no_threshold(sentence: str) -> None:
    assert outcome("sgd-stability/full-batch", sentence) == "refused"


@pytest.mark.parametrize(
    ("rate", "ratio", "atom", "place", "expected"),
    [
        ("2t", "d/n", r"1-1/\gamma", "0", "AGREES"),
        ("t", "d/n", r"1-1/\gamma", "0", "DISAGREES"),
        ("2t", "d/n", r"1-\gamma", "0", "refused"),
        ("2t", "n/d", r"1-1/\gamma", "0", "refused"),
        ("2t", "d/n", r"1-1/\gamma", "1", "refused"),
    ],
)
def test_a_law_is_named_with_its_atom(rate: str, ratio: str, atom: str, place: str, expected: str) -> None:
    law = rf"\mu \text{{ is the Marchenko-Pastur law of ratio }} \gamma={ratio} \text{{ with its atom }} ({atom})_+"
    text = rf"L(t)=\int e^{{-{rate}s}}\,d\mu(s), \text{{ where }} {law} \text{{ at }} {place}"
    assert outcome("feature-learning/linear-test", text) == expected
