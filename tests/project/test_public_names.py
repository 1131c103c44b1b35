"""No public name or signature changes unseen."""

import difflib

from public_names import KEPT, lines


def test_public_names_are_those_kept():
    """A change that is meant is written down by ``python tests/project/public_names.py``."""
    changed = list(difflib.unified_diff(KEPT.read_text().splitlines(), list(lines()), lineterm="", n=0))
    assert not changed, "\n".join(changed)


def test_what_is_kept_tells_signatures_and_members():
    text = KEPT.read_text()
    assert "  two_cycle(step_size: 'ArrayLike')" in text
    assert "    UNDETERMINED = " in text
    assert "    certify(self" in text
    assert " at 0x" not in text
