"""What the generators of the tables share: every answer is computed at two precisions and has to agree with itself.

Arguments reach the computation as exact images of the doubles in the table. Integers become mpf as well, or a quotient
of two of them would be a double.
"""

import json
from pathlib import Path

import mpmath as mp

DIGITS = 50
PRECISIONS = (75, 100)


def exact(value):
    """Numbers as mpf, lists and dicts throughout; the rest as it is."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return mp.mpf(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def flat(value):
    return [x for item in value for x in flat(item)] if isinstance(value, list) else [mp.mpf(value)]


def same(rough, fine, digits, together):
    rough, fine = flat(rough), flat(fine)
    largest = max((abs(x) for x in fine if mp.isfinite(x)), default=mp.mpf(0))
    for a, b in zip(rough, fine, strict=True):
        scale = largest if together else abs(b)
        if a != b and not abs(a - b) <= scale * mp.mpf(10) ** -digits:
            return False
    return True


def written(value, digits, floor):
    """Decimal strings; what is below the floor, rounding of an exact zero, is zero."""
    if isinstance(value, list):
        return [written(item, digits, floor) for item in value]
    value = mp.mpf(value)
    return mp.nstr(value if abs(value) > floor else mp.mpf(0), digits)


def entry(name, function, compute, rtol=1e-12, *, together=False, digits=DIGITS, precisions=PRECISIONS, **arguments):
    """One entry of a table: compute(**exact arguments) gives the fields; `together`: errors relative to the largest."""
    results = []
    for precision in precisions:
        with mp.workdps(precision):
            results.append(compute(**exact(arguments)))
    rough, fine = results
    expected = {}
    with mp.workdps(precisions[-1]):
        for field, value in fine.items():
            assert same(rough[field], value, digits, together), (function, name, field, rough[field], value)
            largest = max(abs(x) for x in flat(value))
            floor = largest * mp.mpf(10) ** -digits if together else mp.mpf(0)
            expected[field] = written(value, digits, floor)
    row = {"name": f"{function}: {name}", "function": function, "arguments": arguments, "expected": expected,
           "rtol": rtol}  # fmt: skip
    return row | {"relative_to": "largest"} if together else row


def write(script, entries):
    """The table that belongs to the script."""
    rows = list(entries)
    path = Path(script).with_name(Path(script).stem.removeprefix("make_") + ".json")
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(f"{path.name}: {len(rows)} entries")


def bisect(increasing, low, high):
    """Root of an increasing function between two positive numbers, in the logarithm."""
    low, high = mp.log(low), mp.log(high)
    while high - low > mp.mpf(10) ** -(mp.mp.dps - 8):
        middle = (low + high) / 2
        low, high = (low, middle) if increasing(mp.exp(middle)) > 0 else (middle, high)
    return mp.exp((low + high) / 2)
