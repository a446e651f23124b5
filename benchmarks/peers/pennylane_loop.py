"""The baseline: one optimiser step of the `chen2024` QLSTM in PennyLane.

`training_step` is the step as public QLSTM code writes it: a QNode call for each
sample, VQC and time step, gate by gate, on `default.qubit` with torch. The differentiation is
PennyLane's fastest there, backprop. `training_step_broadcast` gives each QNode the whole batch
instead, PennyLane's own remedy. Circuit and recurrence are those of S. Y.-C. Chen's public QLSTM
code, 2024: 4 VQCs on v = [x; h]; ⟨Z⟩ of the first qubits; a linear layer on the last h; MSE;
RMSprop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from benchmarks.peers import lstm_step

__all__ = ["make_step", "training_step", "training_step_broadcast"]


def training_step(*, broadcast: bool = False, **problem: Any) -> Callable[[], float]:
    """Arguments as of `benchmarks.peers.tensorcircuit_ng.training_step`; the circuit is known."""
    weights, *others = (
        torch.tensor(problem[name], dtype=torch.float64)
        for name in ("weights", "head_weight", "head_bias", "x", "y")
    )
    shaped = weights[0].reshape(4, -1, problem["n_qubits"])
    return make_step(shaped, *others, broadcast=broadcast)


def training_step_broadcast(**problem: Any) -> Callable[[], float]:
    """The same with one QNode call for all samples."""
    return training_step(broadcast=True, **problem)


def make_step(
    weights: Tensor,
    head_weight: Tensor,
    head_bias: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    broadcast: bool = False,
    diff_method: str = "backprop",
) -> Callable[[], float]:
    """A function that does forward, backward and an RMSprop step, and returns the loss before it.

    Parameters
    ----------
    weights
        Start weights (4, depth, n_qubits) of the VQCs i, f, g, o. The tensors given are copied.
    head_weight, head_bias
        Start weights (1, hidden_size) and (1,) of the linear layer.
    x, y
        Windows (batch, time, input_size) and targets (batch,), with input_size + hidden_size =
        n_qubits.
    broadcast
        One QNode call for the whole batch, not one a sample.
    diff_method
        PennyLane's; "backprop" is its fastest on `default.qubit`.
    """
    qnode = _qnode(weights.shape[-1], head_weight.shape[1], diff_method)

    def one(inputs: Tensor, w: Tensor) -> Tensor:
        return torch.stack(qnode(inputs, w), dim=-1)

    def sample_by_sample(inputs: Tensor, w: Tensor) -> Tensor:
        return torch.stack([one(sample, w) for sample in inputs])

    vqc = one if broadcast else sample_by_sample

    def vqcs(v: Tensor, gates: Tensor) -> list[Tensor]:
        return [vqc(v, w) for w in gates]

    return lstm_step.make_step(vqcs, weights, head_weight, head_bias, x, y)


def _qnode(
    n_qubits: int, n_observed: int, diff_method: str
) -> Callable[[Tensor, Tensor], list[Tensor]]:
    """⟨Z⟩ of the first qubits from inputs (..., n_qubits) and weights (depth, n_qubits)."""

    @qml.qnode(
        qml.device("default.qubit", wires=n_qubits), interface="torch", diff_method=diff_method
    )
    def circuit(inputs: Tensor, weights: Tensor) -> list[object]:
        for q in range(n_qubits):
            qml.Hadamard(wires=q)
        for q in range(n_qubits):
            qml.RY(inputs[..., q], wires=q)
        for layer in weights:
            for q in range(0, n_qubits - 1, 2):
                qml.CNOT(wires=[q, q + 1])
            for q in range(1, n_qubits - 1, 2):
                qml.CNOT(wires=[q, q + 1])
            for q in range(n_qubits):
                qml.RY(layer[q], wires=q)
        return [qml.expval(qml.PauliZ(q)) for q in range(n_observed)]

    return circuit
