"""Cases of `data_cases` for margins, erasure, attention and wide networks."""

import numpy as np
from data_cases import ROWS, positive
from data_moves import Case, Joint, Offset, Unit, whole

from solvable import solvers


def margins(g, n=7, d=4):
    Z = whole(g, n, d)
    Z[:, 0] = np.abs(Z[:, 0]) + 3
    return {"Z": Z}


def signed(g, n=8, d=4):
    X = whole(g, n, d)
    X[:, 0] += np.where(X[:, 0] >= 0, 2, -2)
    return {"X": X, "y": np.sign(X[:, 0])}


def prompts(g, n=4, T=3, d=3):
    return {
        "tokens": whole(g, n, T, d),
        "queries": whole(g, n, d),
        "scores": np.array([g.permutation(T) * 1.0 for _ in range(n)]),
    }


def unit_rows(g):
    return {"queries": g.choice([-0.5, 0.5], (3, 4)), "keys": g.choice([-0.5, 0.5], (3, 2, 4))}


def selections(g):
    data = prompts(g)
    return {**data, "selected": np.argmax(data["scores"], axis=1).astype(float)}


def blocks(g, n=5, m=3):
    A = whole(g, n + m, n + m + 2, low=-3, high=4)
    K = A @ A.T + np.eye(n + m)
    return {"K": K[:n, :n], "K_cross": K[n:, :n], "K_test": K[n:, n:], "y": whole(g, n)}


MORE = {
    "max_margin": Case(
        margins,
        lambda Z: (lambda f: [f.weights, f.margin])(solvers.max_margin(Z)),
        [Joint({"Z": (0,)}), Joint({"Z": (1,)}, [(0,)]), Unit({"Z": 1}, [-1, 1])],
    ),
    "largest_violation": Case(
        lambda g: {**margins(g), "weights": whole(g, 4)},
        lambda **d: [solvers.largest_violation(**d)],
        [Joint({"Z": (0,)}), Joint({"Z": (1,), "weights": (0,)}), Unit({"Z": 1, "weights": -1})],
    ),
    "project_onto_margin": Case(
        lambda g: {**margins(g), "start": whole(g, 4)},
        lambda **d: [solvers.project_onto_margin(**d).value],
        [Joint({"Z": (0,)}), Joint({"Z": (1,), "start": (0,)}, [(0,)]), Unit({"Z": 1, "start": -1}, [-1])],
    ),
    "sequential_max_margin": Case(
        lambda g: {"one": margins(g)["Z"], "two": margins(g)["Z"]},
        lambda one, two: [solvers.sequential_max_margin([one, two], [0, 1], 2).weights],
        [Joint({"one": (0,)}), Joint({"one": (1,), "two": (1,)}, [(-1,)]), Unit({"one": 1, "two": 1}, [-1])],
    ),
    "weak_regularisation_path": Case(
        lambda g: {"one": margins(g)["Z"], "two": margins(g)["Z"]},
        lambda one, two: [solvers.weak_regularisation_path([one, two], [0.3, 1e-6]).value],
        [Joint({"one": (0,)}), Joint({"one": (1,), "two": (1,)}, [(-1,)])],
    ),
    "batch_perceptron": Case(
        signed,
        lambda X, y: (lambda f: [f.weights, f.errors])(solvers.batch_perceptron(X, y, 200)),
        [Joint(ROWS), Joint({"X": (1,)}, [(-1,)]), Unit({"X": 1}, [1])],
    ),
    "logistic_descent": Case(
        signed,
        lambda X, y: [(f := solvers.logistic_descent(X, y, 0.01, 9)).weights, f.loss],
        [Joint(ROWS), Joint({"X": (1,)}, [(-1,)])],
    ),
    "softmax_descent": Case(
        lambda g: {"X": whole(g, 7, 4), "labels": g.permutation(np.arange(7) % 3) * 1.0},
        lambda **d: [(f := solvers.softmax_descent(**d, step_size=0.01, steps=9)).weights, f.loss],
        [Joint({"X": (0,), "labels": (0,)})],
        fixed=["labels"],
    ),
    "erase_rayleigh": Case(
        lambda g: {"A": positive(g, 4)},
        lambda A: [(f := solvers.erase_rayleigh(A, 2)).value, f.projector],
        [Joint({"A": (0, 1)}, [(), (0, 1)]), Unit({"A": 1}, [1])],
    ),
    "erase_squared": Case(
        lambda g: {"X": whole(g, 9, 4), "Y": whole(g, 9)},
        lambda **d: [(f := solvers.erase_squared(**d, rank=1)).value, f.projector],
        [
            Joint({"X": (0,), "Y": (0,)}),
            Joint({"X": (1,)}, [(), (0, 1)]),
            Unit({"Y": 1}, [2]),
            Unit({"X": 1}),
            Offset(["X", "Y"], most=20),
        ],
        rtol=1e-8,
    ),
    "nullspace_projection": Case(
        lambda g: {"X": whole(g, 9, 4), "y": whole(g, 9)},
        lambda **d: [(f := solvers.nullspace_projection(**d, rounds=2)).value, f.projector],
        [Joint(ROWS), Joint({"X": (1,)}, [(), (0, 1)]), Unit({"y": 1}, [2]), Offset(["X", "y"], most=20)],
        rtol=1e-7,
    ),
    "relaxed_erasure": Case(
        lambda g: {"X": whole(g, 12, 3), "y": np.where(np.arange(12) % 3 == 0, 1.0, -1.0)},
        lambda **d: [solvers.relaxed_erasure(**d, rank=1, on_failure="ignore").value],
        [Joint(ROWS), Joint({"X": (1,)}), Offset(["X"], most=20)],
        rtol=1e-5,
    ),
    "stablemax": Case(
        lambda g: {"logits": whole(g, 4, 3)},
        lambda logits: [solvers.stablemax(logits)],
        [Joint({"logits": (0,)}, [(0,)]), Joint({"logits": (1,)}, [(1,)])],
    ),
    "stablemax_loss": Case(
        lambda g: {"logits": whole(g, 4, 3), "label": g.integers(0, 3, 4).astype(float)},
        lambda **d: [(f := solvers.stablemax_loss(**d)).value, f.gradient],
        [Joint({"logits": (0,), "label": (0,)}, [(0,), (0,)])],
        fixed=["label"],
    ),
    "perpendicular": Case(
        lambda g: {"gradient": whole(g, 6), "parameters": whole(g, 6, low=1)},
        lambda **d: [solvers.perpendicular(**d)],
        [Joint({"gradient": (0,), "parameters": (0,)}, [(0,)]), Unit({"gradient": 1}, [1]), Unit({"parameters": 1})],
    ),
    "naive_minimisation_cosine": Case(
        lambda g: {"gradient": whole(g, 6, low=1), "parameters": whole(g, 6, low=1)},
        lambda **d: [solvers.naive_minimisation_cosine(**d)],
        [Joint({"gradient": (0,), "parameters": (0,)}), Unit({"gradient": 1}), Unit({"parameters": 1})],
    ),
    "attention_kernel": Case(
        unit_rows,
        lambda **d: [solvers.attention_kernel(**d)],
        [Joint({"queries": (0,), "keys": (0,)}, [(0, 1)]), Joint({"keys": (1,)})],
        fixed=["queries", "keys"],
    ),
    "distance_attention": Case(
        lambda g: {"queries": whole(g, 3, 2), "keys": whole(g, 5, 2) + 20, "values": whole(g, 5)},
        lambda **d: [(f := solvers.distance_attention(**d, exponent=3.0)).value, f.weights],
        [
            Joint({"queries": (0,)}, [(0,), (0,)]),
            Joint({"keys": (0,), "values": (0,)}, [(), (1,)]),
            Unit({"queries": 1, "keys": 1}),
            Unit({"values": 1}, [1, 0]),
        ],
    ),
    "vector_kernel": Case(
        unit_rows,
        lambda **d: [solvers.vector_kernel(**d)],
        [Joint({"queries": (0,), "keys": (0,)}, [(0, 1)]), Joint({"keys": (1,)})],
        fixed=["queries", "keys"],
    ),
    "random_attention_features": Case(
        unit_rows, lambda **d: [solvers.random_attention_features(**d, heads=3, rng=0)], fixed=["queries", "keys"]
    ),
    "attention_margin": Case(
        selections,
        lambda tokens, queries, selected, scores: [
            (f := solvers.attention_margin(tokens, queries, selected)).weights,
            f.norm,
        ],
        [
            Joint({"tokens": (0,), "queries": (0,), "selected": (0,)}),
            Unit({"tokens": 1}, [-1, -1]),
            Offset(["tokens"], most=20),
        ],
        fixed=["selected"],
    ),
    "attention_descent": Case(
        prompts,
        lambda **d: [(f := solvers.attention_descent(**d, step_size=0.01, steps=9)).weights, f.loss],
        [Joint({"tokens": (0,), "queries": (0,), "scores": (0,)}), Offset(["tokens"], most=20)],
        rtol=1e-8,
    ),
    "regularisation_path": Case(
        prompts,
        lambda **d: [solvers.regularisation_path(**d, radii=[1.0, 9.0]).log_excess],
        [Joint({"tokens": (0,), "queries": (0,), "scores": (0,)}), Offset(["tokens"], most=20)],
        rtol=1e-6,
    ),
    "locally_optimal": Case(
        selections,
        lambda tokens, queries, scores, selected: [float(solvers.locally_optimal(tokens, scores, selected, queries))],
        [Joint({"tokens": (0,), "queries": (0,), "scores": (0,), "selected": (0,)})],
        fixed=["selected"],
    ),
    "activation_spectrum": Case(
        lambda g: {"X": whole(g, 6, 3, low=1), "y": whole(g, 6)},
        lambda X, y: (lambda f: [f.eigenvalues, f.target_power])(solvers.activation_spectrum(X, y)),
        [Joint({"X": (0,), "y": (0,)}), Joint({"X": (1,)}), Unit({"X": 1}, [2, 0]), Unit({"y": 1}, [0, 2])],
    ),
    "wide_network_kernels": Case(
        lambda g: {"X": whole(g, 4, 3, low=1)},
        lambda X: [(f := solvers.wide_network_kernels(X, depth=2)).nngp, f.ntk],
        [Joint({"X": (0,)}, [(0, 1), (0, 1)]), Joint({"X": (1,)}), Unit({"X": 1}, [2, 2])],
    ),
    "student_process": Case(
        blocks,
        lambda **d: [(f := solvers.student_process(**d, a=2.0, b=3.0)).mean, f.scale, f.log_evidence],
        [Joint({"K": (0, 1), "K_cross": (1,), "y": (0,)}), Joint({"K_test": (0, 1), "K_cross": (0,)}, [(0,), (0, 1)])],
    ),
    "trained_ensemble": Case(
        blocks,
        lambda **d: [(f := solvers.trained_ensemble(**d, a=2.0, b=3.0)).mean, f.scale],
        [Joint({"K": (0, 1), "K_cross": (1,), "y": (0,)}), Joint({"K_test": (0, 1), "K_cross": (0,)}, [(0,), (0, 1)])],
    ),
    "linearised_training": Case(
        blocks,
        lambda K, K_cross, K_test, y: [
            (f := solvers.linearised_training((K, K_cross, K_test), (K, K_cross, K_test), [0.0, 0.1, np.inf], y)).mean,
            f.covariance,
        ],
        [Joint({"K": (0, 1), "K_cross": (1,), "y": (0,)}), Unit({"y": 1}, [1, 0])],
        rtol=1e-8,
    ),
    "kernel_machine": Case(
        lambda g: {"G0": positive(g, 3) / 8, "y": whole(g, 3, 2)},
        lambda **d: [(f := solvers.kernel_machine(**d, depth=1)).objective, f.grams],
        [Joint({"G0": (0, 1), "y": (0,)}, [(), (-2, -1)])],
        rtol=1e-4,
    ),
    "linear_kernel_machine": Case(
        lambda g: {"G0": positive(g, 3), "target": positive(g, 3)},
        lambda **d: list(solvers.linear_kernel_machine(**d, depth=2)),
        [Joint({"G0": (0, 1), "target": (0, 1)}, [(0, 1)] * 3), Unit({"G0": 1, "target": 1}, [1, 1, 1])],
    ),
    "dual_parameters": Case(
        lambda g: {"y": g.integers(0, 2, 5).astype(float), "f": whole(g, 5)},
        lambda **d: [(r := solvers.dual_parameters(**d, likelihood="logistic")).alpha, r.beta],
        [Joint({"y": (0,), "f": (0,)}, [(0,), (0,)])],
    ),
    "sparse_duals": Case(
        lambda g: {"kernel_zx": whole(g, 2, 5), "alpha": whole(g, 5), "beta": whole(g, 5, low=1), "f": whole(g, 5)},
        lambda **d: [(r := solvers.sparse_duals(**d)).y_tilde, r.B],
        [
            Joint({"kernel_zx": (1,), "alpha": (0,), "beta": (0,), "f": (0,)}),
            Joint({"kernel_zx": (0,)}, [(0,), (0, 1)]),
        ],
    ),
    "predict_from_duals": Case(
        lambda g: {"K_zz": positive(g, 3), "K_xz": whole(g, 2, 3), "K_xx": whole(g, 2, low=99, high=120)},
        lambda **d: [
            (
                f := solvers.predict_from_duals(
                    duals=solvers.sparse_duals(np.eye(3), np.ones(3), np.ones(3), np.ones(3)), **d
                )
            ).mean,
            f.variance,
        ],
        [Joint({"K_xz": (0,), "K_xx": (0,)}, [(0,), (0,)])],
    ),
}
