"""Runs: stretches of a qubit's time in which one copy of it serves many gates.

A gate of Schmidt rank 2 acts along one Pauli axis on each of its qubits: CX along Z on its control
and along X on its target, CZ, CP, CRZ, CS and RZZ along Z on both, RXX along X on both. An e-bit
can copy a qubit, in the eigenbasis of an axis, to another QPU; until something disturbs that axis,
every gate along it between this qubit and that QPU is local there (cat-entangler and disentangler:
Yimsiriwattana and Lomonaco, arXiv quant-ph/0402148).

- A *run* is a stretch of one qubit's time along one axis that nothing disturbs. What commutes with
  the axis, flips it (as X does Z: the copies are flipped, too) or turns it into another axis (as H
  does Z into X: later gates along X are meant) doesn't end a run.
- A gate that multiplies the axis by a Pauli of its other qubit, as CX does Z of its target, ends
  the run, but a copy may live on if that other qubit is at hand wherever a copy is: each copy is
  flipped under its control. The gate is then *embedded* (Wu et al., arXiv 2212.12688). Runs that
  such gates part are a *chain*.
- A gate of rank 4 (SWAP, ISWAP) joins no runs; on each of its qubits it's a run of its own, without
  an axis. So is the whole life of a qubit that meets no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ..circuit import Circuit
from ..shown import counted
from .cuts import Image, gate_cut

__all__ = ["Edge", "Run", "RunGraph", "run_graph"]


@dataclass(frozen=True)
class Edge:
    """Gates of rank 2 that join the same two runs: the QPU that does one does them all."""

    first: int  # run of one qubit
    second: int  # run of the other
    operations: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """A stretch of one qubit's time along a Pauli axis.

    axis
        The Pauli axis at the run's first gate; "" for a gate of rank 4 and a lonely qubit.
    start
        The operation that it begins with, 0 for a lonely qubit.
    edges
        Of the gates along it.
    previous
        The run before it in its chain, None for the first.
    between
        The edges of the embedded gates that part it from `previous`, each with the run of the other
        qubit that a copy must meet.
    """

    qubit: int
    axis: str
    start: int
    previous: int | None = None
    between: tuple[tuple[int, int], ...] = ()
    edges: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class RunGraph:
    """Runs, in the order of their starts, and the edges between them, for any placement.

    loners
        (operation index, run of its first qubit, run of its second) of each gate of rank 4.
    axes
        The Pauli axis of each gate of rank 2 on each of its qubits, by (operation index, qubit).
    """

    runs: tuple[Run, ...]
    edges: tuple[Edge, ...]
    loners: tuple[tuple[int, int, int], ...]
    axes: dict[tuple[int, int], str]

    def __repr__(self) -> str:
        n_runs, n_edges = counted(len(self.runs), "run"), counted(len(self.edges), "edge")
        return f"RunGraph({counted(len(self.runs_of), 'qubit')}, {n_runs}, {n_edges})"

    @cached_property
    def edge_of(self) -> dict[int, int]:
        """The edge of each gate of rank 2, by operation index."""
        return {op: number for number, edge in enumerate(self.edges) for op in edge.operations}

    @cached_property
    def runs_of(self) -> tuple[tuple[int, ...], ...]:
        """The runs of each qubit, in time order; at least one."""
        found: dict[int, list[int]] = {}
        for number, run in enumerate(self.runs):
            found.setdefault(run.qubit, []).append(number)
        return tuple(tuple(found[qubit]) for qubit in range(len(found)))

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The operation behind each run's last gate, where its qubit may move; 0 for lonely ones.

        In time order for each qubit.
        """
        ends = [run.start + bool(run.edges or run.axis == "") for run in self.runs]
        for edge in self.edges:
            for run in (edge.first, edge.second):
                ends[run] = max(ends[run], edge.operations[-1] + 1)
        return tuple(ends)


@dataclass
class _Line:
    """An axis of a qubit as it is now: its run, or where a run would join a chain."""

    run: int | None = None
    previous: int | None = None
    between: tuple[tuple[int, int], ...] = ()

    def beyond(self, edge: int, partner: int) -> _Line:
        """The line behind an embedded gate."""
        if self.run is not None:
            return _Line(None, self.run, ((edge, partner),))
        if self.previous is not None:
            return _Line(None, self.previous, (*self.between, (edge, partner)))
        return _Line()


def run_graph(circuit: Circuit) -> RunGraph:
    """The `RunGraph` of a circuit, in one sweep over its operations."""
    lonely = set(range(circuit.n_qubits))
    for operation in circuit.operations:
        if gate_cut(operation).schmidt_rank > 1:
            lonely -= set(operation.qubits)
    runs = [Run(qubit, "", 0) for qubit in sorted(lonely)]
    lines = [{axis: _Line() for axis in "XYZ"} for _ in range(circuit.n_qubits)]
    numbers: dict[tuple[int, ...], int] = {}
    edges: list[Edge] = []
    loners, axes = [], {}
    for index, operation in enumerate(circuit.operations):
        cut, partner = gate_cut(operation), None
        if cut.schmidt_rank == 2:
            met = tuple(
                _run_at(lines[qubit][axis], qubit, axis, index, runs)
                for qubit, axis in zip(operation.qubits, cut.axes, strict=True)
            )
            if met not in numbers:
                numbers[met] = len(edges)
                edges.append(Edge(met[0], met[1]))
                for run in met:
                    runs[run].edges.append(numbers[met])
            edges[numbers[met]].operations.append(index)
            axes.update({(index, q): a for q, a in zip(operation.qubits, cut.axes, strict=True)})
            partner = (numbers[met], met)
        elif cut.schmidt_rank > 2:
            loners.append((index, len(runs), len(runs) + 1))
            runs += [Run(qubit, "", index) for qubit in operation.qubits]
        for side, (qubit, images) in enumerate(zip(operation.qubits, cut.images, strict=True)):
            lines[qubit] = _moved(lines[qubit], images, side, partner)
    return RunGraph(tuple(runs), tuple(edges), tuple(loners), axes)


def _run_at(line: _Line, qubit: int, axis: str, index: int, runs: list[Run]) -> int:
    """The line's run, a new one where it has none."""
    if line.run is None:
        line.run = len(runs)
        runs.append(Run(qubit, axis, index, line.previous, line.between))
    return line.run


def _moved(
    lines: dict[str, _Line],
    images: dict[str, Image],
    side: int,
    edge: tuple[int, tuple[int, ...]] | None,
) -> dict[str, _Line]:
    """The lines of a qubit behind an operation; `edge`: number and runs of a gate of rank 2."""
    moved = {axis: _Line() for axis in "XYZ"}
    for axis, image in images.items():
        if not image.partner:
            moved[image.axis] = lines[axis]
        elif edge is not None:
            number, met = edge
            moved[image.axis] = lines[axis].beyond(number, met[1 - side])
    return moved
