"""All public names with their signatures, as text: ``python tests/project/public_names.py`` writes public_names.txt."""

import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

KEPT = Path(__file__).with_suffix(".txt")
PACKAGES = ("solvable", "solvable.solvers", "solvable.analysis", "solvable.figures")


def signature(item: object) -> str:
    """Arguments with defaults and annotations; what has an address as its representation keeps only its kind."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(inspect.signature(item)))


def members(item: type) -> Iterator[str]:
    """What a class offers of its own: methods with signatures, values of an enumeration, other attributes by name."""
    own = {name: value for base in reversed(item.__mro__[:-1]) if base.__module__.startswith("solvable")
           for name, value in vars(base).items() if not name.startswith("_")}  # fmt: skip
    fields = getattr(item, "__dataclass_fields__", {})
    for name in sorted({*own, *fields}):
        value = own.get(name)
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        if isinstance(value, enum.Enum):
            yield f"{name} = {value.value!r}"
        elif inspect.isfunction(value):
            yield f"{name}{signature(value)}"
        else:
            yield name


def lines() -> Iterator[str]:
    """One line for each name, indented ones for the members of a class."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        yield package
        for name in sorted(module.__all__):
            item = getattr(module, name)
            if inspect.isclass(item):
                of_its_own = not issubclass(item, enum.Enum | Warning)
                yield f"  class {name}{signature(item) if of_its_own else ''}"
                yield from (f"    {member}" for member in members(item))
            elif callable(item):
                yield f"  {name}{signature(item)}"
            else:
                yield f"  {name}: {type(item).__name__}"


if __name__ == "__main__":
    KEPT.write_text("\n".join(lines()) + "\n")
