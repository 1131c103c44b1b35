"""The wrong formulas that mutation testing makes: all different, all wrong somewhere, none of them in a message."""

import ast
import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
mutants = runpy.run_path(str(ROOT / "benchmarks" / "mutants.py"))["mutants"]


def test_every_mutant_changes_one_place_and_has_a_name_of_its_own():
    for file in ("solvers/ridge/risk.py", "solvers/sgd_stability/bounds.py", "analysis/ridge/closed_forms.py"):
        source = (ROOT / file).read_text()
        right = ast.unparse(ast.parse(source)).splitlines()
        found = mutants(ROOT, file)
        assert len({mutant.identity for mutant in found}) == len(found) > 15
        wrong = ["\n".join(ast.unparse(mutant.tree(source)).splitlines()) for mutant in found]
        assert len(set(wrong)) == len(found)
        for text in wrong:
            changed = [new for old, new in zip(right, text.splitlines(), strict=True) if old != new]
            assert len(changed) == 1
            assert not changed[0].lstrip().startswith(("raise", "import", "from", "@", '"'))


def test_tolerances_are_told_from_formulas():
    kinds = {mutant.identity: mutant.numerical for mutant in mutants(ROOT, "solvers/ridge/risk.py")}
    assert [name for name, numerical in kinds.items() if numerical] == [
        "solvers/ridge/risk.py::ridge_risk: 5e-13 -> 5.500000000000001e-13 in the defaults"
    ]


def test_judged_mutants_are_in_the_sources():
    """A judgement of a formula that moved says nothing: `python -m benchmarks.judged_sites` follows it."""
    judged = json.loads((ROOT / "benchmarks" / "equivalent_mutants.json").read_text())
    files = {site.partition("::")[0] for site in judged}
    now = {mutant.identity for file in files if (ROOT / file).exists() for mutant in mutants(ROOT, file)}
    assert sorted(set(judged) - now) == []
