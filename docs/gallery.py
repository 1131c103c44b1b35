"""The gallery: each figure module as an example of sphinx-gallery, its picture drawn from kept data."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import Any

from pages import ROOT, STORE, anchor

SCRIPTS = ROOT / "docs" / "generated" / "scripts"


def examples() -> dict[str, str]:
    """Scripts by path: a figure module under a heading, in the folder of its family, and a header for each folder."""
    from solvable.figures import figures

    texts = {"GALLERY_HEADER.rst": f"Gallery\n=======\n\n{_INTRODUCTION}\n"}
    for item in figures():
        family, script = item.family, item.module.removeprefix("solvable.figures.").replace(".", "/")
        texts[f"{family}/{script.replace(chr(47), chr(95))}.py"] = _script(item, ROOT / "figures" / f"{script}.py")
        texts[f"{family}/GALLERY_HEADER.rst"] = _header(family)
    return texts


_INTRODUCTION = """Every figure of the toolkit from quick data (fewer draws than ``solvable figure`` takes). Lines are
theory, dots are simulations, bars are two standard errors unless the caption says otherwise."""


def _header(family: str) -> str:
    """Return the heading of a family's theory page, and a link to it."""
    page = family.replace("-", "_")
    title = (ROOT / "docs" / "theory" / f"{page}.md").read_text().splitlines()[0].removeprefix("# ")
    return f"{title}\n{'-' * len(title)}\n\nSetting, equations and verdicts: :doc:`/theory/{page}`.\n"


def _script(item: Any, path: Path) -> str:
    """Return the module under a heading, and a digest of what its data depend on, so that a change redraws it."""
    from solvable.analysis.verification.fingerprint import digest

    source = path.read_text()
    first = ast.parse(source).body[0]
    code = "".join(source.splitlines(keepends=True)[first.end_lineno :])
    summary = ast.get_docstring(ast.parse(source)) or ""
    return (
        f'r"""\n.. _figure-{item.name}:\n\n{item.title}\n{"=" * len(item.title)}\n\n{summary}\n"""\n{code}\n'
        f"# sphinx_gallery_start_ignore\n# {digest(item.module, item.name, True)}\n# sphinx_gallery_end_ignore\n"
    )


class Pictures:
    """Draws an example's figure; the registry is put back, in which running the example entered itself."""

    def __init__(self) -> None:
        """Remember the figures as they were registered by their own modules."""
        from solvable.figures import figures

        self.known = {item.module.removeprefix("solvable.figures.").replace(".", "_"): item for item in figures()}

    def __repr__(self) -> str:
        """Return the same text in every build, so that sphinx does not take the configuration for changed."""
        return "Pictures"

    def __call__(self, _block: Any, variables: dict[str, Any], configuration: dict[str, Any]) -> str:
        """Write the picture; return it with its caption, source and claims."""
        from solvable.figures import registry

        registry._REGISTERED.update({item.name: item for item in self.known.values()})
        item = self.known[Path(variables["src_file"]).stem]
        data = item.data(True, STORE)
        picture = Path(next(variables["image_path_iterator"])).with_suffix(".svg")
        picture.write_bytes(item.render(data, ["svg"])["svg"])
        place = picture.relative_to(configuration["src_dir"]).as_posix()
        shape = "wide" if _inches(picture.read_bytes()) > 4 else "narrow"
        claims = "\n".join(f"* :ref:`{name} <{anchor(name)}>`" for name in item.claims)
        return (
            f"\n.. figure:: /{place}\n   :alt: {item.title}\n   :figclass: {shape}\n\n   {_rst(item.caption(data))}\n\n"
            f"Source: :cite:t:`{item.source}`. To draw it with all draws:\n\n"
            f".. code-block:: sh\n\n   solvable figure {item.name}\n\n"
            + (f"Claims that the figure shows, with their verdicts:\n\n{claims}\n\n" if claims else "")
            + f"The script\n----------\n\n``{item.module.removeprefix('solvable.').replace('.', '/')}.py``\n\n"
        )


def _inches(svg: bytes) -> float:
    found = re.search(rb'<svg[^>]*width="([0-9.]+)pt"', svg)
    return float(found.group(1)) / 72 if found else 0.0


def _rst(text: str) -> str:
    """Return a caption in reStructuredText: its mathematics as such, everything else as characters."""
    from solvable.analysis.writing.inline import typeset_inline

    text = typeset_inline(text, partial(re.sub, r"([\\*`|_])", r"\\\1"), r"\ :math:`{}`\ ".format)
    return text if text.startswith("\\") else f"\\{text}"  # "(a) ..." is a sentence, not the start of a list
