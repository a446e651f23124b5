"""`--qpus N` makes QPUs that hold the circuits of every layer."""

from __future__ import annotations

import pytest

from tnqlstm.forecasting import Forecaster

from .calls import fail, succeed

COMMON = ("train", "wave.csv", "--column", "height", "--epochs", "1", "-q", "-o", "run")


@pytest.mark.parametrize("scheme", ["segment", "linked"])
@pytest.mark.parametrize(
    ("options", "capacities", "blocks"),
    [
        ("--hidden-size 2 --layers 1 --qpus 2", (2, 1), [(2, 1)]),
        ("--hidden-size 2 --layers 2 --qpus 2", (2, 2), [(2, 1), (2, 2)]),
        ("--hidden-size 2 --layers 3 --qpus 3", (2, 1, 1), [(1, 1, 1), (2, 1, 1), (2, 1, 1)]),
        ("--hidden-size 2 --layers 2 --qpus 4", (1, 1, 1, 1), [(1, 1, 1, 0), (1, 1, 1, 1)]),
        ("--hidden-size 1 --layers 2 --qpus 2 --cell linear", (2, 2), [(2, 2), (2, 2)]),
        ("--hidden-size 9 --layers 2 --qpus 2 --cell linear --qubits 3", (2, 1), [(2, 1), (2, 1)]),
        ("--hidden-size 2 --qpus 2 --cell chen2020", (2, 1), [(2, 1)]),
    ],
)
def test_every_layer_fits(
    options: str, capacities: tuple[int, ...], blocks: list[tuple[int, ...]], scheme: str
) -> None:
    succeed(*COMMON, "--scheme", scheme, "--depth", "1", *options.split())
    forecaster = Forecaster.load("run")
    assert forecaster.network is not None
    assert forecaster.network.capacities == capacities
    placed = [layer.placed for layer in forecaster.model_.recurrent.cells]
    sizes = [tuple(len(block) for block in each.blocks.values()) for each in placed]
    if scheme == "segment":  # as even as the QPUs allow
        assert sizes == blocks
    else:
        assert [sum(size) for size in sizes] == [sum(block) for block in blocks]


def test_more_qpus_than_qubits() -> None:
    for layers, qubits in (("1", 3), ("2", 4)):
        told = fail(*COMMON, "--scheme", "segment", "--hidden-size", "2", "--layers", layers,
                    "--qpus", "9")  # fmt: skip
        assert f"9 QPUs for circuits of {qubits} qubits; 1 to {qubits} QPUs wanted" in told
