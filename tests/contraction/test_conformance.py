"""Every way of computing against the independent statevector of `tests/reference.py`.

Values and gradients in weights and inputs; random circuits over all gates (angles 0, π/2 and π
included), the ansätze, the three schemes, partitions into 1 to 4 blocks; float64 and float32.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import (
    expectations,
    parameter_shift_gradient,
    random_circuit,
    random_values,
)
from tnqlstm.circuit import ENCODINGS, Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.contraction import METHODS, plan_expectations
from tnqlstm.distribution import Partition, QPUNetwork, contiguous_blocks
from tnqlstm.nn.placement import place

N_RANDOM = 200
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
SCHEMES = [("centric", 1), *itertools.product(("segment", "linked"), (2, 3, 4))]  # and QPUs
ANSATZE = {
    "ry_brickwork": lambda n: tnq.ansatz.ry_brickwork(n, 3),
    "chen2020": lambda n: tnq.ansatz.chen2020(n, 2),
    "basic_entangler": lambda n: tnq.ansatz.basic_entangler(n, 2),
}


def random_case(seed: int) -> tuple[Circuit, Partition]:
    """A random circuit, its segments for every third seed, on 1 to 4 QPUs."""
    rng = np.random.default_rng(seed)
    n_qubits, n_blocks = int(rng.integers(1, 7)), int(rng.integers(1, 5))
    network = QPUNetwork.line(n_blocks, qubits=-(-n_qubits // n_blocks))
    blocks = contiguous_blocks(n_qubits, network)
    sizes = [len(qubits) for qubits in blocks.values() if qubits]
    circuit = random_circuit(rng, n_qubits=n_qubits, blocks=sizes if seed % 3 == 0 else None)
    if seed % 3 == 1:
        return circuit, tnq.partition(circuit, network, cost="gates", seed=0)
    return circuit, Partition.from_blocks(circuit, network, blocks)


def values_and_gradients(
    circuit: Circuit,
    placed: Partition,
    method: str,
    weights: np.ndarray,
    inputs: np.ndarray,
    mixing: np.ndarray,
    dtype: torch.dtype,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """⟨Z⟩ of a batch, and the gradients of Σ mixing·⟨Z⟩ in weights and inputs."""
    plan = plan_expectations(circuit, placed, method=method)
    w = torch.tensor(weights, dtype=dtype).reshape(1, -1).requires_grad_()
    x = torch.tensor(inputs, dtype=dtype).requires_grad_()
    values = plan.evaluate(plan.prepare(w), w, x)[0]
    loss = (values * torch.tensor(mixing, dtype=dtype)).sum()
    grads = (
        torch.autograd.grad(loss, (w, x), allow_unused=True) if loss.requires_grad else (None,) * 2
    )
    of_weights, of_inputs = (
        np.zeros(v.shape) if g is None else g.numpy() for g, v in zip(grads, (w, x), strict=True)
    )
    return values.detach().numpy(), of_weights.reshape(circuit.weight_shape), of_inputs


def check(circuit: Circuit, placed: Partition, seed: int, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(seed + 10_000)
    weights, first = random_values(rng, circuit)
    inputs = np.stack([first, random_values(rng, circuit)[1]])
    mixing = rng.normal(size=(2, circuit.n_qubits))
    if dtype == torch.float32:  # the reference must see the numbers that float32 holds
        weights, inputs = (v.astype(np.float32).astype(np.float64) for v in (weights, inputs))
    wanted = expectations(circuit, weights, inputs)
    shifts = [parameter_shift_gradient(circuit, weights, row) for row in inputs]
    wanted_w = sum(
        np.tensordot(m, of_w, axes=1) for m, (of_w, _) in zip(mixing, shifts, strict=True)
    )
    wanted_x = np.stack([m @ of_x for m, (_, of_x) in zip(mixing, shifts, strict=True)])
    for method in METHODS:
        got = values_and_gradients(circuit, placed, method, weights, inputs, mixing, dtype)
        for what, a, b in zip(
            ("values", "weight gradient", "input gradient"),
            got,
            (wanted, wanted_w, wanted_x),
            strict=True,
        ):
            np.testing.assert_allclose(
                a,
                b,
                rtol=0,
                atol=TOLERANCE[dtype] * max(1, np.abs(b).max(initial=0)),
                err_msg=f"{what} by {method}",
            )


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("seed", range(N_RANDOM))
def test_random_circuits_equal_the_statevector(seed: int, dtype: torch.dtype) -> None:
    check(*random_case(seed), seed, dtype)


def layered_circuit(seed: int) -> Circuit:
    """Inputs on every qubit, then weights and fixed two-qubit gates: what has a matrix form."""
    rng = np.random.default_rng(seed)
    n, n_weights = int(rng.integers(1, 8)), int(rng.integers(1, 7))
    rotations = ["RX", "RY", "RZ", "P"]

    def some(names: list[str]) -> str:
        return str(rng.choice(names))

    operations = [Operation(some(["H", "SX", "T"]), (q,)) for q in range(n) if rng.random() < 0.5]
    for q in range(n):
        for _ in range(int(rng.integers(1, 3))):
            slot = InputSlot(int(rng.integers(3)), some(list(ENCODINGS)))
            operations.append(Operation(some(rotations), (q,), slot))
    for _ in range(4 * n):
        qubits = tuple(int(q) for q in rng.permutation(n)[:2])
        if n > 1 and rng.random() < 0.5:
            name = some(["CX", "SWAP", "CZ", "CS", "CP", "RZZ"])
            angle = float(rng.normal()) if name in ("CP", "RZZ") else None
            operations.append(Operation(name, qubits, angle))
        elif rng.random() < 0.3:
            operations.append(Operation(some(["H", "S", "Y", "SXDG"]), qubits[:1]))
        else:
            weight = WeightSlot(int(rng.integers(n_weights)))
            operations.append(Operation(some(rotations), qubits[:1], weight))
    last = [Operation("RY", (q,), WeightSlot(int(rng.integers(n_weights)))) for q in range(n)]
    return Circuit(n, (*operations, *last), 3, (n_weights,))


@pytest.mark.parametrize("seed", range(40))
def test_layered_circuits_equal_the_statevector(seed: int) -> None:
    circuit = layered_circuit(seed)
    plan = plan_expectations(circuit, method="dense")
    assert plan.state_form is not None
    for dtype in TOLERANCE:
        check(circuit, plan.placed, seed, dtype)


def test_observables_in_any_order_and_of_some_components_only() -> None:
    circuit = tnq.ansatz.modular([2, 3, 2], 2, [])
    weights, inputs = random_values(np.random.default_rng(0), circuit)
    observed = [3, 2, 6, 3]
    plan = plan_expectations(circuit, observables=observed, method="dense")
    w, x = torch.tensor(weights).reshape(1, -1).requires_grad_(), torch.tensor(inputs)[None]
    values = plan.evaluate(plan.prepare(w), w, x)[0, 0]
    np.testing.assert_allclose(
        values.detach(), expectations(circuit, weights, inputs)[observed], atol=1e-12
    )
    values.sum().backward()
    of_weights, _ = parameter_shift_gradient(circuit, weights, inputs)
    wanted = of_weights[observed].sum(0)
    np.testing.assert_allclose(w.grad.reshape(wanted.shape), wanted, atol=1e-12)


@pytest.mark.parametrize(("scheme", "n_qpus"), SCHEMES)
@pytest.mark.parametrize("name", ANSATZE)
def test_ansatz_by_scheme_equals_the_statevector(name: str, scheme: str, n_qpus: int) -> None:
    network = None if scheme == "centric" else QPUNetwork.line(n_qpus, qubits=-(-5 // n_qpus))
    placed = place(scheme, ANSATZE[name], 5, network)
    check(placed.circuit, placed, n_qpus, torch.float64)


def test_every_gate_is_covered() -> None:
    used = {op.name for seed in range(N_RANDOM) for op in random_case(seed)[0].operations}
    assert used == set(tnq.circuit.GATES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_qubits", [8, 9, 11])
def test_larger_registers(method: str, n_qubits: int) -> None:
    """Beyond the sizes at which runs are multiplied out, and with a partition across 3 QPUs."""
    circuit = tnq.ansatz.modular([3, 3, n_qubits - 6], 2, {0, 1})
    network = QPUNetwork.ring(3, qubits=n_qubits - 5)
    placed = tnq.partition(circuit, network)
    rng = np.random.default_rng(n_qubits)
    weights, inputs = random_values(rng, circuit)
    mixing = rng.normal(size=(1, n_qubits))
    values, of_w, of_x = values_and_gradients(
        circuit, placed, method, weights, inputs[None], mixing, torch.float64
    )
    np.testing.assert_allclose(values[0], expectations(circuit, weights, inputs), atol=1e-12)
    shift_w, shift_x = parameter_shift_gradient(circuit, weights, inputs)
    np.testing.assert_allclose(of_w, np.tensordot(mixing[0], shift_w, axes=1), atol=1e-10)
    np.testing.assert_allclose(of_x, mixing @ shift_x, atol=1e-10)
