"""Expressions in random and deterministic matrices: trees in a normal form, shapes, transposes, inverses, roots.

A tree is built once for equal expressions, so two copies of a resolvent are the same object and a matrix is
self-adjoint, syntactically, where it is its own transpose. Products and sums are flat; numbers stand in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from solvable.solvers.equivalents.matrix_leaves import Given, Noise, Space, as_power, check_inverse, check_root
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.validate import refuse

__all__ = [
    "Matrix",
    "combined",
    "identity",
    "leaf",
    "leaves",
    "product",
    "scalars",
]


_MOST_GAUSSIANS = 200  # in one expression: the pencil has as many blocks and more
_known: WeakValueDictionary[Any, Matrix] = WeakValueDictionary()
_serial = count()


class Matrix:
    """A node of an expression; use `+ - * / @ .T .inv() **` on it.

    Attributes
    ----------
    op : str
        "identity", "deterministic", "gaussian", "product", "sum" or "inverse".
    args : tuple
        Factors; pairs (scalar, matrix) of a sum; the argument of an inverse.
    rows, cols : Space
        Shape.
    data : Given or Noise or None
        Of a leaf.
    random : bool
        Whether a Gaussian is in it.
    count : int
        How many Gaussians it is written with.
    """

    __slots__ = ("__weakref__", "_transpose", "args", "cols", "count", "data", "op", "random", "rows", "serial")
    op: str
    args: tuple[Any, ...]
    rows: Space
    cols: Space
    data: Any
    random: bool
    count: int
    serial: int
    _transpose: Matrix | None
    __array_ufunc__ = None  # an array times a matrix is refused, not made an array of matrices

    def __array__(self, *_: Any, **__: Any) -> Any:
        """Refuse to be an array, for functions of numpy."""
        raise TypeError(str(refuse("array", self, "an expression has no entries; write A.inv(), A.sqrt(), tr(A)")))

    def __reduce__(self) -> Any:
        """Rebuild through the table of known nodes."""
        return _node, (self.op, self.args, self.rows, self.cols, self.data)

    def __repr__(self) -> str:
        """Write it out."""
        return _written(self)

    @property
    def shape(self) -> str:
        """Rows and columns by name."""
        return f"{self.rows.name} x {self.cols.name}"

    @property
    def T(self) -> Matrix:
        """Transpose."""
        if self._transpose is None:
            self._transpose = _transposed(self)
        return self._transpose

    @property
    def self_adjoint(self) -> bool:
        """Whether it equals its transpose as written."""
        return self.T is self

    def __add__(self, other: Any) -> Matrix:
        """Sum; a number is a multiple of the identity."""
        if hasattr(other, "summands"):
            raise refuse("+", self, "a trace and a matrix are not added; add traces to traces")
        return combined([(Scalar.of(1), self), (Scalar.of(1), self._lift("+", other))])

    __radd__ = __add__

    def __neg__(self) -> Matrix:
        """Negative."""
        return combined([(Scalar.of(-1), self)])

    def __sub__(self, other: Any) -> Matrix:
        """Difference."""
        return self + (-self._lift("-", other))

    def __rsub__(self, other: Any) -> Matrix:
        """Difference."""
        return self._lift("-", other) + (-self)

    def __mul__(self, other: Any) -> Matrix:
        """Product with a number or a matrix."""
        if isinstance(other, Matrix):
            return self @ other
        if hasattr(other, "summands"):
            raise refuse("*", self, "a trace times a matrix is not covered; take the traces one by one")
        return combined([(Scalar.of(other), self)])

    __rmul__ = __mul__

    def __rtruediv__(self, other: Any) -> Matrix:
        """Refuse to divide by a matrix."""
        raise refuse("/", self, "it divides by scalars; write B.inv() for an inverse")

    def __truediv__(self, other: Any) -> Matrix:
        """Quotient by a scalar."""
        if isinstance(other, Matrix):
            raise refuse("/", other, "it divides by scalars; write B.inv() for an inverse")
        return combined([(Scalar.of(other) ** -1, self)])

    def __matmul__(self, other: Any) -> Matrix:
        """Product."""
        if not isinstance(other, Matrix):
            return self * other
        if self.cols != other.rows:
            raise ValueError(f"@: {self.shape} and {other.shape} do not fit: {_unlike(self.cols, other.rows)}.")
        return product([self, other])

    def __rmatmul__(self, other: Any) -> Matrix:
        """Product with a number."""
        return self * other

    def __pow__(self, exponent: Any) -> Matrix:
        """Whole power; half a whole one of a deterministic matrix."""
        power = as_power(exponent, halves=not self.random)
        self._square("power")
        if power.denominator == 2:
            return self.sqrt() ** power.numerator
        exponent = int(power)
        if exponent < 0:
            return self.inv() ** -exponent
        if exponent * max(self.count, len(self.args), 1) > _MOST_GAUSSIANS:
            raise refuse("power", exponent, f"written out it has more than {_MOST_GAUSSIANS} factors")
        return product([self] * exponent) if exponent else identity(self.rows)

    def inv(self) -> Matrix:
        """Inverse of a square matrix."""
        self._square("inv")
        return _inverse(self)

    def sqrt(self) -> Matrix:
        """Square root of a deterministic matrix that is positive semidefinite."""
        self._square("sqrt")
        if self.op == "identity":
            return self
        if self.op == "sum" and len(self.args) == 1:
            ((scalar, inner),) = self.args
            return combined([(scalar.sqrt(), inner.sqrt())])
        if self.op != "deterministic":
            raise refuse("sqrt", self, "sqrt is rational for a declared deterministic matrix only; "
                         "linearise functions of random matrices with m.features")  # fmt: skip
        check_root(self.data)
        return _powered(self, Fraction(1, 2))

    def _square(self, what: str) -> None:
        if self.rows != self.cols:
            raise refuse(what, self, f"it is {self.shape}: it must be square")

    def _lift(self, what: str, other: Any) -> Matrix:
        if isinstance(other, Matrix):
            if (self.rows, self.cols) != (other.rows, other.cols):
                raise ValueError(f"{what}: {self.shape} and {other.shape} do not fit: shapes must be equal.")
            return other
        if self.rows != self.cols:
            raise ValueError(
                f"{what}: a number and a {self.shape} matrix do not fit: it is a multiple of the identity."
            )
        return combined([(Scalar.of(other), identity(self.rows))])


def _unlike(one: Space, other: Space) -> str:
    """In what two spaces differ."""
    if one.name != other.name:
        return f"{one.name} is not {other.name}"
    sizes = f"{one.size:g} and {other.size:g}"
    return (
        f"there are two spaces {one.name}, of {sizes} dimensions"
        if one.size != other.size
        else (f"there are two spaces {one.name}, of different multiplicities")
    )


def _node(op: str, args: tuple[Any, ...], rows: Space, cols: Space, data: Any = None) -> Matrix:
    """Return the one node of that content."""
    if op == "sum":
        args = tuple(sorted(args, key=lambda pair: pair[1].serial))
    key = (op, tuple((a[0], id(a[1])) if isinstance(a, tuple) else id(a) for a in args), rows, cols, data)
    found = _known.get(key)
    if found is None:
        found = Matrix()
        found.op, found.args, found.rows, found.cols, found.data = op, args, rows, cols, data
        inner = [a[1] if isinstance(a, tuple) else a for a in args]
        found.count = 1 if op == "gaussian" else sum(a.count for a in inner)
        found.random = found.count > 0
        if found.count > _MOST_GAUSSIANS:
            raise refuse("expression", op, f"written out it may have up to {_MOST_GAUSSIANS} Gaussian factors")
        found.serial, found._transpose = next(_serial), None
        _known[key] = found
    return found


def identity(space: Space) -> Matrix:
    """Return the identity of a space."""
    return _node("identity", (), space, space)


def leaf(data: Given | Noise, rows: Space, cols: Space) -> Matrix:
    """Return a declared matrix."""
    return _node("gaussian" if isinstance(data, Noise) else "deterministic", (), rows, cols, data)


def commutes(node: Matrix) -> bool:
    """Whether it is a deterministic matrix over the joint eigenvalue list, which all such of its space commute with."""
    return node.op == "deterministic" and node.data.value.ndim < 2


def combined(terms: Iterable[tuple[Scalar, Matrix]], shape: tuple[Space, Space] | None = None) -> Matrix:
    """Return a linear combination in normal form."""
    found: dict[Matrix, Scalar] = {}
    rows, cols = shape or (None, None)
    for scalar, node in terms:
        rows, cols = node.rows, node.cols
        for inner, base in node.args if node.op == "sum" else ((Scalar.of(1), node),):
            found[base] = found[base] + scalar * inner if base in found else scalar * inner
    kept = tuple((scalar, base) for base, scalar in found.items() if scalar.number != 0)
    if len(kept) == 1 and kept[0][0].number == 1:
        return kept[0][1]
    assert rows is not None
    assert cols is not None
    return _node("sum", kept, rows, cols)


def product(factors: Sequence[Matrix]) -> Matrix:
    """Return a product in normal form: flat, numbers in front, powers of a deterministic matrix joined."""
    rows, cols = factors[0].rows, factors[-1].cols
    front = Scalar.of(1)
    flat: list[Matrix] = []
    todo = list(reversed(factors))
    while todo:
        node = todo.pop()
        if node.op == "sum" and len(node.args) < 2:
            if not node.args:
                return _node("sum", (), rows, cols)
            front, node = front * node.args[0][0], node.args[0][1]
        if node.op == "product":
            todo.extend(reversed(node.args))
        elif node.op != "identity":
            _append(flat, node)
    if not flat:
        return combined([(front, identity(rows))])
    made = flat[0] if len(flat) == 1 else _node("product", tuple(flat), rows, cols)
    return combined([(front, made)])


def _append(flat: list[Matrix], node: Matrix) -> None:
    """Put a factor behind the others; diagonal ones of one space commute and stand in one order."""
    at = len(flat)
    if at and _joined(flat[-1], node):
        flat[-1] = _powered(node, (flat[-1].data.power + node.data.power) / node.data.power)
    elif commutes(node):
        while at and commutes(flat[at - 1]):
            last = flat[at - 1]
            if (last.data.name, last.data.digest) == (node.data.name, node.data.digest):
                power = last.data.power + node.data.power
                flat[at - 1 : at] = [_powered(last, power / last.data.power)] if power else []
                return
            if (last.data.name, last.data.digest) < (node.data.name, node.data.digest):
                break
            at -= 1
        flat.insert(at, node)
    elif at and _cancel(flat[-1], node):
        flat.pop()
    else:
        flat.append(node)


def _joined(left: Matrix, right: Matrix) -> bool:
    """Whether they are positive powers of one dense symmetric matrix."""
    if left.op != "deterministic" or right.op != "deterministic" or left.data.digest != right.data.digest:
        return False
    return left.data.name == right.data.name and min(left.data.power, right.data.power) > 0 and right.data.symmetric


def _cancel(left: Matrix, right: Matrix) -> bool:
    """Whether a matrix stands beside its inverse, which exists: a shifted one; others may turn out singular."""
    inverse, other = (left, right) if left.op == "inverse" else (right, left)
    if inverse.op != "inverse" or inverse.args[0] is not other or not other.random or other.op != "sum":
        return False
    return any(inner.op == "identity" for _, inner in other.args)


def _powered(node: Matrix, power: Fraction) -> Matrix:
    return leaf(replace(node.data, power=node.data.power * power), node.rows, node.cols)


def _inverse(node: Matrix) -> Matrix:
    if node.op == "identity":
        return node
    if node.op == "inverse":
        inner: Matrix = node.args[0]
        return inner
    if node.op == "sum" and len(node.args) == 1:
        ((scalar, inner),) = node.args
        return combined([(scalar**-1, _inverse(inner))])
    if node.op == "deterministic":
        check_inverse(node.data)
        return _powered(node, Fraction(-1))
    if node.op == "sum" and not node.args:
        raise refuse("inv", 0, "a zero matrix has no inverse")
    return _node("inverse", (node,), node.cols, node.rows)


def _transposed(node: Matrix) -> Matrix:
    if node.op == "identity" or (node.op == "gaussian" and node.data.symmetric):
        return node
    if node.op == "gaussian":
        data = node.data
        return leaf(Noise(data.name, data.variance, False, not data.transposed), node.cols, node.rows)
    if node.op == "deterministic":
        return _flipped(node)
    if node.op == "sum":
        return combined([(scalar, inner.T) for scalar, inner in node.args], (node.cols, node.rows))
    if node.op == "product":
        return product([factor.T for factor in reversed(node.args)])
    return _inverse(node.args[0].T)


def _flipped(node: Matrix) -> Matrix:
    data = node.data
    if data.value.ndim < 2 or data.symmetric:
        return node
    return leaf(replace(data, transposed=not data.transposed), node.cols, node.rows)


def _written(node: Matrix) -> str:
    if node.op in ("deterministic", "gaussian"):
        power = getattr(node.data, "power", Fraction(1))
        root = f"**({power})" if power.denominator != 1 else "" if power == 1 else f"**{power}"
        return node.data.name + (".T" if node.data.transposed else "") + root
    if node.op == "sum":
        ordered = sorted(node.args, key=lambda pair: (pair[1].op == "identity", repr(pair[1])))
        parts = [inner if number == "1" else f"{number}*{inner}" for number, inner in map(_written_term, ordered)]
        return f"({' + '.join(parts)})" if len(parts) > 1 else "".join(parts) or "0"
    if node.op == "product":
        return "@".join(repr(factor) for factor in node.args)
    return "I" if node.op == "identity" else f"inv({node.args[0]!r})"


def _written_term(pair: tuple[Scalar, Matrix]) -> tuple[str, str]:
    number = repr(pair[0])
    return f"({number})" if " " in number else number, repr(pair[1])


@lru_cache(maxsize=1024)
def leaves(node: Matrix) -> frozenset[Matrix]:
    """Return the declared matrices in an expression."""
    if node.op in ("deterministic", "gaussian"):
        return frozenset({node})
    inner = [a[1] if isinstance(a, tuple) else a for a in node.args]
    return frozenset().union(*(leaves(a) for a in inner))


@lru_cache(maxsize=1024)
def scalars(node: Matrix) -> frozenset[Scalar]:
    """Return the scalars in an expression."""
    own = frozenset(scalar for scalar, _ in node.args) if node.op == "sum" else frozenset()
    own |= {node.data.variance} if node.op == "gaussian" else set()
    inner = [a[1] if isinstance(a, tuple) else a for a in node.args]
    return own.union(*(scalars(a) for a in inner))
