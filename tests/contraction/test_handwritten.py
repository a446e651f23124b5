"""Backwards that are interrupted, or run by two threads: the graph gives the right gradient after.

`nn.LSTM` survives both, so what stands in its place must.
"""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from tnqlstm.circuit.ansatz import ry_brickwork
from tnqlstm.contraction import handwritten
from tnqlstm.contraction.handwritten import Tape, apply, pop

DOUBLE = {"dtype": torch.float64}
PACKAGE = str(Path(tnq.__file__).parent)
N_INTERRUPTS = N_BACKWARDS = 15  # of each of seven models


def vqc(n_qubits: int, **options: Any) -> tuple[torch.nn.Module, Tensor]:
    model = tnq.VQC(ry_brickwork(n_qubits, 2), **options, **DOUBLE)
    return model, torch.randn(6, n_qubits, **DOUBLE)


def qlstm(**options: Any) -> tuple[torch.nn.Module, Tensor]:
    model = tnq.QLSTM(1, 2, depth=1, **options, **DOUBLE)
    return model, torch.randn(2, 3, 1, **DOUBLE)


MODELS: dict[str, Callable[[], tuple[torch.nn.Module, Tensor]]] = {
    "matrix": lambda: vqc(4, copies=2),
    "layers": lambda: vqc(9, method="dense"),
    "batches": lambda: vqc(9, method="dense", max_memory=150_000),
    "cones": lambda: vqc(6, method="cones"),
    "slices": lambda: vqc(5, method="cones", max_memory=30_000),
    "sequence": qlstm,
    "steps": lambda: qlstm(cell="linear"),
}


@cache
def made(name: str) -> tuple[torch.nn.Module, Tensor]:
    torch.manual_seed(0)
    model, x = MODELS[name]()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model, x.requires_grad_()


def retained(name: str) -> tuple[Callable[[], tuple[Tensor, ...]], tuple[Tensor, ...]]:
    """The backward of a graph that stays, and what it should give."""
    model, x = made(name)

    def loss() -> Tensor:
        value = model(x)
        return (value[0] if isinstance(value, tuple) else value).square().sum()

    wanted = torch.autograd.grad(loss(), [x, *model.parameters()])
    kept = loss()
    return lambda: torch.autograd.grad(kept, [x, *model.parameters()], retain_graph=True), wanted


class Interrupt(BaseException):
    """As KeyboardInterrupt, at a point that the test chooses."""


@pytest.fixture
def calls_of_ours() -> Iterator[Callable[[int], list[str]]]:
    """A function that counts the package's calls from now on, and interrupts one of them."""
    before = sys.gettrace()

    def start(interrupted: int) -> list[str]:
        seen: list[str] = []

        def trace(frame: FrameType, event: str, _: object) -> None:
            if frame.f_code.co_filename.startswith(PACKAGE):
                seen.append(frame.f_code.co_name)
                if len(seen) == interrupted:
                    raise Interrupt

        sys.settrace(trace)
        return seen

    yield start
    sys.settrace(before)


@pytest.mark.parametrize("name", MODELS)
def test_after_an_interrupt_the_next_backward_is_right(
    name: str, calls_of_ours: Callable[[int], list[str]]
) -> None:
    backward, wanted = retained(name)
    calls = calls_of_ours(0)
    backward()
    sys.settrace(None)
    n_calls = len(calls)
    assert n_calls > 10, calls
    for k in np.random.default_rng(0).integers(1, n_calls + 1, N_INTERRUPTS):
        calls_of_ours(int(k))
        with pytest.raises(Interrupt):
            backward()
        sys.settrace(None)
        torch.testing.assert_close(backward(), wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_two_threads_share_a_retained_graph(name: str) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # seconds: they take turns in the middle of a backward
    try:
        for _ in range(N_BACKWARDS):
            backward, wanted = retained(name)
            start, found = threading.Barrier(2), list[Any]()

            def run(
                backward: Callable[[], tuple[Tensor, ...]] = backward,
                start: threading.Barrier = start,
                found: list[Any] = found,
            ) -> None:
                start.wait()
                try:
                    found.extend([backward() for _ in range(2)])
                except Exception as error:
                    found.append(error)

            threads = [threading.Thread(target=run) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(found) == 4, found
            for each in found:
                torch.testing.assert_close(each, wanted, rtol=0, atol=1e-13)
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("name", ["layers", "batches", "cones", "sequence"])
def test_values_without_a_backward_leave_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In torch, as on other devices: no node and its outputs hold each other for good."""
    monkeypatch.setattr(handwritten, "can_share", lambda tensor: False)
    model, x = made(name)
    alive: list[int] = []
    for _ in range(3):
        model(x)
        gc.collect()
        alive.append(sum(type(each) is Tensor for each in gc.get_objects()))
    assert alive[1] == alive[2]


def test_threads_share_a_model_of_which_nothing_is_ready() -> None:
    """Constants, layouts and products are made at the first calls, and dropped where many are."""
    model = tnq.VQC(ry_brickwork(5, 2), method="cones", **DOUBLE)
    torch.nn.init.normal_(model.weights)
    inputs = [torch.randn(n, 5, **DOUBLE) for n in range(1, 13)]
    dense = tnq.VQC(model.circuit, method="dense", **DOUBLE)
    dense.load_state_dict(model.state_dict())
    found = list[Any]()

    def run(order: list[int]) -> None:
        try:
            for k in order:
                found.append(
                    (k, torch.autograd.grad(model(inputs[k]).square().sum(), model.weights))
                )
        except Exception as error:
            found.append(error)

    rng = np.random.default_rng(0)
    threads = [threading.Thread(target=run, args=([*rng.permutation(12)],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 48, found
    for k, each in found:
        wanted = torch.autograd.grad(dense(inputs[k]).square().sum(), dense.weights)
        torch.testing.assert_close(each, wanted, rtol=0, atol=1e-12)


class Tripled:
    """x -> 3 x, which notes what of its tape is left when it is half way back."""

    def __init__(self) -> None:
        self.made: list[weakref.ref[np.ndarray]] = []
        self.left: list[int] = []

    def width(self, *tensors: Tensor) -> float:
        return 0.0

    def forward(self, tape: Tape, *arrays: Any) -> tuple[Any, ...]:
        (x,) = arrays
        for _ in range(4):
            tape.append(np.zeros(1000))
            self.made.append(weakref.ref(tape[-1]))
        return (3 * x,)

    def backward(self, tape: Tape, wanted: Sequence[bool], *grads: Any) -> tuple[Any, ...]:
        for _ in range(4):
            pop(tape, 1)
            self.left.append(sum(ref() is not None for ref in self.made))
        return (3 * grads[0],)


@pytest.mark.parametrize("retain", [False, True])
def test_a_backward_frees_its_tape_as_it_goes(retain: bool) -> None:
    function, x = Tripled(), torch.ones(2, requires_grad=True)
    (y,) = apply(function, x)
    assert sum(ref() is not None for ref in function.made) == 4
    y.sum().backward(retain_graph=retain)
    assert function.left == [3, 2, 1, 0]
    if retain:
        y.sum().backward()
        assert function.left[4:] == [3, 2, 1, 0]
        torch.testing.assert_close(x.grad, torch.full((2,), 6.0))
