r"""What stands behind a formula and gives no value: counts of an index, nouns, names of the claim's own; twins."""

from __future__ import annotations

import pytest
from judged import outcome

LENGTH, BAGS, TRACE, SHARP = (
    "neural-collapse/balanced-feature-length",
    "regression/bag-loss-risk",
    "sgd-stability/trace-bound",
    "diagonal-networks/penalised-stability",
)
RANK, LINES = "imputation/low-rank-bias", "model-collapse/least-squares"
FEATURE = r"\|\bar h_k\|_2^2 = \sqrt{\frac{\lambda_W}{n\lambda_H}}-%s\lambda_W"
GENERATIONS = r"\frac{\sigma^2d}{n-d-1}+t\frac{\sigma_0^2d}{%s-d-1}, \qquad %s"


@pytest.mark.parametrize(
    "said",
    [
        r", \qquad k=1,\dots,K, \quad K\sqrt{n\lambda_W\lambda_H}<1",
        r", \qquad k=1,\ldots,K",
        r", \quad k\in\{1,\dots,K\}",
        r"\quad\text{for } k=1,\dots,K",
        r", \quad N = Kn",
    ],
)
def test_what_an_index_runs_over_is_no_equation(said):
    assert outcome(FEATURE % "K" + said, LENGTH) == "AGREES"
    assert outcome(FEATURE % "2K" + said, LENGTH) == "DISAGREES"


def test_a_letter_that_has_a_value_is_no_index():
    assert outcome(FEATURE % "k" + r", \qquad k=1,\dots,K", LENGTH) in ("refused", "DISAGREES")


@pytest.mark.parametrize("noun", ["bags", "groups", "blocks"])
def test_a_noun_behind_an_equation_says_what_is_counted(noun):
    risk = r"\frac{\sigma^2d}{m-d-1}, \qquad m=%s \text{ " + noun + r"},\ m>d+1"
    assert outcome(risk % "n/k", BAGS) == "AGREES"
    assert outcome(risk % "2n/k", BAGS) == "DISAGREES"
    assert outcome((risk % "n/k").replace(noun, "dozen"), BAGS) == "refused"


def test_a_range_of_several_sizes_is_one_of_each():
    assert outcome(GENERATIONS % ("n_0", "n,n_0>d+1"), LINES) == "AGREES"
    assert outcome(GENERATIONS % ("n_0", r"n, n_0\ge d+2"), LINES) == "AGREES"
    assert outcome(GENERATIONS % ("n", "n,n_0>d+1"), LINES) == "DISAGREES"


@pytest.mark.parametrize("trace", [r"\operatorname{tr}(H)", r"\operatorname{tr}H", r"\mathrm{tr}(H)"])
def test_what_the_trace_is_of_the_gradients_is_a_remark(trace):
    bound = rf"\frac%s{{{trace}}}, \qquad {trace}=\frac%sn\sum_{{i=1}}^n\|g_i\|%s"
    assert outcome(bound % ("2", "1", "^2"), TRACE) == "AGREES"
    assert outcome(bound % ("1", "1", "^2"), TRACE) == "DISAGREES"
    assert outcome(bound % ("2", "2", "^2"), TRACE) == "refused"
    assert outcome(bound % ("2", "1", ""), TRACE) == "refused"


@pytest.mark.parametrize("loss", ["L''", r"\mathcal L''", "f''", r"L^{\prime\prime}"])
def test_a_curvature_that_is_explained_is_the_claims(loss):
    assert outcome(rf"\frac2{{h+\rho h^2}}, \qquad h = {loss}(\theta^\star)", SHARP) == "AGREES"
    assert outcome(rf"\frac2{{h+\rho h}}, \qquad h = {loss}(\theta^\star)", SHARP) == "DISAGREES"
    assert outcome(rf"\frac2{{h+\rho h^2}}, \qquad h = 2{loss}(\theta^\star)", SHARP) == "refused"


@pytest.mark.parametrize("said", [r"\operatorname{rank}\Sigma = r", r"r = \operatorname{rank}(\Sigma)"])
def test_a_rank_that_is_named_is_the_claims(said):
    bias = r"\frac{\lambda r}{%s+\lambda r}, \qquad \lambda = \frac{1-\rho}\rho, \quad "
    assert outcome(bias % "d" + said, RANK) == "AGREES"
    assert outcome(bias % "2d" + said, RANK) == "DISAGREES"
    assert outcome(r"\frac{\sigma^2r}{m-r-1}, m = n/k, \quad " + said, BAGS) == "refused"
