"""Sampling overhead γ² of gate cuts, against qiskit-addon-cutting's `find_cuts`."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import tnqlstm as tnq
from benchmarks.problems import plain_operations
from benchmarks.timing import PEERS_PYTHON, OtherProcess
from tnqlstm.circuit import Circuit, Operation
from tnqlstm.distribution import QPUNetwork

__all__ = ["HEADER", "rows", "run"]

HEADER = ["circuit", "QPUs", "overhead", "s", "find_cuts: gates", "s", "gates or wires", "s"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Overheads and seconds, ours and, where `make peers` has been run, those of `find_cuts`."""
    circuit = FAMILIES[instance["family"]](instance)
    room = circuit.n_qubits // instance["n_qpus"]
    network = QPUNetwork.complete(instance["n_qpus"], room)
    start = time.perf_counter()
    placed = tnq.partition(circuit, network, cost="shots")
    result: dict[str, Any] = {
        "instance": instance,
        "overhead": placed.sampling_overhead,
        "seconds": time.perf_counter() - start,
        "peers": [],
    }
    for wires in (False, True) if PEERS_PYTHON.exists() else ():
        problem = {"n_qubits": circuit.n_qubits, "room": room, "wires": wires}
        other = OtherProcess(
            "cutting", "overhead", {"operations": plain_operations(circuit), **problem}
        )
        result["peers"].append({"overhead": other.returned[0], "seconds": other.turn()})
        other.close()
    return result


def rows(result: dict[str, Any]) -> list[list[str]]:
    instance = result["instance"]
    shown = [instance["name"], str(instance["n_qpus"])]
    for each in (result, *result["peers"]):
        shown += [f"{each['overhead']:.6g}", f"{each['seconds']:.2f}"]
    return [shown + [""] * (len(HEADER) - len(shown))]


def efficient_su2(instance: dict[str, Any]) -> Circuit:
    """RY and RZ on each qubit, then CX along a line, `repetitions` times; RY and RZ again."""
    n = instance["n_qubits"]
    rng = np.random.default_rng(0)
    operations: list[Operation] = []
    for layer in range(instance["repetitions"] + 1):
        for name in ("RY", "RZ"):
            operations += [Operation(name, (q,), float(rng.uniform(0, 6))) for q in range(n)]
        if layer < instance["repetitions"]:
            operations += [Operation("CX", (q, q + 1)) for q in range(n - 1)]
    return Circuit(n, tuple(operations))


def random_gates(instance: dict[str, Any]) -> Circuit:
    """2n gates, CX, CZ, RZZ and CP of random angles, each on random qubits."""
    n = instance["n_qubits"]
    rng = np.random.default_rng(instance["seed"])
    operations = []
    for name in rng.choice(["CX", "CZ", "RZZ", "CP"], size=2 * n):
        qubits = tuple(rng.permutation(n)[:2].tolist())
        angle = float(rng.uniform(0, 3)) if name in ("RZZ", "CP") else None
        operations.append(Operation(str(name), qubits, angle))
    return Circuit(n, tuple(operations))


FAMILIES = {"efficient_su2": efficient_su2, "random": random_gates}
