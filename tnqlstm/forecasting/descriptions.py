"""Networks and circuits as JSON data, so that a checkpoint can build its model again."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ..circuit import Circuit, InputSlot, Operation, Polynomial, WeightSlot, as_circuit
from ..errors import CheckpointError, CircuitError

if TYPE_CHECKING:
    from ..circuit.slots import Angle
    from ..distribution import Link, QPUNetwork

__all__ = [
    "RecordedAnsatz",
    "circuit_from_json",
    "circuit_to_json",
    "network_from_json",
    "network_to_json",
]


@dataclass
class RecordedAnsatz:
    """An ansatz (n_qubits -> `Circuit`) that keeps what it returned, so that it can be saved.

    Without `make`, as after loading, only the recorded numbers of qubits are known.
    """

    make: Callable[[int], Circuit] | None
    circuits: dict[int, Circuit] = field(default_factory=dict)

    def __call__(self, n_qubits: int) -> Circuit:
        if n_qubits not in self.circuits:
            if self.make is None:
                raise CircuitError(
                    f"the saved ansatz has circuits of {sorted(self.circuits)} qubits, none of "
                    f"{n_qubits}. Keep the sizes it was saved with, or give the ansatz again."
                )
            self.circuits[n_qubits] = as_circuit(self.make(n_qubits))
        return self.circuits[n_qubits]


def circuit_to_json(circuit: Circuit) -> dict[str, Any]:
    """Sizes and gates.

    An angle is null, a number, {"weight": i}, {"input": i, "encoding": e}, or for polynomials
    {"offset": c, "terms": [[coefficient, [slot, …]], …]}.
    """
    return {
        "n_qubits": circuit.n_qubits,
        "n_inputs": circuit.n_inputs,
        "weight_shape": list(circuit.weight_shape),
        "operations": [
            [op.name, list(op.qubits), _angle_to_json(op.angle)] for op in circuit.operations
        ],
    }


def circuit_from_json(data: dict[str, Any]) -> Circuit:
    """The circuit that `circuit_to_json` described."""
    operations = tuple(
        Operation(name, tuple(qubits), _angle_from_json(angle))
        for name, qubits, angle in data["operations"]
    )
    return Circuit(data["n_qubits"], operations, data["n_inputs"], tuple(data["weight_shape"]))


def network_to_json(network: QPUNetwork) -> dict[str, Any]:
    """QPUs in order (name, capacity, communication qubits and position if any) and links.

    A link is the two names and the `Link`'s fields.

    Raises `CheckpointError` for a QPU name that JSON has no form for.
    """
    qpus = []
    for name, data in network.graph.nodes(data=True):
        entry = {"name": _name_to_json(name), "qubits": data["qubits"]}
        if data["communication_qubits"] is not None:
            entry["communication_qubits"] = data["communication_qubits"]
        if "position" in data:
            entry["position"] = [float(x) for x in data["position"]]
        qpus.append(entry)
    links = [
        {"between": [_name_to_json(a), _name_to_json(b)], "link": _link_to_json(link)}
        for a, b, link in network.graph.edges(data="link")
    ]
    return {"qpus": qpus, "links": links}


def network_from_json(data: dict[str, Any]) -> QPUNetwork:
    """The network that `network_to_json` described; equal to the original."""
    import networkx as nx

    from ..distribution import Link, QPUNetwork

    graph = nx.Graph()
    for qpu in data["qpus"]:
        attributes = {key: value for key, value in qpu.items() if key != "name"}
        graph.add_node(_name_from_json(qpu["name"]), **attributes)
    for entry in data["links"]:
        a, b = map(_name_from_json, entry["between"])
        graph.add_edge(a, b, link=Link(**entry["link"]))
    return QPUNetwork.from_networkx(graph)


def _link_to_json(link: Link) -> dict[str, Any]:
    """The link's fields; an infinite rate, which JSON has no number for, is left out."""
    return {key: value for key, value in asdict(link).items() if value != math.inf}


def _angle_to_json(angle: Angle) -> Any:
    if isinstance(angle, WeightSlot):
        return {"weight": angle.index}
    if isinstance(angle, InputSlot):
        return {"input": angle.index, "encoding": angle.encoding}
    if isinstance(angle, Polynomial):
        terms = [[factor, list(map(_angle_to_json, slots))] for factor, slots in angle.terms]
        return {"offset": angle.offset, "terms": terms}
    return angle


def _angle_from_json(angle: Any) -> Angle:
    if isinstance(angle, dict):
        if "weight" in angle:
            return WeightSlot(angle["weight"])
        if "terms" in angle:
            terms = [(c, tuple(map(_angle_from_json, slots))) for c, slots in angle["terms"]]
            return Polynomial(tuple(terms), angle["offset"])  # type: ignore[arg-type]
        return InputSlot(angle["input"], angle["encoding"])
    return angle


def _name_to_json(name: Hashable) -> Any:
    if isinstance(name, tuple):
        return [_name_to_json(part) for part in name]
    if isinstance(name, Integral | Real) and not isinstance(name, int | float):
        return int(name) if isinstance(name, Integral) else float(name)
    if isinstance(name, str | int | float):
        return name
    raise CheckpointError(
        f"QPU name {name!r} can't be saved. Name QPUs by strings, numbers or tuples of them."
    )


def _name_from_json(name: Any) -> Hashable:
    return tuple(map(_name_from_json, name)) if isinstance(name, list) else name
