"""torch's modes and transforms around the modules: what they leave, what they may not change."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.checkpoint
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

import tnqlstm as tnq
from tests.reference import expectations
from tnqlstm.circuit import Circuit, InputSlot, Operation, WeightSlot
from tnqlstm.errors import ShapeError
from tnqlstm.nn import CELLS

DOUBLE = {"dtype": torch.float64}
Parameters = dict[str, Tensor]
Transform = Callable[[nn.Module, Parameters, Tensor], object]


def reuploading(n_qubits: int) -> Circuit:
    """What has no state form, and polynomials of slots."""
    operations = [Operation("RX", (q,), WeightSlot(q)) for q in range(n_qubits)]
    for q in range(n_qubits - 1):
        operations.append(Operation("CRY", (q, q + 1), 2 * InputSlot(q % 3) + 1))
        operations.append(Operation("RXX", (q, q + 1), -WeightSlot(q)))
    return Circuit(n_qubits, tuple(operations), 3, (n_qubits,))


def vqc(circuit: Circuit, method: str = "dense", **options: Any) -> nn.Module:
    return tnq.VQC(circuit, method=method, **options)


brickwork = tnq.ansatz.ry_brickwork
# by way and cell: how it's made, and the shape of its input
MODELS: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...]]] = {
    "matrix": (lambda **o: vqc(brickwork(3, 1), copies=2, **o), (2, 3)),
    "layers": (lambda **o: vqc(brickwork(8, 1), **o), (2, 8)),
    "autograd": (lambda **o: vqc(reuploading(3), **o), (2, 3)),
    "autograd, layers": (lambda **o: vqc(reuploading(8), **o), (2, 3)),
    "some observables": (lambda **o: vqc(reuploading(3), observables=(2, 0), **o), (2, 3)),
    "cones": (lambda **o: vqc(brickwork(4, 1), "cones", **o), (2, 4)),
    "slices": (lambda **o: vqc(brickwork(5, 2), "cones", max_memory=50_000, **o), (1, 5)),
    "generating": (lambda **o: vqc(brickwork(4, 1), "generating", **o), (2, 4)),
    "nothing to read": (lambda **o: vqc(Circuit(2, (("H", (0,)), ("CX", (0, 1)))), **o), (2, 0)),
    **{
        cell: (lambda cell=cell, **o: tnq.QLSTM(1, 2, cell=cell, depth=1, **o), (2, 3, 1))
        for cell in CELLS
    },
}


def made(name: str, **options: Any) -> tuple[nn.Module, Tensor]:
    """A model of which nothing has been used, always with the same weights, and an input."""
    torch.manual_seed(0)
    make, shape = MODELS[name]
    model = make(**(options or DOUBLE))
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model, torch.randn(shape, **(options or DOUBLE))


def values(model: nn.Module, x: Tensor, parameters: Parameters | None = None) -> Tensor:
    found = model(x) if parameters is None else functional_call(model, parameters, (x,))
    return found[0] if isinstance(found, tuple) else found


def trained(model: nn.Module, x: Tensor) -> list[Tensor]:
    """The values, and the gradients of a step."""
    found = values(model, x)
    gradients = torch.autograd.grad(found.square().sum(), list(model.parameters()))
    return [found, *gradients]


def under(mode: Callable[[], Any]) -> Transform:
    def call(model: nn.Module, _: Parameters, x: Tensor) -> None:
        with mode():
            values(model, x)

    return call


TRANSFORMS: dict[str, Transform] = {
    "grad": lambda m, p, x: torch.func.grad(lambda p: values(m, x, p).sum())(p),
    "jvp": lambda m, p, x: torch.func.jvp(lambda p: values(m, x, p), (p,), (p,)),
    "jacrev": lambda m, p, x: torch.func.jacrev(lambda p: values(m, x, p))(p),
    "jacfwd": lambda m, p, x: torch.func.jacfwd(lambda p: values(m, x, p))(p),
    "hessian": lambda m, p, x: torch.func.hessian(lambda p: values(m, x, p).sum())(p),
    "vmap": lambda m, p, x: torch.func.vmap(lambda row: values(m, row[None], p))(x),
    "inference": under(torch.inference_mode),
    "no_grad": under(torch.no_grad),
    "autocast": under(lambda: torch.autocast("cpu", torch.bfloat16)),
}
FEW = ["grad", "vmap", "inference"]  # the others make what they need as one of these does


def saved_by_torch(model: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    ("name", "transform"),
    [(n, t) for n in MODELS for t in (TRANSFORMS if n in ("cones", "autograd", "linear") else FEW)],
)
def test_what_a_transform_leaves_behind(name: str, transform: str) -> None:
    """A model whose first call was under a transform trains, and can be copied and saved."""
    model, x = made(name)
    wanted = trained(*made(name))
    parameters = {key: p.detach() for key, p in model.named_parameters()}
    TRANSFORMS[transform](model, parameters, x)
    torch.testing.assert_close(trained(copy.deepcopy(model), x), wanted, rtol=0, atol=1e-13)
    torch.testing.assert_close(trained(model, x), wanted, rtol=0, atol=1e-13)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), saved_by_torch(model)):
        torch.testing.assert_close(trained(again, x), wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_a_copy_has_nothing_that_can_be_made_again(name: str) -> None:
    model, x = made(name)
    before = len(pickle.dumps(model))
    trained(model, x)
    assert len(pickle.dumps(model)) < 1.1 * before + 2000
    whole = x.new_zeros(1000, *x.shape[1:])
    values(model, whole)
    assert len(pickle.dumps(model)) < 1.1 * before + 2000, "nothing of the input"


@pytest.mark.parametrize("name", MODELS)
def test_a_model_moves_to_another_precision_after_a_call(name: str) -> None:
    model, x = made(name, dtype=torch.float32)
    values(model, x)
    wide, other = copy.deepcopy(model).double(), made(name)[0]
    other.load_state_dict(model.state_dict())
    wanted = trained(other, x.double())
    torch.testing.assert_close(trained(wide, x.double()), wanted, rtol=0, atol=1e-14)
    back = wide.float()
    torch.testing.assert_close(trained(back, x), trained(model, x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in MODELS if n != "nothing to read"])
def test_an_ensemble_of_weights(name: str) -> None:
    model, x = made(name)
    several = {key: torch.stack([p, p + 0.3, -p]).detach() for key, p in model.named_parameters()}
    found = torch.func.vmap(lambda p: values(model, x, p))(several)
    for k, each in enumerate(found):
        own = {key: p[k] for key, p in several.items()}
        torch.testing.assert_close(each, values(model, x, own), rtol=0, atol=1e-13)


# -- precision -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_coarse_weights_are_refused_by_name(name: str, dtype: torch.dtype) -> None:
    message = rf"weights are {dtype}, torch.float32 or torch.float64 wanted.*\.float\(\)"
    with pytest.raises(ShapeError, match=message):
        made(name, dtype=dtype)
    model, x = made(name, dtype=torch.float32)
    with pytest.raises(ShapeError, match=message):
        model.to(dtype)(x.to(dtype))
    torch.testing.assert_close(model.float()(x), model(x))
    with pytest.raises(ShapeError, match=rf"{dtype}.*torch\.float32"):
        model(x.to(dtype))


@pytest.mark.parametrize("name", MODELS)
def test_autocast_leaves_the_weights_precision(name: str) -> None:
    """Values, gradients and dtype, of inputs that autocast has made coarse too.

    The backward runs outside, as torch's manual wants it.
    """
    model, x = made(name, dtype=torch.float32)
    coarse = x.bfloat16()
    wanted = trained(model, coarse.float())
    with torch.autocast("cpu", torch.bfloat16):
        found = values(model, coarse)
        bound = model.bind()(coarse) if isinstance(model, tnq.VQC) else found
    assert found.dtype == bound.dtype == torch.float32
    torch.testing.assert_close(bound, wanted[0], rtol=0, atol=1e-6)
    gradients = torch.autograd.grad(found.square().sum(), list(model.parameters()))
    torch.testing.assert_close([found, *gradients], wanted, rtol=0, atol=1e-6)


def test_a_model_in_the_midst_of_autocast() -> None:
    """Between layers that autocast does round."""
    torch.manual_seed(0)
    first, model, last = nn.Linear(2, 3), tnq.QLSTM(3, 2, depth=1), nn.Linear(2, 1)
    x, state = torch.randn(4, 5, 2), (torch.zeros(1, 4, 2), torch.zeros(1, 4, 2))
    with torch.autocast("cpu", torch.bfloat16):
        out, state = model(first(x), state)
        out, state = model(first(x), state)
        loss = last(out).square().mean()
    assert out.dtype == torch.float32
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


# -- torch.compile ---------------------------------------------------------------------------------


class Around(nn.Module):
    """The model between layers that are compiled."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.model, x = made(name, dtype=torch.float32)
        self.first = nn.Linear(x.shape[-1], x.shape[-1])

    def forward(self, x: Tensor) -> Tensor:
        found = values(self.model, torch.sin(self.first(x)))
        return (found.cos() * found).sum()


@pytest.mark.parametrize("name", ["matrix", "autograd", "cones", "chen2024", "linear"])
def test_compile_goes_around(name: str) -> None:
    """The same values and gradients, two graphs, and none more at later steps."""
    model, x = Around(name), made(name, dtype=torch.float32)[1]

    def step(call: Callable[[Tensor], Tensor], x: Tensor) -> list[Tensor]:
        loss = call(x)
        return [loss, *torch.autograd.grad(loss, list(model.parameters()))]

    graphs: list[Any] = []

    def backend(graph: Any, _: object) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    torch.compiler.reset()
    compiled = torch.compile(model, backend=backend)
    for k in range(3):
        torch.testing.assert_close(step(compiled, x + k), step(model, x + k), rtol=0, atol=1e-6)
        assert len(graphs) == 2, "before the model and after it"
    torch.compiler.reset()


def test_values_stay_right_under_torchs_own_compiler() -> None:
    vqc, x = made("matrix")
    compiled = torch.compile(vqc)
    torch.testing.assert_close(trained(compiled, x), trained(vqc, x), rtol=0, atol=0)
    weights = vqc.weights.detach().numpy()
    wanted = [[expectations(vqc.circuit, w, row) for row in x.numpy()] for w in weights]
    np.testing.assert_allclose(compiled(x).detach(), wanted, atol=1e-13)


@pytest.mark.parametrize("name", ["autograd"])
def test_an_exported_model_has_its_values_and_leaves_the_original_as_it_was(name: str) -> None:
    """`torch.export` calls it with tensors that have no numbers."""
    model, x = made(name)
    wanted = trained(*made(name))
    with torch.no_grad():
        exported = torch.export.export(model, (x,)).module()
    torch.testing.assert_close(trained(copy.deepcopy(model), x), wanted, rtol=0, atol=1e-13)
    other = x + 0.3
    torch.testing.assert_close(values(exported, other), values(model, other), rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", ["dense", "cones", "generating"])
def test_traces_follow_the_input(method: str) -> None:
    """What numpy computes would be a constant in them."""
    model = tnq.QLSTM(1, 2, depth=1, method=method, **DOUBLE)

    def gradient(x: Tensor) -> Tensor:
        return torch.autograd.grad(model(x)[0].square().sum(), [x])[0]

    first, second = (torch.randn(2, 2, 1, **DOUBLE).requires_grad_() for _ in range(2))
    for function in (lambda x: model(x)[0], gradient):
        traced = make_fx(function)(first)
        torch.testing.assert_close(traced(second), function(second))


@pytest.mark.parametrize("max_memory", [None, 8_000])
@pytest.mark.parametrize("method", ["dense", "cones", "generating"])
def test_saved_tensors_may_be_packed(method: str, max_memory: int | None) -> None:
    circuit = tnq.ansatz.ry_brickwork(3, 1)
    model = tnq.VQC(circuit, method=method, max_memory=max_memory, **DOUBLE)
    x = torch.randn(5, 3, **DOUBLE).requires_grad_()

    def gradients(values: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(values.square().sum(), [x, model.weights])

    wanted = gradients(model(x))
    with torch.autograd.graph.save_on_cpu():
        saved = model(x)
    torch.testing.assert_close(gradients(saved), wanted)
    again = torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False)
    torch.testing.assert_close(gradients(again), wanted)
