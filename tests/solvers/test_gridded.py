"""Risks that know their grid: names of dimensions, arguments, labelled data, a picture."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from solvable.analysis.writing.symbols import SHARED
from solvable.solvers import (
    Spectrum,
    effective_ridge,
    guidance_law,
    random_feature_risk,
    ridge_risk,
    synthetic_noise_gain,
)
from solvable.solvers.gridded import LABELS
from solvable.solvers.validate import read_regression

SPECTRUM = Spectrum.isotropic(200)
N, RIDGE = [10.0, 20.0, 30.0], [0.1, 1.0, 2.0]


def named(values, dim):
    return xr.DataArray(values, dims=dim)


def test_named_dimensions_broadcast_by_name():
    plain = ridge_risk(SPECTRUM, np.array(N)[:, None], RIDGE, 0.3)
    found = ridge_risk(SPECTRUM, named(N, "n"), named(RIDGE, "ridge"), 0.3)
    np.testing.assert_array_equal(found.test, plain.test)
    data = found.to_dataset()
    assert data.test.dims == ("n", "ridge")
    np.testing.assert_array_equal(data.test.sel(n=20.0).values, plain.test[1])


def test_dimensions_in_another_order_are_matched_by_name():
    grid = xr.DataArray(np.array([N, [40.0, 50.0, 60.0]]), dims=("case", "n"))
    found = ridge_risk(SPECTRUM, grid, xr.DataArray([0.1, 1.0], dims="case"))
    expected = ridge_risk(SPECTRUM, grid.values, np.array([[0.1], [1.0]]))
    np.testing.assert_array_equal(found.test, expected.test)


def test_a_series_with_an_index_has_a_name():
    rows = pd.Series(N, index=pd.Index(["a", "b", "c"], name="run"))
    data = ridge_risk(SPECTRUM, rows, named(RIDGE, "ridge")).to_dataset()
    assert data.test.dims == ("run", "ridge")
    assert list(data.run.values) == ["a", "b", "c"]
    plain = ridge_risk(SPECTRUM, pd.Series(N), RIDGE)  # an index that only counts is none
    np.testing.assert_array_equal(plain.test, ridge_risk(SPECTRUM, N, RIDGE).test)


@pytest.mark.parametrize(
    ("n", "ridge", "words"),
    [
        (named(N, "n"), RIDGE, "n has named dimensions"),
        (pd.Series(N, index=[5, 6, 7]), pd.Series(RIDGE, index=[7, 8, 9]), "the same coordinates"),
    ],
)
def test_what_cannot_be_matched_is_refused(n, ridge, words):
    with pytest.raises(ValueError, match=words):
        ridge_risk(SPECTRUM, n, ridge)


def test_a_function_without_a_labelled_answer_refuses_unmatched_names():
    with pytest.raises(ValueError, match="does not broadcast by name"):
        synthetic_noise_gain(SPECTRUM, named(N, "n"), named(RIDGE, "ridge"), 300.0)


def test_a_solution_broadcasts_by_name_and_is_drawn_under_what_was_solved_for():
    found = effective_ridge(SPECTRUM, named(N, "n"), named(RIDGE, "ridge"))
    data = found.to_dataset()
    assert data.value.dims == ("n", "ridge")
    np.testing.assert_array_equal(data.value.values, effective_ridge(SPECTRUM, np.array(N)[:, None], RIDGE).value)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    assert found.plot(x="ridge").get_ylabel() == LABELS["effective_ridge"]
    pyplot.close("all")


def test_what_was_made_by_hand_knows_no_arguments():
    with pytest.raises(ValueError, match="does not know its arguments"):
        replace(effective_ridge(SPECTRUM, N, 1.0)).to_dataset()


def test_an_argument_named_like_a_field_keeps_apart():
    data = guidance_law([1.0, 2.0, 3.0], 0.5, 1.0, [[0.0], [1.0]], 2.0).to_dataset()
    assert data["mean"].dims == ("given_mean", "scale")
    np.testing.assert_array_equal(data.given_mean.values, [0.0, 1.0])


def test_rows_of_a_table_must_be_those_of_the_labels():
    table = pd.DataFrame(np.eye(4)[:, :2], index=list("abcd"))
    labels = pd.Series([1.0, 2.0, 3.0, 4.0], index=list("dcba"))
    with pytest.raises(ValueError, match=r"y\.index"):
        read_regression(table, labels)
    np.testing.assert_array_equal(read_regression(table, labels.loc[table.index])[1], [4.0, 3.0, 2.0, 1.0])


def test_a_risk_knows_what_it_was_computed_for_and_cannot_be_written_to():
    risk = ridge_risk(SPECTRUM, N, ridge=0.5)
    np.testing.assert_array_equal(risk.n, N)
    assert risk.ridge == 0.5
    assert risk.noise_variance.shape == (3,)
    with pytest.raises(AttributeError, match="steps"):
        risk.steps  # noqa: B018
    for array in (risk.test, risk.n, risk.df1, risk.solution.value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_a_picture_has_a_line_for_each_other_value_and_our_words():
    risk = random_feature_risk(SPECTRUM, np.geomspace(10, 1000, 9)[:, None], 100, [0.1, 1.0, 10.0], 0.2)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    axes = risk.plot(x="n")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["ridge = 0.1", "ridge = 1", "ridge = 10"]
    assert axes.get_xlabel() == "samples $n$"
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), risk.test[:, 1])
    with pytest.raises(ValueError, match="choose one of n, ridge"):
        risk.plot()
    with pytest.raises(ValueError, match="cannot be told apart"):
        ridge_risk(SPECTRUM, np.arange(10, 40)[:, None], np.linspace(1, 2, 30)).plot(x="n")
    pyplot.close("all")


def test_labels_say_what_the_table_of_conventions_says():
    meanings = {row.name: row for row in SHARED}
    for name, label in LABELS.items():
        if name in meanings:
            assert label.split("$")[1].replace("{", "").replace("}", "") in meanings[name].latex.replace(
                "{", ""
            ).replace("}", "")
