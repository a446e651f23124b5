"""Programs of several QPUs run at the same time, from their OpenQASM texts.

Nothing of the package is used: statements are read with regular expressions, one a line, and a
`Machine` does them. A program waits at an e-bit until the other end is there, too, and at
`receive` until the bit was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .. import reference

Wire = tuple[str, str, int]  # QPU, register, index


class Machine(Protocol):
    def gate(self, name: str, angle: float | None, wires: list[Wire]) -> None: ...
    def measure(self, wire: Wire) -> Any: ...
    def if_one(self, bit: Any, name: str, wire: Wire) -> None: ...


class StateVector:
    """A state vector with outcomes drawn at random; measured qubits are |0⟩ again."""

    def __init__(self, wires: list[Wire], rng: np.random.Generator) -> None:
        self.wires, self.rng = wires, rng
        self.state = np.zeros((2,) * len(wires), dtype=complex)
        self.state[(0,) * len(wires)] = 1

    def gate(self, name: str, angle: float | None, wires: list[Wire]) -> None:
        axes = [self.wires.index(wire) for wire in wires]
        k = len(axes)
        matrix = reference.gate_matrix(name, angle).reshape((2,) * (2 * k))
        self.state = np.tensordot(matrix, self.state, axes=(range(k, 2 * k), axes))
        self.state = np.moveaxis(self.state, range(k), axes)

    def measure(self, wire: Wire) -> bool:
        halves = np.moveaxis(self.state, self.wires.index(wire), 0)
        one = bool(self.rng.random() < np.linalg.norm(halves[1]) ** 2)
        halves[0] = halves[int(one)] / np.linalg.norm(halves[int(one)])
        halves[1] = 0
        return one

    def if_one(self, bit: bool, name: str, wire: Wire) -> None:
        if bit:
            self.gate(name, None, [wire])

    def qubits(self, wires: list[Wire]) -> NDArray[np.complex128]:
        """The state of these qubits, the others being |0⟩."""
        axes = [self.wires.index(wire) for wire in wires]
        state = np.moveaxis(self.state, axes, range(len(axes))).reshape(2 ** len(axes), -1)
        np.testing.assert_allclose(state[:, 1:], 0, atol=1e-10)
        return state[:, 0]


_NAMES = {
    "H": "Hadamard",
    "CX": "CNOT",
    "SDG": "S",
    **{name: f"Pauli{name}" for name in "XYZ"},
    **{name: name for name in ("S", "T", "RX", "RY", "RZ", "SWAP", "ISWAP")},
    **{"RXX": "IsingXX", "RYY": "IsingYY", "RZZ": "IsingZZ", "CP": "ControlledPhaseShift"},
}


class PennyLane:
    """Queues PennyLane's operations, with its own gates, measurements and conditions."""

    @staticmethod
    def label(wire: Wire) -> str:
        return f"{wire[0]} {wire[1]} {wire[2]}"

    def gate(self, name: str, angle: float | None, wires: list[Wire]) -> None:
        made = getattr(qml, _NAMES[name])
        parameters = () if angle is None else (angle,)
        if name == "SDG":
            made = qml.adjoint(made)
        made(*parameters, wires=[self.label(wire) for wire in wires])

    def measure(self, wire: Wire) -> Any:
        return qml.measure(self.label(wire), reset=True)

    def if_one(self, bit: Any, name: str, wire: Wire) -> None:
        qml.cond(bit, getattr(qml, _NAMES[name]))(self.label(wire))


def wires_of(texts: Mapping[str, str]) -> list[Wire]:
    """All qubits that the programs declare."""
    return [
        (qpu, register, k)
        for qpu, text in texts.items()
        for size, register in re.findall(r"^qubit\[(\d+)\] (\w+);$", text, re.MULTILINE)
        for k in range(int(size))
    ]


def held(texts: Mapping[str, str]) -> list[Wire]:
    """Where each qubit of the circuit is at the end, as the comments say."""
    found = {
        int(qubit): (qpu, "data", int(k))
        for qpu, text in texts.items()
        for line in re.findall(r"^// at the end: (.*)$", text, re.MULTILINE)
        for k, qubit in re.findall(r"data\[(\d+)\] is qubit (\d+)", line)
    }
    return [found[qubit] for qubit in range(len(found))]


def run(texts: Mapping[str, str], machine: Machine) -> int:
    """Run all programs to their ends; the number of e-bits."""
    sent: dict[int, Any] = {}
    ebits: dict[int, list[Wire]] = {}
    programs = {qpu: _program(qpu, text, machine, sent, ebits) for qpu, text in texts.items()}
    waiting = dict.fromkeys(programs, 0)
    while programs:
        for qpu, program in list(programs.items()):
            try:
                waiting[qpu] = 0 if next(program) else waiting[qpu] + 1
            except StopIteration:
                del programs[qpu], waiting[qpu]
        assert not waiting or min(waiting.values()) < 3, "all programs wait"
    assert all(len(ends) == 2 for ends in ebits.values())
    return len(ebits)


def _program(
    qpu: str, text: str, machine: Machine, sent: dict[int, Any], ebits: dict[int, list[Wire]]
) -> Iterator[bool]:
    """Yields whether a statement was done; False while it waits."""
    bits: dict[str, Any] = {}
    pair: tuple[int, str] | None = None
    for line in text.splitlines():
        if re.match(r"OPENQASM|include|extern|//|qubit|bit|gate", line) or not line:
            continue
        if found := re.fullmatch(r"@ebit (\d+) (\w+)", line):
            pair = int(found[1]), found[2]
        elif found := re.fullmatch(r"reset (\w+)\[(\d+)\];", line):
            if pair is not None:  # else behind a measurement, which resets here
                ends = ebits.setdefault(pair[0], [])
                ends.append((qpu, found[1], int(found[2])))
                if len(ends) == 2:
                    assert ends[0][0] == pair[1]
                    machine.gate("H", None, ends[:1])
                    machine.gate("CX", None, ends)
                while len(ends) < 2:
                    yield False
                pair = None
        elif found := re.fullmatch(r"(b\d+) = measure (\w+)\[(\d+)\];", line):
            bits[found[1]] = machine.measure((qpu, found[2], int(found[3])))
        elif found := re.fullmatch(r"send\((\d+), (b\d+)\);", line):
            sent[int(found[1])] = bits[found[2]]
        elif found := re.fullmatch(r"(b\d+) = receive\((\d+)\);", line):
            while int(found[2]) not in sent:
                yield False
            bits[found[1]] = sent[int(found[2])]
        elif found := re.fullmatch(r"if \((b\d+)\) \{ (\w) (\w+)\[(\d+)\]; \}", line):
            machine.if_one(bits[found[1]], found[2].upper(), (qpu, found[3], int(found[4])))
        else:
            found = re.fullmatch(r"(\w+)(?:\((.*)\))? (.*);", line)
            assert found is not None, line
            name = "I" if found[1] == "id" else found[1].upper()
            wires = [(qpu, r, int(k)) for r, k in re.findall(r"(\w+)\[(\d+)\]", found[3])]
            machine.gate(name, None if found[2] is None else float(found[2]), wires)
        yield True
