"""Ansätze against lists written by hand and against PennyLane's templates."""

from __future__ import annotations

import numpy as np
import pennylane as qml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot, ansatz
from tnqlstm.errors import CircuitError

from .. import reference

BUILDERS = (ansatz.ry_brickwork, ansatz.chen2020, ansatz.basic_entangler)
depths = st.integers(1, 3)


def pairs(circuit: Circuit) -> list[tuple[int, ...]]:
    return [op.qubits for op in circuit.two_qubit_operations]


def test_ry_brickwork_by_hand() -> None:
    expected = [
        *[Operation("H", (q,)) for q in range(4)],
        *[Operation("RY", (q,), InputSlot(q)) for q in range(4)],
        *[Operation("CX", pair) for pair in ((0, 1), (2, 3), (1, 2))],
        *[Operation("RY", (q,), WeightSlot(q)) for q in range(4)],
        *[Operation("CX", pair) for pair in ((0, 1), (2, 3), (1, 2))],
        *[Operation("RY", (q,), WeightSlot(4 + q)) for q in range(4)],
    ]
    circuit = ansatz.ry_brickwork(4, 2)
    assert circuit == Circuit(4, tuple(expected), 4, (2, 4))


@pytest.mark.parametrize(
    ("n_qubits", "layer"),
    [
        (1, []),
        (2, [(0, 1)]),
        (3, [(0, 1), (1, 2)]),
        (5, [(0, 1), (2, 3), (1, 2), (3, 4)]),
        (6, [(0, 1), (2, 3), (4, 5), (1, 2), (3, 4)]),
    ],
)
def test_ry_brickwork_entanglers(n_qubits: int, layer: list[tuple[int, int]]) -> None:
    assert pairs(ansatz.ry_brickwork(n_qubits, 3)) == 3 * layer


def test_chen2020_by_hand() -> None:
    expected = [Operation("H", (q,)) for q in range(4)]
    for q in range(4):
        expected.append(Operation("RY", (q,), InputSlot(q, "arctan")))
        expected.append(Operation("RZ", (q,), InputSlot(q, "arctan_square")))
    expected += [Operation("CX", pair) for pair in ((0, 1), (1, 2), (2, 3), (3, 0))]
    expected += [Operation("CX", pair) for pair in ((0, 2), (1, 3), (2, 0), (3, 1))]
    for q in range(4):
        expected.append(Operation("RZ", (q,), WeightSlot(3 * q)))
        expected.append(Operation("RY", (q,), WeightSlot(3 * q + 1)))
        expected.append(Operation("RZ", (q,), WeightSlot(3 * q + 2)))
    assert ansatz.chen2020(4, 1) == Circuit(4, tuple(expected), 4, (1, 4, 3))


@pytest.mark.parametrize(
    ("n_qubits", "layer"),
    [
        (1, []),
        (2, [(0, 1), (1, 0)]),
        (3, [(0, 1), (1, 2), (2, 0), (0, 2), (1, 0), (2, 1)]),
    ],
)
def test_chen2020_entanglers_of_few_qubits(n_qubits: int, layer: list[tuple[int, int]]) -> None:
    assert pairs(ansatz.chen2020(n_qubits, 2)) == 2 * layer


@given(n_qubits=st.integers(1, 5), depth=depths, seed=st.integers(0, 1000))
def test_chen2020_rotations_are_pennylanes_rot(n_qubits: int, depth: int, seed: int) -> None:
    """The state equals one of StronglyEntangling-like layers of CX ranges 1, 2 and qml.Rot."""
    circuit = ansatz.chen2020(n_qubits, depth)
    weights, inputs = reference.random_values(np.random.default_rng(seed), circuit)

    @qml.qnode(qml.device("default.qubit", wires=n_qubits))
    def state() -> object:
        for q, v in enumerate(inputs):
            qml.Hadamard(q)
            qml.RY(np.arctan(v), q)
            qml.RZ(np.arctan(v * v), q)
        for layer in weights:
            for reach in (1, 2):
                for q in range(n_qubits):
                    if reach % n_qubits:
                        qml.CNOT([q, (q + reach) % n_qubits])
            for q in range(n_qubits):
                qml.Rot(*layer[q], wires=q)
        return qml.state()

    found = reference.statevector(circuit, weights, inputs)
    np.testing.assert_allclose(found, np.asarray(state()), atol=1e-13)


@given(n_qubits=st.integers(1, 6), depth=depths, seed=st.integers(0, 1000))
def test_basic_entangler_is_pennylanes(n_qubits: int, depth: int, seed: int) -> None:
    circuit = ansatz.basic_entangler(n_qubits, depth)
    weights, inputs = reference.random_values(np.random.default_rng(seed), circuit)

    @qml.qnode(qml.device("default.qubit", wires=n_qubits))
    def state() -> object:
        qml.AngleEmbedding(inputs, wires=range(n_qubits), rotation="X")
        qml.BasicEntanglerLayers(weights, wires=range(n_qubits), rotation=qml.RX)
        return qml.state()

    found = reference.statevector(circuit, weights, inputs)
    np.testing.assert_allclose(found, np.asarray(state()), atol=1e-13)


@pytest.mark.parametrize(
    ("n_qubits", "ring"), [(1, []), (2, [(0, 1)]), (3, [(0, 1), (1, 2), (2, 0)])]
)
def test_basic_entangler_rings_of_few_qubits(n_qubits: int, ring: list[tuple[int, int]]) -> None:
    assert pairs(ansatz.basic_entangler(n_qubits, 2)) == 2 * ring


@given(n_qubits=st.integers(1, 8), depth=depths)
def test_one_block_of_modular_is_ry_brickwork(n_qubits: int, depth: int) -> None:
    assert ansatz.modular([n_qubits], depth, range(depth)) == ansatz.ry_brickwork(n_qubits, depth)


def test_modular_by_hand() -> None:
    expected = [
        *[Operation("H", (q,)) for q in range(5)],
        *[Operation("RY", (q,), InputSlot(q)) for q in range(5)],
        *[Operation("CX", pair) for pair in ((0, 1), (2, 3), (3, 4))],
        *[Operation("RY", (q,), WeightSlot(q)) for q in range(5)],
        *[Operation("CX", pair) for pair in ((0, 1), (2, 3), (3, 4), (1, 2))],
        *[Operation("RY", (q,), WeightSlot(5 + q)) for q in range(5)],
    ]
    assert ansatz.modular([2, 3], 2, [1]) == Circuit(5, tuple(expected), 5, (2, 5))


@given(
    blocks=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    depth=depths,
    chosen=st.sets(st.integers(0, 2)),
)
def test_modular_links_neighbours_in_link_layers_only(
    blocks: list[int], depth: int, chosen: set[int]
) -> None:
    layers = {layer for layer in chosen if layer < depth}
    circuit = ansatz.modular(blocks, depth, layers)
    home = [k for k, size in enumerate(blocks) for _ in range(size)]
    crossing = [pair for pair in pairs(circuit) if home[pair[0]] != home[pair[1]]]
    edges = np.cumsum(blocks)[:-1]
    assert crossing == len(layers) * [(int(edge) - 1, int(edge)) for edge in edges]
    if not layers:
        sizes = [len(group) for group in circuit.components()]
        assert sizes == blocks


def test_modular_takes_an_iterator_of_layers() -> None:
    assert ansatz.modular([1, 1], 2, iter([0, 1])) == ansatz.modular([1, 1], 2, (0, 1))


@pytest.mark.parametrize("build", BUILDERS)
@given(n_qubits=st.integers(1, 9), depth=depths)
def test_each_weight_and_input_is_read(build: object, n_qubits: int, depth: int) -> None:
    assert callable(build)
    circuit = build(n_qubits, depth)
    angles = [op.angle for op in circuit.operations]
    slots = sorted(angle.index for angle in angles if isinstance(angle, WeightSlot))
    assert slots == list(range(circuit.n_weights))
    assert {angle.index for angle in angles if isinstance(angle, InputSlot)} == set(range(n_qubits))
    assert circuit.weight_shape[:2] == (depth, n_qubits)


@pytest.mark.parametrize("build", BUILDERS)
def test_no_qubits_or_no_layers(build: object) -> None:
    assert callable(build)
    with pytest.raises(CircuitError, match="at least 1"):
        build(0, 2)
    with pytest.raises(CircuitError, match="depth must be a whole number of at least 1, got 0"):
        build(3, 0)


@pytest.mark.parametrize("blocks", [[], [2, 0], [-1]])
def test_modular_blocks_that_are_no_sizes(blocks: list[int]) -> None:
    with pytest.raises(CircuitError, match=r"no blocks|the size of a block must be .* at least 1"):
        ansatz.modular(blocks, 1, [])


@pytest.mark.parametrize("layers", [[2], [0, 5]])
def test_modular_link_layers_outside(layers: list[int]) -> None:
    with pytest.raises(CircuitError, match=r"link_layers .* must lie in 0 to 1 for depth 2"):
        ansatz.modular([2, 2], 2, layers)
    with pytest.raises(CircuitError, match="layer with links must be a whole number of at least 0"):
        ansatz.modular([2, 2], 2, [-1])
