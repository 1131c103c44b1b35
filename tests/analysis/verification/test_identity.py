"""What a function computes, as a digest: every change is seen, and nothing else is one."""

import functools
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from solvable import sweep
from solvable.analysis.verification.identity import Unidentified, identity


class Scale:
    def __init__(self, k):
        self.k = k

    def __call__(self, a):
        return self.k * a

    def method(self, a):
        return self.k * a


def typed(source):
    """A function as a notebook defines it: without a file."""
    space = {"__name__": "__main__"}
    exec(compile(source, "<input>", "exec"), space)
    return space["f"]


def over(h):
    def f(a):
        return h(a)

    return f


def double(a):
    return 2 * a


def triple(a):
    return 3 * a


triple.__name__ = triple.__qualname__ = "double"
CHANGES = {
    "callable instance": (Scale(2), Scale(3)),
    "bound method": (Scale(2).method, Scale(3).method),
    "notebook global": (typed("K=2\ndef f(a): return K*a"), typed("K=3\ndef f(a): return K*a")),
    "notebook helper": (
        typed("def h(a): return 2*a\ndef f(a): return h(a)"),
        typed("def h(a): return 3*a\ndef f(a): return h(a)"),
    ),
    "body": (typed("def f(a): return 2*a"), typed("def f(a): return 3*a")),
    "keyword default": (typed("def f(a,*,k=2): return k*a"), typed("def f(a,*,k=3): return k*a")),
    "default": (typed("def f(a,k=2): return k*a"), typed("def f(a,k=3): return k*a")),
    "constant in a tuple": (typed("def f(a): return (2,3)[0]*a"), typed("def f(a): return (4,3)[0]*a")),
    "closure over a helper": (over(double), over(triple)),
    "closure over a lambda": (over(lambda a: 2 * a), over(lambda a: 3 * a)),
    "partial": (functools.partial(pow, 2), functools.partial(pow, 3)),
    "nested code": (typed("def f(a): return (lambda: 2)()*a"), typed("def f(a): return (lambda: 3)()*a")),
    "ufunc": (np.sin, np.cos),
    "attribute": (typed("def f(a): return f.k*a\nf.k=2"), typed("def f(a): return f.k*a\nf.k=3")),
    "class attribute": (
        typed("class C:\n k=2\ndef f(a): return C.k*a"),
        typed("class C:\n k=3\ndef f(a): return C.k*a"),
    ),
    "type of a constant": (typed("def f(a): return 1*a"), typed("def f(a): return 1.0*a")),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_changed_function_is_another(old, new):
    assert identity(old) == identity(old)
    assert identity(old) != identity(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [(double, triple), (lambda a: 2 * a, lambda a: 3 * a), (np.zeros(3), np.ones(3)), (Scale(2), Scale(3))],
)
def test_a_changed_fixed_value_is_another(tmp_path, old, new):
    pytest.importorskip("zarr")

    def run(value):
        return sweep(lambda a, h: a, {"a": [1]}, fixed={"h": value}, store=tmp_path / "s.zarr", workers=1)

    run(old)
    run(old)
    with pytest.raises(ValueError, match=r"fixed\['h'\]"):
        run(new)


@pytest.mark.parametrize("value", [threading.Lock(), (i for i in ()), np.frompyfunc(double, 1, 1)])
def test_what_cannot_be_compared_is_refused_with_a_store_and_runs_without(tmp_path, value):
    pytest.importorskip("zarr")
    assert sweep(lambda a: (value, a)[1], {"a": [1]}, workers=1)["value"].values == [1.0]
    with pytest.raises(Unidentified, match="a store must recognise it"):
        sweep(lambda a: (value, a)[1], {"a": [1]}, workers=1, store=tmp_path / "s.zarr")


@pytest.mark.parametrize("name", ["eval", "globals"])
def test_names_looked_up_while_running_are_refused(name):
    with pytest.raises(Unidentified, match=name):
        identity(typed(f"def f(a): return {name}"))


SCRIPT = """
import json, sys, functools
import numpy as np
import helper
NAMES = {"one", "two", "three", "four"}
class Model:
    power = 2
    def __call__(self, a): return a ** self.power + len(NAMES)
def f(a, scale=np.arange(3.0)):
    from helper import g
    return helper.h(a) + g(a) + Model()(a) + sum(x in {"p", "q", "r"} for x in NAMES)
def told():
    from solvable.analysis.verification.identity import identity
    return [identity(x) for x in (f, Model(), functools.partial(f, 2), lambda a: f(a))]
if __name__ == "__main__":
    print(json.dumps(told()))
"""


def test_a_script_run_or_imported_under_any_order_of_sets_and_other_line_numbers_is_the_same(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "moved.py").write_text("# a comment\n\n" + SCRIPT)
    (tmp_path / "helper.py").write_text("def h(a): return 2*a\ndef g(a): return a\n")
    found = []
    imported = ["-c", "import script as s; print(s.json.dumps(s.told()))"]
    for line, seed in ((["script.py"], "1"), (["moved.py"], "2"), (imported, "3")):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, *line], capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert found[0] == found[1] == found[2]
