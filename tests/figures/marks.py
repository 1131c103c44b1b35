"""What the marks of a drawn figure mean: which lines and dots are explained, and which dots their lines leave."""

import re

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.text import Text

NONE = ("None", "none", " ", "", None)
# words by which a caption explains a line style or a kind of marker
WORDS = {
    "-": r"(?i)\b(solid|lines?|curves?|steps?)\b",
    "--": r"(?i)\b(dashed|dashes)\b",
    ":": r"(?i)\bdotted\b",
    "-.": r"(?i)\bdash-dotted\b",
    "o": r"(?i)\b(dots?|circles?|points?|rings?)\b",
    ".": r"(?i)\b(dots?|points?)\b",
    "s": r"(?i)\bsquares?\b",
    "^": r"(?i)\btriangles?\b",
    "v": r"(?i)\btriangles?\b",
    "D": r"(?i)\bdiamonds?\b",
    "P": r"(?i)\bplus(es)?\b",
    "+": r"(?i)\bplus(es)?\b",
    "X": r"(?i)\bcross(es)?\b",
    "x": r"(?i)\bcross(es)?\b",
    "*": r"(?i)\bstars?\b",
    "|": r"(?i)\b(ticks?|bars?|marks?)\b",
    "_": r"(?i)\b(ticks?|bars?|marks?)\b",
}
# a caption owns up to dots off their lines by counting them, or by saying how far off they are
FAR = re.compile(
    r"three standard errors|by more than their bars"
    r"|(?i:\b(within|off|miss|misses|lie|distance|differ|error|errors) [^.;]{0,70}?\d[\d.,]*( %|\b))"
    r"|\d[\d.]* % (off|from|at most)|at most [\d.]+ %"
)
NEAR = 1.0  # points on the page below which nobody sees a dot leave its line


def bars_of(axes):
    """Data line and half lengths of the bars of every series with error bars."""
    for series in axes.containers:
        if isinstance(series, ErrorbarContainer) and series.has_yerr and series[0] is not None:
            half = [np.ptp(segment[:, 1]) / 2 for segment in series[2][-1].get_segments()]
            yield series[0], np.array(half)


def shown_lines(axes):
    """Lines of a panel that show something: neither empty legend entries nor the caps of error bars."""
    caps = {id(cap) for c in axes.containers if isinstance(c, ErrorbarContainer) for cap in c[1]}
    for line in axes.lines:
        if id(line) not in caps and line.get_visible() and len(finite(line)):
            yield line


def finite(line):
    points = np.asarray(line.get_xydata(), dtype=float)
    return points[np.all(np.isfinite(points), axis=1)]


def styles(artist):
    """Line style and kind of marker, of what has them."""
    found = [getattr(artist, "get_linestyle", lambda: None)(), getattr(artist, "get_marker", lambda: None)()]
    return [kind for kind in found if isinstance(kind, str) and kind not in NONE]


def colour(line):
    return to_hex(line.get_markerfacecolor() if line.get_linestyle() in NONE else line.get_color())


def legends(canvas):
    return [axes.get_legend() for axes in canvas.axes if axes.get_legend()] + canvas.legends


def handles(canvas):
    """Lines and dots of all legends of a figure."""
    for legend in legends(canvas):
        yield from legend.findobj(lambda artist: isinstance(artist, Line2D | Collection))


def labelled(axes, line):
    """Whether a text of the panel has the colour of the line or stands on it."""
    path = line.get_transform().transform_path(line.get_path())
    for text in axes.texts:
        box = text.get_window_extent().padded(text.get_size() * axes.figure.dpi / 72)
        points = path.vertices[np.all(np.isfinite(path.vertices), axis=1)]
        on_it = bool(len(points)) and path.cleaned().intersects_bbox(box, filled=False)
        if text.get_text().strip() and (on_it or to_hex(text.get_color()) == colour(line)):
            yield text


def unexplained(canvas, caption):
    """Line styles and markers that neither a legend, a label on the line nor the caption explains.

    A line with markers is one series: either of the two tells it.
    """
    known = {kind for handle in handles(canvas) for kind in styles(handle)}
    words = " ".join([caption, *(text.get_text() for legend in legends(canvas) for text in legend.findobj(Text))])
    for number, axes in enumerate(canvas.axes):
        for line in shown_lines(axes):
            kinds = styles(line)
            said = [kind for kind in kinds if kind in known or re.search(WORDS.get(kind, re.escape(kind)), words)]
            if not said and not [*labelled(axes, line)]:
                yield f"axes {number}: {' and '.join(kinds)} is not explained"


def upright(axes):
    """Places of vertical lines: what a figure marks, such as a transition."""
    for line in shown_lines(axes):
        x = np.asarray(line.get_xydata(), dtype=float)[:, 0]
        if len(x) == 2 and x[0] == x[1] and line.get_marker() in NONE:
            yield float(x[0])


def one_sided(canvas):
    """Vertical lines that have dots of the panel on one side alone."""
    for number, axes in enumerate(canvas.axes):
        dots = [finite(line)[:, 0] for line in shown_lines(axes) if line.get_linestyle() in NONE]
        if not dots:
            continue
        x = np.concatenate(dots)
        for place in upright(axes):
            if not (np.any(x < place) and np.any(x > place)):
                yield f"axes {number}: all dots lie on one side of the line at {place:.4g}"


def heights(line, x, axes):
    """The line at places x, read on the scales of the panel as the eye does; NaN beyond its ends."""
    points = finite(line)
    order = np.argsort(points[:, 0], kind="stable")
    scale_x, scale_y = axes.transData.transform(points[order]).T
    at = axes.transData.transform(np.column_stack([x, np.full(len(x), points[0, 1])]))[:, 0]
    seen = np.interp(at, scale_x, scale_y, left=np.nan, right=np.nan)
    back = axes.transData.inverted().transform(np.column_stack([at, seen]))[:, 1]
    return back


def theory_of(dots, axes):
    """Curves that the dots belong to: of their colour, or the only ones; a level through the panel is no curve."""
    lines = [
        line
        for line in shown_lines(axes)
        if line.get_linestyle() not in NONE and line.get_marker() in NONE and not _straight(line, axes)
    ]
    same = [line for line in lines if colour(line) == colour(dots)]
    neutral = [line for line in lines if max(to_rgb(colour(line))) - min(to_rgb(colour(line))) < 0.01]
    return same or (neutral if len(neutral) == len(lines) == 1 else [])


def _straight(line, axes):
    """Whether a line marks a place or a level, such as a bound, a limit or chance."""
    return np.ptp(finite(line)[:, 0]) == 0 or line.get_transform() == axes.get_yaxis_transform(which="grid")


def far(canvas):
    """Yield (panel, dot, distance in standard errors) of dots visibly more than three off their line."""
    for number, axes in enumerate(canvas.axes):
        for dots, half in bars_of(axes):
            points = np.asarray(dots.get_xydata(), dtype=float)
            lines = theory_of(dots, axes)
            if not lines or len(points) != len(half):
                continue
            found = np.array([heights(line, points[:, 0], axes) for line in lines])
            with np.errstate(invalid="ignore", divide="ignore"):
                off = np.abs(found - points[:, 1]) / (half / 2)
                seen = [axes.transData.transform(np.column_stack([points[:, 0], row]))[:, 1] for row in found]
                here = axes.transData.transform(points)[:, 1]
                visible = np.abs(np.array(seen) - here) > NEAR * axes.figure.dpi / 72
            off = np.where(np.isfinite(off) & visible, off, np.where(np.isnan(found), np.inf, 0.0))
            least = off.min(axis=0)
            for point, count in zip(points, least, strict=True):
                if 3 < count < np.inf:
                    yield number, tuple(point), float(count)


def unsaid(canvas, caption):
    """Dots beyond three standard errors of their line of which the caption says nothing."""
    found = [*far(canvas)]
    if found and not FAR.search(caption):
        number, point, count = max(found, key=lambda item: item[2])
        yield f"{len(found)} dots, such as {point} of axes {number}, lie {count:.1f} standard errors off their line"
