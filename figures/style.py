"""One style for every figure: sizes of a two-column page, colour-blind-safe colours, embedded fonts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from string import ascii_lowercase
from typing import Any

__all__ = [
    "COLOURS",
    "DASHED",
    "DASHES",
    "DOUBLE",
    "HEAT",
    "MARKERS",
    "SIGNED",
    "SINGLE",
    "entry",
    "laid_out",
    "letter_panels",
    "style",
    "use_style",
]

SINGLE, DOUBLE = 3.3, 6.9  # column widths in inches
# The palette of [okabe2008color], in the order of use: any two stay at least 15 apart in CIE-Lab for every kind of
# colour blindness, simulated after [machado2009physiologically]; tests/figures/test_colours.py measures it.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHED = (0, (4, 1.5))
DASHES = ("-", "--", "-.", ":")  # for lines that no dots tell apart
HEAT = "viridis"  # perceptually uniform, for heat maps and ordered shades
SIGNED = "PuOr_r"  # white at zero, told apart by the colour-blind

_SETTINGS = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "svg.hashsalt": "solvable",
    "svg.fonttype": "path",
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the style, with the non-interactive canvas, for the duration of a block."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {**_SETTINGS, "backend": "agg"}
    with mpl.rc_context(settings):
        yield


def laid_out(canvas: Any) -> Any:
    """Return the figure with its panels in place for good: alike in all formats, and no file lays it out again."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas.set_dpi(mpl.rcParams["savefig.dpi"])
    FigureCanvasAgg(canvas)  # measures the texts
    canvas.get_layout_engine().execute(canvas)
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        canvas.set_layout_engine(None)  # an engine that does nothing would still draw every file twice
    return canvas


def letter_panels(panels: Iterable[Any], titles: Iterable[str] = ()) -> None:
    """Put (a), (b), ... in bold above the upper left corner of each panel, its title behind."""
    for letter, axes, title in zip(ascii_lowercase, panels, chain(titles, repeat("")), strict=False):
        axes.set_title(rf"$\mathbf{{({letter})}}$  {title}".rstrip(), loc="left")


def entry(axes: Any, index: int, label: str, **look: Any) -> None:
    """Add a legend entry that shows the line and the marker of a series."""
    axes.plot([], [], **{"color": COLOURS[index], "marker": MARKERS[index], **look}, label=label)


def use_style() -> None:
    """Apply the style for the rest of a session, larger on the screen, as a notebook does."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {**_SETTINGS, "figure.dpi": 150}
    mpl.rcParams.update(settings)
