"""`Protocol`: a placed circuit as steps of its QPUs: Bell pairs, gates, measurements, corrections.

Each QPU has data qubits, one for each qubit that it may hold, and communication qubits.
`protocol_builder` says what a copy of a qubit takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..circuit.operation import Angle
from ..shown import counted
from .network import QPUNetwork

__all__ = ["Apply", "Correct", "EBit", "Measure", "Protocol", "Ref", "Step"]


class Ref(NamedTuple):
    """A physical qubit: `register` is "data" or "comm"."""

    qpu: int
    register: str
    number: int


@dataclass(frozen=True)
class EBit:
    """A fresh Bell pair (|00⟩ + |11⟩)/√2 of two communication qubits at the ends of a link."""

    ends: tuple[Ref, Ref]


@dataclass(frozen=True)
class Apply:
    """A gate of `circuit.GATES` on qubits of one QPU."""

    name: str
    refs: tuple[Ref, ...]
    angle: Angle = None


@dataclass(frozen=True)
class Measure:
    """A measurement along Z into a bit, after which the qubit is reset to |0⟩."""

    ref: Ref
    bit: int


@dataclass(frozen=True)
class Correct:
    """A Pauli gate if a bit is 1; the bit may come from another QPU."""

    name: str
    ref: Ref
    bit: int


Step = EBit | Apply | Measure | Correct


@dataclass(frozen=True)
class Protocol:
    """The steps, in an order in which they can be taken, and where each qubit is at the end."""

    network: QPUNetwork
    steps: tuple[Step, ...]
    roots: tuple[Ref, ...]  # of each qubit of the circuit, behind the last step
    starts: tuple[Ref, ...]  # and before the first

    def __repr__(self) -> str:
        n_qpus, n_steps = counted(len(self.network.qpus), "QPU"), counted(len(self.steps), "step")
        return f"Protocol({n_qpus}, {n_steps}, {counted(self.n_ebits, 'e-bit')})"

    @property
    def n_ebits(self) -> int:
        return sum(isinstance(step, EBit) for step in self.steps)

    @cached_property
    def measured_on(self) -> dict[int, int]:
        """The QPU that measures each bit."""
        return {step.bit: step.ref.qpu for step in self.steps if isinstance(step, Measure)}

    @cached_property
    def corrected_on(self) -> dict[int, int]:
        """The QPU that corrects by each bit."""
        return {step.bit: step.ref.qpu for step in self.steps if isinstance(step, Correct)}

    @cached_property
    def communication_qubits(self) -> tuple[int, ...]:
        """How many each QPU uses, in the order of `network.qpus`."""
        used = [0] * len(self.network.qpus)
        for step in self.steps:
            for ref in step.ends if isinstance(step, EBit) else ():
                used[ref.qpu] = max(used[ref.qpu], ref.number + 1)
        return tuple(used)
