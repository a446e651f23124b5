"""Circuits and networks as people have them: taken where that's unambiguous, else told how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import torch

import tnqlstm as tnq
from tnqlstm.errors import NetworkError, PartitionError, UnknownNameError

QASM = 'OPENQASM 3; include "stdgates.inc"; qubit[3] q; h q[0]; cx q[0], q[1]; cx q[1], q[2];'
CIRCUIT = tnq.Circuit.from_qasm(QASM)
LINE = tnq.QPUNetwork.line(2, 2)


def qiskit_circuit() -> Any:
    qiskit = pytest.importorskip("qiskit")
    circuit = qiskit.QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    return circuit


def pennylane_tape() -> Any:
    qml = pytest.importorskip("pennylane")
    gates = [qml.Hadamard(0), qml.CNOT([0, 1]), qml.CNOT([1, 2])]
    return qml.tape.QuantumTape(gates, [qml.expval(qml.Z(0))])


def quimb_circuit() -> Any:
    return CIRCUIT.to_quimb()


SOURCES = {
    "qasm": lambda: QASM,
    "bytes": lambda: QASM.encode(),
    "qiskit": qiskit_circuit,
    "pennylane": pennylane_tape,
    "quimb": quimb_circuit,
}


def graph() -> nx.Graph:
    graph = nx.path_graph(["qpu0", "qpu1"])
    nx.set_node_attributes(graph, 2, "qubits")
    return graph


@pytest.mark.parametrize("source", list(SOURCES))
def test_circuits_of_others(source: str) -> None:
    circuit = SOURCES[source]()
    assert tnq.partition(circuit, LINE) == tnq.partition(CIRCUIT, LINE)
    assert tnq.cost_table(circuit, (2,), costs=("gates",)).n_qubits == 3
    blocks = {"qpu0": [0, 1], "qpu1": [2]}
    assert tnq.Partition.from_blocks(circuit, LINE, blocks).circuit == CIRCUIT
    values = tnq.VQC(circuit, tnq.partition(circuit, LINE)).double()(torch.zeros(1, 0).double())
    torch.testing.assert_close(values, torch.zeros(1, 3).double())


@pytest.mark.parametrize(
    "network",
    ["line:2x2", graph(), nx.node_link_data(graph()), json.dumps(nx.node_link_data(graph()))],
    ids=["text", "graph", "data", "json"],
)
def test_networks_as_text_graph_and_data(network: Any) -> None:
    assert tnq.partition(CIRCUIT, network).network == LINE
    assert tnq.Partition(CIRCUIT, network, ("qpu0", "qpu0", "qpu1")).network == LINE
    model = tnq.QLSTM(1, 2, depth=1, scheme="linked", network=network)
    assert model.cells[0].placed.network == LINE
    small = {"hidden_size": 2, "depth": 1, "epochs": 1, "scheme": "linked"}
    forecaster = tnq.Forecaster(network=network, **small).fit(tnq.datasets.sine().values[:12])
    assert forecaster.config_.network == LINE


def test_networks_from_files(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(nx.node_link_data(graph())))
    assert tnq.QPUNetwork.read(path) == LINE
    assert tnq.partition(CIRCUIT, path).network == LINE
    assert tnq.partition(CIRCUIT, str(path)).network == LINE


def test_a_network_for_each_layer() -> None:
    networks: Any = ["line:3x2", graph()]
    model = tnq.QLSTM(1, 2, 2, depth=1, scheme="linked", network=networks)
    assert [len(cell.placed.network.qpus) for cell in model.cells] == [3, 2]


def test_node_link_data_with_everything() -> None:
    source = nx.grid_2d_graph(2, 2)
    nx.set_node_attributes(source, {node: {"qubits": 4.0, "position": node} for node in source})
    nx.set_node_attributes(source, 2, "communication_qubits")
    nx.set_edge_attributes(source, {(0, 0): 1}, "unused")
    source.edges[(0, 0), (0, 1)].update(fidelity=0.97, rate=1e4, latency=1e-5)
    for key in ("edges", "links"):
        text = json.dumps(nx.node_link_data(source, edges=key))
        network = tnq.QPUNetwork.from_json(text)
        assert network == tnq.QPUNetwork.from_networkx(source)
        assert network.link((0, 0), (0, 1)) == tnq.Link("ideal", 0.97, 1e4, 1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"directed": True}, "directed or a multigraph"),
        ({"multigraph": True}, "directed or a multigraph"),
        ({"nodes": [{"qubits": 2}]}, "node 0 has no id"),
        ({"nodes": [{"id": 0}], "edges": []}, "QPU 0 has no capacity"),
        ({"nodes": [{"id": 0, "qubits": 1}] * 2}, "node 1 has the id 0 of an earlier one"),
        ({"edges": [{"source": "qpu0", "target": 7}]}, "edge 0 ends at 7, which no node"),
        ({"edges": [{"source": "qpu0", "target": "qpu1"}] * 2}, "as an earlier one"),
        ({"edges": [{"source": "qpu0"}]}, "edge 0 has no target"),
        ({"edges": {}}, "edges is {}; a list wanted"),
    ],
)
def test_node_link_data_that_is_no_network(change: dict[str, Any], message: str) -> None:
    data = {**nx.node_link_data(graph()), **change}
    with pytest.raises(NetworkError, match=message):
        tnq.QPUNetwork.from_json(json.dumps(data))


@pytest.mark.parametrize("network", [3, None, [LINE], object()])
def test_what_is_no_network_is_told_what_would_be(network: Any) -> None:
    with pytest.raises(NetworkError, match=r'a QPUNetwork wanted .* such as "line:2x3"'):
        tnq.partition(CIRCUIT, network)


def test_names_of_no_topology() -> None:
    with pytest.raises(UnknownNameError, match="unknown topology 'lime'"):
        tnq.partition(CIRCUIT, "lime:2x3")
    with pytest.raises(NetworkError, match="QPU 0 has no capacity"):
        tnq.partition(CIRCUIT, nx.path_graph(2))


@pytest.mark.parametrize("circuit", [3, None, "h q", "circuit.qasm", [("H", (0,))], nx.Graph()])
def test_what_is_no_circuit_is_told_how_to_convert(circuit: Any) -> None:
    with pytest.raises(TypeError, match=r"a tnqlstm Circuit wanted, got .* Circuit\.from_qasm"):
        tnq.partition(circuit, LINE)
    with pytest.raises(TypeError, match="a tnqlstm Circuit wanted"):
        tnq.VQC(circuit)


@pytest.mark.parametrize("placed", [LINE, "line:2x2", {"qpu0": [0, 1, 2]}])
def test_a_network_is_no_placement(placed: Any) -> None:
    with pytest.raises(
        PartitionError, match=r"a Partition wanted as placed, .*=partition\(circuit, network\)"
    ):
        tnq.VQC(CIRCUIT, placed)
