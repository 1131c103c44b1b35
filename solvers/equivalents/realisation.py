"""A rational expression in Gaussian matrices as E = W + U L^{-1} V with W, U, V, L affine in the Gaussians.

Deterministic factors stay inside the coefficients, so only products and inverses of random matrices make blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from solvable.solvers.equivalents.matrix_expression import Matrix, combined, identity, product
from solvable.solvers.equivalents.matrix_leaves import Noise, Space
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.validate import refuse

__all__ = ["Affine", "Corner", "Realisation", "Term", "realise", "realise_trace"]

_ONE, _MINUS = Scalar.of(1), Scalar.of(-1)


@dataclass(frozen=True)
class Term:
    """``left @ Z @ right`` with a Gaussian Z (or its transpose) between deterministic matrices."""

    left: Matrix
    gaussian: Matrix
    right: Matrix

    @property
    def noise(self) -> Noise:
        """Which Gaussian, with its orientation."""
        found: Noise = self.gaussian.data
        return found


@dataclass(frozen=True)
class Affine:
    """A deterministic matrix (or None for zero) plus terms in the Gaussians."""

    rows: Space
    cols: Space
    fixed: Matrix | None = None
    terms: tuple[Term, ...] = ()

    @property
    def zero(self) -> bool:
        """Whether nothing is in it."""
        return self.fixed is None and not self.terms

    @property
    def T(self) -> Affine:
        """Transpose."""
        turned = tuple(Term(t.right.T, t.gaussian.T, t.left.T) for t in self.terms)
        return Affine(self.cols, self.rows, None if self.fixed is None else self.fixed.T, turned)

    def after(self, left: Matrix) -> Affine:
        """Product with a deterministic matrix on the left."""
        fixed = None if self.fixed is None else _nonzero(product([left, self.fixed]))
        terms = tuple(Term(product([left, t.left]), t.gaussian, t.right) for t in self.terms)
        return Affine(left.rows, self.cols, fixed, terms)

    def before(self, right: Matrix) -> Affine:
        """Product with a deterministic matrix on the right."""
        fixed = None if self.fixed is None else _nonzero(product([self.fixed, right]))
        terms = tuple(Term(t.left, t.gaussian, product([t.right, right])) for t in self.terms)
        return Affine(self.rows, right.cols, fixed, terms)

    def scaled(self, scalar: Scalar) -> Affine:
        """Scalar multiple."""
        fixed = None if self.fixed is None else _nonzero(combined([(scalar, self.fixed)]))
        terms = tuple(Term(combined([(scalar, t.left)]), t.gaussian, t.right) for t in self.terms)
        return replace(self, fixed=fixed, terms=terms)

    def __neg__(self) -> Affine:
        """Negative."""
        return self.scaled(_MINUS)

    def __add__(self, other: Affine) -> Affine:
        """Sum."""
        both = [(_ONE, part) for part in (self.fixed, other.fixed) if part is not None]
        fixed = _nonzero(combined(both)) if both else None
        return Affine(self.rows, self.cols, fixed, self.terms + other.terms)

    def times(self, other: Affine) -> Affine:
        """Product, one side of which is deterministic."""
        if self.zero or other.zero:
            return Affine(self.rows, other.cols)
        if self.terms:
            assert other.fixed is not None
            return self.before(other.fixed)
        assert self.fixed is not None
        return other.after(self.fixed)


def _nonzero(node: Matrix) -> Matrix | None:
    return None if node.op == "sum" and not node.args else node


@dataclass(frozen=True)
class Corner:
    """Block of L where the argument of an inverse stands, with a sign; a shift of the argument is added there.

    In a `limit` corner the shift is the x of a Hermitisation, which must go to 0.
    """

    row: int
    col: int
    argument: Matrix
    sign: int = 1
    limit: bool = False

    def moved(self, by: int, across: int = 0, sign: int = 1) -> Corner:
        """Return it with blocks counted from a later place, `across` more for columns."""
        return replace(self, row=self.row + by, col=self.col + by + across, sign=self.sign * sign)


@dataclass
class Realisation:
    """E = W + U L^{-1} V."""

    W: Affine
    U: list[Affine] = field(default_factory=list)
    L: list[list[Affine]] = field(default_factory=list)
    V: list[Affine] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    corners: list[Corner] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of blocks."""
        return len(self.spaces)

    def moved(self, by: int, sign: int = 1) -> list[Corner]:
        """Corners with their blocks counted from a later place."""
        return [corner.moved(by, sign=sign) for corner in self.corners]


def _unit(space: Space) -> Affine:
    return Affine(space, space, identity(space))


def realise(node: Matrix, hermitise: bool = False) -> Realisation:
    """Return a realisation of an expression.

    Parameters
    ----------
    node : Matrix
        The expression.
    hermitise : bool
        Whether inverses of what is not self-adjoint are taken by their Hermitisation.

    Raises
    ------
    ValueError
        An inverse of what is not self-adjoint, without `hermitise`.
    """
    if not node.random:
        return Realisation(Affine(node.rows, node.cols, _nonzero(node)))
    if node.op == "gaussian":
        term = Term(identity(node.rows), node, identity(node.cols))
        return Realisation(Affine(node.rows, node.cols, None, (term,)))
    if node.op == "sum":
        total = Realisation(Affine(node.rows, node.cols))
        for scalar, inner in node.args:
            made = realise(inner, hermitise)
            total = _sum(total, replace(made, W=made.W.scaled(scalar), U=[u.scaled(scalar) for u in made.U]))
        return total
    if node.op == "product":
        made = realise(node.args[0], hermitise)
        for factor in node.args[1:]:
            made = _product(made, realise(factor, hermitise))
        return made
    (inner,) = node.args
    if inner.self_adjoint:
        return _inverse(realise(inner, hermitise), inner)
    if not hermitise:
        raise refuse("inv", inner, "its argument is not self-adjoint as written: where it is meant, derive(..., "
                     "hermitise=True) takes the inverse by its Hermitisation")  # fmt: skip
    return _hermitised(realise(inner, hermitise), inner)


def _beside(a: Realisation, b: Realisation) -> list[list[Affine]]:
    right = [[Affine(r, c) for c in b.spaces] for r in a.spaces]
    left = [[Affine(r, c) for c in a.spaces] for r in b.spaces]
    return [x + z for x, z in zip(a.L, right, strict=True)] + [z + x for x, z in zip(b.L, left, strict=True)]


def _sum(a: Realisation, b: Realisation) -> Realisation:
    corners = a.corners + b.moved(a.size)
    return Realisation(a.W + b.W, a.U + b.U, _beside(a, b), a.V + b.V, a.spaces + b.spaces, corners)


def _fixed(blocks: Sequence[Affine]) -> bool:
    return all(not block.terms for block in blocks)


def _product(a: Realisation, b: Realisation) -> Realisation:
    L = _beside(a, b)
    if _fixed([a.W, *a.V]) or _fixed([b.W, *b.U]):
        for i, v in enumerate(a.V):
            for j, u in enumerate(b.U):
                L[i][a.size + j] = -v.times(u)
        return Realisation(
            a.W.times(b.W), a.U + [a.W.times(u) for u in b.U], L, [v.times(b.W) for v in a.V] + b.V,
            a.spaces + b.spaces, a.corners + b.moved(a.size),
        )  # fmt: skip
    between = a.W.cols  # the inner space is a block of its own
    top = [_unit(between)] + [Affine(between, s) for s in a.spaces] + [-u for u in b.U]
    rows = [[-a.V[i] if i < a.size else Affine(b.spaces[i - a.size], between), *row] for i, row in enumerate(L)]
    return Realisation(
        Affine(a.W.rows, b.W.cols),
        [a.W, *a.U, *(Affine(a.W.rows, s) for s in b.spaces)],
        [top, *rows],
        [b.W, *(Affine(s, b.W.cols) for s in a.spaces), *b.V],
        [between, *a.spaces, *b.spaces],
        a.moved(1) + b.moved(1 + a.size),
    )


def _bordered(a: Realisation) -> list[list[Affine]]:
    """[[W, U], [V, -L]], whose inverse has that of E in its corner."""
    return [[a.W, *a.U]] + [[v, *(-x for x in row)] for v, row in zip(a.V, a.L, strict=True)]


def _inverse(a: Realisation, argument: Matrix) -> Realisation:
    p = a.W.rows
    select = [_unit(p), *(Affine(p, s) for s in a.spaces)]
    corners = [Corner(0, 0, argument), *a.moved(1, -1)]
    return Realisation(
        Affine(p, p), select, _bordered(a), [_unit(p), *(Affine(s, p) for s in a.spaces)], [p, *a.spaces], corners
    )


def _hermitised(a: Realisation, argument: Matrix) -> Realisation:
    """[[x e e', P], [P', -x e e']] with P bordered, e its corner and x -> 0: its inverse has P^{-1} below left."""
    P, spaces = _bordered(a), [a.W.rows, *a.spaces]
    N = len(spaces)
    columns = [a.W.cols, *a.spaces]
    upper = [[Affine(r, c) for c in spaces] + P[i] for i, r in enumerate(spaces)]
    lower = [[P[j][i].T for j in range(N)] + [Affine(r, c) for c in columns] for i, r in enumerate(columns)]
    everything = spaces + columns
    p, q = a.W.rows, a.W.cols
    U = [_unit(q) if i == N else Affine(q, s) for i, s in enumerate(everything)]
    V = [_unit(p) if i == 0 else Affine(s, p) for i, s in enumerate(everything)]
    inner = a.moved(1, -1)
    corners = [Corner(0, 0, argument, 1, True), Corner(N, N, argument, -1, True)]
    corners += [c.moved(0, N) for c in inner] + [c.moved(N, -N) for c in inner]
    return Realisation(Affine(q, p), U, upper + lower, V, everything, corners)


def realise_trace(node: Matrix, hermitise: bool = False) -> Realisation:
    """Return a realisation with deterministic U and V of some cyclic rotation of a product: that of fewest blocks."""
    factors = list(node.args) if node.op == "product" else [node]
    best: Realisation | None = None
    for k in range(len(factors)):
        made = realise(product(factors[k:] + factors[:k]), hermitise)
        if not _fixed([*made.U, *made.V]):
            made = _embedded(made)
        if best is None or made.size < best.size:
            best = made
    assert best is not None
    return best


def _embedded(a: Realisation) -> Realisation:
    """[[1, -U, -W], [0, L, -V], [0, 0, 1]], whose inverse has E in its corner."""
    p, q = a.W.rows, a.W.cols
    spaces = [p, *a.spaces, q]
    L = [[_unit(p), *(-u for u in a.U), -a.W]]
    L += [[Affine(s, p), *row, -v] for s, row, v in zip(a.spaces, a.L, a.V, strict=True)]
    L += [[*(Affine(q, s) for s in spaces[:-1]), _unit(q)]]
    U = [_unit(p) if i == 0 else Affine(p, s) for i, s in enumerate(spaces)]
    V = [_unit(q) if i == len(spaces) - 1 else Affine(s, q) for i, s in enumerate(spaces)]
    return Realisation(Affine(p, q), U, L, V, spaces, a.moved(1))
