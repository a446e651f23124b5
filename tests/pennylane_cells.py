"""The three QLSTM cells written a second time, in PennyLane and torch, to compare ours with.

Nothing here comes from the package: circuits are queued gate by gate and the recurrence is
unrolled. Weights arrive as plain tensors, so that both sides can hold the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pennylane as qml
import torch
from torch import Tensor

State = tuple[Tensor, Tensor]
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
    """A whole window through one layer: outputs (batch, time, output) and the last (h, c).

    Parameters
    ----------
    x
        Inputs (batch, time, input).
    parameters
        "gates" of shape (4, depth, n, …) for i, f, g, o; for chen2020 also "readout" (2, depth,
        n, 3), for h and the output; for linear also "input.weight", "input.bias",
        "output.weight", "output.bias".
    segments
        Qubits of each segment's VQC; they sum to n.
    """
    step = {"chen2024": _step_chen2024, "chen2020": _step_chen2020, "linear": _step_linear}[cell]
    vqc = SegmentedVQC(QUEUES[cell], segments)
    cell_size = sum(segments) if cell == "chen2020" else hidden_size
    if state is None:
        state = x.new_zeros(len(x), hidden_size), x.new_zeros(len(x), cell_size)
    outputs = []
    for t in range(x.shape[1]):
        output, state = step(vqc, x[:, t], state, parameters)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


def _update(i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The new c, and o ⊙ tanh(c)."""
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)


def _step_chen2024(
    vqc: SegmentedVQC, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    v = torch.cat([x, h], dim=1)
    i, f, g, o = (vqc(v, w)[:, : h.shape[1]] for w in parameters["gates"])
    c, h = _update(i, f, g, o, c)
    return h, (h, c)


def _step_chen2020(
    vqc: SegmentedVQC, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    v = torch.cat([x, h], dim=1)
    i, f, g, o = (vqc(v, w) for w in parameters["gates"])
    c, u = _update(i, f, g, o, c)
    to_h, to_output = parameters["readout"]
    h = vqc(u, to_h)[:, : h.shape[1]]
    return vqc(u, to_output), (h, c)


def _step_linear(
    vqc: SegmentedVQC, x: Tensor, state: State, parameters: Mapping[str, Tensor]
) -> tuple[Tensor, State]:
    h, c = state
    y = torch.cat([h, x], dim=1) @ parameters["input.weight"].T + parameters["input.bias"]
    i, f, g, o = (
        vqc(y, w) @ parameters["output.weight"].T + parameters["output.bias"]
        for w in parameters["gates"]
    )
    c, h = _update(i, f, g, o, c)
    return h, (h, c)
