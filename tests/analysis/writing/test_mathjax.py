"""Every formula that sentences are given is read by MathJax and drawn in its own font, seen in a browser."""

import shutil
from importlib.util import find_spec

import pytest
from sentences import captions, pages

from solvable.analysis import claims
from solvable.analysis.writing.conventions import convention_table
from solvable.analysis.writing.inline import typeset_inline
from solvable.figures.mathematics import mathjax, sentence_html

SCRIPT = 'window.MathJax = {{startup: {{typeset: false}}, svg: {{fontCache: "none"}}}};</script><script>{}'
DRAW = """formulas => MathJax.startup.promise.then(() => formulas.map(tex => {
  const drawn = MathJax.tex2svg(tex, {display: false});
  return [drawn.querySelectorAll("[data-mml-node=merror]").length, drawn.querySelectorAll("text").length];
}))"""


def formulas():
    """TeX of all that is taken for mathematics in claims, conventions, theory pages and captions."""
    texts = [text for claim in claims() for text in (claim.statement, claim.assumptions, claim.reason)]
    texts += [text for rows in convention_table().values() for row in rows for text in (row[0], row[2])]
    texts += [text for _, text in captions()] + [part for _, parts in pages() for part in parts]
    found: dict[str, None] = {}
    for text in texts:
        typeset_inline(text, str, lambda tex: found.setdefault(tex) or "")
    return list(found)


def test_mathjax_reads_every_formula_and_has_every_sign(tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        pytest.skip("needs Chromium and playwright")
    from playwright.sync_api import sync_playwright

    page, made, wrong = tmp_path / "page.html", formulas(), ["x^2^3", "字"]
    assert len(made) > 1500
    page.write_text(f'<meta charset="utf-8"><script>{SCRIPT.format(mathjax().decode())}</script>')
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        view = browser.new_page()
        view.set_default_timeout(120_000)  # a shared machine
        view.goto(page.as_uri())
        faults = view.evaluate(DRAW, [*wrong, *made])
        browser.close()
    assert [tex for tex, fault in zip([*wrong, *made], faults, strict=True) if any(fault)] == wrong


def test_only_a_formula_and_the_stop_behind_it_are_kept_on_one_line():
    made = sentence_html("For n (the size n), α and (1 − ρ)/ρ. Done")
    assert made == (
        r'For \(n\) (the size <span class="keep">\(n\)),</span> \(α\) and <span class="keep">\((1 − ρ)/ρ\).</span> Done'
    )
