"""The Explorer in a real browser: each slider is moved, the curve is read off the page, and the solver is asked."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from solvable.figures.explorer.page import PANELS, write_explorer
from solvable.figures.explorer.panel import settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VERDICT = SimpleNamespace(outcome=SimpleNamespace(value="AGREES"), summary=lambda: "AGREES: as in the test")
CHEAP = [panel for panel in PANELS if panel.name in ("double-descent", "random-features", "model-collapse")]


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


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_sliders_draw_what_the_solver_says(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("plotly")
    verdicts = {panel.claim: VERDICT for panel in PANELS}
    page = write_explorer(tmp_path / "index.html", verdicts, CHEAP)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=120_000
            )
        except playwright.Error as error:  # what is tested is the page
            pytest.skip(f"Chromium does not start: {str(error).splitlines()[0]}")
        for width in (1200, 390):
            view = browser.new_page(viewport={"width": width, "height": 900})
            view.set_default_timeout(120_000)  # a shared machine
            complaints, asked = [], []
            view.on("pageerror", lambda error, complaints=complaints: complaints.append(error))
            view.on("request", lambda request, asked=asked: asked.append(request.url))
            view.goto(page.as_uri())
            view.wait_for_selector("mjx-container")
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            for panel in CHEAP:
                section = view.locator(f"#{panel.name}")
                values = {knob.name: knob.values[knob.start] for knob in panel.knobs}
                for knob in panel.knobs:
                    slider = section.locator(f"input[name={knob.name}]")
                    last = len(knob.values) - 1
                    slider.focus()
                    slider.press("End")
                    values[knob.name] = knob.values[last]
                    plot = f"document.getElementById('plot-{panel.name}')"
                    shown = view.evaluate(f"[{plot}.data[0].x, {plot}.data[0].y, {plot}.data[1].x.length]")
                    x, y = panel.theory(values)
                    np.testing.assert_allclose(shown[0], x, rtol=1e-5)
                    np.testing.assert_allclose(np.array(shown[1], dtype=float), y, rtol=0.01)
                    assert shown[2] >= 4
                    said = section.locator("output").all_inner_texts()[panel.knobs.index(knob)]
                    assert float(said) == knob.values[last]
                box = section.locator(".plot .main-svg").first.bounding_box()
                assert box["x"] + box["width"] <= width
            assert complaints == []
            assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        browser.close()
