"""The three QLSTM cells written a second time, in PennyLane and torch, to compare ours with.

Nothing here comes from the package: circuits are queued gate by gate and the recurrence (of
`tests.cells`) is unrolled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pennylane as qml
import torch
from torch import Tensor

from tests import cells
from tests.cells import State

# queues a circuit of n qubits on given inputs (batch, n) and weights (depth, n, …)
Queue = Callable[[Tensor, Tensor, int], None]


def queue_chen2024(inputs: Tensor, weights: Tensor, n: int) -> None:
    for q in range(n):
        qml.Hadamard(wires=q)
    for q in range(n):
        qml.RY(inputs[:, q], wires=q)
    for layer in weights:
        for first in (0, 1):
            for q in range(first, n - 1, 2):
                qml.CNOT(wires=[q, q + 1])
        for q in range(n):
            qml.RY(layer[q], wires=q)


def queue_chen2020(inputs: Tensor, weights: Tensor, n: int) -> None:
    for q in range(n):
        qml.Hadamard(wires=q)
        qml.RY(torch.atan(inputs[:, q]), wires=q)
        qml.RZ(torch.atan(inputs[:, q] ** 2), wires=q)
    for layer in weights:
        for reach in (1, 2):
            for q in range(n):
                if q != (q + reach) % n:
                    qml.CNOT(wires=[q, (q + reach) % n])
        for q in range(n):
            phi, theta, omega = layer[q]
            qml.Rot(phi, theta, omega, wires=q)


def queue_linear(inputs: Tensor, weights: Tensor, n: int) -> None:
    qml.AngleEmbedding(inputs, wires=range(n))
    qml.BasicEntanglerLayers(weights, wires=range(n))


QUEUES: dict[str, Queue] = {
    "chen2024": queue_chen2024,
    "chen2020": queue_chen2020,
    "linear": queue_linear,
}


class SegmentedVQC:
    """⟨Z⟩ of every qubit: one QNode a segment, their outputs concatenated.

    One segment is the whole circuit, as in schemes `centric` and `linked`.
    """

    def __init__(self, queue: Queue, segments: Sequence[int]) -> None:
        self.segments = list(segments)
        self.qnodes = [_qnode(queue, n) for n in segments]

    def __call__(self, inputs: Tensor, weights: Tensor) -> Tensor:
        """Inputs (batch, n), weights (depth, n, …) -> (batch, n)."""
        parts = zip(
            self.qnodes,
            inputs.split(self.segments, dim=1),
            weights.split(self.segments, dim=1),
            strict=True,
        )
        return torch.cat([torch.stack(qnode(x, w), dim=-1) for qnode, x, w in parts], dim=-1)


def _qnode(queue: Queue, n: int) -> Callable[[Tensor, Tensor], list[Tensor]]:
    @qml.qnode(qml.device("default.qubit", wires=n), interface="torch", diff_method="backprop")
    def circuit(inputs: Tensor, weights: Tensor) -> list[object]:
        queue(inputs, weights, n)
        return [qml.expval(qml.PauliZ(q)) for q in range(n)]

    return circuit


def run_window(
    cell: str,
    x: Tensor,
    parameters: Mapping[str, Tensor],
    hidden_size: int,
    segments: Sequence[int],
    state: State | None = None,
) -> tuple[Tensor, State]:
    """As `cells.run_window`, with PennyLane's circuits; the state is 0 by default.

    Parameters
    ----------
    segments
        Qubits of each segment's VQC; they sum to n.
    """
    cell_size = sum(segments) if cell == "chen2020" else hidden_size
    if state is None:
        state = x.new_zeros(len(x), hidden_size), x.new_zeros(len(x), cell_size)
    return cells.run_window(cell, SegmentedVQC(QUEUES[cell], segments), x, parameters, state)
