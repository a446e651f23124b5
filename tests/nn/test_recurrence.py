"""The hand-written gradient of a whole sequence against autograd through the plain twin."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import tnqlstm as tnq
from tnqlstm.circuit import ENCODINGS
from tnqlstm.circuit.encoding import ENCODING_DERIVATIVES
from tnqlstm.contraction import handwritten
from tnqlstm.nn import QLSTMCell

NETWORK = tnq.QPUNetwork.line(2, qubits=3)
DOUBLE = {"dtype": torch.float64}


def cells() -> list[QLSTMCell]:
    torch.manual_seed(0)
    segment = QLSTMCell(2, 3, depth=2, scheme="segment", network=NETWORK, **DOUBLE)
    return [
        QLSTMCell(1, 3, depth=2, **DOUBLE),  # one group of qubits, real
        QLSTMCell(1, 5, depth=3, **DOUBLE),  # two sides
        segment,  # components of 3 and of 2 qubits
        QLSTMCell(1, 3, cell="chen2020", depth=2, **DOUBLE),  # complex, read-out VQCs
    ]


def arguments(cell: QLSTMCell, n_samples: int = 3) -> list[Tensor]:
    """x, h, c and weights of the VQCs, all random and all differentiated."""
    shapes = [
        (4, n_samples, cell.input_size),
        (n_samples, cell.hidden_size),
        (n_samples, cell.cell_size),
    ]
    vqcs = [vqc for vqc in (cell.gates, cell.readout) if vqc is not None]
    shapes += [tuple(vqc.flat_weights.shape) for vqc in vqcs]
    return [torch.randn(shape, requires_grad=True, **DOUBLE) for shape in shapes]


SIZES = (3, 3, 2, 1)  # sequences of 4, 3 and 2 steps


def packed(tensors: list[Tensor]) -> list[Tensor]:
    """The same without the steps that these sequences lack."""
    rows = [step[:n] for step, n in zip(tensors[0].detach(), SIZES, strict=True)]
    return [torch.cat(rows).requires_grad_(), *tensors[1:]]


def run(cell: QLSTMCell, tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """`cell` over whole sequences with these weights."""
    x, h, c, *weights = tensors
    values = {"gates.weights": weights[0].view_as(cell.gates.weights)}
    if cell.readout is not None:
        values["readout.weights"] = weights[1].view_as(cell.readout.weights)
    with torch.nn.utils.stateless._reparametrize_module(cell, values):
        found = cell.run(x, (h, c)) if x.ndim == 3 else cell(x, (h, c), SIZES)
    output, (h, c) = found
    return output, h, c


def plain_twin(cell: QLSTMCell, tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """The same by the step function, one call after another."""
    x, h, c, *weights = tensors
    step, outputs = cell.bind(*weights), []
    for value in x if x.ndim == 3 else x.split(SIZES):
        n = len(value)
        output, now = step(value, (h[:n], c[:n]))
        h, c = (torch.cat([new, old[n:]]) for new, old in zip(now, (h, c), strict=True))
        outputs.append(output)
    return torch.stack(outputs) if x.ndim == 3 else torch.cat(outputs), h, c


@pytest.mark.parametrize("in_numpy", [True, False])
@pytest.mark.parametrize("lengths", ["equal", "falling"])
@pytest.mark.parametrize("number", range(4))
def test_value_and_gradient_equal_the_plain_twin(
    number: int, lengths: str, in_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = cells()[number]
    assert cell.gates.for_recurrence() is not None
    if not in_numpy:
        monkeypatch.setattr(handwritten, "can_share", lambda tensor: False)
    tensors = arguments(cell) if lengths == "equal" else packed(arguments(cell))
    found, wanted = run(cell, tensors), plain_twin(cell, tensors)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-13)
    cotangents = [torch.randn_like(part) for part in wanted]
    torch.testing.assert_close(
        torch.autograd.grad(found, tensors, cotangents),
        torch.autograd.grad(wanted, tensors, cotangents),
        rtol=0,
        atol=1e-12,
    )


@pytest.mark.parametrize("lengths", ["equal", "falling"])
@pytest.mark.parametrize("number", range(4))
def test_what_nobody_asks_for_is_left_out(number: int, lengths: str) -> None:
    """Training asks for the weights' gradient alone, and gets the same."""
    cell = cells()[number]
    tensors = arguments(cell) if lengths == "equal" else packed(arguments(cell))
    wanted = torch.autograd.grad(sum(part.sum() for part in run(cell, tensors)), tensors)
    plain = [t.detach() for t in tensors[:3]]
    found = torch.autograd.grad(
        sum(part.sum() for part in run(cell, [*plain, *tensors[3:]])), tensors[3:]
    )
    torch.testing.assert_close(found, wanted[3:], rtol=0, atol=1e-14)


@pytest.mark.parametrize("number", [0, 3])
def test_gradients_of_gradients(number: int) -> None:
    cell = cells()[number]
    tensors = arguments(cell, n_samples=2)
    tensors[0] = tensors[0][:2].detach().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda *t: run(cell, list(t))[0].sum(), tensors)


def test_gradients_of_gradients_of_packed_sequences() -> None:
    cell = QLSTMCell(1, 2, depth=1, **DOUBLE)
    tensors = packed(arguments(cell))
    assert torch.autograd.gradgradcheck(lambda *t: run(cell, list(t))[1].sum(), tensors)


def test_one_step_gives_an_output_of_its_own() -> None:
    """Whoever writes into the output changes no state, as with nn.LSTM."""
    model = tnq.QLSTM(1, 3, depth=1, **DOUBLE)
    with torch.no_grad():
        out, (h, _) = model(torch.randn(2, 1, 1, **DOUBLE))
        kept = h.clone()
        out.zero_()
    torch.testing.assert_close(h, kept, rtol=0, atol=0)


def test_a_retained_graph_is_read_twice() -> None:
    model = tnq.QLSTM(1, 3, depth=2, **DOUBLE)
    loss = model(torch.randn(2, 3, 1, **DOUBLE))[0].square().sum()
    loss.backward(retain_graph=True)
    gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    loss.backward()
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, 2 * gradient, rtol=0, atol=1e-14)


def test_forward_mode_and_vmap_take_the_plain_twin() -> None:
    model = tnq.QLSTM(1, 3, depth=1, **DOUBLE)
    x, tangent = torch.randn(2, 3, 1, **DOUBLE), torch.randn(2, 3, 1, **DOUBLE)
    _, forward = torch.func.jvp(lambda v: model(v)[0], (x,), (tangent,))
    with torch.autograd.forward_ad.dual_level():
        dual = model(torch.autograd.forward_ad.make_dual(x, tangent))[0]
        level = torch.autograd.forward_ad.unpack_dual(dual).tangent
    _, reverse = torch.autograd.functional.jvp(lambda v: model(v)[0], x, tangent)
    torch.testing.assert_close(forward, reverse, rtol=0, atol=1e-13)
    torch.testing.assert_close(level, reverse, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", list(ENCODINGS))
def test_derivatives_of_encodings(name: str) -> None:
    x = torch.tensor([-30.0, -1.0, 0.0, 1e-9, 0.5, 1e6], requires_grad=True, **DOUBLE)
    (wanted,) = torch.autograd.grad(ENCODINGS[name](x).sum(), x)
    torch.testing.assert_close(ENCODING_DERIVATIVES[name](x), wanted, rtol=1e-14, atol=0)
    assert ENCODING_DERIVATIVES.keys() == ENCODINGS.keys()
