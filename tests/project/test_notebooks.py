"""Every notebook runs from top to bottom: as a script, and cell by cell in a kernel."""

import runpy
import warnings
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    import matplotlib.pyplot as plt

    with plt.rc_context():
        runpy.run_path(str(path))
    plt.close("all")
    assert capsys.readouterr().out


def test_notebooks_are_numbered_from_one():
    assert sorted(int(path.stem.partition("_")[0]) for path in NOTEBOOKS) == list(range(1, len(NOTEBOOKS) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_opens_with_what_is_seen_and_ends_with_exercises(path):
    text = path.read_text()
    assert "You will" in text[:900]
    assert "# ## Exercises" in text
    assert "# <details><summary>Solutions</summary>" in text


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_in_a_kernel(path, tmp_path):
    """What the documentation does too, where .ci/run builds it; needs the extra `notebooks`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook tools, not of ours
        jupytext = pytest.importorskip("jupytext")
        nbclient = pytest.importorskip("nbclient")
        pytest.importorskip("ipykernel")
        notebook = jupytext.read(path)
        client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3")
        client.execute(cwd=str(tmp_path))
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
    if "plt.subplots" in path.read_text():
        assert [output for output in outputs if "image/png" in output.get("data", {})]
