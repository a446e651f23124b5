"""Networks and circuits by text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm import Circuit, QPUNetwork, ansatz
from tnqlstm.errors import CircuitError, NetworkError, QasmError, UnknownNameError
from tnqlstm.specs import even_line, parse_circuit, parse_network


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("line:4x3", QPUNetwork.line(4, qubits=3)),
        ("line:4", QPUNetwork.line(1, qubits=4)),
        ("ring:5x2", QPUNetwork.ring(5, qubits=2)),
        ("star:3x4", QPUNetwork.star(3, qubits=4)),
        ("complete:3,1,2", QPUNetwork.complete(3, qubits=[3, 1, 2])),
        ("grid:2x3x4", QPUNetwork.grid(2, 3, qubits=4)),
        ("small_world:8x4", QPUNetwork.small_world(8, qubits=4, k=4, p=0.3, seed=0)),
        ("line:4x4+2", QPUNetwork.line(4, qubits=4, communication_qubits=2)),
        ("line:4x4+0", QPUNetwork.line(4, qubits=4, communication_qubits=0)),
        ("star:3,2,1+2,0,1", QPUNetwork.star(3, [3, 2, 1], communication_qubits=[2, 0, 1])),
        ("grid:1x2x4+3", QPUNetwork.grid(1, 2, qubits=4, communication_qubits=3)),
    ],
)
def test_networks(text: str, network: QPUNetwork) -> None:
    assert parse_network(text) == network


@pytest.mark.parametrize(
    ("text", "circuit"),
    [
        ("ry_brickwork:6x5", ansatz.ry_brickwork(6, 5)),
        ("chen2020:4x2", ansatz.chen2020(4, 2)),
        ("basic_entangler:4x1", ansatz.basic_entangler(4, 1)),
        ("modular:3,2x2", ansatz.modular([3, 2], 2, [0, 1])),
        ("modular:3,2,4x3@0,2", ansatz.modular([3, 2, 4], 3, [0, 2])),
    ],
)
def test_circuits(text: str, circuit: Circuit) -> None:
    assert parse_circuit(text) == circuit


@pytest.mark.parametrize(
    "text", ["line", "line:", "line:4,", "line:4x", "line:0x2", "line:4x3x2", "line:-1x2"]
)
def test_bad_sizes_of_a_network(text: str) -> None:
    with pytest.raises(NetworkError):
        parse_network(text)


@pytest.mark.parametrize("spare", ["", "x", "-1", "1,", "1+2", "1.5"])
def test_bad_communication_qubits_of_a_network(spare: str) -> None:
    with pytest.raises(NetworkError, match=r"communication qubits of each .* such as line:4x4\+2"):
        parse_network(f"line:4x4+{spare}")
    with pytest.raises(NetworkError, match="2 numbers of communication qubits for 4 QPUs"):
        parse_network("line:4x4+1,2")


@pytest.mark.parametrize("name", ["net.json", "net.graphml", "NET.JSON"])
def test_networks_of_files(tmp_path: Path, name: str) -> None:
    network = QPUNetwork.ring(3, qubits=[1, 2, 3], communication_qubits=[1, None, 0])
    path = str(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=name):
        parse_network(path)
    network.write(path)
    assert parse_network(path) == network


def test_bad_texts() -> None:
    with pytest.raises(NetworkError, match="grid:ROWSxCOLUMNSxQUBITS"):
        parse_network("grid:2x3")
    with pytest.raises(UnknownNameError, match="Did you mean 'ring'"):
        parse_network("rink:2x3")
    for text in ("chen2020", "chen2020:4", "chen2020:4x2x2", "chen2020:0x2", "modular:3,2"):
        with pytest.raises(CircuitError):
            parse_circuit(text)
    with pytest.raises(CircuitError, match="link_layers"):
        parse_circuit("modular:3,2x2@5")
    with pytest.raises(UnknownNameError, match="Did you mean 'chen2020'"):
        parse_circuit("chen2021:3x2")
    with pytest.raises(FileNotFoundError, match=r"none\.qasm"):
        parse_circuit("none.qasm")


def test_an_openqasm_file(tmp_path: Path) -> None:
    path = tmp_path / "a.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; cx q[1], q[0];')
    assert parse_circuit(str(path)) == Circuit(2, (("CX", (1, 0)),))
    path.write_text("OPENQASM 2.0;\nqreg q[2")
    with pytest.raises(QasmError, match="line 2"):
        parse_circuit(str(path))


@given(st.integers(1, 12), st.integers(1, 12))
def test_an_even_line_just_holds_the_qubits(n_qpus: int, n_qubits: int) -> None:
    if n_qpus > n_qubits:
        with pytest.raises(NetworkError, match=f"1 to {n_qubits} QPUs wanted"):
            even_line(n_qpus, n_qubits)
        return
    capacities = even_line(n_qpus, n_qubits).capacities
    assert len(capacities) == n_qpus
    assert sum(capacities) == n_qubits
    assert max(capacities) - min(capacities) <= 1
