# ruff: noqa: E501
r"""Formulas as papers write them, each with its known answer: what `check` rejects, accepts, misreads and refuses.

    python -m benchmarks.paper_formulas

A right LaTeX formula that is neither agreed with nor refused has been misread.
"""

from __future__ import annotations

import collections
import time

import numpy as np

from solvable import check

V, X, O = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-ridgeless-excess", "ridge/overparametrised-excess"
L, K, T = "ridge/least-squares-excess", "ridge/isotropic-effective-ridge", "ridge/test-error"
B, W, R = "ridge/bias", "ridge/variance", "ridge/train-error"
F, G = "random-features/test-error", "random-features/variance"
S, C = "double-descent/one-pass-sgd-stability", "neural-collapse/angle-term-minimum"
I, J, E = "imputation/isotropic-bias", "imputation/low-rank-bias", "double-descent/smallest-eigenvalue"
M, N, P = "model-collapse/least-squares", "neural-collapse/collapse-threshold", "ridge/optimal-ridge"

RIGHT = [
    (V, "sigma^2/(1/gamma - 1)"), (V, "σ²γ/(1−γ)"), (V, "V = sigma2*(1/(1-gamma) - 1)"), (V, "sigma^2*d/(n-d)"),
    (V, "sigma**2*p/(n-p)"), (V, "sigma^2*sum(gamma**j, j, 1, oo)"), (V, "sigma^2*gamma*mp_mean(1/x)"),
    (V, "sigma**2*gamma/(1-gamma), gamma < 1"), (V, "sigma^2*gamma/(1-gamma) + O(1/n)"), (V, "sigma^2*d/(n-d-1)"),
    (X, "sigma^2*gamma/(1-gamma) if gamma < 1 else r2*(1-1/gamma) + sigma^2/(gamma-1)"),
    (X, "sigma^2*min(1,gamma)/abs(1-gamma) + r2*max(0, 1-1/gamma)"),
    (O, "r2*(1-n/d) + sigma^2*n/(d-n-1)"), (O, "r2*(d-n)/d + sigma^2*n/(d-n-1)"),
    (L, "sigma^2*d/(n-d-1)"), (L, "sigma^2*((n-1)/(n-d-1) - 1)"), (L, "sigma2*p/(n-p-1)"),
    (L, "(1+o(1))*sigma^2*d/(n-d)"), (L, "sigma^2*gamma/(1-gamma) + O(1/n)"),
    (K, "kappa where kappa = lambda + gamma*kappa/(1+kappa)"), (K, "x where x = lam + gamma*x/(1+x)"),
    (K, "1/v(-lambda)"), (K, "1/(gamma*m(-lambda) + (1-gamma)/lambda)"), (K, "lambda/(1 - df1/n)"),
    (K, "((gamma+lambda-1) + sqrt((1-gamma-lambda)^2 + 4*lambda))/2"),
    (K, "2*lambda/(sqrt((1-gamma-lambda)^2+4*lambda) + 1 - gamma - lambda)"),
    (K, "1/(gamma*mp_mean(1/(x+lambda)) + (1-gamma)/lambda)"), (K, "1/(mp_mean(1/(x+lam))*gamma + (1-gamma)/lam)"),
    (T, "(unlearned + sigma^2)/(1 - df2/n)"), (T, "diff(kappa, lambda)*(unlearned + sigma^2)"),
    (T, "(sum(v_i^2*kappa^2/(s_i+kappa)^2, i) + sigma^2)/(1 - sum(s_i^2/(s_i+kappa)^2, i)/n)"),
    (T, "n*(kappa^2*sum(lambda_i*beta_i^2/(lambda_i+kappa)^2, i) + sigma^2)/(n - df2)"),
    (T, "(unlearned + sigma^2)/(1 - Tr(Sigma^2*(Sigma+kappa*I)^(-2))/n)"), (B, "unlearned/(1-df2/n)"),
    (B, "sum((kappa/(s_j+kappa))**2*v_j**2, j)*n/(n-df2(kappa))"), (B, "diff(kappa, lambda)*unlearned"),
    (W, "sigma^2*df2/(n-df2)"), (W, "sigma^2*(1/(1-df2/n) - 1)"), (W, "sigma^2*(diff(kappa, lambda) - 1)"),
    (W, "sigma^2*Tr(Sigma^2*(Sigma+kappa*I)**-2)/(n - Tr(Sigma^2*(Sigma+kappa*I)**-2))"),
    (R, "(1-df1/n)**2*(unlearned+sigma^2)/(1-df2/n)"), (R, "(n-df1)^2*(unlearned+sigma^2)/(n*(n-df2))"),
    (F, "n*((S1+sigma^2)*(a+w)+S2*w)/(a*b+w*(a+b))"), (G, "sigma^2*(a*q+w*z)/(a*b+w*(a+b))"),
    (S, "2*batch_size/(batch_size + d + 1)"), (S, "2/(1+(d+1)/B)"), (C, "-acos(1/(1-classes))"),
    (C, "acos(1/(classes-1)) - pi"), (I, "1-observed"), (E, "1 - exp(-(at/2 + sqrt(at)))"),
    (E, "1 - 1/exp(at/2 + sqrt(at))"), (J, "(1-observed)*rank/(d*observed + rank*(1-observed))"),
    (M, "d*(sigma^2/(n-d-1) + generations*generator_noise/(generator_samples-d-1))"),
    (N, "1/(samples*weight_decay*classes^2)"), (P, "sigma^2*d/r2"), (P, "d/snr"),
]  # fmt: skip
WRONG = [
    (V, "sigma^2*gamma/(1+gamma)"), (V, "sigma*gamma/(1-gamma)"), (V, "sigma^2*gamma/(1-gamma)^2"), (V, "sigma^2/gamma"),
    (V, "sigma^2*1.05*gamma/(1-gamma)"), (V, "sigma^2*sum(gamma**j, j, 0, oo)"), (V, "sigma^2*mp_mean(1/x)"),
    (V, "sigma^2*d/(n-2*d)"), (V, "sigma^2*gamma/(1-gamma)+ sigma^2"), (V, "sigma^2*gamma/(1-gamma^1.1)"),
    (X, "sigma^2*gamma/(1-gamma)"), (X, "r2*(1-1/gamma)+sigma^2/(gamma-1)"), (X, "sigma^2*gamma/abs(1-gamma)"),
    (O, "r2*(1-n/d)"), (O, "r2*(1-n/d)+sigma^2*d/(d-n-1)"), (O, "sigma^2*(1-n/d)+r2*n/(d-n-1)"),
    (L, "sigma^2*n/(n-d-1)"), (L, "sigma^2*d/(n-d+1)"), (L, "(1+o(1))*sigma^2*d/n"), (L, "sigma^2*d/(n-d)+O(1/n^2)"),
    (L, "sigma^2*d/(n-d-2)"), (K, "kappa where kappa = lambda + kappa/(1+kappa)*gamma/2"), (K, "lambda"),
    (K, "(gamma+lambda-1 - sqrt((1-gamma-lambda)^2+4*lambda))/2"), (K, "m(-lambda)"), (K, "v(-lambda)"),
    (K, "lambda/(1-df2/n)"), (K, "((gamma+lambda-1)+sqrt((1-gamma-lambda)^2+2*lambda))/2"),
    (T, "unlearned + sigma^2"), (T, "(unlearned+sigma^2)/(1-df1/n)"), (T, "unlearned/(1-df2/n)"),
    (T, "(unlearned+sigma^2)/(1-df2/n)^2"), (T, "(sum(v_i*kappa^2/(s_i+kappa)^2, i)+sigma^2)/(1-df2/n)"),
    (T, "(unlearned+sigma^2)/(1-Tr(Sigma*(Sigma+kappa*I)^(-2))/n)"), (B, "unlearned"), (B, "unlearned/(1-df1/n)"),
    (B, "diff(kappa, lambda)*unlearned*1.1"), (W, "sigma^2*df2/n"), (W, "sigma^2*df1/(n-df1)"), (W, "sigma*df2/(n-df2)"),
    (R, "(1-df1/n)*(unlearned+sigma^2)/(1-df2/n)"), (R, "(1-df2/n)*(unlearned+sigma^2)"),
    (F, "n*((S1+sigma^2)*(a+w)-S2*w)/(a*b+w*(a+b))"), (F, "n*(S1*(a+w)+S2*w)/(a*b+w*(a+b))"), (G, "sigma^2*a*q/(a*b)"),
    (S, "2/(1+d/B)"), (S, "1/(1+(d+1)/B)"), (C, "-acos(-1/classes)"), (I, "observed"), (E, "1-exp(-at/2)"),
    (J, "(1-observed)/observed"), (M, "d*(generations+1)*generator_noise/(generator_samples-d-1)+sigma^2*d/(n-d-1)"),
    (N, "1/(samples*weight_decay*classes)"), (P, "sigma^2*n/r2"), (P, "d*r2/sigma^2"),
]  # fmt: skip
LATEX_RIGHT = [
    (V, r"\sigma^2\frac{\gamma}{1-\gamma}"), (V, r"V(\gamma)=\frac{\sigma^2\gamma}{1-\gamma},\qquad\gamma<1."),
    (V, r"\sigma^2\left(\frac{1}{1-\gamma}-1\right)"), (V, r"\sigma^{2}\gamma(1-\gamma)^{-1}"),
    (V, r"\sigma^2\tfrac{d}{n-d}"), (V, r"\sigma^2\sum_{k=1}^{\infty}\gamma^k"), (V, r"\sigma^2\gamma\int\frac1x\,d\mu(x)"),
    (L, r"\frac{d\sigma^2}{n-d-1}"), (L, r"\sigma^2\,\frac{p}{n-p-1}"), (L, r"\frac{\sigma^2 d}{n-d}\,(1+o(1))"),
    (X, r"\begin{cases}\sigma^2\frac{\gamma}{1-\gamma}&\gamma<1\\ \|\beta\|_2^2(1-\frac1\gamma)+\frac{\sigma^2}{\gamma-1}&\gamma>1\end{cases}"),
    (O, r"\|\beta\|^2\Bigl(1-\frac nd\Bigr)+\sigma^2\frac{n}{d-n-1}"),
    (K, r"\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}"), (K, r"\frac12\left(\lambda+\gamma-1+\sqrt{(1-\lambda-\gamma)^2+4\lambda}\right)"),
    (K, r"\kappa\quad\text{where }\kappa=\lambda+\frac{\gamma\kappa}{1+\kappa}"), (K, r"\frac{1}{v(-\lambda)}"),
    (K, r"\frac{\lambda}{1-\mathrm{df}_1(\kappa)/n}"), (T, r"\frac{\mathrm{unlearned}+\sigma^2}{1-\frac1n\mathrm{df}_2(\kappa)}"),
    (T, r"\frac{\sum_i \frac{\kappa^2v_i^2}{(s_i+\kappa)^2}+\sigma^2}{1-\frac1n\sum_i\frac{s_i^2}{(s_i+\kappa)^2}}"),
    (T, r"\frac{\kappa^2\sum_i\frac{\lambda_i\beta_i^2}{(\lambda_i+\kappa)^2}+\sigma^2}{1-\frac{1}{n}\sum_i\left(\frac{\lambda_i}{\lambda_i+\kappa}\right)^2}"),
    (W, r"\sigma^2\frac{\operatorname{Tr}[\Sigma^2(\Sigma+\kappa I)^{-2}]}{n-\operatorname{Tr}[\Sigma^2(\Sigma+\kappa I)^{-2}]}"),
    (W, r"\sigma^2\left(\frac{\partial\kappa}{\partial\lambda}-1\right)"), (S, r"\frac{2}{1+\frac{d+1}{B}}"), (I, r"1-\mathrm{observed}"),
]  # fmt: skip
LATEX_WRONG = [
    (V, r"\sigma^2\frac{\gamma}{1+\gamma}"), (V, r"\sigma\frac{\gamma}{1-\gamma}"), (V, r"\sigma^2\sum_{k=0}^\infty\gamma^k"),
    (L, r"\sigma^2\frac{d}{n-d+1}"), (L, r"\frac{\sigma^2 n}{n-d-1}"), (O, r"\|\beta\|^2(1-\frac dn)+\sigma^2\frac{n}{d-n-1}"),
    (K, r"\frac{\gamma+\lambda-1-\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}"), (K, r"v(-\lambda)"),
    (T, r"\frac{\mathrm{unlearned}+\sigma^2}{1-\frac1n\mathrm{df}_1(\kappa)}"), (W, r"\sigma^2\frac{\partial\kappa}{\partial\lambda}"),
    (W, r"\sigma^2\frac{\operatorname{Tr}[\Sigma(\Sigma+\kappa I)^{-1}]}{n-\operatorname{Tr}[\Sigma(\Sigma+\kappa I)^{-1}]}"),
    (S, r"\frac{1}{1+\frac{d+1}{B}}"),
]  # fmt: skip


def main() -> None:
    """Run all and print the counts, with every formula whose answer was not the known one."""
    for latex, rows in ((False, [(True, RIGHT), (False, WRONG)]), (True, [(True, LATEX_RIGHT), (False, LATEX_WRONG)])):
        counts: collections.Counter[str] = collections.Counter()
        seconds = []
        for right, formulas in rows:
            for claim, formula in formulas:
                start = time.process_time()
                try:
                    report = check(formula, against=claim, budget=0, latex=latex)
                    found, said = report.outcome.value, report.sentence
                    named = bool(report.slip) or "agrees for" in said
                except ValueError as error:
                    found, said, named = "refused", str(error), False
                seconds.append(time.process_time() - start)
                counts[f"{'right' if right else 'wrong'}: {found}"] += 1
                counts["wrong, named"] += not right and named
                if found != ("AGREES" if right else "DISAGREES"):
                    print(f"{'RIGHT' if right else 'WRONG'} {found} {claim}: {formula}\n   {said}", flush=True)
                elif not right and not named:
                    print(f"UNNAMED {claim}: {formula}\n   {said}", flush=True)
        print("LaTeX" if latex else "plain", dict(counts))
        print("seconds of CPU: median {:.2f}, 90 % {:.2f}, largest {:.2f}".format(*np.quantile(seconds, [0.5, 0.9, 1])))


if __name__ == "__main__":
    main()
