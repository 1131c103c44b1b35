"""Pages made from what the package knows: verdicts, gallery, reference of functions, notebooks, conventions."""

from __future__ import annotations

import ast
import json
import os
import re
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "docs" / "generated"
STORE = ROOT / "report" / "results"  # where `solvable reproduce` keeps results: nothing is computed twice
KEY = re.compile(r"\b[a-z]+\d{4}[a-z]*\b")
# displayed formulas, code, formulas and names that are written as such
VERBATIM = r"(\$\$.*?\$\$|^```.*?^```$|`[^`]*`|\$[^$]*\$|^    .*?$)"


def write() -> None:
    """Write every made page; a page whose text is unchanged keeps its date, so that it is not rebuilt."""
    import gallery

    texts = {**_reference(), **_notebooks(), "conventions.md": _conventions(), "functions.md": _index()}
    texts |= {f"scripts/{name}": text for name, text in gallery.examples().items()}
    for name, text in texts.items():
        path = MADE / name
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in [path for path in MADE.rglob("*") if path.is_file() and "gallery" not in path.parts]:
        if str(path.relative_to(MADE)) not in texts:
            path.unlink()


def mathjax_folder() -> Path:
    """Folder that holds MathJax and nothing else, for the static files of the site."""
    from solvable.figures.mathematics import mathjax

    folder = ROOT / "build" / "mathjax"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tex-svg-full.js").write_bytes(mathjax())
    return folder


# Verdicts -------------------------------------------------------------------------------------------------------------


@cache
def _verdicts() -> dict[str, Any]:
    from solvable.analysis import claims
    from solvable.analysis.verification.campaign import verify_all

    jobs = os.cpu_count() or 1
    return {verdict.claim: verdict for verdict, _ in verify_all(claims(), quick=True, jobs=jobs, store=STORE)}


def prepare_reading(_app: Any, _env: Any, names: list[str]) -> None:
    """Ask for the verdicts before processes part, and spread the notebooks, which are run, evenly among these."""
    if any(name.startswith("theory/") for name in names):
        _verdicts()
    notebooks = [name for name in names if name.startswith("generated/notebooks/")]
    others = [name for name in names if name not in notebooks]
    place = {name: (i + 0.5) / len(group) for group in (notebooks, others) for i, name in enumerate(group)}
    names.sort(key=lambda name: place[name])


def complete_page(_app: Any, name: str, source: list[str]) -> None:
    """Typeset a page in Markdown; of a theory page, link its names and append functions, and claims with verdicts."""
    from solvable.analysis import families

    family = name.removeprefix("theory/").replace("_", "-")
    if name.startswith("theory/") and family in families():
        source[0] = _typeset_page(source[0], _links(family))
        source[0] += f"\n\n## What the toolkit computes\n\n{_used(family)}\n\n## Claims\n\n{_claims(family)}\n"
    elif not name.startswith("generated/"):
        source[0] = _typeset_page(source[0], {})


def _typeset_page(text: str, links: dict[str, str]) -> str:
    """Typeset Unicode mathematics, and link names of claims, figures, functions and papers."""
    from solvable.analysis.writing.inline import typeset_inline
    from solvable.analysis.writing.references import keys

    papers = re.compile(rf"\b(?:{'|'.join(keys())})\b") if links else re.compile("(?!)")
    parts = re.split(VERBATIM, text, flags=re.M | re.S)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = typeset_inline(part, partial(papers.sub, r"{cite:t}`\g<0>`"), _role)
        elif part.startswith("`") and not part.startswith("```") and not parts[i - 1].endswith("}"):
            parts[i] = links.get(part.strip("`"), part)
    return "".join(parts)


@cache
def _links(family: str) -> dict[str, str]:
    """What a name in backquotes leads to on the page of a family."""
    from solvable.analysis import claims
    from solvable.analysis.writing.references import keys
    from solvable.figures import figures

    links = {name: f"{{py:obj}}`~solvable.solvers.{name}`" for name in _functions()}
    links |= {item.name: f"{{ref}}`{item.title} <figure-{item.name}>`" for item in figures()}
    links |= {key: f"{{cite:t}}`{key}`" for key in keys()}
    for claim in claims():
        links[claim.name] = f"[`{claim.name}`](#{anchor(claim.name)})"
        if claim.family == family:
            links[claim.name.partition("/")[2]] = f"[`{claim.name.partition('/')[2]}`](#{anchor(claim.name)})"
    return links


def _used(family: str) -> str:
    """Solver functions that the family's own modules import, and its figures."""
    from solvable.analysis import claims
    from solvable.figures import figures

    names: set[str] = set()
    folder = ROOT / "analysis" / family.replace("-", "_")
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("solvable.solvers"):
                names |= {alias.name for alias in node.names}
    known = [name for name in _functions() if name in names]
    rows = [f"* {{py:obj}}`~solvable.solvers.{name}`: {_summary(name)}" for name in known]
    own = {claim.name for claim in claims(family)}
    shown = [f"{{ref}}`{item.title} <figure-{item.name}>`" for item in figures() if own & set(item.claims)]
    return "\n".join(rows) + ("\n\nFigures: " + "; ".join(shown) + "." if shown else "")


def _claims(family: str) -> str:
    from solvable.analysis import claims
    from solvable.analysis.writing.conventions import formula_latex

    parts = [
        "Checked when these pages were built, on the quick cells, by the equivalence test of the "
        "[numerical contract](/numerical_contract.md); `solvable verify` runs the whole grid.\n"
    ]
    for claim in claims(family):
        verdict = _verdicts()[claim.name]
        place = claim.source.locator.replace(f"in docs/theory/{family.replace('-', '_')}.md", "above")
        place = re.sub(r"docs(/theory/\w+\.md)", r"[](\1)", place)
        where = f" ({place})" if place else ""
        parts.append(f"({anchor(claim.name)})=\n`{claim.name}`\n: {_prose(claim.statement)}\n")
        if claim.formula is not None:
            parts.append(f"  $$\n  {formula_latex(claim)}\n  $$\n")
        valid = f" Valid: {_prose(claim.assumptions)}" if claim.assumptions else ""
        summary = verdict.summary().removeprefix(f"{verdict.outcome.value}: ")
        parts.append(
            f"  {claim.kind.value.capitalize()}; {{cite:t}}`{claim.source.key}`{where}.{valid}\n\n"
            f"  **{verdict.outcome.value}**: {_plain(summary)}\n"
        )
    return "\n".join(parts)


def anchor(claim: str) -> str:
    """Label of a claim on the page of its family."""
    return "claim-" + claim.replace("/", "-")


def _role(tex: str) -> str:
    return f"{{math}}`{tex}`"


def _plain(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]<>|~$#])", r"\\\1", text)


def _prose(text: str) -> str:
    """Escape a sentence and typeset its mathematics, its $...$ and `...` parts apart."""
    from solvable.analysis.writing.inline import typeset_inline

    parts = re.split(r"(\$[^$]+\$|`[^`]+`)", text)
    plain = (typeset_inline(part, _plain, _role) for part in parts[::2])
    return "".join(part for pair in zip(plain, [*parts[1::2], ""], strict=True) for part in pair)


# Reference ------------------------------------------------------------------------------------------------------------


@cache
def _modules() -> dict[str, list[str]]:
    """Module of the solvers -> its public names, in the order of the stub."""
    found: dict[str, list[str]] = {}
    for node in ast.parse((ROOT / "solvers" / "__init__.pyi").read_text()).body:
        if isinstance(node, ast.ImportFrom):
            found.setdefault(str(node.module), []).extend(alias.name for alias in node.names)
    return found


def _functions() -> list[str]:
    return [name for names in _modules().values() for name in names]


def _summary(name: str) -> str:
    """First line of a docstring, its mathematics in dollars."""
    import solvable.solvers

    text = (getattr(solvable.solvers, name).__doc__ or "").split("\n\n")[0]
    return _prose(re.sub(r":math:`([^`]*)`", r"$\1$", " ".join(text.split())))


def _page(title: str, module: str, names: list[str]) -> str:
    """Reference page in reStructuredText, which the docstrings are written in."""
    lines = [title, "=" * len(title), "", f".. currentmodule:: {module}", ""]
    for name in names:
        item = getattr(import_module(module), name)
        kind = "autoclass" if isinstance(item, type) else "autofunction" if callable(item) else "autodata"
        lines += [f".. {kind}:: {name}", *(["   :members:"] if kind == "autoclass" else []), ""]
        lines += [f".. minigallery:: {module}.{name}", ""] if kind == "autofunction" else []
    return "\n".join(lines)


def _reference() -> dict[str, str]:
    """One page for each module of the solvers, one for claims and checks, one for figures."""
    texts = {}
    for module, names in _modules().items():
        title = (import_module(f"solvable.solvers.{module}").__doc__ or module).splitlines()[0].rstrip(".")
        page = _page(module, "solvable.solvers", names).split("\n", 2)
        texts[f"api/{module}.rst"] = f"{page[0]}\n{page[1]}\n\n{title.replace('|', chr(92) + '|')}.\n{page[2]}\n"
    import solvable
    import solvable.figures

    own = [name for name in solvable.__all__ if name not in _functions()]
    texts["api/claims-and-checks.rst"] = _page("Claims and checks", "solvable", own)
    texts["api/figures.rst"] = _page("Figures", "solvable.figures", list(solvable.figures.__all__))
    listed = "\n".join(_modules())
    texts["api/index.md"] = (
        "# Reference\n\nWhat is public, from the docstrings. `import solvable` gives claims and checks, "
        "`solvable.solvers` the mathematics, `solvable.figures` the pictures.\n\n"
        "```{toctree}\n:caption: The front door\nclaims-and-checks\nfigures\n```\n\n"
        f"```{{toctree}}\n:caption: Solvers\n{listed}\n```\n"
    )
    return texts


def tidy_docstring(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Turn paper keys below References into citations; take bars and trailing underscores as characters."""
    references = example = False
    for i, line in enumerate(lines):
        references = ("rubric:: References" in line) or (references and "rubric::" not in line)
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if found := re.match(r"(\s*:(?:ivar|vartype) )([\w, ]+,[\w ]+)(:.*)", line):
            line = lines[i] = found[1] + found[2].replace(" ", "") + found[3]  # several names, one entry
        if references:
            lines[i] = KEY.sub(lambda found: f":cite:t:`{found.group()}`", line)
        elif not example:
            parts = re.split(r"(`+[^`]*`+)", line)
            for j, part in enumerate(parts):
                if j % 2 == 0:
                    parts[j] = re.sub(r"(?<=\w)_(?!\w)|\|", r"\\\g<0>", part)
                elif part[1:-1] in _functions() and not parts[j - 1].endswith(":"):
                    parts[j] = f":py:obj:`~solvable.solvers.{part[1:-1]}`"
            lines[i] = "".join(parts)


def _index() -> str:
    """Every public function with its first line, by module."""
    rows = []
    for module, names in _modules().items():
        for name in names:
            if not name[0].isupper():
                page = f"[{module}](/generated/api/{module}.rst)"
                rows.append(f"* {{py:obj}}`~solvable.solvers.{name}` ({page}): {_summary(name)}")
    return "# Every function in one line\n\n" + "\n".join(rows) + "\n"


# Notebooks and conventions --------------------------------------------------------------------------------------------


def _notebooks() -> dict[str, str]:
    """Notebooks, run when the page is built, each with a link to the file that `solvable notebooks` writes."""
    from solvable.figures.notebooks import notebook_texts

    texts, names = {}, []
    for name, text in notebook_texts().items():
        page = json.loads(text)
        first = next(cell for cell in page["cells"] if cell["cell_type"] == "markdown")
        first["source"] = [*first["source"], f"\n\n{{download}}`Download this notebook <download/{name}.ipynb>`"]
        texts[f"notebooks/{name}.ipynb"] = json.dumps(page, indent=1)
        texts[f"notebooks/download/{name}.ipynb"] = text
        names.append(name)
    listed = "\n".join(names)
    texts["notebooks/index.md"] = (
        "# Notebooks\n\nEach opens with what you will see and ends with exercises, solutions folded. They are run when "
        "these pages are built. Each page offers its file for "
        "download; `solvable notebooks --out my-notebooks` writes them all, and `pip install -e '.[notebooks]'` brings "
        "Jupyter. The sources are in `notebooks/` as plain Python (jupytext). Where a knob teaches "
        "there is a slider, which needs a running kernel; the picture above it is for reading.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n{listed}\n```\n"
    )
    return texts


_ELSEWHERE = "Letters that stand in one statement only are defined beside it: `solvable show` and a claim's name."


def _conventions() -> str:
    from solvable.analysis.writing.conventions import convention_table

    text = "# Conventions\n\n"  # the first page ends at the comment
    for family, entries in convention_table().items():
        rows = ["* - symbol\n  - argument\n  - meaning"]
        for symbol, names, meaning in entries:
            arguments = ", ".join(f"`{name}`" for name in names.split(", "))
            rows.append(f"* - {_prose(symbol)}\n  - {arguments}\n  - {_prose(meaning)}")
        text += f"## {family.replace('-', ' ').capitalize()}\n\n" if family else ""
        text += "```{list-table}\n:header-rows: 1\n:class: stack\n:widths: 12 28 60\n\n" + "\n".join(rows) + "\n```\n\n"
        text += "" if family else f"<!-- families -->\n\n{_ELSEWHERE}\n\n"
    return text
