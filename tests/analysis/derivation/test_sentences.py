"""Whole sentences: what they state is judged, what they only speak of is named, words that change it are refused."""

from __future__ import annotations

import random

import pytest

from solvable import check
from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.latex_segments import segments_of

EXCESS = "ridge/least-squares-excess"
PROPERTY_SEED, PROPERTY_SIZE = 20261129, 200


def judged(claim: str, formula: str) -> str:
    """How `check` ends without the simulation."""
    return check(formula, against=claim, budget=0, latex=True).outcome.value


SENTENCES = [  # claim, a right sentence, its wrong twin
    (
        EXCESS,
        r"Let the rows of $X$ be i.i.d. $\mathcal N(0,\Sigma)$. For $n>d+1$ the inverse Wishart mean gives "
        r"$$\mathbb E\|\hat\beta-\beta\|^2 = \frac{d\sigma^2}{n-d-1}.$$",
        r"Let the rows of $X$ be i.i.d. $\mathcal N(0,\Sigma)$. For $n>d+1$ the inverse Wishart mean gives "
        r"$$\mathbb E\|\hat\beta-\beta\|^2 = \frac{d\sigma^2}{n-d}.$$",
    ),
    (
        "denoising/slow-mode",
        r"The chain $X_{k+1}\mid X_k$ is an AR(1) process, so "
        r"$\mathrm{Corr}(X_{k+1},X_k) = 1-\frac{\tau^2}{v+\tau^2}$.",
        r"The chain $X_{k+1}\mid X_k$ is an AR(1) process, so $\mathrm{Corr}(X_{k+1},X_k) = 1-\frac{\tau}{v+\tau^2}$.",
    ),
    (
        "ridge/isotropic-ridgeless-excess",
        r"(i) For $\gamma<1$, $R=\sigma^2\frac{\gamma}{1-\gamma}$. "
        r"(ii) For $\gamma>1$, $R=\|\beta\|^2(1-\frac1\gamma)+\frac{\sigma^2}{\gamma-1}$.",
        r"(i) For $\gamma<1$, $R=\sigma^2\frac{\gamma}{1-\gamma}$. "
        r"(ii) For $\gamma>1$, $R=\|\beta\|^2(1-\frac1\gamma)+\frac{\sigma^2}{\gamma+1}$.",
    ),
    (
        "model-collapse/bias-exponent",
        r"It saturates: (a) if $r\le1$ it is $-2\ell r$; (b) if $r>1$ it is $-2\ell$.",
        r"It saturates: (a) if $r\le1$ it is $-2\ell r$; (b) if $r>1$ it is $-\ell$.",
    ),
    (
        "ridge/isotropic-effective-ridge",
        r"For $\Sigma=I_p$ and $\gamma = p/n$, $\kappa$ is the larger root of "
        r"$$\kappa^2+(1-\gamma-\lambda)\kappa-\lambda=0.$$",
        r"With $\gamma = p/n$, $\kappa$ is the larger root of $$\kappa^2+(1-\gamma+\lambda)\kappa-\lambda=0.$$",
    ),
    (
        "random-features/bias",
        r"Writing $z=\sum_i g_i$, $w=\sum_i g_i(1-g_i)$, $S_1=\sum_i(1-g_i)^2v_i^2$, $S_2=\sum_i g_i(1-g_i)v_i^2$, "
        r"we find \[ \mathcal B = \frac{nS_1(k-z+w)+nS_2w}{(k-z)(n-z)+w(k+n-2z)}. \]",
        r"Writing $z=\sum_i g_i$, $w=\sum_i g_i(1-g_i)$, $S_1=\sum_i(1-g_i)^2v_i^2$, $S_2=\sum_i g_iv_i^2$, "
        r"we find \[ \mathcal B = \frac{nS_1(k-z+w)+nS_2w}{(k-z)(n-z)+w(k+n-2z)}. \]",
    ),
    (
        "denoising/learned-field-mean",
        r"Dividing by $n+\lambda-1$, the coefficient becomes $\frac{n}{n+\lambda}\cdot\frac{\alpha^2}{\alpha^2+\beta^2"
        r"\tilde\sigma^2}$, where $\tilde\sigma^2 = \sigma^2+\frac{\lambda}{n+\lambda-1}$.",
        r"Dividing by $n+\lambda-1$, the coefficient becomes $\frac{n}{n+\lambda}\cdot\frac{\alpha^2}{\alpha^2+\beta^2"
        r"\tilde\sigma^2}$, where $\tilde\sigma^2 = \sigma^2+\frac{\lambda}{n+\lambda}$.",
    ),
    (
        "diagonal-networks/two-cycle-stability",
        r"The $2$-cycle loses stability at $\eta_\star = \frac{4}{1+\sqrt5}$, which rationalises to $\sqrt5-1$.",
        r"The $2$-cycle loses stability at $\eta_\star = \frac{4}{1+\sqrt3}$, which rationalises to $\sqrt3-1$.",
    ),
    (
        "denoising/dps-variance",
        r"Equivalently, \begin{align*} V &= \frac{s_n}{\zeta}e^{-\zeta s/s_n}\sinh\Bigl(\frac{\zeta s}{s_n}\Bigr), "
        r"\end{align*} which shows that the posterior is too narrow.",
        r"Equivalently, \begin{align*} V &= \frac{s_n}{\zeta}e^{-\zeta s/s_n}\cosh\Bigl(\frac{\zeta s}{s_n}\Bigr), "
        r"\end{align*} which shows that the posterior is too narrow.",
    ),
]


@pytest.mark.parametrize(("claim", "right", "wrong"), SENTENCES, ids=[claim for claim, _, _ in SENTENCES])
def test_a_sentence_agrees_and_its_wrong_twin_does_not(claim: str, right: str, wrong: str) -> None:
    assert judged(claim, right) == "AGREES"
    assert judged(claim, wrong) == "DISAGREES"


TWICE = r"\frac{d\sigma^2}{n-d-1}"


@pytest.mark.parametrize(
    "sentence",
    [
        rf"The risk is not ${TWICE}$.",
        rf"The risk is twice ${TWICE}$.",
        rf"The square root of the risk is ${TWICE}$.",
        rf"The reciprocal of the risk is given by ${TWICE}$.",
        rf"Half of the excess risk equals $${TWICE}.$$",
        rf"One might think that $R = {TWICE}$.",
        rf"It is wrong that the risk equals ${TWICE}$.",
        rf"Up to a factor of two the risk is ${TWICE}$.",
        rf"The risk is ${TWICE}$ times $\log n$.",
        rf"The risk is ${TWICE}$, in units of $\sigma^2$.",
        rf"The risk is ${TWICE}$ divided by two.",
        rf"The risk is minus ${TWICE}$.",
        rf"The logarithm of the risk reads $${TWICE}$$",
        rf"We find $R = {TWICE}$, but this is not the risk.",
        rf"The risk has a simple root. It is ${TWICE}$.",
        rf"The claim that $R = {TWICE}$ is false.",
        rf"The excess risk isn't $R = {TWICE}$.",
        rf"The risk is $${TWICE}$$ raised to the power of two.",
        rf"The risk is ${TWICE}$ and then it is ${TWICE}\sigma$.",
        rf"The noise equals $\sigma^2$ and the risk ${TWICE}$.",
        rf"The bias is ${TWICE}$ and the variance is $\sigma^2$.",
    ],
)
def test_words_that_may_change_what_is_stated_are_refused(sentence: str) -> None:
    with pytest.raises(ValueError, match="not allowed") as refused:
        check(sentence, against=EXCESS, budget=0, latex=True)
    assert any(word in str(refused.value) for word in ("word", "more than one formula"))


def test_what_is_left_out_is_named_and_what_is_used_is_not() -> None:
    report = check(
        rf"Let $X$ have rows from $\mathcal N(0,\Sigma)$. Then $R = {TWICE}$.", against=EXCESS, budget=0, latex=True
    )
    assert r"words not read: X, \mathcal N(0,\Sigma)" in report.read_as
    used = check(r"Then $R = \frac{a}{n-d-1}$ with $a = d\sigma^2$.", against=EXCESS, budget=0, latex=True)
    assert "not read" not in used.read_as
    assert used


def test_a_setting_that_is_left_out_is_no_reason_to_reject() -> None:
    with pytest.raises(ValueError, match="it differs, and the sentence says of it what is not read"):
        check(r"If $\|\beta\|=1$, the risk is $R = 1-\frac1\gamma$.", against="ridge/isotropic-ridgeless-excess",
              at={"gamma": 2.0, "noise_variance": 0.0}, budget=0, latex=True)  # fmt: skip


UNTOUCHED = ["x = 1", r"$x = 1$", r"$$x$$", r"\frac{a}{b}, \text{ where } a = 2", "E = $x$ is^2 y"]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_holds_no_sentence_is_left_as_it_is(text: str) -> None:
    assert segments_of(text) is None


def test_only_one_formula_is_stated() -> None:
    with pytest.raises(ValueError, match="more than one formula"):
        plain_from_latex(r"The first is $a = b$. The second is $c = e$.")
    with pytest.raises(ValueError, match="not clear"):
        plain_from_latex(r"For $x$ with $a$ we have nothing.")


LEADS = ("Let the rows of $X$ be drawn from $\\mathcal N(0,\\Sigma)$. Then ", "We find that ", "Hence ", "The risk is ",
         "By Theorem 2 of \\cite{abc}, ", "Integrating over the prior, one obtains ",
         "\\textbf{Solution.} It follows that ",
         "For i.i.d. rows, the answer reads ", "Recall that $H$ is a projection. Therefore ", "")  # fmt: skip
BEFORE = ("Put {}. ", "Let {}. ", "With {}, ", "Writing {}, ")
BEHIND = (", where {}", " with {}", ". Here {}")
REMARKS = ("", ", which completes the proof", ", as claimed", ". This is Corollary 3.2",
           ", where $T$ is the temperature")  # fmt: skip
FORMULAS = (  # claim, formula in a letter, what the letter is, a slip of each
    (EXCESS, r"\frac{A\sigma^2}{n-A-1}", ("A", "d"), r"\frac{A\sigma^2}{n-A}"),
    ("ridge/isotropic-ridgeless-variance", r"\frac{\sigma^2}{b-1}", ("b", r"1/\gamma"), r"\frac{\sigma^2}{b+1}"),
    ("in-context/one-step-risk", r"\sigma^2+\frac{dQ}{n+Q}", ("Q", r"d+1+\sigma^2"), r"\sigma^2+\frac{dQ}{n-Q}"),
    ("double-descent/one-pass-sgd-stability", r"\frac{2B}{a}", ("a", "B+d+1"), r"\frac{B}{a}"),
    ("diagonal-networks/penalised-stability", r"\frac{2}{ch}", ("c", r"1+\rho h"), r"\frac{1}{ch}"),
)


def composed(rng: random.Random, body: str, name: str, value: str) -> str:
    """Put a formula into a sentence, with its definition before or behind it."""
    shown = rng.random() < 0.5
    left = rng.choice(["R = ", r"\mathcal E = ", r"f^\star = "])
    opening, closing = rng.choice([("$$", "$$"), (r"\[", r"\]"), (r"\begin{equation*}", r"\end{equation*}")])
    formula = f"{opening}{left}{body}{closing}" if shown else f"${left}{body}$"
    said = f"${name} = {value}$"
    before = rng.random() < 0.5
    lead = rng.choice(LEADS) or "We get "
    first = rng.choice(BEFORE).format(said) if before else ""
    lead = lead[0].lower() + lead[1:] if first.endswith(", ") and ". " not in lead and lead[0] == "W" else lead
    return f"{first}{lead}{formula}{'' if before else rng.choice(BEHIND).format(said)}{rng.choice(REMARKS)}."


def test_random_sentences_agree_and_their_slips_do_not() -> None:
    rng = random.Random(PROPERTY_SEED)
    for _ in range(PROPERTY_SIZE):
        claim, right, (name, value), slip = rng.choice(FORMULAS)
        state = rng.getstate()
        sentence = composed(rng, right, name, value)
        rng.setstate(state)
        wrong = composed(rng, slip, name, value)
        assert judged(claim, sentence) == "AGREES", sentence
        assert judged(claim, wrong) == "DISAGREES", wrong
