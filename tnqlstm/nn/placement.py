"""Schemes: how a cell's VQC lies on the QPU network.

`centric`: one QPU holds all qubits. `segment`: the input vector is split over the QPUs, each with
a VQC of its own and no quantum link. `linked`: one VQC across all QPUs, its cut gates pass over
links. One abstraction serves the three: a circuit and its partition.
"""

from __future__ import annotations

from collections.abc import Callable

from ..circuit import Circuit, as_circuit
from ..distribution import Partition, QPUNetwork, contiguous_blocks, partition
from ..distribution.network_text import as_network
from ..errors import CircuitError, PartitionError, look_up

__all__ = ["SCHEMES", "Ansatz", "place"]

Ansatz = Callable[[int], Circuit]


def place(scheme: str, ansatz: Ansatz, n_qubits: int, network: QPUNetwork | None) -> Partition:
    """The circuit of a VQC on n_qubits and its placement, by scheme.

    Raises `PartitionError` where the qubits don't fit or a network is missing, `CircuitError` where
    the ansatz gives a circuit of another size, `UnknownNameError` for another scheme.
    """
    network = None if network is None else as_network(network)
    return look_up("scheme", scheme, SCHEMES)(ansatz, n_qubits, network)


def _centric(ansatz: Ansatz, n_qubits: int, network: QPUNetwork | None) -> Partition:
    network = network or QPUNetwork.line(1, qubits=n_qubits)
    largest = max(network.qpus, key=network.capacity)
    if network.capacity(largest) < n_qubits:
        raise PartitionError(
            f"scheme 'centric' needs one QPU of {n_qubits} qubits, the largest has "
            f"{network.capacity(largest)}. Leave the network out, or use 'segment' or 'linked'."
        )
    circuit = _build(ansatz, n_qubits)
    return Partition.from_blocks(circuit, network, {largest: range(n_qubits)})


def _segment(ansatz: Ansatz, n_qubits: int, network: QPUNetwork | None) -> Partition:
    network = _needed(network, "segment")
    blocks = contiguous_blocks(n_qubits, network)
    circuit = Circuit.beside([_build(ansatz, len(qubits)) for qubits in blocks.values() if qubits])
    return Partition.from_blocks(circuit, network, blocks)


def _linked(ansatz: Ansatz, n_qubits: int, network: QPUNetwork | None) -> Partition:
    return partition(_build(ansatz, n_qubits), _needed(network, "linked"), cost="gates", seed=0)


SCHEMES: dict[str, Callable[[Ansatz, int, QPUNetwork | None], Partition]] = {
    "centric": _centric,
    "segment": _segment,
    "linked": _linked,
}


def _needed(network: QPUNetwork | None, scheme: str) -> QPUNetwork:
    if network is None:
        raise PartitionError(
            f"scheme {scheme!r} needs a network, such as QPUNetwork.line(2, qubits=3)."
        )
    return network


def _build(ansatz: Ansatz, n_qubits: int) -> Circuit:
    circuit = as_circuit(ansatz(n_qubits))
    if circuit.n_qubits != n_qubits:
        raise CircuitError(f"ansatz({n_qubits}) must give {n_qubits} qubits, got {circuit}.")
    if circuit.n_inputs != n_qubits:
        raise CircuitError(
            f"ansatz({n_qubits}) must read {n_qubits} inputs, one a qubit, not {circuit.n_inputs}."
        )
    return circuit
