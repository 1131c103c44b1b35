"""Every figure at its printed size: readable, lettered, labelled, nothing on top of anything else; twice the same."""

import re
from dataclasses import replace
from itertools import combinations
from string import ascii_lowercase

import matplotlib as mpl
import numpy as np
import pytest
from marks import one_sided, unexplained, unsaid
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from vision import alike

from solvable.figures import figures
from solvable.figures.style import COLOURS, DOUBLE, HEAT, SIGNED, SINGLE, letter_panels, style

SMALLEST = 6  # points; exponents and indices inside a formula are 0.7 of that
TOUCH = 0.5  # pixels by which two boxes may share an edge
# lines of whole numbers, bins, runs and averages over drawn data: between their points there is nothing, or no theory
WHOLE = {
    "concept-erasure",
    "continual-margin",
    "corrupted-labels",
    "cross-entropy-not-etf",
    "finite-step-bias",
    "gradient-descent-risk",
    "minority-collapse",
    "model-collapse-generations",
    "sobolev-norms",
    "student-process",
}
# beyond the last mark iterates diverge, or the loss is 0 and has no place on a logarithmic axis
ONE_SIDED = {"loss-stabilisation", "numerical-edge"}
FINE, BEND = 60, 9.0  # points of a curved line, and degrees that the eye sees as a kink
SHADES = {to_hex(c) for c in colormaps[HEAT](np.arange(256))}


def drawn(make):
    """Lay a figure out as it is written to a file."""
    with style(), mpl.rc_context({"figure.dpi": mpl.rcParams["savefig.dpi"]}):
        canvas = make()
        canvas.set_dpi(200)
        FigureCanvasAgg(canvas).draw()
    return canvas


def is_bar(axes):
    return hasattr(axes, "_colorbar")


def panels(canvas):
    return [axes for axes in canvas.axes if not is_bar(axes)]


def ticks_in_view(axis):
    low, high = sorted(axis.get_transform().transform(axis.get_view_interval()))
    slack = 1e-6 * (high - low)
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [tick for tick in ticks if low - slack <= axis.get_transform().transform(tick.get_loc()) <= high + slack]


def tick_labels(axis):
    labels = [label for tick in ticks_in_view(axis) for label in (tick.label1, tick.label2)]
    return [label for label in labels if axis.get_visible() and label.get_visible() and label.get_text().strip()]


def texts(canvas):
    """Everything written on the page; tick labels beyond the ends of an axis are not."""
    axes = [axis for panel in canvas.axes for axis in (panel.xaxis, panel.yaxis)]
    shown = {id(label) for axis in axes for label in tick_labels(axis)}
    every = {id(label) for axis in axes for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
             for label in (tick.label1, tick.label2)}  # fmt: skip
    found = canvas.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    return [t for t in found if t.get_text().strip() and (id(t) not in every or id(t) in shown)]


def text_faults(canvas):
    page, written = canvas.bbox, [(t, t.get_window_extent()) for t in texts(canvas)]
    for text, box in written:
        name = text.get_text()
        if text.get_size() < SMALLEST:
            yield f"{name!r} is smaller than {SMALLEST} pt"
        if box.x0 < -TOUCH or box.y0 < -TOUCH or box.x1 > page.x1 + TOUCH or box.y1 > page.y1 + TOUCH:
            yield f"{name!r} leaves the page"
        if re.search(r"\bl_?[12]\b|lambda(?!_)(?<!\\lambda)|\d[eE][+-]?\d|10\^\{-?\d*\.\d", name):
            yield f"{name!r} is not written in symbols"
    for (one, a), (two, b) in combinations(written, 2):
        if min(a.x1, b.x1) - max(a.x0, b.x0) > TOUCH and min(a.y1, b.y1) - max(a.y0, b.y0) > TOUCH:
            yield f"{one.get_text()!r} and {two.get_text()!r} overlap"


def axis_faults(canvas):
    for number, axes in enumerate(canvas.axes):
        for axis in (axes.xaxis, axes.yaxis):
            count = len(tick_labels(axis))
            if count and not axis.label.get_text().strip():
                yield f"axes {number}: an axis with numbers has no label"
            if count == 1:
                yield f"axes {number}: one labelled tick does not make a scale ({axis.label.get_text()!r})"


def letter_faults(canvas):
    shown = panels(canvas)
    for letter, axes in zip(ascii_lowercase, shown, strict=False):
        expected = rf"$\mathbf{{({letter})}}$"
        if len(shown) > 1 and not axes.get_title(loc="left").startswith(expected):
            yield f"panel {letter} has no letter"
        if axes.get_title(loc="center") or axes.get_title(loc="right"):
            yield f"panel {letter} has a title beside its letter"


def colours(artist):
    if isinstance(artist, Line2D):
        line = [artist.get_color()] if artist.get_linestyle() != "None" else []
        marker = [artist.get_markerfacecolor(), artist.get_markeredgecolor()] if artist.get_marker() != "None" else []
        return line + marker
    if isinstance(artist, Text):
        return [artist.get_color()]
    if isinstance(artist, QuadMesh):
        return [] if artist.get_cmap().name in (HEAT, SIGNED) else ["#ff00ff"]
    found = [*np.atleast_2d(artist.get_facecolor()), *np.atleast_2d(artist.get_edgecolor())]
    return [c for c in found if len(c) and c[-1] > 0]


def colour_faults(canvas):
    allowed = {to_hex(c) for c in COLOURS}
    for axes in panels(canvas):
        for artist in [*axes.lines, *axes.collections, *axes.patches, *axes.texts]:
            for colour in colours(artist):
                if isinstance(colour, str) and colour == "none":
                    continue
                rgb, code = to_rgb(colour), to_hex(colour)
                if code not in allowed and code not in SHADES and max(rgb) - min(rgb) > 0.01:
                    yield f"colour {code} is not of the palette"


def legends(canvas):
    found = [axes.get_legend() for axes in canvas.axes if axes.get_legend()] + canvas.legends
    for legend in found:
        pad = legend.borderpad * legend.prop.get_size() * canvas.dpi / 72
        yield legend, legend.get_window_extent().padded(-pad)


def curves(axes):
    """Paths on the page of all that shows data: lines, markers, bars, bands, steps."""
    for line in axes.lines:
        path, bare = line.get_transform().transform_path(line.get_path()), line.get_linestyle() == "None"
        yield path.vertices, None if bare else path
    for group in axes.collections:
        if isinstance(group, QuadMesh):
            continue
        for path in group.get_paths():
            yield group.get_transform().transform_path(path).vertices, None
        if isinstance(group, LineCollection):
            for segment in group.get_segments():
                path = group.get_transform().transform_path(Path(segment))
                yield path.vertices, path
    for patch in axes.patches:
        path = patch.get_transform().transform_path(patch.get_path())
        yield path.vertices, path


def legend_faults(canvas):
    for legend, box in legends(canvas):
        for axes in panels(canvas):
            view = axes.get_window_extent()
            seen = Bbox.intersection(box, view)
            if seen is None or seen.width < TOUCH or seen.height < TOUCH:
                continue
            for vertices, path in curves(axes):
                points = vertices[np.all(np.isfinite(vertices), axis=1)]
                inside = np.all((points > seen.min) & (points < seen.max), axis=1)
                if inside.any() or (path is not None and path.cleaned().intersects_bbox(seen, filled=False)):
                    yield f"the legend {[t.get_text() for t in legend.get_texts()]} covers data"
                    break


def width_faults(canvas):
    if canvas.get_figwidth() not in (SINGLE, DOUBLE):
        yield f"{canvas.get_figwidth()} in is neither one column nor two"


def few_dots(canvas):
    """Series of two or three dots, joined or not; one dot marks a place."""
    for number, axes in enumerate(canvas.axes):
        for line in axes.lines:
            dots = line.get_marker() not in ("None", None, "")
            count = int(np.all(np.isfinite(np.asarray(line.get_xydata(), dtype=float)), axis=1).sum())
            if dots and 1 < count < 4:
                yield f"axes {number}: a series of {count} dots"


def kinked_lines(canvas):
    """Curved lines without markers that bend visibly at three of their few points or more."""
    for number, axes in enumerate(canvas.axes):
        for line in axes.lines:
            bare = line.get_linestyle() == "None" or line.get_marker() not in ("None", None, "")
            if bare or line.get_drawstyle() != "default":
                continue
            points = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
            points = points[np.all(np.isfinite(points), axis=1)]
            steps = np.diff(points, axis=0)
            steps = steps[np.hypot(*steps.T) > TOUCH]
            turns = np.degrees(np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))))
            if len(points) < FINE and np.sum(turns > BEND / 2) >= 3 and turns.max() > BEND:
                yield f"axes {number}: {line.get_label()!r} is kinked, with {len(points)} points"


def faults(canvas):
    checks = (text_faults, axis_faults, letter_faults, colour_faults, legend_faults, width_faults)
    return [fault for check in checks for fault in check(canvas)]


def caption_faults(canvas, caption):
    bars = any(isinstance(c, ErrorbarContainer) and c.has_yerr for axes in canvas.axes for c in axes.containers)
    bands = any(isinstance(c, PolyCollection) for axes in canvas.axes for c in axes.collections)
    if bars and "standard error" not in caption:
        yield "error bars are not explained"
    if bands and not re.search(r"(?i)band|shaded|quartile", caption):
        yield "bands are not explained"
    powers = r"\^\{[^{}]*\}"  # set as powers on pages; what Unicode has is written with it
    if re.search(r"\d[eE][+-]?\d|\bl[12]\b|[\^$]", re.sub(powers, "", caption)):
        yield "numbers and symbols are not written as in print"
    if plural := re.search(r"\b1 (seeds|runs|draws|designs|chains|networks|data sets|trials)\b", caption):
        yield f"{plural[0]!r} is one"
    letters = [f"({letter})" for letter, _ in zip(ascii_lowercase, panels(canvas), strict=False)]
    together = f"(a) to {letters[-1]}" in caption
    if len(letters) > 1 and not together and not all(letter in caption for letter in letters):
        yield f"not every panel of {letters} is in the caption"
    if re.search(r"\b(Left|Right|Middle|Top|Bottom)\b", caption):
        yield "panels have letters, not sides"


@pytest.mark.parametrize("item", figures(), ids=lambda item: item.name)
def test_a_figure_is_fit_to_print_and_the_same_picture_twice(item, data):
    """Both in one, since drawing costs most. An SVG holds all that is drawn: it tells two drawings apart."""
    found = data(item.name)
    with style():
        canvas, caption = item.draw(found), item.caption(found)
    files = replace(item, draw=lambda _: canvas).render(found, ["svg", "pdf"])
    assert item.render(found, ["svg"])["svg"] == files["svg"]
    assert b"/Type3" not in files["pdf"]  # fonts embedded as TrueType
    assert len(caption) > 80

    with style():
        FigureCanvasAgg(canvas).draw()  # as the PNG is
    assert [*faults(canvas), *caption_faults(canvas, caption)] == []
    assert list(few_dots(canvas)) == []
    assert item.name in WHOLE or list(kinked_lines(canvas)) == []
    assert [*unexplained(canvas, caption), *unsaid(canvas, caption)] == []
    assert item.name in ONE_SIDED or list(one_sided(canvas)) == []
    assert [pair for axes in canvas.axes for pair in alike(axes)] == []


def two_panels(bad=lambda canvas, left, right: None):
    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2)
    for axes in (left, right):
        axes.plot([0, 1, 2], [0, 1, 4], color=COLOURS[0], label="square")
        axes.set(xlabel="$x$", ylabel="$x^2$")
    left.legend(loc="upper left")
    letter_panels((left, right))
    bad(canvas, left, right)
    return canvas


BAD = {
    "overlap": lambda canvas, left, right: left.set_xticks([1, 1.02], ["first place", "second place"]),
    "leaves the page": lambda canvas, left, right: canvas.text(0.99, 0.5, "far out"),
    "is smaller": lambda canvas, left, right: left.text(1, 2, "small", fontsize=5),
    "is not written in symbols": lambda canvas, left, right: left.set_xlabel("lambda"),
    "no label": lambda canvas, left, right: right.set_ylabel(""),
    "one labelled tick": lambda canvas, left, right: right.set_yticks([1]),
    "panel b has no letter": lambda canvas, left, right: right.set_title("", loc="left"),
    "not of the palette": lambda canvas, left, right: right.plot([0, 1], [1, 0], color="red"),
    "covers data": lambda canvas, left, right: left.legend(loc="upper right"),
    "neither one column nor two": lambda canvas, left, right: canvas.set_figwidth(5),
}


def test_a_good_page_has_no_faults():
    assert faults(drawn(two_panels)) == []


@pytest.mark.parametrize("fault", BAD)
def test_every_fault_is_seen(fault):
    """What the test of the figures can find, put into a good page."""
    found = faults(drawn(lambda: two_panels(BAD[fault])))
    assert any(fault in text for text in found), found
    assert len(found) == 1, found


def test_three_dots_are_few_and_one_marks_a_place():
    def bad(canvas, left, right):
        left.plot([0, 1, 2], [0, 1, 4], "o-")
        right.plot([1], [1], "o")
        right.errorbar([0, 1, 2, 3], [0, 1, 4, np.nan], 0.1, fmt="o")

    assert list(few_dots(two_panels(bad))) == [f"axes {i}: a series of 3 dots" for i in (0, 1)]


def test_a_curve_of_few_points_is_kinked_and_one_of_many_is_not():
    def bad(canvas, left, right):
        for count in (12, 61):
            x = np.linspace(0, 2, count)
            left.plot(x, np.sin(4 * x), label=f"{count}")
        right.plot([0, 1, 2, 1], [0, 1, 0, 0.5], "-o")

    assert list(kinked_lines(drawn(lambda: two_panels(bad)))) == ["axes 0: '12' is kinked, with 12 points"]


def test_a_heat_map_in_another_map_is_a_fault():
    def bad(canvas, left, right):
        right.pcolormesh(np.arange(12.0).reshape(3, 4), cmap="jet")

    assert any("not of the palette" in text for text in faults(drawn(lambda: two_panels(bad))))


def test_captions_explain_bars_bands_and_panels():
    def bars(canvas, left, right):
        left.errorbar([1], [3], [0.1], color=COLOURS[0])
        right.fill_between([0, 1], [0, 1], [1, 2], color=COLOURS[0], lw=0)

    canvas = drawn(lambda: two_panels(bars))
    assert [*caption_faults(canvas, "(a) Mean, two standard errors. (b) Band: range over 10 runs.")] == []
    found = [*caption_faults(canvas, "Left: means of 1 runs, within 1e-06.")]
    assert len(found) == 6, found
