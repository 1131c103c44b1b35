"""What marks.py finds in drawn figures, put into good ones."""

import numpy as np
import pytest
from marks import one_sided, unexplained, unsaid
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

X = np.linspace(0, 4, 81)


def panel(draw):
    canvas = Figure(figsize=(3, 2))
    axes = canvas.subplots()
    axes.set(xlim=(0, 4), ylim=(0, 17))
    draw(axes)
    FigureCanvasAgg(canvas).draw()
    return canvas


def dots(axes, shift=0.0, color="C0"):
    x = np.array([1.0, 2.0, 3.0])
    axes.errorbar(x, x**2 + shift * np.array([0, 0, 1]), 0.5, fmt="o", color=color)


@pytest.mark.parametrize(
    ("shift", "caption", "faults"),
    [(0.7, "", 0), (0.8, "", 1), (-0.8, "", 1), (0.8, "Dots lie within 9 % of the line.", 0), (0.8, "Two draws.", 1)],
)
def test_a_dot_beyond_three_standard_errors_is_mentioned(shift, caption, faults):
    """The bars are two standard errors, 0.5: three are 0.75."""
    canvas = panel(lambda axes: (axes.plot(X, X**2, "C0"), dots(axes, shift)))
    found = list(unsaid(canvas, caption))
    assert len(found) == faults, found


def test_dots_belong_to_the_curve_of_their_colour_and_levels_are_none():
    def draw(axes):
        axes.plot(X, X**2, "C0")
        axes.plot(X, 2 * X, "C1")
        axes.axhline(12, color="C0")
        dots(axes)

    assert list(unsaid(panel(draw), "")) == []
    assert len(list(unsaid(panel(lambda axes: (draw(axes), dots(axes, color="C1"))), ""))) == 1


def test_a_style_is_explained_by_legend_label_or_caption():
    def bare(axes):
        axes.plot(X, X, "--", color="C0")
        axes.plot([1], [9], "s", color="C1")

    def labelled(axes):
        bare(axes)
        axes.text(1.2, 9, "a square", color="C1")
        axes.text(1.9, 2, "half way", color="C2")

    def legend(axes):
        bare(axes)
        axes.plot([], [], "--s", label="both")
        axes.legend(loc="upper left")

    assert list(unexplained(panel(bare), "Lines.")) == [f"axes 0: {kind} is not explained" for kind in ("--", "s")]
    assert list(unexplained(panel(bare), "Dashed: a bound; squares: a place.")) == []
    assert list(unexplained(panel(labelled), "")) == []
    assert list(unexplained(panel(legend), "")) == []


def test_a_marked_transition_has_dots_on_both_sides():
    assert list(one_sided(panel(lambda axes: (dots(axes), axes.axvline(2.5))))) == []
    found = list(one_sided(panel(lambda axes: (dots(axes), axes.axvline(3.5)))))
    assert found == ["axes 0: all dots lie on one side of the line at 3.5"]
