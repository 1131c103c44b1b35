import pytest

from solvable.analysis import bibtex, citation, claims, families
from solvable.analysis.verification.campaign import verdict_key, verify_all
from solvable.analysis.verification.catalogue import claim
from solvable.analysis.verification.fingerprint import digest, sources
from solvable.analysis.writing.files import write_whole
from solvable.analysis.writing.names import UnknownName
from solvable.analysis.writing.references import keys


def test_every_claim_is_found_by_name_and_cites_a_paper():
    everything = claims()
    assert len({item.name for item in everything}) == len(everything)
    for item in everything:
        assert claim(item.name) is item
        assert item.family in families()
        assert item.source.key in keys()
        assert item.statement.endswith(".")


def test_every_paper_has_a_line_and_an_entry():
    for key in keys():
        assert key in bibtex(key)
        assert "(" in citation(key)


@pytest.mark.parametrize(
    ("call", "closest"),
    [
        (lambda: claim("ridge/test-eror"), "ridge/test-error"),
        (lambda: claims("rigde"), "ridge"),
        (lambda: bibtex("hastie2022surprise"), "hastie2022surprises"),
    ],
)
def test_unknown_names_get_the_closest_ones(call, closest):
    with pytest.raises(UnknownName, match=closest):
        call()


def test_fingerprint_follows_imports_and_nothing_else():
    reached = sources("solvable.analysis.ridge.claims")
    assert "solvable.solvers.ridge.risk" in reached  # through the floor's lazy export
    assert "solvable.solvers.equivalents.fixed_point" in reached  # through another module
    assert "solvable.cli" not in reached
    assert not any(name.startswith("solvable.figures") for name in reached)
    assert digest("solvable.solvers.ridge.risk", 1) != digest("solvable.solvers.ridge.risk", 2)


def test_kept_verdicts_are_reused_until_something_changes(tmp_path):
    chosen = [claim("ridge/conservation-law"), claim("ridge/tuned-ridge-is-monotone")]
    first = list(verify_all(chosen, quick=True, store=tmp_path))
    assert [kept for _, kept in first] == [False, False]
    second = list(verify_all(chosen, quick=True, store=tmp_path))
    assert [kept for _, kept in second] == [True, True]
    assert [v for v, _ in second] == [v for v, _ in first]
    assert [kept for _, kept in verify_all(chosen, quick=True, seed=1, store=tmp_path)] == [False, False]
    assert verdict_key(chosen[0], 0, True) != verdict_key(chosen[0], 0, False)


def test_verdicts_do_not_depend_on_the_number_of_workers():
    chosen = [claim("ridge/conservation-law"), claim("ridge/tuned-ridge-is-monotone")]
    alone = {v.claim: v for v, _ in verify_all(chosen, quick=True, jobs=1)}
    together = {v.claim: v for v, _ in verify_all(chosen, quick=True, jobs=2)}
    assert alone == together


def test_files_are_written_whole(tmp_path):
    write_whole(tmp_path / "a" / "b.txt", b"one")
    write_whole(tmp_path / "a" / "b.txt", b"two")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "a").iterdir()] == [("b.txt", b"two")]
