"""`Link`: its models and figures, and what it refuses."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tnqlstm as tnq
from tnqlstm.distribution import LINK_MODELS, Link
from tnqlstm.errors import NetworkError, UnknownNameError

NOT_NUMBERS = [None, "0.9", True, 1j, [0.9]]


def test_ideal_is_the_default() -> None:
    assert Link() == Link.ideal() == tnq.Link.ideal()
    assert Link.ideal() == Link("ideal", fidelity=1, rate=math.inf, latency=0)
    assert "ideal" in LINK_MODELS


def test_figures_are_floats() -> None:
    link = Link(fidelity=Fraction(3, 4), rate=np.int64(1000), latency=np.float32(0.5))
    assert dataclasses.astuple(link) == ("ideal", 0.75, 1000.0, 0.5)
    assert [type(x) for x in (link.fidelity, link.rate, link.latency)] == [float] * 3
    assert link == Link(fidelity=0.75, rate=1000, latency=0.5)
    assert hash(link) == hash(Link(fidelity=0.75, rate=1000, latency=0.5))


@pytest.mark.parametrize(
    "figures", [{"fidelity": 1e-9}, {"fidelity": 1}, {"rate": 1e-9}, {"latency": 1e9}]
)
def test_ends_of_the_ranges_are_taken(figures: dict[str, float]) -> None:
    assert dataclasses.replace(Link.ideal(), **figures) == Link(**figures)


@pytest.mark.parametrize("fidelity", [0, -0.5, 1.0000001, math.inf, math.nan])
def test_fidelity_out_of_range(fidelity: float) -> None:
    with pytest.raises(NetworkError, match=r"fidelity is .*; a number above 0 and at most 1"):
        Link(fidelity=fidelity)


@pytest.mark.parametrize("rate", [0, -1, math.nan, -math.inf])
def test_rate_out_of_range(rate: float) -> None:
    with pytest.raises(NetworkError, match=r"rate is .*; a positive number of Bell pairs a second"):
        Link(rate=rate)


@pytest.mark.parametrize("latency", [-1e-9, math.inf, math.nan])
def test_latency_out_of_range(latency: float) -> None:
    with pytest.raises(NetworkError, match=r"latency is .*; a finite number of seconds"):
        Link(latency=latency)


@pytest.mark.parametrize("figure", ["fidelity", "rate", "latency"])
@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_figures_that_are_no_numbers(figure: str, value: Any) -> None:
    with pytest.raises(NetworkError, match=f"a link's {figure} must be a number, got "):
        Link(**{figure: value})


def test_unknown_model_names_the_close_one() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown link model 'ideel'. Did you mean 'ideal'"):
        Link("ideel")


@pytest.mark.parametrize("model", [None, 1, ["ideal"]])
def test_model_that_is_no_name(model: Any) -> None:
    with pytest.raises(UnknownNameError, match="unknown link model"):
        Link(model)


def test_frozen_and_hashable() -> None:
    assert len({Link.ideal(), Link("ideal"), Link(rate=5.0)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        Link.ideal().model = "none"  # type: ignore[misc]
