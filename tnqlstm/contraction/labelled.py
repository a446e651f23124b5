"""The circuit as a labelled tensor network: cut bonds, QPU tags, in quimb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuit import Circuit
from ..distribution import Partition
from ..distribution.cuts import gate_cut
from ..distribution.network import QPU
from .transfer import halves

if TYPE_CHECKING:
    from quimb.tensor import TensorNetworkGenVector

__all__ = ["CutBond", "cut_bonds", "to_quimb"]


@dataclass(frozen=True)
class CutBond:
    """The bond that one cut gate, or one moving qubit, leaves across a link.

    `bond_dim` is the gate's operator-Schmidt rank (2 for CX, CZ, RZZ; 4 for SWAP), the size of the
    index `name` in the network of amplitudes; `superoperator_dim` (4; 16) is its size in the
    network of operators, which the expectation values are contracted from.
    """

    name: str
    operation: int
    gate: str
    qubits: tuple[int, int]
    qpus: tuple[QPU, QPU]
    hops: int
    bond_dim: int
    superoperator_dim: int


def cut_bonds(placed: Partition) -> tuple[CutBond, ...]:
    """One `CutBond` for each cut gate and each move of a qubit, in time order.

    The bond of a move is the qubit's wire: its gate is "move", and both its qubits are the same.
    """
    qpus, bonds = placed.network.qpus, []
    for index, op in enumerate(placed.circuit.operations):
        for qubit, a, b in placed.transfers.get(index, ()):
            bonds.append((index, "move", (qubit, qubit), (qpus[a], qpus[b]), 2, 4))
        if index in placed.cut_pairs:
            a, b = placed.cut_pairs[index]
            first, second = op.qubits
            rank, dim = gate_cut(op).schmidt_rank, halves(op.name).bond_dim
            bonds.append((index, op.name, (first, second), (qpus[a], qpus[b]), rank, dim))
    return tuple(
        CutBond(f"cut{k}", index, gate, qubits, ends, placed.network.hops(*ends), rank, dim)
        for k, (index, gate, qubits, ends, rank, dim) in enumerate(bonds)
    )


def to_quimb(
    circuit: Circuit,
    placed: Partition,
    weights: ArrayLike | None = None,
    inputs: ArrayLike | None = None,
) -> TensorNetworkGenVector:
    """The state as a quimb network whose bonds between QPUs are the cut bonds, and nothing else.

    A gate inside a QPU is one tensor; a cut gate is two, joined by an index ``cut0``, ``cut1``, …,
    which is the wire's where a qubit moves.
    Tags: ``QPU:name``, ``I{qubit}``, the gate's name, ``CUT``. Outer indices ``k{qubit}``. Values
    are fixed (no gradient): weights of `circuit.weight_shape`, inputs of (n_inputs,).

    To draw it coloured by QPU: ``network.draw(color=[t for t in network.tags if "QPU:" in t])``.
    """
    import quimb.tensor as qtn

    bonds: dict[int, CutBond] = {}
    moves: dict[int, list[CutBond]] = {}
    for bond in cut_bonds(placed):
        if bond.gate == "move":
            moves.setdefault(bond.operation, []).append(bond)
        else:
            bonds[bond.operation] = bond
    crossing = {}  # the wires on which qubits move, and the bonds' names
    leg = [f"q{q}_0" for q in range(circuit.n_qubits)]
    home = [f"QPU:{qpu}" for qpu in placed.qpu_of]
    zero = np.array([1.0, 0.0])
    tensors = [qtn.Tensor(zero, (leg[q],), (home[q], f"I{q}", "ZERO")) for q in range(len(leg))]
    for k, (op, angle) in enumerate(
        zip(circuit.operations, circuit.angles(weights, inputs), strict=True)
    ):
        for bond in moves.get(k, ()):
            crossing[leg[bond.qubits[0]]] = bond.name
            home[bond.qubits[0]] = f"QPU:{bond.qpus[1]}"
        matrix = op.gate.matrix(angle)
        old = [leg[q] for q in op.qubits]
        new = [f"q{q}_{k + 1}" for q in op.qubits]
        for q, name in zip(op.qubits, new, strict=True):
            leg[q] = name
        if k in bonds:
            parts = _split(matrix, bonds[k].bond_dim)
            for q, part, out, into in zip(op.qubits, parts, new, old, strict=True):
                tags = [home[q], f"I{q}", op.name, "CUT"]
                tensors.append(qtn.Tensor(part, (bonds[k].name, out, into), tags))
        else:
            tags = [home[op.qubits[0]], *(f"I{q}" for q in op.qubits), op.name]
            shape = (2,) * (2 * len(op.qubits))
            tensors.append(qtn.Tensor(matrix.reshape(shape), (*new, *old), tags))
    network = qtn.TensorNetwork(tensors)
    network.reindex_({**crossing, **{name: f"k{q}" for q, name in enumerate(leg)}})
    return network.view_as_(
        qtn.TensorNetworkGenVector, site_ind_id="k{}", site_tag_id="I{}", sites=range(len(leg))
    )


def _split(matrix: NDArray[np.complex128], rank: int) -> tuple[NDArray[np.complex128], ...]:
    """The two halves of a 4×4 gate, each (bond, out, in)."""
    sides = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    u, s, vh = np.linalg.svd(sides)
    root = np.sqrt(s[:rank])
    first = (u[:, :rank] * root).T.reshape(rank, 2, 2)
    second = (root[:, None] * vh[:rank]).reshape(rank, 2, 2)
    return first, second
