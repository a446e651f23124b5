"""The hand-written gradients in numpy and in torch, which other devices take."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

import tnqlstm as tnq
from tnqlstm.circuit.ansatz import ry_brickwork
from tnqlstm.contraction import handwritten
from tnqlstm.contraction.arrays import scatter_add
from tnqlstm.contraction.one_thread import _libraries, one_thread

DOUBLE = {"dtype": torch.float64}


def modules() -> dict[str, tuple[torch.nn.Module, Tensor]]:
    torch.manual_seed(0)
    chen2020 = tnq.QLSTM(1, 3, cell="chen2020", **DOUBLE)
    return {
        "matrix": (tnq.VQC(ry_brickwork(5, 3), copies=2, **DOUBLE), torch.randn(3, 5)),
        "complex": (chen2020, torch.randn(3, 4, 1)),
        "layers": (tnq.VQC(ry_brickwork(9, 2), **DOUBLE), torch.randn(3, 9)),
        "cones": (
            tnq.VQC(ry_brickwork(12, 2), copies=2, method="cones", **DOUBLE),
            torch.randn(3, 12),
        ),
    }


def result(module: torch.nn.Module, x: Tensor) -> list[Tensor]:
    x = x.double().requires_grad_()
    value = module(x)
    value = value[0] if isinstance(value, tuple) else value
    parameters = list(module.parameters())
    return [value, *torch.autograd.grad(value.square().sum(), [x, *parameters])]


def read_by_numpy(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The tensors that numpy reads from now on."""
    read: list[Tensor] = []
    array_of = handwritten.array_of

    def spy(tensor: Tensor) -> object:
        read.append(tensor)
        return array_of(tensor)

    monkeypatch.setattr(handwritten, "array_of", spy)
    return read


@pytest.mark.parametrize("name", ["matrix", "complex", "layers", "cones"])
def test_numpy_and_torch_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, x = modules()[name]
    read = read_by_numpy(monkeypatch)
    in_numpy = result(module, x)
    assert read
    read.clear()
    monkeypatch.setattr(handwritten, "can_share", lambda tensor: False)
    torch.testing.assert_close(in_numpy, result(module, x), rtol=0, atol=1e-13)
    assert not read


def test_wide_arrays_are_for_torch_where_it_has_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    module, x = modules()["layers"]
    read = read_by_numpy(monkeypatch)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    result(module, x)
    assert read, "512 amplitudes and 3 samples are few"
    read.clear()
    result(module, x.repeat(100, 1))
    assert all(len(t) != 300 for t in read), "the samples' tensors"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    result(module, x.repeat(100, 1))
    assert any(len(t) == 300 for t in read)


def test_nan_passes_without_a_warning() -> None:
    vqc = tnq.VQC(ry_brickwork(3, 1), **DOUBLE)
    values = vqc(torch.tensor([[0.5, torch.nan, torch.inf], [0.0, 0.0, 0.0]]).double())
    assert values[0].isnan().any()
    assert values[1].isfinite().all()


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_scatter_add(make: Callable[[object], object]) -> None:
    values, index = np.arange(8.0).reshape(4, 2), np.array([2, 0, 2, 2])
    found = scatter_add(make(values), make(index), 4)
    np.testing.assert_array_equal(found, [[2, 3], [0, 0], [10, 13], [0, 0]])


def n_threads() -> set[int]:
    return {library.num_threads for library in _libraries()}


def test_one_thread_gives_the_threads_back() -> None:
    blas = ThreadpoolController().select(user_api="blas")
    with blas.limit(limits=2):
        before = n_threads()
        with one_thread():
            with one_thread():
                assert n_threads() == {1}
            assert n_threads() == {1}
        assert n_threads() == before
        with pytest.raises(ValueError, match="inside"), one_thread():
            raise ValueError("inside")
        assert n_threads() == before


def test_threads_that_overlap_give_the_threads_back() -> None:
    """The first that enters leaves first."""
    blas = ThreadpoolController().select(user_api="blas")
    entered, left = threading.Event(), threading.Event()

    def second() -> None:
        with one_thread():
            entered.set()
            left.wait()

    with blas.limit(limits=2):
        before = n_threads()
        thread = threading.Thread(target=second)
        with one_thread():
            thread.start()
            entered.wait()
            assert n_threads() == {1}
        assert n_threads() == before
        left.set()
        thread.join()
        assert n_threads() == before
