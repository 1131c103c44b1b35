r"""Sentences around a formula: definitions in front of it and behind it, in the words and signs that authors use.

Every right form stands beside a twin in which one thing is wrong, or beside words that change the value and must not be
passed over. Definitions are equivalent forms of what `solvable show` prints; the twins were made by hand.
"""

import pytest

from solvable import check
from solvable.analysis.derivation.latex import plain_from_latex

VARIANCE, EXCESS = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-ridgeless-excess"
RIDGE = "ridge/isotropic-effective-ridge"
LEAST, OVER, TEST = "ridge/least-squares-excess", "ridge/overparametrised-excess", "ridge/isotropic-test-error"
FLOW, SLOW, ONE_PASS = "denoising/flow-variance", "denoising/slow-mode", "double-descent/one-pass-sgd-stability"
BELOW, ABOVE = r"\frac{\sigma^2\gamma}{1-\gamma}", r"r^2\Bigl(1-\frac1\gamma\Bigr)+\frac{\sigma^2}{\gamma-1}"
RATIO = r"\frac{\sigma^2}{\phi-1}"
CURVE = r"\kappa=\lambda+\frac{\gamma\kappa}{1+\kappa}"
FULL = r"\frac{\sigma^2(1+\kappa)^2+r^2\kappa^2}{(1+\kappa)^2-\gamma}"

# claim, right form, and the same with one thing wrong
TWINS = [
    (VARIANCE,
     r"\text{Let } c=d/n.\text{ Then } V=\frac{\sigma^2c}{1-c}",
     r"\text{Let } c=d/n.\text{ Then } V=\frac{\sigma^2c}{1+c}"),
    (VARIANCE,
     r"\text{Put } c=d/n;\text{ then } V=\frac{\sigma^2c}{1-c}.",
     r"\text{Put } c=n/d;\text{ then } V=\frac{\sigma^2c}{1-c}."),
    (VARIANCE,
     r"\text{With } c:=d/n\text{ we have } V=\frac{\sigma^2c}{1-c}.",
     r"\text{With } c:=d/n\text{ we have } V=\frac{\sigma^2}{1-c}."),
    (VARIANCE,
     r"\text{Writing } c=d/n<1,\quad V=\frac{\sigma^2c}{1-c}",
     r"\text{Writing } c=d/n<1,\quad V=\frac{\sigma c}{1-c}"),
    (VARIANCE,
     r"Let $c=d/n$. Then the variance is $V=\sigma^2 c/(1-c)$.",
     r"Let $c=d/n$. Then the variance is $V=\sigma c/(1-c)$."),
    (VARIANCE,
     r"$V=\sigma^2 c/(1-c)$, where $c=d/n$ is the aspect ratio.",
     r"$V=2\sigma^2 c/(1-c)$, where $c=d/n$ is the aspect ratio."),
    (VARIANCE,
     r"c=\frac dn\quad\Rightarrow\quad V=\frac{\sigma^2c}{1-c}",
     r"c=\frac nd\quad\Rightarrow\quad V=\frac{\sigma^2c}{1-c}"),
    (VARIANCE,
     rf"\text{{For }}\gamma<1\text{{, }} V={BELOW}",
     r"\text{For }\gamma<1\text{, } V=\frac{\sigma^2}{1-\gamma}"),
    (VARIANCE,
     r"\text{If }d<n,\text{ the variance is }\frac{\sigma^2 d}{n-d}",
     r"\text{If }d<n,\text{ the variance is }\frac{\sigma^2 d}{n+d}"),
    (VARIANCE,
     rf"{RATIO},\quad\text{{in which }}\phi\text{{ stands for }}n/d",
     rf"{RATIO},\quad\text{{in which }}\phi\text{{ stands for }}d/n"),
    (VARIANCE,
     rf"{RATIO},\quad\text{{where }}\phi\text{{ denotes }} n/d",
     rf"{RATIO},\quad\text{{where }}\phi\text{{ denotes }} d/n"),
    (VARIANCE,
     rf"{RATIO},\quad\text{{writing }} \phi\text{{ for }} n/d",
     rf"{RATIO},\quad\text{{writing }} \phi\text{{ for }} d/n"),
    (VARIANCE,
     rf"{RATIO},\quad\text{{where, as before, }}\phi=n/d",
     rf"{RATIO},\quad\text{{where, as before, }}\phi=d/n"),
    (VARIANCE,
     rf"{RATIO}\quad\text{{(recall that }}\phi=n/d\text{{)}}",
     rf"{RATIO}\quad\text{{(recall that }}\phi=2n/d\text{{)}}"),
    (VARIANCE, rf"{RATIO}\qquad[\text{{with }}\phi=n/d]", rf"{RATIO}\qquad[\text{{with }}\phi=2n/d]"),
    (VARIANCE, rf"{RATIO},\quad\text{{where }} n/d\eqqcolon\phi", rf"{RATIO},\quad\text{{where }} d/n\eqqcolon\phi"),
    (VARIANCE,
     r"\sigma^2 f(d/n),\qquad f\colon x\mapsto\frac{x}{1-x}",
     r"\sigma^2 f(d/n),\qquad f\colon x\mapsto\frac{1}{1-x}"),
    (VARIANCE,
     r"\frac uv\quad\text{where } (u,v)=(\sigma^2\gamma,1-\gamma)",
     r"\frac uv\quad\text{where } (u,v)=(1-\gamma,\sigma^2\gamma)"),
    (VARIANCE,
     r"\frac uv\quad\text{where } \begin{aligned} u&=\sigma^2\gamma\\ v&=1-\gamma\end{aligned}",
     r"\frac uv\quad\text{where } \begin{aligned} u&=\sigma^2\gamma\\ v&=1-\gamma^2\end{aligned}"),
    (VARIANCE,
     r"\frac uv\quad\text{where}\quad u=\sigma^2\gamma\quad\&\quad v=1-\gamma",
     r"\frac uv\quad\text{where}\quad u=\sigma\gamma\quad\&\quad v=1-\gamma"),
    (VARIANCE,
     r"\frac{\sigma^2 d}{\nu},\quad\text{with }\nu=n-d\text{ degrees of freedom}",
     r"\frac{\sigma^2 d}{\nu-1},\quad\text{with }\nu=n-d\text{ degrees of freedom}"),
    (VARIANCE,
     rf"{BELOW}\quad\text{{in the underparametrised regime }} d<n",
     r"\frac{\sigma^2}{1-\gamma}\quad\text{in the underparametrised regime } d<n"),
    (VARIANCE,
     rf"{BELOW}\quad\text{{almost surely as }}n,d\to\infty\text{{ with }}d/n\to\gamma\in(0,1)",
     r"\frac{\sigma^2}{1-\gamma}\quad\text{almost surely as }n,d\to\infty\text{ with }d/n\to\gamma\in(0,1)"),
    (VARIANCE,
     rf"{BELOW},\quad\text{{where }}n\text{{ is the number of samples, }}d\text{{ the dimension, and "
     rf"}}\gamma=d/n",
     rf"{BELOW},\quad\text{{where }}n\text{{ is the number of samples, }}d\text{{ the dimension, and "
     rf"}}\gamma=n/d"),
    (EXCESS,
     rf"\text{{For }}\gamma<1,\ R={BELOW},\text{{ and for }}\gamma>1,\ R={ABOVE}",
     rf"\text{{For }}\gamma<1,\ R={ABOVE},\text{{ and for }}\gamma>1,\ R={BELOW}"),
    (EXCESS,
     rf"\text{{If }}\gamma<1\text{{ then }} R={BELOW};\text{{ if }}\gamma>1\text{{ then }} R={ABOVE}",
     rf"\text{{If }}\gamma<1\text{{ then }} R={BELOW};\text{{ if }}\gamma>1\text{{ then }} R={BELOW}"),
    (EXCESS,
     rf"\begin{{cases}}{BELOW}&\gamma<1\quad\text{{(underparametrised)}}\\{ABOVE}&\gamma>1\quad"
     rf"\text{{(overparametrised)}}\end{{cases}}",
     rf"\begin{{cases}}{ABOVE}&\gamma<1\quad\text{{(underparametrised)}}\\{BELOW}&\gamma>1\quad"
     rf"\text{{(overparametrised)}}\end{{cases}}"),
    (EXCESS,
     rf"\begin{{cases}}{BELOW},&\text{{in the underparametrised regime }}\gamma<1,\\{ABOVE},&\text{{in the "
     rf"overparametrised regime }}\gamma>1.\end{{cases}}",
     rf"\begin{{cases}}{ABOVE},&\text{{in the underparametrised regime }}\gamma<1,\\{BELOW},&\text{{in the "
     rf"overparametrised regime }}\gamma>1.\end{{cases}}"),
    (OVER,
     r"B+V\text{ with } B=r^2\Bigl(1-\frac nd\Bigr)\text{ (bias)},\ V=\frac{\sigma^2n}{d-n-1}\text{ (variance)}",
     r"B+V\text{ with } B=r^2\Bigl(1-\frac nd\Bigr)\text{ (bias)},\ V=\frac{2\sigma^2n}{d-n-1}\text{ (variance)}"),
    (OVER,
     r"We set $\alpha=n/d$ and write $r^2$ for $\|\beta\|^2$. Then $\mathcal E = "
     r"r^2(1-\alpha)+\sigma^2n/(d-n-1)$.",
     r"We set $\alpha=n/d$ and write $r^2$ for $\|\beta\|^2$. Then $\mathcal E = "
     r"r^2(1+\alpha)+\sigma^2n/(d-n-1)$."),
    (LEAST,
     r"\mathcal E=\frac{\sigma^2 d}{\nu-1},\qquad\text{where }\nu\text{ denotes } n-d",
     r"\mathcal E=\frac{\sigma^2 d}{\nu},\qquad\text{where }\nu\text{ denotes } n-d"),
    (LEAST,
     r"\text{Denote by }\nu=n-d-1\text{ the excess degrees of freedom. Then }\mathcal E=\frac{\sigma^2d}{\nu}",
     r"\text{Denote by }\nu=n-d+1\text{ the excess degrees of freedom. Then }\mathcal E=\frac{\sigma^2d}{\nu}"),
    (RIDGE,
     rf"\text{{Let }}\kappa\text{{ be the positive solution of }}{CURVE}.",
     r"\text{Let }\kappa\text{ be the positive solution of }\kappa=\lambda+\frac{\gamma\kappa}{2+\kappa}."),
    (RIDGE,
     rf"\text{{the unique positive solution }}\kappa\text{{ of }}{CURVE}",
     r"\text{the unique positive solution }\kappa\text{ of }\kappa=2\lambda+\frac{\gamma\kappa}{1+\kappa}"),
    (RIDGE,
     r"\frac1m,\quad m\text{ being determined by }\frac1m=\lambda+\frac{\gamma}{1+m}",
     r"m,\quad m\text{ being determined by }\frac1m=\lambda+\frac{\gamma}{1+m}"),
    (RIDGE,
     r"\frac1m,\quad\text{with } m>0\text{ implicitly defined through }\frac1m=\lambda+\frac{\gamma}{1+m}",
     r"\frac1m,\quad\text{with } m>0\text{ implicitly defined through }\frac1m=\lambda+\frac{1}{1+m}"),
    (RIDGE,
     r"\frac1m,\quad\text{where } m=m(\lambda)\text{ is given by the self-consistent equation } "
     r"m=\frac{1}{\lambda+\gamma/(1+m)}",
     r"\frac2m,\quad\text{where } m=m(\lambda)\text{ is given by the self-consistent equation } "
     r"m=\frac{1}{\lambda+\gamma/(1+m)}"),
    (RIDGE,
     r"\frac{b+\sqrt\Delta}{2}\quad\text{with discriminant }\Delta=b^2+4\lambda\text{ and } b=\lambda+\gamma-1",
     r"\frac{b+\sqrt\Delta}{2}\quad\text{with discriminant }\Delta=b^2-4\lambda\text{ and } b=\lambda+\gamma-1"),
    (TEST,
     rf"\text{{Let }}\kappa>0\text{{ solve }}{CURVE}.\text{{ Then }} {FULL}",
     rf"\text{{Let }}\kappa>0\text{{ solve }}{CURVE}.\text{{ Then }} 2{FULL}"),
    (FLOW,
     r"\frac{A_n}{B_n}\text{ where } B_n\text{ is short for } n+\lambda-1\text{ and } A_n\text{ for "
     r"}\lambda+\sigma^2B_n",
     r"\frac{A_n}{B_n}\text{ where } B_n\text{ is short for } n+\lambda\text{ and } A_n\text{ for "
     r"}\lambda+\sigma^2B_n"),
    (FLOW,
     r"\sigma^2+\frac{1}{1+(n-1)/\lambda}\quad(n\text{: number of samples},\ \lambda\text{: weight decay})",
     r"\sigma^2+\frac{1}{1+n/\lambda}\quad(n\text{: number of samples},\ \lambda\text{: weight decay})"),
    (SLOW,
     r"\frac{q}{1+q},\quad\text{where } q=v/\tau^2\text{ is the signal-to-noise ratio}",
     r"\frac{q}{1+q},\quad\text{where } q=\tau^2/v\text{ is the noise-to-signal ratio}"),
    (ONE_PASS,
     r"\frac{2}{1+(d+1)/B}\ \text{ for batch size } B\text{ in dimension } d",
     r"\frac{2}{1+(d-1)/B}\ \text{ for batch size } B\text{ in dimension } d"),
    ("model-collapse/least-squares",
     r"\frac{t\sigma_0^2d}{n_0-d-1}+\frac{\sigma^2d}{n-d-1},\quad\text{after } t\text{ generations}",
     r"\frac{t\sigma_0^2d}{n_0-d-1}+\frac{\sigma^2d}{n-d},\quad\text{after } t\text{ generations}"),
    ("denoising/dps-mean",
     r"1-q^{\zeta},\quad\text{where }\ln q=-\frac{s}{s_n}",
     r"1-q^{\zeta},\quad\text{where }\ln q=\frac{s}{s_n}"),
    ("ridge/variance",
     r"\sigma^2\frac{\sum_ig_i^2}{n-\sum_ig_i^2},\quad g_i=\frac{s_i}{s_i+\kappa}\ (i=1,\dots,d)",
     r"\sigma^2\frac{\sum_ig_i}{n-\sum_ig_i},\quad g_i=\frac{s_i}{s_i+\kappa}\ (i=1,\dots,d)"),
    ("factorised/resnet-limit",
     r"F,\quad\text{where } F>1\text{ solves } "
     r"t=\frac{1}{y^2}\log\frac{F(y-1)}{y-F}+\frac1y\Bigl(1-\frac1F\Bigr)",
     r"2F,\quad\text{where } F>1\text{ solves } "
     r"t=\frac{1}{y^2}\log\frac{F(y-1)}{y-F}+\frac1y\Bigl(1-\frac1F\Bigr)"),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(TWINS)))
def test_a_sentence_is_read_and_its_twin_is_not_right(place):
    claim, right, wrong = TWINS[place]
    assert check(right, against=claim, latex=True, budget=0)
    assert not check(wrong, against=claim, latex=True, budget=0)


@pytest.mark.parametrize(
    "words",
    [
        r"\text{ times two}", r"\text{ squared}", r"\text{ plus one}", r"\text{ per class}", r"\text{ of the sample}",
        r"\text{ to leading order}", r"\text{ rounded down}", r"\text{ the inverse of it}", r"\text{ for large n}",
        r"\text{ if it is positive}", r"\text{ P the error function}", r"\text{ the smaller root}",
    ],
)  # fmt: skip
def test_words_that_change_a_value_are_not_passed_over(words):
    with pytest.raises(ValueError, match="not allowed"):
        check(rf"\frac{{\sigma^2c}}{{1-c}},\quad c=\frac dn{words}", against=VARIANCE, latex=True, budget=0)


@pytest.mark.parametrize(
    "formula",
    [
        rf"\text{{half of }}{BELOW}", rf"\text{{The square root of the variance is }}{BELOW}",
        rf"\text{{Then the normalised variance is }}{BELOW}", rf"{BELOW}\quad\text{{in units of }}\sigma^2",
        rf"{BELOW}\quad\text{{for optimal }}\sigma", rf"{BELOW}\quad\text{{for unit }}\sigma",
    ],
)  # fmt: skip
def test_a_formula_of_another_quantity_is_refused(formula):
    with pytest.raises(ValueError, match="not allowed"):
        check(formula, against=VARIANCE, latex=True, budget=0)


def test_several_words_are_named_where_they_are_refused():
    with pytest.raises(ValueError, match='the words "for binary labels" are not understood'):
        plain_from_latex(r"\sigma^2\gamma\text{ for binary labels}")


@pytest.mark.parametrize(
    ("claim", "formula", "held"),
    [
        (VARIANCE, r"\frac{\gamma}{1-\gamma}\quad\text{for }\sigma=1", "noise_variance = 1"),
        (VARIANCE, r"\frac{4\gamma}{1-\gamma}\quad(\sigma=2)", "noise_variance = 4"),
        (VARIANCE, r"\frac{\gamma}{1-\gamma},\quad\text{where we set }\sigma^2=1\text{ for simplicity}",
         "noise_variance = 1"),
        (OVER, r"1-\frac nd+\frac{\sigma^2n}{d-n-1},\quad r=1", "signal = 1"),
        (ONE_PASS, r"\frac{2}{d+2},\quad B=1", "batch_size = 1"),
        (VARIANCE, r"\sigma^2\quad\text{at }\gamma=\tfrac12", "gamma = 0.5"),
    ],
)  # fmt: skip
def test_a_parameter_held_at_a_number_is_held_there(claim, formula, held):
    report = check(formula, against=claim, latex=True, budget=0)
    assert report, report.sentence
    assert report.sentence.endswith(f"(at {held} alone)")


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        (VARIANCE, r"\frac{\gamma}{1-\gamma}\quad(\sigma=2)"),
        (VARIANCE, r"\frac{\gamma}{1+\gamma}\quad\text{for }\sigma=1"),
        (ONE_PASS, r"\frac{2}{d+3},\quad B=1"), (ONE_PASS, r"\frac{2}{d+2}"),
    ],
)  # fmt: skip
def test_what_is_wrong_there_too_is_rejected(claim, formula):
    assert not check(formula, against=claim, latex=True, budget=0)
