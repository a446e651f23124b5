"""Circuits whose angles are polynomials of slots: every way, its derivatives, LSTMs."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from tests.contraction.test_conformance import check
from tests.reference import (
    ENCODING_VALUES,
    expectations,
    finite_difference_gradient,
    parameter_shift_gradient,
    random_circuit,
    random_values,
)
from tnqlstm.contraction import METHODS
from tnqlstm.contraction.lowering import Lowering

W, X = tnq.WeightSlot, tnq.InputSlot
PAULIS = {
    "X": [[0, 1], [1, 0]],
    "Y": [[0, -1j], [1j, 0]],
    "Z": [[1, 0], [0, -1]],
}


def with_polynomials(circuit: tnq.Circuit, seed: int) -> tnq.Circuit:
    """About half of the slots replaced by polynomials."""
    rng = np.random.default_rng(seed)

    def slot(kind: type) -> tnq.InputSlot | tnq.WeightSlot:
        if kind is W:
            return W(int(rng.integers(circuit.n_weights)))
        encoding = str(rng.choice(list(ENCODING_VALUES)))
        return X(int(rng.integers(circuit.n_inputs)), encoding)

    operations = []
    for op in circuit.operations:
        angle = op.angle
        if isinstance(angle, X | W) and rng.random() < 0.6:
            kind, c = type(angle), [float(v) for v in rng.uniform(-1, 1, 3)]
            forms = (
                lambda a, kind=kind: -a,
                lambda a, c=c: c[0] * a + math.pi,
                lambda a, kind=kind: (math.pi - a) * (math.pi - slot(kind)) / 4,
                lambda a, c=c, kind=kind: c[0] * a**3 + c[1] * slot(kind) + c[2],
            )
            angle = forms[int(rng.integers(4))](angle)
        operations.append(tnq.Operation(op.name, op.qubits, angle))
    return tnq.Circuit(circuit.n_qubits, tuple(operations), circuit.n_inputs, circuit.weight_shape)


@pytest.mark.parametrize("seed", range(8))
def test_every_way_equals_the_statevector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = with_polynomials(random_circuit(rng, n_qubits=1 + seed % 4, n_gates=15), seed)
    if seed % 8 == 0:  # the reference's own chain rule
        weights, inputs = random_values(rng, circuit)
        shifts = parameter_shift_gradient(circuit, weights, inputs)
        differences = finite_difference_gradient(circuit, weights, inputs)
        for got, wanted in zip(shifts, differences, strict=True):
            np.testing.assert_allclose(got, wanted, atol=1e-8)
    placed = tnq.plan_expectations(circuit).placed
    for dtype in (torch.float64, torch.float32):
        check(circuit, placed, seed, dtype)


def layered() -> tnq.Circuit:
    """Inputs, then weights: what the fused recurrence and the hand-written gradients take."""
    operations: list[tuple[Any, ...]] = [("RY", (q,), X(q)) for q in range(3)]
    operations += [("CX", (0, 1)), ("RY", (0,), 2 * W(0) - W(1)), ("RX", (1,), W(2) ** 2 / 3)]
    operations += [("CX", (1, 2)), ("RZ", (1,), W(0) * W(1)), ("RY", (2,), -W(2)), ("CX", (2, 0))]
    operations += [("RY", (q,), W(q)) for q in range(3)]
    return tnq.Circuit(3, tuple(operations), 3, (3,))


def inputs_multiplied() -> tnq.Circuit:
    operations: list[tuple[Any, ...]] = [("H", (q,)) for q in range(3)]
    operations += [("RZ", (q,), 2 * X(q)) for q in range(3)]
    for a, b in ((0, 1), (1, 2)):
        operations += [("RZZ", (a, b), -2 * (math.pi - X(a)) * (math.pi - X(b)))]
    operations += [("RY", (q,), W(q) / 2) for q in range(3)]
    operations += [("RX", (q,), X(q, "arctan") * X(2)) for q in range(2)]
    return tnq.Circuit(3, tuple(operations), 3, (3,))


def statevector(circuit: tnq.Circuit, weights: Tensor, inputs: Tensor) -> Tensor:
    """⟨Z⟩ of each qubit by matrix exponentials, differentiable any number of times."""

    def read(slot: tnq.InputSlot | tnq.WeightSlot) -> Tensor:
        if isinstance(slot, W):
            return weights[slot.index]
        return {"identity": lambda v: v, "arctan": torch.atan}[slot.encoding](inputs[slot.index])

    n = circuit.n_qubits

    def on(places: dict[int, Tensor]) -> Tensor:
        matrix = torch.ones(1, 1, dtype=torch.complex128)
        for q in range(n):
            matrix = torch.kron(matrix, places.get(q, torch.eye(2, dtype=torch.complex128)))
        return matrix

    pauli = {k: torch.tensor(v, dtype=torch.complex128) for k, v in PAULIS.items()}
    one = torch.tensor([[0, 0], [0, 1]], dtype=torch.complex128)
    state = torch.zeros(2**n, dtype=torch.complex128)
    state[0] = 1
    for op in circuit.operations:
        if op.name == "H":
            state = on({op.qubits[0]: (pauli["X"] + pauli["Z"]) / math.sqrt(2)}) @ state
        elif op.name == "CX":
            a, b = op.qubits
            state = state + on({a: one, b: pauli["X"] - torch.eye(2)}) @ state
        else:
            angle: Any = op.angle
            if isinstance(angle, tnq.Polynomial):
                total = torch.tensor(angle.offset, dtype=torch.float64)
                for c, slots in angle.terms:
                    total = total + c * math.prod(map(read, slots))
                angle = total
            else:
                angle = read(angle)
            generator = on({q: pauli[op.name[1]] for q in op.qubits})
            state = torch.matrix_exp(-0.5j * angle * generator) @ state
    return torch.stack([(state.conj() @ on({q: pauli["Z"]}) @ state).real for q in range(n)])


@pytest.mark.parametrize("make", [layered, inputs_multiplied])
@pytest.mark.parametrize("method", METHODS)
def test_second_derivatives_and_transforms(make, method: str) -> None:  # type: ignore[no-untyped-def]
    circuit = make()
    generator = torch.Generator().manual_seed(0)
    w, x = (torch.randn(3, generator=generator, dtype=torch.float64) for _ in range(2))
    vqc = tnq.VQC(circuit, method=method).double()

    def ours(w: Tensor, x: Tensor) -> Tensor:
        return vqc.bind(w[None])(x).square().sum()

    def wanted(w: Tensor, x: Tensor) -> Tensor:
        return statevector(circuit, w, x).square().sum()

    for argnums in (0, 1):
        first = torch.func.jacrev(wanted, argnums)(w, x)
        second = torch.func.jacfwd(torch.func.jacrev(wanted, argnums), argnums)(w, x)
        torch.testing.assert_close(torch.func.grad(ours, argnums)(w, x), first, rtol=0, atol=1e-10)
        hessian = torch.func.hessian(ours, argnums)(w, x)
        torch.testing.assert_close(hessian, second, rtol=0, atol=1e-10)
        arguments = [w.clone().requires_grad_(), x.clone().requires_grad_()]
        (grad,) = torch.autograd.grad(ours(*arguments), arguments[argnums], create_graph=True)
        (twice,) = torch.autograd.grad(grad.sum(), arguments[argnums])
        torch.testing.assert_close(twice, second.sum(0), rtol=0, atol=1e-10)
    many = torch.stack([x, 2 * x])
    batched = torch.func.vmap(lambda each: ours(w, each))(many)
    torch.testing.assert_close(batched, torch.stack([ours(w, each) for each in many]))


def test_copies_and_batches_are_the_loop() -> None:
    circuit = inputs_multiplied()
    torch.manual_seed(0)
    vqc = tnq.VQC(circuit, copies=2, max_memory=20_000).double()
    x = torch.randn(40, 3, dtype=torch.float64)
    got = vqc(x)
    for copy_, weights in zip(got, vqc.weights.detach(), strict=True):
        for row in (0, 39):
            wanted = expectations(circuit, weights, x[row])
            np.testing.assert_allclose(copy_[row].detach(), wanted, atol=1e-10)


@pytest.mark.parametrize("make", [layered, inputs_multiplied])
def test_an_lstm_is_the_loop_over_its_cell(make) -> None:  # type: ignore[no-untyped-def]
    """The fused recurrence reads polynomials of weights; those of inputs go step by step."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 2, ansatz=lambda n: make(), dtype=torch.float64)
    assert (model.cells[0].gates.plan.state_form is None) == (make is inputs_multiplied)
    x = torch.randn(4, 5, 1, dtype=torch.float64)
    (weights,) = model.parameters()
    output, (h, c) = model(x)
    h_, c_, outputs = torch.zeros(4, 2), torch.zeros(4, 2), []
    for step in x.unbind(1):
        rows = torch.cat([step, h_], dim=1)
        i, f, g, o = (
            torch.stack([statevector(make(), own, row)[:2] for row in rows]) for own in weights
        )
        c_ = torch.sigmoid(f) * c_ + torch.sigmoid(i) * torch.tanh(g)
        h_ = torch.sigmoid(o) * torch.tanh(c_)
        outputs.append(h_)
    torch.testing.assert_close(output, torch.stack(outputs, 1), rtol=0, atol=1e-10)
    torch.testing.assert_close((h[0], c[0]), (h_, c_), rtol=0, atol=1e-10)
    (got,) = torch.autograd.grad(output.square().sum(), weights)
    (wanted,) = torch.autograd.grad(torch.stack(outputs).square().sum(), weights)
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-10)
    assert torch.equal(copy.deepcopy(model)(x)[0], output)


def test_without_polynomials_nothing_is_added() -> None:
    circuit = tnq.ansatz.ry_brickwork(3, 2)
    lowering = Lowering(circuit)
    weights, inputs = torch.zeros(1, 6), torch.zeros(2, 3)
    assert lowering.circuit is circuit
    assert lowering.weights(weights) is weights
    assert lowering.inputs(inputs) is inputs


def test_equal_polynomials_are_one_column() -> None:
    circuit = tnq.Circuit(
        2,
        (("RX", (0,), -W(0)), ("RY", (1,), -W(0)), ("RX", (1,), 1 - X(0)), ("RX", (0,), 1 - X(0))),
        1,
        (1,),
    )
    lowered = Lowering(circuit).circuit
    assert lowered.weight_shape == (2,)
    assert lowered.n_inputs == 2
    assert [op.angle for op in lowered.operations] == [W(1), W(1), X(1), X(1)]
