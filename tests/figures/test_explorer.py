"""The Explorer in a real browser: each slider is moved, the curve is read off the page, and the solver is asked."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from solvable.figures.explorer import panel as explorer_panel
from solvable.figures.explorer.page import PANELS, write_explorer
from solvable.figures.explorer.panel import settings

RAW = """() => [...document.body.querySelectorAll("*")].filter((part) => !part.closest("script, mjx-container"))
  .flatMap((part) => [...part.childNodes]).filter((part) => part.nodeType === 3)
  .map((part) => part.textContent.trim()).filter((text) => /[Ͱ-Ͽℓ√²³⁰-₉∈≤≥∝]|[A-Za-z]\\/[A-Za-z]| = /.test(text))"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VERDICT = SimpleNamespace(outcome=SimpleNamespace(value="AGREES"), summary=lambda: "AGREES: as in the test")


def test_eight_results_each_with_a_claim_and_enough_points():
    from solvable.analysis import claims

    names = {item.name for item in claims()}
    assert len(PANELS) == 8
    assert {panel.claim for panel in PANELS} <= names
    for panel in PANELS:
        start = {knob.name: knob.values[knob.start] for knob in panel.knobs}
        x, y = panel.theory(start)
        assert x.shape == y.shape
        assert panel.name == "sgd-threshold" or len(x) >= 60  # batch sizes are whole
        assert np.all(np.diff(x) > 0)
        assert np.all(np.isfinite(y))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_dots_lie_on_the_line(panel):
    """Seed of the page, its first setting: within 5 errors of the mean and 5 % (finite size), or 2 % without bars."""
    index, values = next(settings(panel))
    x, y = panel.theory(values)
    at, mean, bar = panel.dots(np.random.default_rng([0, *index]), values)
    line = np.interp(at, x, y)
    if panel.name == "spectral-density":  # bins lie across the edges: the mass they hold is compared, and the middle
        inside = line > 0.3 * y.max()
        at, mean, bar, line = at[inside], mean[inside], bar[inside], line[inside]
        np.testing.assert_allclose(mean, line, rtol=0.25)
        return
    room = 0.02 * np.abs(line) + 0.005 * y.max() if bar is None else 2.5 * bar + 0.05 * np.abs(line)
    assert np.all(np.abs(mean - line) <= room)


def moves(panel):
    """Sliders moved one after another, each to its other end: (knob, index of the setting, setting)."""
    index = [knob.start for knob in panel.knobs]
    yield None, tuple(index), {knob.name: knob.values[knob.start] for knob in panel.knobs}
    for i, knob in enumerate(panel.knobs):
        last = len(knob.values) - 1
        index[i] = 0 if knob.start == last else last
        yield knob, tuple(index), {k.name: k.values[j] for k, j in zip(panel.knobs, index, strict=True)}


def look(view, panel, width):
    """Move each slider of a result, read its curve off the page, and ask the solver."""
    section, plot = view.locator(f"#{panel.name}"), f"document.getElementById('plot-{panel.name}')"
    for knob, index, values in moves(panel):
        if knob is not None:
            slider = section.locator(f"input[name={knob.name}]")
            slider.focus()
            slider.press("End" if index[panel.knobs.index(knob)] else "Home")
            said = section.locator("output").all_inner_texts()[panel.knobs.index(knob)]
            assert said == str(values[knob.name]) or float(said) == values[knob.name]
        shown = view.evaluate(f"[{plot}.data[0].x, {plot}.data[0].y, {plot}.data[1].x.length]")
        x, y = panel.theory(values)
        np.testing.assert_allclose(shown[0], x, rtol=1e-5)
        np.testing.assert_allclose(np.array(shown[1], dtype=float), y, rtol=0.01, atol=1e-9 * np.abs(y).max())
        assert shown[2] >= 4
    box = section.locator(".plot .main-svg").first.bounding_box()
    assert box["x"] + box["width"] <= width


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_sliders_draw_what_the_solver_says(tmp_path, monkeypatch):
    playwright = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("plotly")
    verdicts = {panel.claim: VERDICT for panel in PANELS}
    # the page holds the settings that are looked at, of all eight results
    monkeypatch.setattr(explorer_panel, "settings", lambda panel: (move[1:] for move in moves(panel)))
    page = write_explorer(tmp_path / "index.html", verdicts)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=120_000
            )
        except playwright.Error as error:  # what is tested is the page
            pytest.skip(f"Chromium does not start: {str(error).splitlines()[0]}")
        for width, panels in ((1200, PANELS), (390, PANELS[::4])):
            view = browser.new_page(viewport={"width": width, "height": 900})
            view.set_default_timeout(120_000)  # a shared machine
            complaints, asked = [], []
            view.on("pageerror", lambda error, complaints=complaints: complaints.append(error))
            view.on("request", lambda request, asked=asked: asked.append(request.url))
            view.goto(page.as_uri())
            view.wait_for_selector("mjx-container")
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            assert view.evaluate(RAW) == [panel.claim for panel in PANELS]  # no mathematics is left as text
            for panel in panels:
                look(view, panel, width)
            assert complaints == []
            assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        browser.close()
