"""`Lowering`: a circuit whose angles are polynomials of slots as one whose angles are slots.

Each different polynomial becomes one more weight, or one more input, whose value is computed from
the others in torch. Whoever evaluates the circuit then meets numbers and slots only.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..circuit import Circuit, InputSlot, Operation, Polynomial, WeightSlot
from ..circuit.slots import Slot
from .angles import AngleTable, ConstantBank

__all__ = ["Lowering"]


class Lowering:
    """`circuit`, without polynomials, and what makes its weights and inputs from the given ones."""

    def __init__(self, circuit: Circuit) -> None:
        read = [op for op in circuit.operations if isinstance(op.angle, Polynomial)]
        polynomials = [
            p for p in dict.fromkeys(op.angle for op in read) if isinstance(p, Polynomial)
        ]
        of_weights = [p for p in polynomials if isinstance(p.slots[0], WeightSlot)]
        of_inputs = [p for p in polynomials if isinstance(p.slots[0], InputSlot)]
        n_inputs, n_weights = circuit.n_inputs, circuit.n_weights
        self.circuit = circuit
        self._table = AngleTable(read, n_inputs)
        self._weights = _Columns(of_weights, self._table) if of_weights else None
        self._inputs = _Columns(of_inputs, self._table) if of_inputs else None
        if not polynomials:
            return
        slots: dict[object, Slot] = {p: WeightSlot(n_weights + k) for k, p in enumerate(of_weights)}
        slots |= {p: InputSlot(n_inputs + k) for k, p in enumerate(of_inputs)}
        operations = tuple(
            Operation(op.name, op.qubits, slots[op.angle]) if op.angle in slots else op
            for op in circuit.operations
        )
        n_weights += len(of_weights)
        self.circuit = Circuit(
            circuit.n_qubits, operations, n_inputs + len(of_inputs), (n_weights,)
        )

    @property
    def keeps_inputs(self) -> bool:
        """Whether the lowered circuit's inputs are the given ones."""
        return self._inputs is None

    def weights(self, weights: Tensor) -> Tensor:
        """(copies, n_weights) -> (copies, those of the lowered circuit)."""
        if self._weights is None:
            return weights
        return torch.cat([weights, self._weights.of(weights)], dim=-1)

    def inputs(self, inputs: Tensor) -> Tensor:
        """(batch, n_inputs) -> (batch, those of the lowered circuit)."""
        if self._inputs is None:
            return inputs
        return torch.cat([inputs, self._inputs.of(self._table.encode(inputs))], dim=-1)


class _Columns:
    """Polynomials of columns, all at once: gather the factors, multiply, add up the terms."""

    def __init__(self, polynomials: list[Polynomial], table: AngleTable) -> None:
        terms = [(k, *term) for k, p in enumerate(polynomials) for term in p.terms]
        terms.sort(key=lambda term: -len(term[2]))  # so that those with a k-th factor come first
        most = len(terms[0][2])
        factors = {
            f"factor{k}": np.array(
                [table.column(slots[k]) for _, _, slots in terms if len(slots) > k]
            )
            for k in range(most)
        }
        self._n_factors = most
        self._constants = ConstantBank(
            {
                **factors,
                "coefficients": np.array([coefficient for _, coefficient, _ in terms]),
                "polynomials": np.array([k for k, _, _ in terms]),
                "offsets": np.array([p.offset for p in polynomials]),
            }
        )

    def of(self, columns: Tensor) -> Tensor:
        """(…, column) -> (…, polynomial)."""

        def get(name: str) -> Tensor:
            return self._constants.get(name, columns)

        products = get("coefficients") * columns[..., get("factor0")]
        for k in range(1, self._n_factors):
            factor = columns[..., get(f"factor{k}")]
            n = factor.shape[-1]
            products = torch.cat([products[..., :n] * factor, products[..., n:]], dim=-1)
        offsets = get("offsets").expand(*columns.shape[:-1], -1)
        return offsets.index_add(-1, get("polynomials"), products)
