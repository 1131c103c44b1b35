# ruff: noqa: E501
r"""Left members that are the claim's quantity by their form, slips behind those not read, thresholds and what follows."""

from __future__ import annotations

import pytest

from solvable import check
from solvable.analysis.verification.verifier import Outcome

RIGHT = [
    (
        "wide-networks/price-theorem",
        r"\frac{\partial\,\mathbb{E}[\phi(u)\phi(v)]}{\partial c} = \frac{4}{\pi\sqrt{(1+2q_1)(1+2q_2)-4c^2}}",
        "erf",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_{c}\,\mathbb{E}\bigl[\operatorname{erf}(u)\,\operatorname{erf}(v)\bigr] = \frac{4}{\pi\sqrt{(1+2q_1)(1+2q_2)-4c^2}}",
        "erf",
    ),
    (
        "wide-networks/price-theorem",
        r"\frac{\mathrm d}{\mathrm dc}\,\mathbb{E}[\phi(u)\phi(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\frac{d}{dc}\mathbf E[f(u)f(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c\langle\phi(u)\phi(v)\rangle = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\frac{\partial}{\partial c}\mathbb E_{(u,v)}\left[\phi(u)\,\phi(v)\right] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial K/\partial c = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\dfrac{\partial}{\partial c}\,\Bigl(\mathbb E[\phi(u)\phi(v)]\Bigr) = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c K(q_1,q_2,c) = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c\,\mathbb E[|u||v|] = \frac{2}{\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "abs",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\frac{\partial\mathcal E}{\partial g} = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\frac{d R}{d g} = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\partial_g R_g = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\frac{\mathrm d\mathcal R}{\mathrm dt} = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\partial_t \mathcal{E}(t) = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\mathcal E_{g+1}-\mathcal E_g = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    ("denoising/flow-variance", r"\hat\sigma_{\text{flow}}^2=\sigma^2+\frac{\lambda}{n+\lambda-1}", ""),
    (
        "neural-collapse/cross-entropy-gap",
        r"z_y-z_j = \log\Bigl(1+\frac{K(1-c)}{c}\Bigr),\qquad c = K\sqrt{n\lambda_W\lambda_H}",
        "",
    ),
    ("denoising/ve-variance", r"\sigma^2(t)-\sigma^2(0) = 10^{-4}(5000^{2t}-1)", ""),
    ("denoising/ve-variance", r"\sigma^{2}(t)-\sigma^{2}(0) = 10^{-4}\bigl(e^{2t\ln 5000}-1\bigr)", ""),
    ("denoising/ve-variance", r"\sigma_t^{2}-\sigma_0^{2} = 10^{-4}(5000^{2t}-1)", ""),
    ("denoising/vp-variance", r"1-a_t^2 = 1-e^{-t/10-199t^2/20}", ""),
    ("denoising/vp-variance", r"1-\bar\alpha_t^2 = 1-e^{-t/10-199t^2/20}", ""),
    (
        "imputation/low-rank-bias",
        r"\frac{b(\rho)}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"\frac{B_\rho}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"\frac{\mathrm{Bias}(\rho)}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"-\Delta\ln(w_{+}w_{-}) = 4\gamma^2(\delta+\bar r^2)\,\mathtt{squares}",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"-\Delta\log\bigl(w_+ w_-\bigr) = 4\gamma^2(\delta+\bar r^2)\,\mathtt{squares}",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_1}\min\Bigl\{2,\sigma\sqrt{\frac{B}{n-B}}\Bigr\} \Rightarrow \text{the second moment diverges}",
        "",
    ),
    ("diagonal-networks/penalised-stability", r"\gamma < \frac{2}{h+\rho h^2} \implies \text{stable}", ""),
    (
        "diagonal-networks/penalised-stability",
        r"\gamma > \frac{2}{h+\rho h^2} \implies \text{the iterates diverge}",
        "",
    ),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\text{eff}} = \frac{\eta}{\|w\|^2} = \frac{1}{g}\sqrt{\eta\lambda(2-\eta\lambda)}",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"-\Delta\ln(w_+w_-) = 4\gamma^2\,\bigl(\delta+\bar r^2\bigr)\,\textstyle\sum x^2",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"-\Delta\log(w_+\odot w_-) = \bigl(2\gamma\bigr)^2(\delta+\bar r^2)\,\mathtt{squares}",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n-B}}\Bigr\} \;\Longrightarrow\; \lim_{t\to\infty}\mathbb{E}\|w_t\|^2=\infty",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n-B}}\Bigr\} \implies \text{divergence}",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n-B}}\Bigr\} \implies \mathbb E\|w_t\|^2\to\infty",
        "",
    ),
    (
        "denoising/ve-variance",
        r"$$\sigma^2(t)-\sigma^2(0) = \sigma_{\min}^2\Bigl[\Bigl(\tfrac{\sigma_{\max}}{\sigma_{\min}}\Bigr)^{2t}-1\Bigr],\qquad \sigma_{\min}=0.01,\ \sigma_{\max}=50$$",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"\frac{B_{\rm imp}(\rho)}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}, \quad \operatorname{rank}\Sigma = r",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"\frac{B(\rho)}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"B_{\rm imp}(\rho)/\|\beta\|_\Sigma^2 = \frac{\lambda r}{d+\lambda r}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\rm eff} := \frac{\eta}{\|w_\infty\|^2} = \frac{\sqrt{2x-x^2}}{g}, \qquad\text{where } x = \eta\lambda",
        "",
    ),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\mathrm{eff}} = \eta/\|w\|^2 = \frac{\sqrt{2x-x^2}}{g}, \quad x = \eta\lambda",
        "",
    ),
    ("denoising/vp-variance", r"1-\alpha_t^2 = 1-\exp\bigl(-\tfrac{t}{10}-\tfrac{199}{20}t^2\bigr)", ""),
]
WRONG = [
    (
        "wide-networks/price-theorem",
        r"\partial_{q_2}\,\mathbb E[\phi(u)\phi(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c\,\mathbb E[\phi'(u)\phi'(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"2\,\partial_c\,\mathbb E[\phi(u)\phi(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c^2\,\mathbb E[\phi(u)\phi(v)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c\,\mathbb E[\phi(u)] = \frac14+\frac{1}{2\pi}\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\partial_n \mathcal E = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\frac{\partial\mathcal E}{\partial d} = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\mathcal E_g-\mathcal E_{g+1} = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d-1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "neural-collapse/cross-entropy-gap",
        r"z_j-z_y = -\log\Bigl(1+\frac{K(1-c)}{c}\Bigr),\qquad c = K\sqrt{n\lambda_W\lambda_H}",
        "",
    ),
    ("denoising/ve-variance", r"\sigma_0^2-\sigma_t^2 = 10^{-4}(5000^{2t}-1)", ""),
    ("denoising/vp-variance", r"\alpha_t^2-1 = 1-e^{-t/10-199t^2/20}", ""),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"\Delta\log\bigl(w_+ w_-\bigr) = 4\gamma^2(\delta+\bar r^2)\,\mathtt{squares}",
        "",
    ),
    ("diagonal-networks/penalised-stability", r"\gamma < \frac{2}{h+\rho h^2} \implies \text{unstable}", ""),
    ("diagonal-networks/penalised-stability", r"\gamma > \frac{2}{h+2\rho h^2} \implies \text{unstable}", ""),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\text{eff}} = \frac{\|w\|^2}{\eta} = \frac{1}{g}\sqrt{\eta\lambda(2-\eta\lambda)}",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"\Delta\ln(w_+w_-) = 4\gamma^2\,\bigl(\delta+\bar r^2\bigr)\,\textstyle\sum x^2",
        "",
    ),
    (
        "diagonal-networks/label-noise-shrinks-the-scale",
        r"-\Delta\ln(w_+w_-) = 2\gamma^2\,\bigl(\delta+\bar r^2\bigr)\,\textstyle\sum x^2",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta < \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n-B}}\Bigr\} \implies \mathbb E\|w_t\|^2\to\infty",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n+B}}\Bigr\} \implies \mathbb E\|w_t\|^2\to\infty",
        "",
    ),
    (
        "sgd-stability/coherence-divergence",
        r"\eta > \frac{1}{\lambda_{1}(H)}\min\Bigl\{2,\ \sigma\sqrt{\frac{B}{n-B}}\Bigr\} \implies \mathbb E\|w_t\|^2 < \infty",
        "",
    ),
    ("denoising/ve-variance", r"\sigma^2(0)-\sigma^2(t) = 10^{-4}(5000^{2t}-1)", ""),
    ("denoising/ve-variance", r"\sigma^2(t)+\sigma^2(0) = 10^{-4}(5000^{2t}-1)", ""),
    ("denoising/ve-variance", r"\sigma^2(t)-\sigma^2(0) = 10^{-4}(5000^{t}-1)", ""),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\rm eff} := \frac{2\eta}{\|w_\infty\|^2} = \frac{\sqrt{2x-x^2}}{g}, \qquad\text{where } x = \eta\lambda",
        "",
    ),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\rm eff} := \frac{\eta}{\|w_\infty\|} = \frac{\sqrt{2x-x^2}}{g}, \qquad\text{where } x = \eta\lambda",
        "",
    ),
    (
        "sgd-stability/effective-step-size",
        r"\eta_{\rm eff} := \frac{\eta}{\|w_\infty\|^2} = \frac{\sqrt{2x+x^2}}{g}, \qquad\text{where } x = \eta\lambda",
        "",
    ),
    ("denoising/vp-variance", r"1-\alpha_t^2 = 1-\exp\bigl(-\tfrac{t}{10}-\tfrac{199}{10}t^2\bigr)", ""),
    ("denoising/vp-variance", r"1+\alpha_t^2 = 1-\exp\bigl(-\tfrac{t}{10}-\tfrac{199}{20}t^2\bigr)", ""),
]
SLIP = [
    (
        "wide-networks/price-theorem",
        r"\partial_c\,\mathbb E[\phi(u)\phi(v)] = \frac14+\frac1\pi\arcsin\frac{c}{\sqrt{q_1q_2}}",
        "relu",
    ),
    (
        "wide-networks/price-theorem",
        r"\partial_c\,\mathbb E[\phi(u)\phi(v)] = \frac{4}{\pi\sqrt{(1+2q_1)(1+2q_2)-c^2}}",
        "erf",
    ),
    (
        "model-collapse/growth-a-generation",
        r"\partial_g\mathcal E = \frac{\sigma_0^2\,\mathrm{df}_2}{n_0-d+1}\cdot\frac{n+d-2\,\mathrm{df}_1}{n-\mathrm{df}_2}",
        "",
    ),
    (
        "ridge/isotropic-test-error",
        r"\mathbb E(y-\hat f(x))^2=\frac{\sigma^2(1+\kappa)+\kappa^2\|\beta\|^2}{(1+\kappa)^2-\gamma},\quad \kappa=\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}",
        "",
    ),
    (
        "ridge/isotropic-test-error",
        r"\mathbb E|y-x^\top\hat\beta|^2=\frac{\sigma^2(1+\kappa)^2+\kappa^2\|\beta\|^2}{(1+\kappa)-\gamma},\quad \kappa=\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}",
        "",
    ),
    (
        "ridge/isotropic-test-error",
        r"\mathbb E[(y-x^\top\hat\beta)^2]=\frac{\sigma^2(1+\kappa)^2+\kappa^2\|\beta\|}{(1+\kappa)^2-\gamma},\quad \kappa=\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}",
        "",
    ),
    (
        "ridge/isotropic-test-error",
        r"\mathbb E[(y-x^\top\hat\beta)^2]=\frac{\sigma^2(1+\kappa)^2+\kappa^2\|\beta\|^2}{(1+\kappa)^2+\gamma},\quad \kappa=\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}",
        "",
    ),
    (
        "ridge/test-error",
        r"\mathbb E\bigl[(y-\hat y)^2\bigr]=\frac{\sigma^2+\kappa^2\,\beta^\top\Sigma(\Sigma+\kappa)^{-1}\beta}{1-\mathrm{df}_2/n}",
        "",
    ),
    (
        "equivalents/ensemble-cross-term",
        r"\langle\hat\beta_1-\beta,\hat\beta_2-\beta\rangle_\Sigma = \frac{nU+c^2\sigma^2\mathrm{df}_2}{n-c\,\mathrm{df}_2},\qquad U=\mathrm{unlearned}",
        "",
    ),
    (
        "equivalents/ensemble-cross-term",
        r"\mathbb E\bigl[(\hat\beta_1-\beta)^\top\Sigma(\hat\beta_2-\beta)\bigr] = \frac{nU+c^2\sigma\,\mathrm{df}_2}{n-c^2\,\mathrm{df}_2},\qquad U=\mathrm{unlearned}",
        "",
    ),
    ("denoising/flow-variance", r"\hat{\sigma}^2=\sigma^2+\frac{\lambda}{n+\lambda+1}", ""),
    ("denoising/flow-variance", r"\tilde\sigma^2=\sigma^2-\frac{\lambda}{n+\lambda-1}", ""),
    ("denoising/flow-variance", r"\sigma_{\mathrm{gen}}^2=\sigma^2+\frac{\lambda}{n-\lambda-1}", ""),
    ("denoising/flow-variance", r"\hat\sigma_{\text{flow}}^2=\sigma^2+\frac{n}{n+\lambda-1}", ""),
    (
        "neural-collapse/cross-entropy-gap",
        r"z_y-z_j = \log\Bigl(1+\frac{K(1+c)}{c}\Bigr),\qquad c = K\sqrt{n\lambda_W\lambda_H}",
        "",
    ),
    (
        "neural-collapse/cross-entropy-gap",
        r"\ell_{k}-\ell_{j} = \log\Bigl(1+\frac{1-c}{c}\Bigr),\qquad c = K\sqrt{n\lambda_W\lambda_H}",
        "",
    ),
    ("neural-collapse/free-bias-is-a-simplex", r"\cos\angle(\mu_k,\mu_l) = -\frac1{K+1}", ""),
    ("neural-collapse/free-bias-is-a-simplex", r"\cos(\mu_i,\mu_j) = \frac1{K-1}", ""),
    (
        "wide-networks/kurtosis-product",
        r"\frac{\mathbb E z^4}{(\mathbb E z^2)^2} = 3\Bigl(1+\frac1n\Bigl(\frac{6(1+s^4)}{(1+s^2)^2}-1\Bigr)\Bigr)^{l}",
        "",
    ),
    (
        "wide-networks/kurtosis-product",
        r"\frac{\mathbb E[z^4]}{\mathbb E[z^2]^2} = 3\Bigl(1+\frac1n\Bigl(\frac{6(1+s^2)}{(1+s^2)^2}-1\Bigr)\Bigr)^{l-1}",
        "",
    ),
    (
        "wide-networks/kurtosis-product",
        r"\frac{\mathbb E z^4}{(\mathbb E z^2)^2} = 3\Bigl(1+\frac1n\Bigl(\frac{6(1+s^4)}{(1+s^2)^2}+1\Bigr)\Bigr)^{l-1}",
        "",
    ),
    (
        "imputation/low-rank-bias",
        r"\frac{B_{\rm imp}(\rho)}{\|\beta\|_\Sigma^2} = \frac{\lambda r}{d+\lambda}, \qquad \lambda = \frac{1-\rho}{\rho}",
        "",
    ),
]


def _outcome(claim: str, formula: str, activation: str = "") -> tuple[str, str]:
    at = {"activation": activation} if activation else None
    try:
        report = check(formula, claim, latex=True, budget=0, at=at)
    except ValueError as error:
        return "refused", str(error)
    return report.outcome.value, " ".join(report.slip)


@pytest.mark.parametrize(("claim", "formula", "activation"), RIGHT)
def test_right_ones_are_read(claim: str, formula: str, activation: str) -> None:
    assert _outcome(claim, formula, activation)[0] == Outcome.AGREES.value


@pytest.mark.parametrize(("claim", "formula", "activation"), SLIP)
def test_slips_are_named(claim: str, formula: str, activation: str) -> None:
    outcome, named = _outcome(claim, formula, activation)
    assert outcome == Outcome.DISAGREES.value
    assert named


@pytest.mark.parametrize(("claim", "formula", "activation"), WRONG)
def test_no_wrong_one_agrees(claim: str, formula: str, activation: str) -> None:
    assert _outcome(claim, formula, activation)[0] != Outcome.AGREES.value


def test_the_negative_of_a_difference_is_refused() -> None:
    formula = r"z_j-z_y = -\log\Bigl(1+\frac{K(1-c)}{c}\Bigr),\qquad c = K\sqrt{n\lambda_W\lambda_H}"
    assert _outcome("neural-collapse/cross-entropy-gap", formula)[0] == "refused"
