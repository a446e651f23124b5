"""Ansätze: layouts of encoding and trainable layers, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import CircuitError
from .circuit import Circuit
from .operation import InputSlot, Operation, WeightSlot, whole

__all__ = ["ANSATZE", "basic_entangler", "chen2020", "modular", "ry_brickwork"]


def ry_brickwork(n_qubits: int, depth: int) -> Circuit:
    """H and RY(v) on each qubit; a layer is CX on (0,1),(2,3)…, CX on (1,2),(3,4)…, then RY(θ).

    Weights (depth, n_qubits), inputs (n_qubits,). Real. Source: S. Y.-C. Chen's public QLSTM
    code, 2024; the circuit of the `chen2024` cell.
    """
    return modular([whole("n_qubits", n_qubits, least=1)], depth, ())


def modular(blocks: Sequence[int], depth: int, link_layers: Iterable[int]) -> Circuit:
    """`ry_brickwork` inside each block; CX between neighbouring blocks only in `link_layers`.

    H and RY(v) on each qubit; in each layer the brickwork entangler inside each block, then, if
    the layer is in `link_layers`, CX from the last qubit of each block to the first of the next,
    in order, then RY(θ) on each qubit. `blocks` are block sizes; weights (depth, n), inputs (n,).
    Our choice, after the modular QPUs of Chen, Chen, Liu, Leung, arXiv 2503.14088.
    """
    sizes = [whole("the size of a block", size, least=1) for size in blocks]
    links = {whole("a layer with links", layer, least=0) for layer in link_layers}
    depth = whole("depth", depth, least=1)
    if not sizes:
        raise CircuitError("no blocks; give the size of each, such as [8, 8].")
    if not links <= set(range(depth)):
        raise CircuitError(
            f"link_layers {sorted(links)} must lie in 0 to {depth - 1} for depth {depth}."
        )
    n = sum(sizes)
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    entangler = [
        (q, q + 1)
        for start, size in zip(starts, sizes, strict=True)
        for offset in (0, 1)
        for q in range(start + offset, start + size - 1, 2)
    ]
    bridges = [(start - 1, start) for start in starts[1:]]
    operations = [Operation("H", (q,)) for q in range(n)]
    operations += [Operation("RY", (q,), InputSlot(q)) for q in range(n)]
    for layer in range(depth):
        pairs = entangler + (bridges if layer in links else [])
        operations += [Operation("CX", pair) for pair in pairs]
        operations += [Operation("RY", (q,), WeightSlot(layer * n + q)) for q in range(n)]
    return Circuit(n, tuple(operations), n, (depth, n))


def chen2020(n_qubits: int, depth: int) -> Circuit:
    """H, RY(arctan v), RZ(arctan v²); a layer is CX(i, i+1), CX(i, i+2) (cyclic), RZ, RY, RZ.

    Weights (depth, n_qubits, 3) in the order φ, θ, ω of RZ(φ), RY(θ), RZ(ω); inputs (n_qubits,).
    A CX whose ends coincide (range 2 on 2 qubits, any on 1) is left out. Source: Chen, Yoo, Fang,
    arXiv 2009.01783, figures 4 and 5, and the public FederatedQLSTM code.
    """
    n, depth = whole("n_qubits", n_qubits, least=1), whole("depth", depth, least=1)
    operations = [Operation("H", (q,)) for q in range(n)]
    for q in range(n):
        operations.append(Operation("RY", (q,), InputSlot(q, "arctan")))
        operations.append(Operation("RZ", (q,), InputSlot(q, "arctan_square")))
    for layer in range(depth):
        for reach in (1, 2):
            operations += [Operation("CX", (q, (q + reach) % n)) for q in range(n) if reach % n]
        for q in range(n):
            slot = 3 * (layer * n + q)
            for k, name in enumerate(("RZ", "RY", "RZ")):
                operations.append(Operation(name, (q,), WeightSlot(slot + k)))
    return Circuit(n, tuple(operations), n, (depth, n, 3))


def basic_entangler(n_qubits: int, depth: int) -> Circuit:
    """RX(v); a layer is RX(θ) on each qubit, then a ring of CX (a single CX for 2 qubits).

    Weights (depth, n_qubits), inputs (n_qubits,). Source: PennyLane's `AngleEmbedding` and
    `BasicEntanglerLayers`, the circuit of the widely copied `linear` QLSTM cell.
    """
    n, depth = whole("n_qubits", n_qubits, least=1), whole("depth", depth, least=1)
    ring = [(0, 1)] if n == 2 else [(q, (q + 1) % n) for q in range(n) if n > 1]
    operations = [Operation("RX", (q,), InputSlot(q)) for q in range(n)]
    for layer in range(depth):
        operations += [Operation("RX", (q,), WeightSlot(layer * n + q)) for q in range(n)]
        operations += [Operation("CX", pair) for pair in ring]
    return Circuit(n, tuple(operations), n, (depth, n))


ANSATZE = {
    "ry_brickwork": ry_brickwork,
    "chen2020": chen2020,
    "basic_entangler": basic_entangler,
}
