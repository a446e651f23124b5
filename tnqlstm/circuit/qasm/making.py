"""The gates that a text's statements make, counted and bounded."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import CircuitError, QasmError
from ..operation import Operation, trusted
from .budget import Budget
from .definitions import GateRule, Native
from .expansion import BoundCall, expand
from .expression import Scalar
from .modifiers import Step
from .tokens import Token, error_at

__all__ = ["MAX_OPERATIONS", "Making"]

MAX_OPERATIONS = 1_000_000
_MOST_KEPT = 1_000  # expansions


class Making:
    """The operations so far, and how much work is left to make more."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.budget = Budget()
        self._expansions: dict[tuple[GateRule, tuple[Scalar, ...]], list[Step]] = {}
        self._touched: set[int] = set()  # qubits of the first _n_seen operations
        self._n_seen = 0

    def add(self, call: BoundCall, applications: Sequence[tuple[int, ...]]) -> None:
        """Apply the call to each of these groups of qubits."""
        name, gate = call.token, call.gate
        n_applications = len(applications)
        if not n_applications:
            return
        self.budget.spend(n_applications, name)
        self._check_room(n_applications * gate.n_operations, name)
        if type(gate) is Native and not call.modifiers:
            angle = call.angles[0] if call.angles else None
            made = [trusted(gate.name, qubits, angle) for qubits in applications]
        else:
            steps = self.expanded(call, len(applications[0]))
            self._check_room(len(steps) * n_applications, name)
            made = [
                trusted(gate_name, tuple([qubits[p] for p in places]), angle)
                for qubits in applications
                for gate_name, places, angle in steps
            ]
        self.operations += made

    def expanded(self, call: BoundCall, n_qubits: int) -> list[Step]:
        """The call's gates on qubits 0, 1, …"""
        key = call.gate, call.angles
        steps = None if call.modifiers else self._expansions.get(key)
        if steps is not None:
            return steps
        self.budget.spend(call.gate.work, call.token)
        try:
            steps = expand(call._replace(qubits=tuple(range(n_qubits))), self.budget)
        except QasmError:
            raise
        except CircuitError as error:  # of polynomials
            raise error_at(call.token, str(error)) from None
        for _, _, angle in steps:
            if type(angle) is float and angle - angle != 0:  # inf or nan
                raise error_at(call.token, "an angle beyond the range of floats. Make it smaller.")
        if not call.modifiers:
            if len(self._expansions) >= _MOST_KEPT:
                self._expansions.clear()
            self._expansions[key] = steps
        return steps

    def are_untouched(self, qubits: Sequence[int]) -> bool:
        """Whether no gate acts on any of these qubits yet."""
        for operation in self.operations[self._n_seen :]:
            self._touched.update(operation.qubits)
        self._n_seen = len(self.operations)
        return self._touched.isdisjoint(qubits)

    def _check_room(self, n_operations: int, name: Token) -> None:
        if len(self.operations) + n_operations > MAX_OPERATIONS:
            raise error_at(
                name,
                f"more than {MAX_OPERATIONS:,} gates, once definitions, loops and broadcasts are "
                "written out. Split the circuit.",
            )
