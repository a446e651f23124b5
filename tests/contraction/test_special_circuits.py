"""Every way of computing on circuits that lack inputs, weights, gates, an effect or samples.

Values and gradients against the statevector of `tests/reference.py`; Qiskit's standard gates
against Qiskit's own.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch

import tnqlstm as tnq
from tests.reference import expectations, parameter_shift_gradient
from tnqlstm.circuit import Circuit, InputSlot, WeightSlot
from tnqlstm.contraction import METHODS, plan_expectations

W, X = WeightSlot, InputSlot
WAYS = ("auto", *METHODS)
DOUBLE = {"dtype": torch.float64}


def circuit_of(n: int, operations: list[Any], n_inputs: int = 0, n_weights: int = 0) -> Circuit:
    return Circuit(n, tuple(operations), n_inputs, (n_weights,))


CHAIN = [("CX", (q, q + 1)) for q in range(8)]
CASES = {
    "no gates": circuit_of(1, []),
    "no gates on nine qubits": circuit_of(9, []),
    "no slots": circuit_of(2, [("CX", (0, 1)), ("H", (0,))]),
    "no slots on nine qubits": circuit_of(
        9, [*(("RX", (q,), 0.3 * q) for q in range(9)), *CHAIN, ("H", (4,))]
    ),
    "slots that no gate reads": circuit_of(3, [("RY", (0,), 0.4), ("CX", (0, 1))], 2, 3),
    "weights only": circuit_of(2, [("RY", (0,), W(0)), ("CX", (0, 1))], 0, 1),
    "inputs only": circuit_of(3, [("RY", (0,), X(0)), ("CX", (0, 1)), ("ISWAP", (1, 2))], 1),
    "weights on nine qubits": circuit_of(
        9, [*(("RY", (q,), W(q)) for q in range(9)), *CHAIN], 0, 9
    ),
    "idle qubits": circuit_of(
        4, [("RX", (0,), X(0)), ("RZ", (2,), W(0)), ("CX", (0, 2)), ("RY", (2,), W(1))], 1, 2
    ),
    "an idle qubit and a gate without effect": circuit_of(
        3, [("RX", (0,), X(0)), ("RZ", (1,), W(0))], 1, 1
    ),
    "a chain without effect": circuit_of(
        10,
        [("RY", (0,), W(0)), ("CX", (0, 1)), *(("CP", (q, q + 1), W(q)) for q in range(1, 9))],
        0,
        9,
    ),
    "no effect at all": circuit_of(
        9, [*(("RZ", (q,), W(q)) for q in range(9)), ("CP", (0, 1), X(0))], 1, 9
    ),
    "one qubit": circuit_of(
        1, [("RY", (0,), X(0)), ("RZ", (0,), W(0)), ("RX", (0,), X(0, "arctan"))], 1, 1
    ),
    "one qubit of many rotations": circuit_of(
        1, [(name, (0,), X(0)) for name in ("RX", "RZ", "RY") * 6] + [("RX", (0,), W(0))], 1, 1
    ),
    "repeated slots": circuit_of(
        3,
        [
            ("RY", (0,), W(0)),
            ("RY", (1,), W(0)),
            ("CRX", (0, 1), W(0)),
            ("RXX", (1, 2), W(0)),
            ("RX", (2,), X(0)),
            ("CP", (2, 0), X(0)),
            ("H", (0,)),
        ],
        1,
        1,
    ),
}


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_equal_the_statevector(name: str, method: str) -> None:
    circuit = CASES[name]
    last = circuit.n_qubits - 1
    for copies, samples, observed in (
        (1, 0, None),
        (2, 0, None),
        (1, 1, None),
        (2, 3, None),
        (1, 2, (last, 0, 0)),
    ):
        vqc = tnq.VQC(circuit, observables=observed, copies=copies, method=method, **DOUBLE)
        torch.nn.init.normal_(vqc.weights)
        x = torch.randn(samples, circuit.n_inputs, requires_grad=True, **DOUBLE)
        values = vqc(x)
        qubits = range(circuit.n_qubits) if observed is None else observed
        assert values.shape == (copies, samples, len(qubits))
        mixing = torch.randn(values.shape, **DOUBLE)
        (values * mixing).sum().backward()
        of_weights, of_inputs = np.zeros(vqc.weights.shape), np.zeros(x.shape)
        for k, s in itertools.product(range(copies), range(samples)):
            given = vqc.weights[k].detach().numpy(), x[s].detach().numpy()
            wanted = expectations(circuit, *given, qubits)
            np.testing.assert_allclose(values[k, s].detach(), wanted, rtol=0, atol=1e-12)
            shift_w, shift_x = parameter_shift_gradient(circuit, *given, qubits)
            of_weights[k] += np.tensordot(mixing[k, s], shift_w, axes=1)
            of_inputs[s] += mixing[k, s].numpy() @ shift_x
        for got, gradient in ((vqc.weights.grad, of_weights), (x.grad, of_inputs)):
            found = np.zeros(gradient.shape) if got is None else got.numpy()
            np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-10)


def test_gates_without_effect_leave_the_values_of_the_others() -> None:
    """(cos w0, cos w0, 1, …): the controlled phases commute with what is read."""
    vqc = tnq.VQC(CASES["a chain without effect"], **DOUBLE)
    torch.nn.init.normal_(vqc.weights)
    wanted = torch.ones(10, **DOUBLE)
    wanted[:2] = vqc.weights[0].cos()
    torch.testing.assert_close(vqc(), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", WAYS)
def test_values_without_slots_are_computed_once(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_expectations(CASES["no slots on nine qubits"], method=method)
    calls = []
    evaluate = plan.evaluator.evaluate

    def counted(*arguments: Any) -> torch.Tensor:
        calls.append(arguments)
        return evaluate(*arguments)

    monkeypatch.setattr(plan.evaluator, "evaluate", counted)
    for dtype in (torch.float64, torch.float32):
        weights = torch.zeros(2, 0, dtype=dtype)
        values = plan.evaluate(plan.prepare(weights), weights, torch.zeros(4, 0, dtype=dtype))
        assert values.dtype == dtype
        wanted = np.broadcast_to(expectations(plan.circuit), (2, 4, 9))
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-6)
    assert len(calls) == 1


def test_values_without_inputs_are_computed_for_one_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_expectations(CASES["weights on nine qubits"])
    samples = []
    evaluate = plan.evaluator.evaluate

    def counted(prepared: Any, weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        samples.append(len(inputs))
        return evaluate(prepared, weights, inputs)

    monkeypatch.setattr(plan.evaluator, "evaluate", counted)
    weights = torch.randn(1, 9, **DOUBLE)
    values = plan.evaluate(plan.prepare(weights), weights, torch.zeros(50, 0, **DOUBLE))
    assert samples == [1]
    wanted = expectations(plan.circuit, weights[0].numpy())
    np.testing.assert_allclose(values[0, 31], wanted, rtol=0, atol=1e-12)


def standard_gates() -> list[str]:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    others = {"reset", "delay", "measure", "barrier"}
    return sorted(set(get_standard_gate_name_mapping()) - others)


@pytest.mark.parametrize("name", standard_gates())
def test_qiskits_standard_gates_equal_qiskits_statevector(name: str) -> None:
    """Every standard gate between others, at special and at generic angles."""
    from qiskit import QuantumCircuit
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.quantum_info import Statevector

    gate = get_standard_gate_name_mapping()[name]
    n = gate.num_qubits + 1
    rng = np.random.default_rng(len(name))
    for angles in ([0.0, math.pi / 2, math.pi, -math.pi / 2], list(rng.normal(size=4))):
        source = QuantumCircuit(n)
        for q in range(n):
            source.u(*rng.normal(size=3), q)
        own = gate.base_class(*angles[: len(gate.params)]) if gate.params else gate
        source.append(own, [int(q) for q in rng.permutation(n)[: gate.num_qubits]])
        for q in range(n):
            source.u(*rng.normal(size=3), q)
        probabilities = Statevector(source).probabilities().reshape((2,) * n)
        axes = range(n - 1, -1, -1)  # Qiskit's qubit 0 is the last axis
        halves = [np.moveaxis(probabilities, axis, 0).reshape(2, -1).sum(1) for axis in axes]
        wanted = [zero - one for zero, one in halves]
        circuit = Circuit.from_qiskit(source)
        for method in METHODS:
            values = tnq.VQC(circuit, method=method, **DOUBLE)().detach()
            np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-12, err_msg=method)


@pytest.mark.parametrize("method", METHODS)
def test_tensors_of_more_legs_than_an_array_has_axes(method: str) -> None:
    """Deep circuits of few qubits join tensors of a hundred legs, most of size 1."""
    from qiskit import QuantumCircuit, transpile

    source = QuantumCircuit(9)
    for q in range(8):
        source.ry(0.4 + 0.1 * q, q)
    source.mcx(list(range(8)), 8)
    deep = transpile(source, basis_gates=["rz", "sx", "x", "cx"], optimization_level=1)
    vqc = tnq.VQC(Circuit.from_qiskit(deep), None, (0, 8), method=method, **DOUBLE)
    p = np.sin(0.2 + 0.05 * np.arange(8)) ** 2
    wanted = [np.cos(0.4), 1 - 2 * np.prod(p)]
    np.testing.assert_allclose(vqc().detach(), wanted, rtol=0, atol=1e-10)
