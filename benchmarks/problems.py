"""Circuits of the instances, and circuits as plain data for contestants without tnqlstm."""

from __future__ import annotations

import time
from typing import Any

import networkx as nx
import numpy as np
import torch

import tnqlstm as tnq
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot

__all__ = ["Planned", "placed_circuit", "plain_operations"]


class Planned:
    """An instance's VQC, planned with a clock, random weights and inputs in it."""

    def __init__(self, instance: dict[str, Any]) -> None:
        torch.manual_seed(0)
        self.circuit, self.placed = placed_circuit(instance)
        start = time.perf_counter()
        self.vqc = tnq.VQC(self.circuit, self.placed, dtype=torch.float64)
        planned = time.perf_counter() - start
        torch.nn.init.normal_(self.vqc.weights)
        self.x = torch.randn(instance["batch"], self.circuit.n_inputs, dtype=torch.float64)
        self.known: dict[str, Any] = {
            "n_qubits": self.circuit.n_qubits,
            "seconds_to_plan": planned,
            "predicted_bytes": self.vqc.plan.cost(1, instance["batch"]).bytes,
        }

    def values_and_gradient(self) -> float:
        """The sum of all values, after its gradient in the weights."""
        self.vqc.weights.grad = None
        total = self.vqc(self.x).sum()
        total.backward()
        return float(total.detach())


def placed_circuit(instance: dict[str, Any]) -> tuple[Circuit, tnq.Partition]:
    """The instance's circuit, each block on a QPU of its own.

    `blocks`: sizes of the blocks (or `n_qpus` blocks of `block` qubits). `network`: the kind and
    arguments of `QPUNetwork`, a line by default. As `tnq.ansatz.modular`, with a CX for each link
    of the network in the layers `links`; on a line from the last qubit of a block to the next one's
    first. `random`: a seed, for links between random qubits. `depths`: layers inside each block,
    where they differ.
    """
    blocks = instance.get("blocks") or [instance["block"]] * instance["n_qpus"]
    kind, *arguments = instance.get("network", ["line", len(blocks)])
    network = getattr(tnq.QPUNetwork, kind)(*arguments, qubits=max(blocks))
    graph = nx.convert_node_labels_to_integers(network.graph)
    start = np.cumsum([0, *blocks]).tolist()
    n, depth = start[-1], instance["depth"]
    depths = instance.get("depths", [depth] * len(blocks))
    rng = np.random.default_rng(instance["random"]) if "random" in instance else None
    operations = [Operation("H", (q,)) for q in range(n)]
    operations += [Operation("RY", (q,), InputSlot(q)) for q in range(n)]
    n_weights = 0
    for layer in range(max(depths)):
        inside = [b for b in range(len(blocks)) if layer < depths[b]]
        for b in inside:
            for offset in (0, 1):
                for q in range(start[b] + offset, start[b + 1] - 1, 2):
                    operations.append(Operation("CX", (q, q + 1)))
        for k, (a, b) in enumerate(sorted(map(sorted, graph.edges))):
            if layer in instance["links"] and a in inside and b in inside:
                ends = (start[a + 1] - 1, start[b]) if kind == "line" else _ports(k, a, b, start)
                if rng is not None:
                    first, second = (int(rng.integers(start[c], start[c + 1])) for c in (a, b))
                    ends = first, second
                operations.append(Operation("CX", ends))
        for b in inside:
            for q in range(start[b], start[b + 1]):
                operations.append(Operation("RY", (q,), WeightSlot(n_weights)))
                n_weights += 1
    circuit = Circuit(n, tuple(operations), n, (n_weights,))
    homes = {qpu: range(start[b], start[b + 1]) for b, qpu in enumerate(network.qpus)}
    return circuit, tnq.Partition.from_blocks(circuit, network, homes)


def _ports(k: int, a: int, b: int, start: list[int]) -> tuple[int, int]:
    """A qubit of each of two blocks for link number k, spread over the blocks."""
    return start[a] + k % (start[a + 1] - start[a]), start[b] + k % (start[b + 1] - start[b])


def plain_operations(circuit: Circuit) -> list[list[Any]]:
    """[name, qubits, angle] of each gate; the angle a number or none, or where it comes from.

    ["weight", index], or ["input", index, encoding].
    """
    operations: list[list[Any]] = []
    for op in circuit.operations:
        angle: Any = op.angle
        if isinstance(op.angle, InputSlot):
            angle = ["input", op.angle.index, op.angle.encoding]
        elif isinstance(op.angle, WeightSlot):
            angle = ["weight", op.angle.index]
        operations.append([op.name, list(op.qubits), angle])
    return operations
