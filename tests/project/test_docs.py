"""The pages do what they say: their code runs, their commands print what is shown, and the names exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import copied

import solvable
import solvable.solvers

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TUTORIALS = sorted(path for path in (DOCS / "tutorials").glob("*.md") if path.stem != "index")
HERE = os.environ | {"PYTHONPATH": str(ROOT / "src")}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(path, language):
    return [text for name, text in BLOCK.findall(path.read_text()) if name == language]


def run(command, folder, environment=HERE):
    """Run one line of a page in a folder; solvable is the module that the environment finds, whatever is installed."""
    program, *arguments = shlex.split(command)
    assert program == "solvable"
    return subprocess.run(
        [sys.executable, "-m", "solvable", *arguments], capture_output=True, text=True, cwd=folder, env=environment
    )


def test_start_page_shows_the_commands_of_the_readme():
    own, readme = ([line for text in blocks(path, "sh") for line in text.splitlines() if line.startswith("pip install")]
                   for path in (DOCS / "index.md", ROOT / "README.md"))  # fmt: skip
    assert own == readme


@pytest.mark.parametrize("path", [p for p in TUTORIALS if p.stem != "add_a_result"], ids=lambda path: path.stem)
def test_python_on_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    for text in blocks(path, "python"):
        exec(compile(text, str(path), "exec"), names)
    assert names


def shown_answers():
    """Commands that a page shows together with their answer."""
    text = (DOCS / "tutorials" / "check_your_derivation.md").read_text()
    found = re.findall(r"^```sh\n(solvable check [^\n]*)\n```\n\n```text\n([^\n]*)\n```$", text, re.M)
    assert len(found) >= 4
    return [pytest.param(*pair, id=pair[1]) for pair in found]


def readme_answers():
    """Commands of the README with the answer in a comment below each."""
    found = re.findall(r"^(solvable check [^\n]*)\n# ([^\n]*)$", (ROOT / "README.md").read_text(), re.M)
    assert len(found) >= 4
    told = {param.values for param in shown_answers()}  # those that the tutorial shows too are run there
    return [pytest.param(*pair, id=pair[0][:40]) for pair in found if pair not in told]


@pytest.mark.parametrize(("command", "answer"), readme_answers())
def test_checks_of_the_readme_print_what_it_shows(command, answer, tmp_path):
    assert answer in run(command, tmp_path).stdout.splitlines()


# what takes longer than a look has a test of its own, and is only parsed here
SLOW = (
    "verify",
    "explore",
    "notebooks",
    "figure spectral-density",
    "sweep",
    "--install-completion",
    "reproduce",
    "check",
)


def readme_commands():
    lines = "".join(blocks(ROOT / "README.md", "sh")).splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.startswith("solvable ")]


@pytest.mark.parametrize("command", readme_commands())
def test_commands_of_the_readme_run(command, tmp_path):
    slow = any(part in command for part in SLOW)
    done = run(" ".join(command.split()[:2]) + " --help" if slow else command, tmp_path)
    assert done.returncode == 0, done.stderr
    for option in re.findall(r"--[a-z]+", command) if slow and "--install" not in command else ():
        assert option in done.stdout


def test_python_of_the_readme_prints_what_it_shows(tmp_path, monkeypatch):
    """Every block alone, as a reader pastes it; a line with a comment is an expression and its value."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    for text in blocks(ROOT / "README.md", "python"):
        names = {}
        exec(compile(text, "README.md", "exec"), names)
        for line, shown in re.findall(r"^([^#\n]*\S)  # ('[^\n]*'|\([\d, ]+\))", text, re.M):
            assert repr(eval(line, names)) == shown, line


@pytest.mark.parametrize(("command", "answer"), shown_answers())
def test_commands_print_what_the_page_shows(command, answer, tmp_path):
    done = run(command, tmp_path)
    read, said = done.stdout.splitlines()[:2]
    assert read.startswith("read as: ")
    assert said == answer
    assert done.returncode == (0 if answer == "agrees everywhere tried" else 1)


def test_add_a_result_followed_to_the_letter(tmp_path):
    """Do what the page says, in an empty folder and then in a copy of the checkout, whose own tests must pass."""
    page = DOCS / "tutorials" / "add_a_result.md"
    text = page.read_text()
    (written,) = re.findall(r"Write this file to `(\w+\.py)`", text)
    (moved, catalogue) = re.findall(r"`(analysis/ridge/\w+\.py)`", text)
    code, added = blocks(page, "python")
    verify, check, rest = (block.strip() for block in blocks(page, "sh"))
    assert len([line for line in code.splitlines() if line.strip()]) <= 35

    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / written).write_text(code)
    done = run(verify, alone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(blocks(page, "text")[0].strip())

    copy = tmp_path / "checkout"
    environment = copied(copy)
    (copy / moved).write_text(code)
    home = next(path for path in (copy / catalogue, copy / "analysis/ridge/claims/__init__.py") if path.exists())
    home.write_text(f"{home.read_text()}\n\n{added}")
    assert run(check, copy, environment).returncode == 1
    assert "ridge/leave-one-out-error" in run("solvable list ridge", copy, environment).stdout
    index, tests = rest.splitlines()
    assert tests == "pytest tests/project tests/analysis/verification"  # here: those that a missing place would fail
    quick = ["test_index.py::test_files_are_what_the_code_says[ridge]", "test_package.py", "test_contributing.py",
             "test_index.py::test_the_index_holds_every_claim_figure_and_paper"]  # fmt: skip
    for command in (index.split(), ["python", "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
                                    *(f"tests/project/{name}" for name in quick)]):  # fmt: skip
        done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, cwd=copy, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr


def test_functions_named_on_pages_exist():
    for path in DOCS.glob("*.md"):
        for name in re.findall(r"\{py:obj\}`~?solvable\.([\w.]+)`", path.read_text()):
            item = solvable
            for part in name.split("."):
                item = getattr(item, part)


def test_pages_cite_papers_that_exist():
    from solvable.analysis.writing.references import keys

    for path in DOCS.rglob("*.md"):
        if "generated" not in path.parts:
            assert set(re.findall(r"\{cite:[tp]\}`(\w+)`", path.read_text())) <= set(keys()), path.name


def test_every_family_has_a_theory_page():
    pages = {path.stem.replace("_", "-") for path in (DOCS / "theory").glob("*.md")}
    from solvable.analysis import families

    assert set(families()) <= pages


def test_every_public_function_of_the_solvers_is_found_by_its_question():
    text = (DOCS / "which_function.md").read_text()
    names = [name for name in solvable.solvers.__all__ if name.islower()]
    assert len(names) >= 80
    assert [name for name in names if f"`~solvable.solvers.{name}`" not in text] == []


def test_links_between_pages_lead_somewhere():
    """Relative links and anchors of the pages and of the README, as a reader of the repository follows them."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md"), *(DOCS / "theory").glob("*.md"), *TUTORIALS]
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.S)):
            file = target.partition("#")[0]
            if file and ":" not in file and "generated/" not in file:
                path = DOCS / file[1:] if file.startswith("/") else page.parent / file
                assert path.exists(), (page.name, target)


def test_links_to_the_web_are_well_formed():
    """DOIs and arXiv numbers of the bibliography, and every address in the pages, by their syntax."""
    bibliography = (ROOT / "papers.bib").read_text()
    for doi in re.findall(r"^\s*doi\s*=\s*[{\"](.*?)[}\"],?$", bibliography, re.M | re.I):
        assert re.fullmatch(r"10\.\d{4,9}/[^\s{}]+", doi), doi
    for entry in re.split(r"\n(?=@)", bibliography):
        assert "eprint" not in entry or "doi = " in entry, entry
    for number in re.findall(r"^\s*eprint\s*=\s*[{\"](.*?)[}\"],?$", bibliography, re.M | re.I):
        assert re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", number), number
    texts = [path.read_text() for path in [ROOT / "README.md", *DOCS.rglob("*.md")] if "generated" not in path.parts]
    for address in re.findall(r"https?://[^\s)>\"}`]+", "\n".join([bibliography, *texts])):
        assert re.fullmatch(r"https?://[\w.-]+\.[a-z]{2,}(/[^\s]*)?", address), address


def test_the_table_of_statuses_is_the_enumeration():
    rows = dict(re.findall(r"^ +\| `([A-Z_]+)` \| (.*) \|$", (DOCS / "numerical_contract.md").read_text(), re.M))
    assert rows == {status.name: status.sentence for status in solvable.solvers.Status}
