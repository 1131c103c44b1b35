"""The teaching notebooks as files for Jupyter, from their plain-text sources."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["notebook_texts"]


def notebook_texts() -> dict[str, str]:
    """Text of each notebook as .ipynb, by name; needs jupytext, of the extra ``notebooks``."""
    try:
        import jupytext
    except ImportError:
        raise ValueError("notebooks need jupytext and Jupyter: pip install 'solvable[notebooks]'.") from None

    texts = {}
    scripts = [path for path in files("solvable").joinpath("notebooks").iterdir() if path.name.endswith(".py")]
    for path in sorted(scripts, key=lambda path: int(path.name.partition("_")[0])):
        notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
        for i, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{i}"
            if cell.cell_type == "code" and cell.source.rpartition("\n")[2].startswith(("ax.", "plt.")):
                cell.source += ";"  # do not print what a drawing call returns
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        texts[path.name.removesuffix(".py")] = str(jupytext.writes(notebook, fmt="ipynb"))
    return texts
