r"""Certificate of the mean-square stability threshold: two-sided bounds on the largest eigenvalue.

The threshold is :math:`2/\lambda`, lambda the largest eigenvalue of D A = lambda C A, :math:`C(A)=(HA+AH)/2`,
:math:`D(A) = c_0HAH+\frac pn\sum H_iAH_i`. D maps positive matrices to positive ones, and so does :math:`C^{-1}`, a
Lyapunov equation: :math:`C^{-1}D` has a Perron root, and that is lambda. If X > 0 and :math:`\mu C(X)-D(X)>0`, then
:math:`\mu X > C^{-1}D(X)` and lambda <= mu (Collatz and Wielandt). Such an X is the solution of
:math:`\mu C(X)-D(X)=H` for any mu > lambda, and of no mu below: it is computed in doubles, refined, and the signs
of two matrices of the size of H are all there is to prove. Rayleigh's quotient of X bounds lambda from below.

With fewer gradients than parameters A = G^T Y G, and the same holds for Y with the Gram matrix K:
:math:`C(Y)=(KY+YK)/2n`, :math:`D(Y)=c_0KYK/n^2+\frac pn\mathrm{blockdiag}(KYK)`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificates.certificate import Arithmetic, Ball, Certificate, certify_cells, interval_library

__all__ = ["certify_threshold"]

Array = NDArray[np.float64]
Matrix = Any  # flint.arb_mat
_MOST_UNKNOWNS, _MOST_WORK = 500, 3e6  # of the linear system in doubles; multiplications of balls for one D(X)
_ABOVE = 4e-13  # mu over lambda, less 1: within the box, and as far above lambda as that allows


@dataclass(frozen=True)
class _Data:
    """Exact doubles: factors (n, k, d), or Hessians (n, d, d); `gram` where the coordinates are those of K."""

    blocks: Array
    hessians: bool

    @property
    def gram(self) -> bool:
        n, k, d = self.blocks.shape
        return not self.hessians and n * k < d

    @property
    def size(self) -> int:
        n, k, d = self.blocks.shape
        return n * k if self.gram else d

    @property
    def small(self) -> bool:
        """Whether a proof is worth its time."""
        n, r = self.blocks.shape[0], self.size
        work = r**3 if self.gram else n * r**2 if self.blocks.shape[1] == 1 else n * r**3
        return r * (r + 1) // 2 <= _MOST_UNKNOWNS and work <= _MOST_WORK


def _ball_matrix(values: Array) -> Matrix:
    flint = interval_library()
    return flint.arb_mat(values.shape[0], values.shape[1], [flint.arb(float(x)) for x in values.ravel()])


def _doubles(matrix: Matrix) -> Array:
    entries = [float(x) for x in matrix.entries()]
    return np.array(entries).reshape(matrix.nrows(), matrix.ncols())


class _Forms:
    """H, C and D in ball arithmetic for one batch size; on stacks of matrices in doubles with the same formulas."""

    def __init__(self, data: _Data, c0: Ball, p: Ball) -> None:
        """Gradients to matrices."""
        n, k, d = data.blocks.shape
        self.gram, self.c0, self.share, self.block = data.gram, c0, p / n, k
        self.plain = not data.hessians and not self.gram and k == 1  # gradients as rows: D(X) without any H_i
        self.exact = data.blocks.reshape(-1, d)
        if self.gram:
            flat = _ball_matrix(self.exact)
            self.parts = [flat * flat.transpose()]
            self.mean = self.parts[0] / n
        elif self.plain:
            self.parts = [_ball_matrix(self.exact)]
            self.mean = self.parts[0].transpose() * self.parts[0] / n
        else:
            balls = [_ball_matrix(block) for block in data.blocks]
            self.parts = balls if data.hessians else [ball.transpose() * ball for ball in balls]
            self.mean = sum(self.parts[1:], self.parts[0]) / n
        self.doubles = np.array([_doubles(part) for part in self.parts]), _doubles(self.mean)

    def both(self, X: Matrix) -> tuple[Matrix, Matrix]:
        """C(X) and D(X)."""
        left = self.mean * X
        C = (left + left.transpose()) / 2  # X is symmetric
        D = left * self.mean * self.c0
        if self.gram:
            K = self.parts[0]
            return C, D + self._blocks(K * X * K) * self.share
        if self.plain:
            G = self.parts[0]
            n, d = self.exact.shape
            rows, turned = G.entries(), (G * X).entries()
            weights = [sum((rows[j] * turned[j] for j in range(i, i + d)), rows[0] * 0) for i in range(0, n * d, d)]
            scaled = interval_library().arb_mat(n, d, [rows[j] * weights[j // d] for j in range(n * d)])
            return C, D + G.transpose() * scaled * self.share
        noise = sum((P * X * P for P in self.parts[1:]), self.parts[0] * X * self.parts[0])
        return C, D + noise * self.share

    def _blocks(self, W: Matrix) -> Matrix:
        r, zero = W.nrows(), W[0, 0] * 0
        kept = [W[i, j] if i // self.block == j // self.block else zero for i in range(r) for j in range(r)]
        return interval_library().arb_mat(r, r, kept)

    def paired(self, X: Matrix, Y: Matrix) -> Ball:
        """Inner product in which C and D are symmetric: tr XY, or tr KXKY."""
        K = self.parts[0]
        left = K * X * K if self.gram else X
        return sum((a * b for a, b in zip(left.entries(), Y.entries(), strict=True)), X[0, 0] * 0)

    def stacked(self, E: Array) -> tuple[Array, Array]:
        """C(E) and D(E) in doubles for matrices E (N, r, r)."""
        parts, H = self.doubles
        left = H @ E
        C, D = (left + left.transpose(0, 2, 1)) / 2, float(self.c0) * (left @ H)
        if self.gram:
            place = np.arange(H.shape[0]) // self.block
            return C, D + float(self.share) * np.where(place[:, None] == place, parts[0] @ E @ parts[0], 0.0)
        if self.plain:
            G = self.exact
            weights = np.einsum("nd,Nnd->Nn", G, G @ E)
            return C, D + float(self.share) * (G.T @ (weights[:, :, None] * G))
        for P in parts:
            D += float(self.share) * (P @ E @ P)
        return C, D


def _positive_definite(S: Matrix) -> bool:
    """Gershgorin's discs of R S R^T, R the inverse of a Cholesky factor in doubles: true only if proved."""
    from scipy.linalg import LinAlgError, cholesky, solve_triangular

    middle = _doubles(S)
    scale = np.sqrt(np.abs(np.diag(middle)))
    if not np.all(np.isfinite(middle)) or not np.all(scale > 0):
        return False
    try:
        R = solve_triangular(cholesky(middle / scale / scale[:, None], lower=True), np.diag(1 / scale), lower=True)
    except LinAlgError:
        return False
    ball = _ball_matrix(R)
    near = ball * S * ball.transpose()
    r = near.nrows()
    return all(bool(near[i, i] > sum((abs(near[i, j]) for j in range(r) if j != i), near[0, 0] * 0)) for i in range(r))


def _above(forms: _Forms, level: Ball) -> tuple[Matrix, Matrix, Matrix] | None:
    """X, C(X) and D(X) with level C(X) - D(X) = H nearly: a solve in doubles, refined with residuals in balls."""
    from scipy.linalg import LinAlgError, LinAlgWarning, lu_factor, lu_solve

    r = forms.mean.nrows()
    rows, columns = np.triu_indices(r)
    # coordinates scaled by the root of the diagonal of H: directions of all curvatures alike
    d = np.sqrt(np.diag(forms.doubles[1]))
    E = np.zeros((rows.size, r, r))
    E[np.arange(rows.size), rows, columns] = E[np.arange(rows.size), columns, rows] = 1.0
    C, D = forms.stacked(E / d[:, None] / d)
    system = ((float(level) * C - D) / d[:, None] / d)[:, rows, columns].T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        try:
            factors = lu_factor(system)
        except (LinAlgError, ValueError):
            return None
    X, residual = None, forms.mean
    for _ in range(6):
        right = (_doubles(residual) / d[:, None] / d)[rows, columns]
        if X is not None and np.max(np.abs(right)) < 1e-8:  # H has the diagonal 1 in these coordinates
            break
        step = np.zeros((r, r))
        step[rows, columns] = lu_solve(factors, right)
        step = (step + np.triu(step, 1).T) / d[:, None] / d
        if not np.all(np.isfinite(step)):
            return None
        change = _ball_matrix(step)
        X = change if X is None else (X + change)
        X = interval_library().arb_mat(r, r, [x.mid() for x in X.entries()])
        C_X, D_X = forms.both(X)
        residual = forms.mean - (C_X * level - D_X)
    return X, C_X, D_X


def _bounds(forms: _Forms, level: Ball, above: float) -> tuple[Ball, Ball] | None:
    """Lower and upper bound on lambda, or None."""
    top = level * (1 + above)
    found = _above(forms, top)
    if found is None:
        return None
    X, C, D = found
    if not _positive_definite(forms.mean) or not _positive_definite(X):
        return None
    if not _positive_definite(C * top - D):
        return None
    low = forms.paired(X, D) / forms.paired(X, C)
    return low, top


def _full_batch(forms: _Forms) -> tuple[Ball, Ball] | None:
    """Without noise lambda is the largest eigenvalue of H, or of K/n."""
    flint, (_, H) = interval_library(), forms.doubles
    r = H.shape[0]
    vector = _ball_matrix(np.linalg.eigh(H)[1][:, -1:])
    low = (vector.transpose() * forms.mean * vector)[0, 0] / (vector.transpose() * vector)[0, 0]
    top = flint.arb(low.upper()) * (1 + _ABOVE)
    gap = flint.arb_mat(r, r, [top * int(i == j) for i in range(r) for j in range(r)]) - forms.mean
    return (low, top) if _positive_definite(gap) else None


def certify_threshold(
    array: Array, batch_size: Array, sampling: str, factor: float, value: Array, what: str
) -> Certificate:
    """Certificate of thresholds for gradients (n, d), factors (n, d, k) or Hessians (n, d, d); `factor` of the loss."""
    hessians = array.ndim == 3 and array.shape[1] == array.shape[2]
    if hessians:
        blocks, factor = np.tril(array) + np.tril(array, -1).transpose(0, 2, 1), 1.0
        power = 1
    else:
        blocks = array[:, None, :] if array.ndim == 2 else array.transpose(0, 2, 1)
        power = 2
    # exact, and keeps everything in range; the unused parameters' columns would make H singular
    scale = 2.0 ** np.floor(np.log2(np.abs(blocks).max()))
    used = np.any(blocks != 0, axis=(0, 1))
    blocks = blocks[:, used][:, :, used] if hessians else blocks[:, :, used]
    data = _Data(blocks / scale, hessians)
    sizes, answer, n = np.ravel(batch_size), np.ravel(value), blocks.shape[0]

    def prove(index: int, arithmetic: Arithmetic) -> Ball | None:
        arb, batch = arithmetic.arb, int(sizes[index])
        if not data.small or not answer[index] > 0:
            return None
        p = {
            "with-replacement": arb(1) / batch,
            "without-replacement": arb(n - batch) / (batch * max(n - 1, 1)),
            "bernoulli": arb(n - batch) / (batch * n),
        }[sampling]
        forms = _Forms(data, arb(1) if sampling == "bernoulli" else 1 - p, p)
        unit = arb(factor) * arb(scale) ** power
        level = (2 / (arb(float(answer[index])) * unit)).mid()
        found = _full_batch(forms) if p == 0 else _bounds(forms, level, _ABOVE)
        if found is None:
            return None
        low, high = found
        return 2 / (low.union(high) * unit)

    return certify_cells(value, prove, what, modes=False)
