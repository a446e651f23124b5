"""Networks and circuits by text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tnqlstm import Circuit, QPUNetwork, ansatz
from tnqlstm.errors import CircuitError, NetworkError, UnknownNameError
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


@pytest.mark.skipif(hasattr(Circuit, "from_qasm"), reason="OpenQASM can be read")
def test_openqasm_is_refused_as_long_as_it_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.qasm").write_text("OPENQASM 2.0;")
    with pytest.raises(CircuitError, match="no OpenQASM yet"):
        parse_circuit(str(tmp_path / "a.qasm"))


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
