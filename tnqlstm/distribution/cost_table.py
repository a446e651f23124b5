"""What a circuit costs on 2, 3, 4, … QPUs: a table, and a picture of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..arguments import whole
from ..circuit import Circuit, as_circuit
from ..errors import NetworkError, PartitionError, look_up
from ..shown import counted
from .clock import Clock
from .costs import COSTS
from .network import QPUNetwork
from .placed import Partition
from .report import power_of_ten
from .search import partition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "FORMAT", "TOPOLOGIES", "VERSION", "CostRow", "CostTable", "cost_table"]

FORMAT, VERSION = "tnqlstm cost table", 1

Topology = Callable[[int, list[int]], QPUNetwork]

TOPOLOGIES: dict[str, Topology] = {
    "complete": QPUNetwork.complete,
    "line": QPUNetwork.line,
    "ring": QPUNetwork.ring,
    "star": QPUNetwork.star,
}

# the figure of a row -> its name in tables and pictures
FIGURES = {
    "n_cut_gates": "cut gates",
    "n_hops": "cut gates × hops",
    "n_ebits": "e-bits on links",
    "log2_cut_bond": "log2 cut bond",
    "log2_shots": "log2 γ²",
}


@dataclass(frozen=True)
class CostRow:
    """The figures of one placement.

    cost
        What `partition` made small.
    n_ebits
        On links.
    log2_shots
        log2 of the factor γ² on the number of shots if every cut gate is sampled away.
    placed
        The placement itself.
    """

    n_qpus: int
    cost: str
    n_cut_gates: int
    n_hops: int
    n_ebits: int
    log2_cut_bond: float
    log2_shots: float
    placed: Partition

    @classmethod
    def of(cls, placed: Partition, cost: str) -> CostRow:
        """The row of a placement that was found for this cost."""
        return cls(
            len(placed.network.qpus),
            cost,
            placed.n_cut_gates,
            placed.n_hops,
            placed.n_ebits,
            placed.log2_cut_bond,
            placed.log_sampling_overhead / math.log(2),
            placed,
        )


@dataclass(frozen=True)
class CostTable:
    """A row for each number of QPUs and each cost, as `cost_table` makes it."""

    topology: str
    n_qubits: int
    rows: tuple[CostRow, ...]

    def to_markdown(self) -> str:
        """The table in GitHub's Markdown, columns aligned."""
        head = ["QPUs", "made small", *FIGURES.values(), "γ²"]
        cells = [
            [
                str(row.n_qpus),
                row.cost,
                *(f"{getattr(row, name):.4g}" for name in FIGURES),
                power_of_ten(row.log2_shots * math.log(2)),
            ]
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        rule = ["-" * (width - 1) + ":" for width in widths]
        return "\n".join(
            f"| {' | '.join(c.rjust(w) for c, w in zip(line, widths, strict=True))} |"
            for line in (head, rule, *cells)
        )

    def __str__(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        n_rows = counted(len(self.rows), "row")
        return f"CostTable({self.topology}, {counted(self.n_qubits, 'qubit')}, {n_rows})"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def summary(self) -> dict[str, Any]:
        """The rows as data that `json.dumps` takes, each with its blocks by QPU name."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "topology": self.topology,
            "n_qubits": self.n_qubits,
            "rows": [
                {
                    "n_qpus": row.n_qpus,
                    "cost": row.cost,
                    **{name: getattr(row, name) for name in FIGURES},
                    "blocks": {str(q): list(block) for q, block in row.placed.blocks.items()},
                }
                for row in self.rows
            ],
        }

    def draw(self) -> Figure:
        """A panel for each figure against the number of QPUs, a line for each cost."""
        from .cost_table_drawing import draw_cost_table

        return draw_cost_table(self)


def cost_table(
    circuit: Circuit,
    n_qpus: Sequence[int] = (2, 3, 4),
    topology: str | Topology = "line",
    costs: Sequence[str] = ("gates", "ebits"),
    seed: int = 0,
    *,
    spare: int = 0,
    may_move: bool = False,
    effort: float = 1.0,
    time_budget: float | None = None,
    progress: bool = False,
) -> CostTable:
    """The costs of the best placements found on several numbers of QPUs.

    Parameters
    ----------
    n_qpus
        Numbers of QPUs, each a part of the table.
    topology
        "line", "ring", "star", "complete", or a function of the number of QPUs and their capacities
        (a list) that gives a `QPUNetwork`.
    costs
        What to make small, a row for each (see `COSTS`); figures of the others are given, too.
    spare
        Room on each QPU beyond ⌈n_qubits / n_qpus⌉.
    may_move, effort
        As in `partition`, for the cost "ebits" alone.
    time_budget
        Seconds for each search.
    progress
        Whether to show a bar.

    Raises `NetworkError` for numbers that make no network, `UnknownNameError` for an unknown
    topology or cost, `PartitionError` where nothing is asked for. Costs one search a row.
    """
    circuit = as_circuit(circuit)
    make = topology if callable(topology) else look_up("topology", topology, TOPOLOGIES)
    for cost in costs:
        look_up("cost", cost, COSTS)
    n_qpus, costs = tuple(n_qpus), tuple(costs)  # arrays, too
    if not n_qpus or not costs:
        raise PartitionError(
            f"at least one number of QPUs and one cost wanted, got n_qpus={n_qpus} and "
            f"costs={costs}."
        )
    networks = [_network(make, count, circuit.n_qubits, spare) for count in n_qpus]
    jobs = [(network, cost) for network in networks for cost in costs]
    rows = []
    for network, cost in Clock(progress=progress).rounds(jobs, "placements"):
        placed = partition(
            circuit,
            network,
            cost,
            seed,
            may_move=may_move and cost == "ebits",
            effort=effort,
            time_budget=time_budget,
        )
        rows.append(CostRow.of(placed, cost))
    name = topology if isinstance(topology, str) else getattr(topology, "__name__", "network")
    return CostTable(name, circuit.n_qubits, tuple(rows))


def _network(make: Topology, n_qpus: int, n_qubits: int, spare: int) -> QPUNetwork:
    n_qpus = whole("n_qpus", n_qpus, 1, NetworkError)
    spare = whole("spare", spare, 0, NetworkError)
    if n_qpus > n_qubits:
        raise NetworkError(
            f"{n_qpus} QPUs for a circuit of {n_qubits} qubits; 1 to {n_qubits} QPUs wanted."
        )
    return make(n_qpus, [-(-n_qubits // n_qpus) + spare] * n_qpus)
