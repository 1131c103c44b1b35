"""Modular addition: written-down networks in plain sums, and networks trained by AdamW on partly wrong answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TrainedNetwork",
    "accuracies",
    "accuracy",
    "correct_logit",
    "fall_of_training",
    "half_right",
    "logit_spread",
    "logits",
    "median_periodic",
    "memorised_and_general",
    "only_memorised",
    "other_logit",
    "pruned_effect",
    "random_ratio",
    "ratios",
    "summed_logits",
    "trained_network",
    "unlearned",
    "written_network",
    "written_rows",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _phases(rng: Rng, p: int, width: int, third: str) -> tuple[Array, Array, Array, Array]:
    rounds = -(-width // (p - 1))
    sigma = np.concatenate([rng.permutation(p - 1) + 1 for _ in range(rounds)])[:width]
    phi, psi = rng.uniform(0, 2 * np.pi, (2, width))
    return sigma, phi, psi, phi + psi if third == "sum" else rng.uniform(0, 2 * np.pi, width)


def logits(rng: Rng, p: int, width: int, pairs: int, third: str = "sum") -> tuple[Array, Array]:
    """Logits of random pairs, shape (p, pairs), and the sums of the pairs modulo p."""
    sigma, phi, psi, chi = _phases(rng, p, width, third)
    m, n = rng.integers(p, size=(2, pairs))
    turn = 2 * np.pi / p
    first = np.cos(turn * np.outer(sigma, m) + phi[:, None])
    second = np.cos(turn * np.outer(sigma, n) + psi[:, None])
    readout = np.cos(turn * np.outer(np.arange(p), sigma) + chi)
    return readout @ (first + second) ** 2 / width, (m + n) % p


def accuracy(rng: Rng, p: int, width: float, third: str = "sum", pairs: int = 300) -> float:
    """Share of random pairs whose largest logit is their sum's."""
    found, sums = logits(rng, p, round(width), pairs, third)
    return float(np.mean(found.argmax(axis=0) == sums))


def half_right(rng: Rng, p: int, at: float) -> float:
    """Accuracy at a width, minus one half."""
    return accuracy(rng, p, at) - 0.5


def correct_logit(rng: Rng, p: int, width: int) -> float:
    """Mean logit of the sums of 30 random pairs."""
    found, sums = logits(rng, p, width, 30)
    return float(found[sums, np.arange(30)].mean())


def other_logit(rng: Rng, p: int, width: int) -> float:
    """Mean of all other logits of 20 random pairs."""
    found, sums = logits(rng, p, width, 20)
    return float((found.sum() - found[sums, np.arange(20)].sum()) / ((p - 1) * 20))


def logit_spread(rng: Rng, width: float, p: int) -> float:
    """Standard deviation over the wrong answers to a random pair, mean over 10 pairs."""
    found, sums = logits(rng, p, round(width), 10)
    return float(np.mean([np.std(np.delete(column, s)) for column, s in zip(found.T, sums, strict=True)]))


def ratios(rows: Array) -> Array:
    """Inverse participation ratios, cosines and sines of each frequency together, by explicit sums."""
    p = rows.shape[1]
    angle = 2 * np.pi / p * (np.outer(np.arange(p // 2 + 1), np.arange(p)) % p)
    power = (rows @ np.cos(angle).T) ** 2 + (rows @ np.sin(angle).T) ** 2
    return np.asarray(np.sum(power**2, axis=1) / np.sum(power, axis=1) ** 2)


def random_ratio(rng: Rng, p: int) -> float:
    """Mean ratio of 50 rows of normal numbers."""
    return float(ratios(rng.standard_normal((50, p))).mean())


class TrainedNetwork:
    """Weights after training, the data, and the accuracies along the way."""

    def __init__(self, p: int, width: int, share: float, wrong: float, seed: int, decay: float, steps: int) -> None:
        """Draw a training set with some wrong answers, and train on all of it by AdamW."""
        rng = np.random.default_rng(seed)
        self.m, self.n = np.divmod(rng.permutation(p * p), p)
        self.sums = (self.m + self.n) % p
        self.size = int(share * p * p)
        self.wrong = int(wrong * self.size)
        self.labels = self.sums[: self.size].copy()
        self.labels[: self.wrong] = (self.labels[: self.wrong] + rng.integers(1, p, self.wrong)) % p
        shapes, scales = [(width, p), (width, p), (p, width)], np.sqrt([p, p, width])
        draws = [rng.standard_normal(shape, np.float32) for shape in shapes]
        self.weights = [draw / np.float32(scale) for draw, scale in zip(draws, scales, strict=True)]
        self.path: list[tuple[float, ...]] = []
        self._train(p, decay, steps)

    def _train(self, p: int, decay: float, steps: int, rate: float = 0.005, every: int = 20) -> None:
        """Full batches of the squared error, moments 0.9 and 0.98, weights shrunk by rate times decay."""
        one = np.eye(p, dtype=np.float32)
        m, n = self.m[: self.size], self.n[: self.size]
        first, second, goal = one[m], one[n], one[self.labels].T
        mean = [np.zeros_like(w) for w in self.weights]
        square = [np.zeros_like(w) for w in self.weights]
        for step in range(1, steps + 1):
            U, V, W = self.weights
            z = U[:, m] + V[:, n]
            h = z * z
            error = W @ h - goal
            back = (W.T @ error) * z
            slopes = [2 * back @ first, 2 * back @ second, error @ h.T]
            for i, slope in enumerate(slopes):
                mean[i] = 0.9 * mean[i] + 0.1 * slope
                square[i] = 0.98 * square[i] + 0.02 * slope**2
                move = mean[i] / (1 - 0.9**step) / (np.sqrt(square[i] / (1 - 0.98**step)) + 1e-8)
                self.weights[i] = (1 - rate * decay) * self.weights[i] - rate * move
            if step % every == 0:
                self.path.append((step, *accuracies(self)))

    def participation(self) -> Array:
        """Mean ratio of the three rows of every neuron."""
        U, V, W = (w.astype(np.float64) for w in self.weights)
        return np.asarray((ratios(U) + ratios(V) + ratios(W.T)) / 3)


def accuracies(network: TrainedNetwork, dropped: NDArray[np.intp] | None = None) -> tuple[float, float, float]:
    """Share of training labels met, of test sums right, and of wrong labels met, without the dropped neurons."""
    U, V, W = network.weights
    if dropped is not None:
        kept = np.setdiff1d(np.arange(len(U)), dropped)
        U, V, W = U[kept], V[kept], W[:, kept]
    said = (W @ (U[:, network.m] + V[:, network.n]) ** 2).argmax(axis=0)
    size = network.size
    met = said[:size] == network.labels
    wrong = float(np.mean(met[: network.wrong])) if network.wrong else 0.0
    return float(np.mean(met)), float(np.mean(said[size:] == network.sums[size:])), wrong


def trained_network(p: int, width: int, seed: int, decay: float, steps: int, wrong: float = 0.2) -> TrainedNetwork:
    """Train on 70 % of all pairs, a share of the answers wrong."""
    return TrainedNetwork(p, width, 0.7, wrong, seed, decay, steps)


def _drawn(rng: Rng, p: int, width: int, decay: float, steps: int) -> TrainedNetwork:
    return trained_network(p, width, int(rng.integers(2**32)), decay, steps)


def memorised_and_general(rng: Rng, level: float, **cell: Any) -> float:
    """Test accuracy minus a level where every training label, wrong ones among them, is met; -1 where one is not."""
    train, test, wrong = accuracies(_drawn(rng, **cell))
    return test - level if train == wrong == 1.0 else -1.0


def only_memorised(rng: Rng, level: float, **cell: Any) -> float:
    """A level minus the test accuracy where every training label is met; -1 where one is not."""
    train, test, _ = accuracies(_drawn(rng, **cell))
    return level - test if train == 1.0 else -1.0


def pruned_effect(rng: Rng, dropped: str, seen: str, **cell: Any) -> float:
    """Change of an accuracy when the half of the neurons with the lowest or highest ratio is dropped."""
    network = _drawn(rng, **cell)
    order = np.argsort(network.participation())
    half = len(order) // 2
    before = accuracies(network)
    after = accuracies(network, order[:half] if dropped == "lowest" else order[half:])
    at = {"test": 1, "wrong": 2}[seen]
    return after[at] - before[at]


def unlearned(rng: Rng, **cell: Any) -> float:
    """Test accuracy less the share of wrong labels that are met, both at the end, less 0.3."""
    _, test, wrong = accuracies(_drawn(rng, **cell))
    return test - wrong - 0.3


def fall_of_training(rng: Rng, **cell: Any) -> float:
    """Highest training accuracy on the way less that at the end, less 5 %."""
    network = _drawn(rng, **cell)
    return max(row[1] for row in network.path) - network.path[-1][1] - 0.05


def median_periodic(rng: Rng, weak: float, strong: float, **cell: Any) -> float:
    """Median ratio of the neurons at strong less that at weak decay."""
    seed = int(rng.integers(2**32))
    low, high = (np.median(trained_network(seed=seed, decay=decay, **cell).participation()) for decay in (weak, strong))
    return float(high - low)


def written_rows(rng: Rng, p: int, width: int, rows: str) -> dict[str, Array]:
    """Rows of single cosines, or of normal numbers."""
    if rows == "random":
        return {"drawn": rng.standard_normal((width, p))}
    sigma, phi, _, _ = _phases(rng, p, width, "sum")
    return {"drawn": np.cos(2 * np.pi / p * np.outer(sigma, np.arange(p)) + phi[:, None])}


def written_network(rng: Rng, p: int, width: int, kind: str) -> dict[str, Array]:
    """Weights of one frequency each, or normal ones."""
    sigma, phi, psi, chi = _phases(rng, p, width, "sum")
    angle = 2 * np.pi / p * np.outer(sigma, np.arange(p))
    U, V, W = (np.cos(angle + phase[:, None]) for phase in (phi, psi, chi))
    if kind == "random":
        U = rng.standard_normal(U.shape)
    return {"U": U, "V": V, "W": W.T, "sigma": sigma}


def summed_logits(U: Array, V: Array, W: Array) -> Array:
    """Logits of all pairs, neuron by neuron."""
    found = np.zeros((U.shape[1], U.shape[1], len(W)))
    for k in range(len(U)):
        found += np.multiply.outer((U[k][:, None] + V[k]) ** 2, W[:, k])
    return found / len(U)
