"""Numbers as users write them: 4, 4.0 and numpy's 4 mean the same everywhere, other things nothing.

Each entry of `TAKES` is one argument of a public name that means a whole number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tnqlstm as tnq
from tnqlstm.arguments import real, whole
from tnqlstm.distribution import Move, cost_table
from tnqlstm.errors import CircuitError, NetworkError, TnqlstmError

FOUR = [
    4.0, np.int8(4), np.uint64(4), np.float32(4), np.float64(4), np.array(4), np.array(4.0),
    torch.tensor(4), torch.tensor(4.0), Fraction(8, 2),
]  # fmt: skip
NOT_WHOLE = [4.5, True, math.nan, math.inf, "4", None, 4j, [4], np.bool_(True), np.array([4])]


@pytest.mark.parametrize("value", FOUR)
def test_four_is_four(value: Any) -> None:
    assert (whole("n", value, 4), type(whole("n", value))) == (4, int)
    assert (real("x", value), type(real("x", value))) == (4.0, float)


@pytest.mark.parametrize("value", NOT_WHOLE)
def test_other_things_are_refused_by_name(value: Any) -> None:
    with pytest.raises(
        CircuitError, match=r"^n must be a whole number of at least 1, got "
    ) as error:
        whole("n", value, 1, CircuitError, "Give one.")
    assert repr(value) in str(error.value)
    assert str(error.value).endswith(". Give one.")


@pytest.mark.parametrize("value", [True, "4", None, 4j, [4], np.array([4.0]), 10**400])
def test_no_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(NetworkError, match=r"^x must be a number, got "):
        real("x", value, NetworkError)


@given(value=st.integers(-(2**53), 2**53), least=st.integers(-(2**53), 2**53))
def test_the_least_is_the_least(value: int, least: int) -> None:
    if value >= least:
        assert whole("n", float(value), least) == value
    else:
        with pytest.raises(TnqlstmError, match=f"at least {least}"):
            whole("n", float(value), least)


def of_graph(**attributes: Any) -> tnq.QPUNetwork:
    graph = nx.path_graph(2)
    nx.set_node_attributes(graph, {node: {"qubits": 4, **attributes} for node in graph})
    return tnq.QPUNetwork.from_networkx(graph)


CIRCUIT = tnq.ansatz.ry_brickwork(6, 1)
LINE = tnq.QPUNetwork.line(2, 4)
PLACED = tnq.partition(CIRCUIT, LINE)


def blocks(qubit: Any) -> tnq.Partition:
    return tnq.Partition.from_blocks(CIRCUIT, LINE, {"qpu0": [0, 1, 2, 3], "qpu1": [qubit, 5]})


TAKES: dict[str, Callable[[Any], Any]] = {
    "Circuit.n_qubits": lambda n: tnq.Circuit(n, (("H", (0,)),)),
    "Circuit.n_inputs": lambda n: tnq.Circuit(1, (), n),
    "Circuit.weight_shape": lambda n: tnq.Circuit(1, (), 0, (n, n)),
    "Operation.qubits": lambda n: tnq.Operation("CX", (n, 1)),
    "InputSlot.index": lambda n: tnq.InputSlot(n),
    "WeightSlot.index": lambda n: tnq.WeightSlot(n),
    "ry_brickwork.n_qubits": lambda n: tnq.ansatz.ry_brickwork(n, 1),
    "ry_brickwork.depth": lambda n: tnq.ansatz.ry_brickwork(2, n),
    "chen2020.n_qubits": lambda n: tnq.ansatz.chen2020(n, 1),
    "chen2020.depth": lambda n: tnq.ansatz.chen2020(3, n),
    "basic_entangler.n_qubits": lambda n: tnq.ansatz.basic_entangler(n, 1),
    "basic_entangler.depth": lambda n: tnq.ansatz.basic_entangler(3, n),
    "modular.blocks": lambda n: tnq.ansatz.modular([2, n], 1, [0]),
    "modular.depth": lambda n: tnq.ansatz.modular([2, 2], n, [0]),
    "modular.link_layers": lambda n: tnq.ansatz.modular([2, 2], 5, [n]),
    "line.n_qpus": lambda n: tnq.QPUNetwork.line(n, 2),
    "line.qubits": lambda n: tnq.QPUNetwork.line(2, n),
    "ring.qubits": lambda n: tnq.QPUNetwork.ring(2, [n, 3]),
    "line.communication_qubits": lambda n: tnq.QPUNetwork.line(2, 1, communication_qubits=n),
    "star.communication_qubits": lambda n: tnq.QPUNetwork.star(2, 1, communication_qubits=[n, 1]),
    "grid.rows": lambda n: tnq.QPUNetwork.grid(n, 2, 1),
    "grid.cols": lambda n: tnq.QPUNetwork.grid(2, n, 1),
    "small_world.n_qpus": lambda n: tnq.QPUNetwork.small_world(n, 2, k=2),
    "small_world.k": lambda n: tnq.QPUNetwork.small_world(8, 2, k=n),
    "small_world.seed": lambda n: tnq.QPUNetwork.small_world(8, 2, seed=n),
    "random.n_qpus": lambda n: tnq.QPUNetwork.random(n, 2),
    "random.seed": lambda n: tnq.QPUNetwork.random(6, 2, seed=n),
    "node.qubits": lambda n: of_graph(qubits=n),
    "node.communication_qubits": lambda n: of_graph(communication_qubits=n),
    "partition.seed": lambda n: tnq.partition(CIRCUIT, LINE, seed=n, n_random_starts=1),
    "partition.n_random_starts": lambda n: tnq.partition(CIRCUIT, LINE, n_random_starts=n),
    "from_blocks": blocks,
    "Move.qubit": lambda n: Move(n, 3, "qpu0"),
    "Move.operation": lambda n: Move(1, n, "qpu0"),
    "Partition.places": lambda n: tnq.Partition(CIRCUIT, LINE, PLACED.qpu_of, (), (n, 0)).places,
    "cost_table.n_qpus": lambda n: cost_table(CIRCUIT, (n,), costs=("gates",)),
    "cost_table.spare": lambda n: cost_table(CIRCUIT, (2,), costs=("gates",), spare=n),
    "cost_table.seed": lambda n: cost_table(CIRCUIT, (2,), costs=("gates",), seed=n),
    "observables": lambda n: tnq.plan_expectations(CIRCUIT, PLACED, [n, 1]).observables,
    "VQC.copies": lambda n: tnq.VQC(CIRCUIT, copies=n).weights.shape,
    "QLSTMCell.input_size": lambda n: tnq.QLSTMCell(n, 2, depth=1).input_size,
    "QLSTMCell.hidden_size": lambda n: tnq.QLSTMCell(2, n, depth=1).hidden_size,
    "QLSTMCell.depth": lambda n: tnq.QLSTMCell(1, 1, depth=n).circuit,
    "QLSTMCell.n_qubits": lambda n: tnq.QLSTMCell(1, 1, cell="linear", n_qubits=n).circuit,
    "QLSTM.input_size": lambda n: tnq.QLSTM(n, 2, depth=1).input_size,
    "QLSTM.hidden_size": lambda n: tnq.QLSTM(1, n, depth=1).hidden_size,
    "QLSTM.num_layers": lambda n: tnq.QLSTM(1, 1, n, depth=1).num_layers,
    "ClassicalLSTM.hidden_size": lambda n: tnq.ClassicalLSTM(1, n).hidden_size,
    "ClassicalLSTM.num_layers": lambda n: tnq.ClassicalLSTM(1, 2, n).num_layers,
    "narma.order": lambda n: tnq.datasets.narma(n, n_points=20).values.tolist(),
    "narma.n_points": lambda n: tnq.datasets.narma(2, n_points=n).values.tolist(),
    "mackey_glass.n_points": lambda n: tnq.datasets.mackey_glass(n, 0).values.tolist(),
}


@pytest.mark.parametrize("argument", list(TAKES))
@pytest.mark.parametrize("four", [4.0, np.int64(4), np.float32(4)])
def test_a_whole_number_by_any_name(argument: str, four: Any) -> None:
    take = TAKES[argument]
    assert repr(take(four)) == repr(take(4))


@pytest.mark.parametrize("argument", list(TAKES))
@pytest.mark.parametrize("value", [4.5, True, math.nan, "4"])
def test_what_is_no_whole_number_is_refused_by_the_layers_own_error(
    argument: str, value: Any
) -> None:
    with pytest.raises(TnqlstmError, match="whole number"):
        TAKES[argument](value)


SIZES = ("window", "hidden_size", "num_layers", "epochs", "batch_size", "depth", "n_qubits", "seed")


@pytest.mark.parametrize("name", SIZES)
def test_sizes_of_a_forecaster(name: str) -> None:
    series = tnq.datasets.sine().values[:12]
    small: dict[str, Any] = {"hidden_size": 1, "depth": 1, "epochs": 1, "cell": "linear"}
    forecaster = tnq.Forecaster(**{**small, name: np.float64(2.0)}).fit(series)
    assert repr(getattr(forecaster.config_, name)) == "2"
    with pytest.raises(TnqlstmError, match=f"{name} must be a whole number of at least"):
        tnq.Forecaster(**{**small, name: 2.5}).fit(series)


@pytest.mark.parametrize("effort", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_an_effort_is_positive_and_finite(effort: Any) -> None:
    with pytest.raises(TnqlstmError, match=r"effort must be a (positive, finite )?number"):
        tnq.partition(CIRCUIT, LINE, effort=effort)
