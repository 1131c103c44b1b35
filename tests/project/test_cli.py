"""The command line as a user meets it: output, sentences, exit codes."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from solvable.analysis import claims, families
from solvable.figures import figures

ROOT = Path(__file__).parents[2]


def solvable(*arguments, cwd=None):
    return subprocess.run([sys.executable, "-m", "solvable", *arguments], capture_output=True, text=True, cwd=cwd)


def test_list_names_every_claim_and_figure():
    done = solvable("list")
    assert done.returncode == 0
    for item in [*claims(), *figures()]:
        assert item.name in done.stdout


def test_show_prints_the_formula_in_unicode_or_latex():
    name = "ridge/isotropic-ridgeless-variance"
    plain, latex = solvable("show", name), solvable("show", name, "--latex")
    assert "γ" in plain.stdout
    assert r"\gamma" in latex.stdout
    assert "noise_variance" in plain.stdout  # its convention
    assert "Hastie" in plain.stdout


def test_cite_takes_claims_figures_and_keys():
    for name in ("ridge/test-error", "ridge-double-descent", "hastie2022surprises"):
        assert "@article{hastie2022surprises" in solvable("cite", name).stdout


def test_conventions_lists_the_ridge():
    assert "alpha" in solvable("conventions").stdout


def test_verify_prints_a_line_and_succeeds():
    done = solvable("verify", "ridge/conservation-law", "--jobs", "1")
    assert done.returncode == 0
    assert done.stdout.startswith("AGREES")
    assert "\x1b" not in done.stdout  # no bar and no colour in a pipe


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["show", "ridge/test-eror"], "ridge/test-error"),
        (["verify", "rigde"], "ridge"),
        (["figure", "ridge-double-decent"], "ridge-double-descent"),
        (["cite", "hastie2022"], "hastie2022surprises"),
        (["verify", "--jobs", "0"], "--jobs"),
        (["figure", "spectral-density", "--format", "gif"], "pdf, svg, png"),
        (["nonsense"], "nonsense"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_two(arguments, hint):
    done = solvable(*arguments)
    assert done.returncode == 2
    assert hint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback():
    assert "Traceback" in solvable("show", "ridge/test-eror", "--debug").stderr


def test_interrupt_keeps_whole_files_and_says_so(tmp_path):
    """Ctrl-C after the first verdict: exit code 130, one sentence, no temporary file left, and a rerun goes on."""
    # a shell that runs this in the background ignores SIGINT for its children: restore it
    code = "import signal; signal.signal(2, signal.default_int_handler); from solvable.cli import main; main()"
    command = [sys.executable, "-u", "-c", code, "reproduce", "--quick", "--jobs", "1", "--out", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as running:
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=60)
    assert running.returncode == 130
    assert complaint.strip().startswith("solvable: interrupted")
    assert len(complaint.strip().splitlines()) == 1
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if path.name.startswith(".")]


SLOW = """
import pathlib, time
from solvable.analysis import Claim, Kind, Source

def measure(rng, n):
    (pathlib.Path(__file__).parent / f"begun-{n}").touch()
    time.sleep(60 if n > 1 else 0)
    return float(n)

def one(name, n):
    return Claim(f"own/{name}", "n is n.", source=Source("hastie2022surprises", "made up"), kind=Kind.EXACT,
                 predict=lambda n: float(n), measure=measure, grid=[{"n": n}], tolerance=1e-9, deterministic=True)

CLAIMS = (one("first", 1), one("second", 2))
"""


@pytest.mark.parametrize(("names", "left"), [
    ([], "the 1 verdict above stands, and"), (["own/second"], "no verdict was reached, and"),
])  # fmt: skip
def test_an_interrupted_verify_says_how_many_verdicts_stand(names, left, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(SLOW)
    code = "import signal; signal.signal(2, signal.default_int_handler); from solvable.cli import main; main()"
    command = [sys.executable, "-u", "-c", code, "verify", *names, "--from", str(own), "--jobs", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as running:
        while not (tmp_path / "begun-2").exists():
            assert running.poll() is None, running.stderr.read()
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        said, complaint = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said.count("AGREES") == 1 - len(names)
    assert complaint.startswith(f"solvable: interrupted; {left} the next run starts anew")
    assert len(complaint.strip().splitlines()) == 1


def test_disagreement_is_exit_code_one(monkeypatch):
    from dataclasses import replace

    from solvable import cli
    from solvable.analysis.verification import catalogue
    from solvable.analysis.verification.catalogue import claim

    wrong = replace(claim("ridge/conservation-law"), predict=lambda n, **_: 1.1 * n)
    monkeypatch.setattr(catalogue, "claims", lambda family=None: [wrong])
    monkeypatch.setattr("solvable.analysis.claims", lambda family=None: [wrong], raising=False)
    monkeypatch.setattr(sys, "argv", ["solvable", "verify", "--jobs", "1"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1


def test_figure_writes_whole_files_with_a_caption(tmp_path):
    done = solvable("figure", "ridge-double-descent", "--quick", "--out", str(tmp_path), "--format", "png,pdf")
    assert done.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "ridge-double-descent.png",
        "ridge-double-descent.pdf",
    }
    assert "two standard errors" in done.stdout


def test_report_is_self_contained_and_a_second_run_redoes_nothing(tmp_path, monkeypatch):
    """Two claims and one figure through the very functions `reproduce` calls."""
    from solvable.analysis.verification.campaign import verify_all
    from solvable.analysis.verification.catalogue import claim
    from solvable.figures import find_figure
    from solvable.figures.report import write_figure, write_report

    chosen = [claim("ridge/conservation-law"), claim("ridge/isotropic-ridgeless-excess")]
    item = find_figure("ridge-double-descent")
    pages = []
    for _ in range(2):
        verdicts = {v.claim: v for v, _ in verify_all(chosen, quick=True, store=tmp_path / "results")}
        caption, svg = write_figure(item, tmp_path / "figures", ["svg"], True, tmp_path / "results")
        page = write_report(tmp_path, verdicts, {item.name: (item, caption, svg)}, 0, True)
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]
    text = pages[0].decode()
    assert "data:image/svg+xml;base64," in text
    assert r"\[" in text
    written = re.sub(r"<script>.*?</script>", "", text, flags=re.S)  # MathJax, whole, which names what it never loads
    for outside in ("http://", "https://", "<script", "<link", 'src="/'):
        assert outside not in written
    assert "2 of 2 claims agree" in text
    assert f"solvable figure {item.name}" in text
    assert "Claims that no figure shows" in text
    for item_claim in chosen:
        assert item_claim.name in text
    assert json.loads((tmp_path / "manifest.json").read_text())["seed"] == 0
    printed(page)


def printed(page):
    """On paper every claim is open, and every formula and sentence with mathematics is set, none with an error."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        return
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        except Error:  # what is tested is the page
            return
        view = browser.new_page()
        view.set_default_timeout(120_000)  # a shared machine
        view.goto(page.as_uri())
        view.wait_for_function("window.MathJax && MathJax.typeset && document.querySelector('mjx-container')")
        view.evaluate("dispatchEvent(new Event('beforeprint'))")
        found = view.evaluate(
            "[document.querySelectorAll('details:not([open]) .math').length,"
            " [...document.querySelectorAll('.math, .tex')].filter((x) => x.innerText.includes('\\\\(')).length,"
            " document.querySelectorAll('.math mjx-container').length, document.querySelectorAll('mjx-merror').length]"
        )
        browser.close()
    assert found == [0, 0, 2, 0]


def test_known_answers_lists_and_prints_the_tables():
    listed = solvable("known-answers").stdout.split()
    assert set(families()) <= set(listed)
    entries = json.loads(solvable("known-answers", "ridge").stdout)
    assert len(entries) >= 100
    assert set(entries[0]) == {"name", "function", "arguments", "expected", "rtol"}
    assert "Closest: ridge" in solvable("known-answers", "rigde").stderr


def test_without_a_command_five_verbs_are_shown():
    shown = solvable()
    assert shown.returncode == 0
    for verb in ("show", "check", "verify", "figure", "reproduce"):
        assert f"  solvable {verb} " in shown.stdout


def test_version_and_doctor():
    from solvable import __version__

    assert solvable("--version").stdout == f"solvable {__version__}\n"
    found = solvable("doctor")
    assert found.returncode == 0, found.stdout
    assert "ridgeless error at n = 100, d = 200: 1.5 (1.5)" in found.stdout


def test_show_takes_families_and_figures():
    assert "ridge/test-error" in solvable("show", "ridge").stdout
    assert "ridge/isotropic-ridgeless-excess" in solvable("show", "ridge-double-descent").stdout


@pytest.mark.parametrize(
    "command",
    [
        "check gamma --against ridge/isotropic-ridgeless-variance --save",
        "derive tr((Z^T*Z/n+lam)^-1) --gaussian Z:n,d --set n=8,d=4,lam=0.1 --python",
        f"sweep {ROOT / 'figures/specs/random_features_heat_map.toml'} --store",
        "figure spectral-density --quick --out",
        "notebooks --out",
    ],
    ids=lambda command: command.split()[0],
)
def test_what_cannot_be_written_is_refused_before_anything_is_computed(command, tmp_path):
    (tmp_path / "file").write_text("")
    done = solvable(*command.split(), str(tmp_path / "file" / "inside"), cwd=tmp_path)
    assert done.returncode == 2
    assert "is not allowed: nothing can be written there" in done.stderr
    assert not re.search("AGREES|value|agrees", done.stdout)


def test_a_folder_is_refused_where_it_cannot_be_written_to_or_another_run_is_under_way(tmp_path):
    from solvable.analysis.writing.files import held_alone

    (tmp_path / "file").write_text("")
    done = solvable("reproduce", "--quick", "--out", str(tmp_path / "file"))
    assert done.returncode == 2
    assert "nothing can be written there" in done.stderr
    with held_alone(tmp_path / "report"):
        done = solvable("reproduce", "--quick", "--out", str(tmp_path / "report"))
    assert done.returncode == 2
    assert "another run is under way" in done.stderr
    assert not list((tmp_path / "report").iterdir())
    with held_alone(tmp_path / "report"):
        pass  # free again


def test_an_error_of_the_user_names_the_line(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from solvable import Claim, Kind, Source\n\ndef measure(rng, n):\n    return float([][n])\n\n"
        "CLAIMS = [Claim(f'mine/mean-{i}', 'A mean.', source=Source('derived'), kind=Kind.MEAN,\n"
        "                predict=lambda n: 0.0, measure=measure, grid=[{'n': 5}], tolerance=0.1) for i in range(2)]\n"
    )
    for jobs in ("1", "2"):
        done = solvable("verify", "--from", "mine.py", "--jobs", jobs, cwd=tmp_path)
        assert "IndexError in mine.py, line 4, in measure: return float([][n])" in done.stderr
        assert "Traceback" not in done.stderr


def test_families_of_the_report_stand_as_in_the_readme():
    from pathlib import Path

    from solvable.figures.report import ORDER

    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", readme, re.M) == list(ORDER)


def test_names_with_accents_are_letters_in_citations():
    from solvable.analysis.writing.references import citation, keys

    for key in keys():
        assert not set(citation(key)) & set("{}\\"), key


def test_a_page_is_shown_by_a_browser_with_windows_or_not_at_all(monkeypatch, tmp_path, capfd):
    import webbrowser

    from solvable.cli import making

    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(opened.append(address)) or True)
    monkeypatch.setattr(making.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert not making._shown(tmp_path / "index.html")
    monkeypatch.setenv("DISPLAY", ":0")
    assert making._shown(tmp_path / "index.html")
    assert opened == [(tmp_path / "index.html").as_uri()]
    assert capfd.readouterr().err == ""
