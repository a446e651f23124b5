"""Networks, circuits and options survive the way through JSON."""

from __future__ import annotations

import json

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm import Circuit, InputSlot, Link, Operation, QPUNetwork, WeightSlot, ansatz
from tnqlstm.errors import CheckpointError
from tnqlstm.forecasting.config import ForecastConfig
from tnqlstm.forecasting.descriptions import (
    circuit_from_json,
    circuit_to_json,
    network_from_json,
    network_to_json,
)

CIRCUITS = [
    ansatz.ry_brickwork(5, 2),
    ansatz.chen2020(4, 2),
    ansatz.basic_entangler(3, 1),
    ansatz.modular([2, 3], 2, [1]),
    Circuit(2, (Operation("RZZ", (1, 0), 0.1), Operation("CRX", (0, 1), InputSlot(1, "arctan")),
                Operation("RX", (0,), WeightSlot(2))), 3, (3,)),
]  # fmt: skip


def networks() -> list[QPUNetwork]:
    named_by_tuples = nx.grid_2d_graph(2, 2)
    nx.set_node_attributes(named_by_tuples, 2, "qubits")
    return [
        QPUNetwork.line(3, qubits=[1, 2, 3]),
        QPUNetwork.star(4, qubits=2, communication_qubits=[3, None, 0, 1]),
        QPUNetwork.ring(3, qubits=2, link=Link(fidelity=0.9, rate=250.0, latency=1e-4)),
        QPUNetwork.grid(2, 3, qubits=1),
        QPUNetwork.from_networkx(named_by_tuples),
    ]


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_circuits_come_back_equal(circuit: Circuit) -> None:
    assert circuit_from_json(json.loads(json.dumps(circuit_to_json(circuit)))) == circuit


@given(st.floats(-1e300, 1e300))
def test_angles_come_back_to_the_bit(angle: float) -> None:
    circuit = Circuit(1, (Operation("RX", (0,), angle),))
    assert circuit_from_json(json.loads(json.dumps(circuit_to_json(circuit)))) == circuit


@pytest.mark.parametrize("network", networks(), ids=str)
def test_networks_come_back_equal(network: QPUNetwork) -> None:
    assert network_from_json(json.loads(json.dumps(network_to_json(network)))) == network


def test_a_name_without_a_form_in_json_is_an_error() -> None:
    graph = nx.Graph()
    graph.add_node(frozenset({1}), qubits=1)
    with pytest.raises(CheckpointError, match="Name QPUs by strings"):
        network_to_json(QPUNetwork.from_networkx(graph))


def test_options_come_back_equal() -> None:
    config = ForecastConfig(
        window=7, network=networks()[0], scheme="segment", dtype="float64", scaling="none", seed=4
    )
    assert ForecastConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert config.with_epochs(9).epochs == 9
