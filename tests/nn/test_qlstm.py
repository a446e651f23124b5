"""`QLSTM` behaves as `nn.LSTM` does."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import tnqlstm as tnq
from tnqlstm.errors import ShapeError
from tnqlstm.nn import ClassicalLSTM, QLSTMCell

DOUBLE = {"dtype": torch.float64}
CELLS = ("chen2024", "chen2020", "linear")


@pytest.mark.parametrize("cell", CELLS)
def test_equals_the_cell_unrolled_by_hand(cell: str) -> None:
    torch.manual_seed(0)
    model = tnq.QLSTM(2, 2, cell=cell, depth=1, **DOUBLE)
    layer = model.cells[0]
    assert isinstance(layer, QLSTMCell)
    x = torch.randn(3, 4, 2, **DOUBLE)
    out, (h, c) = model(x)
    state = layer.zero_state(x[:, 0])
    for t in range(4):
        state = layer(x[:, t], state)
        if cell != "chen2020":
            torch.testing.assert_close(out[:, t], state[0], rtol=0, atol=1e-13)
    torch.testing.assert_close(h[0], state[0], rtol=0, atol=1e-13)
    torch.testing.assert_close(c[0], state[1], rtol=0, atol=1e-13)


def test_layouts_agree() -> None:
    """Batch first, time first, and a single sequence without a batch axis."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, depth=2, num_layers=2, **DOUBLE)
    time_first = tnq.QLSTM(1, 3, depth=2, num_layers=2, batch_first=False, **DOUBLE)
    time_first.load_state_dict(model.state_dict())
    x = torch.randn(4, 5, 1, **DOUBLE)
    out, (h, c) = model(x)
    assert out.shape == (4, 5, 3)
    assert h.shape == c.shape == (2, 4, 3)
    other, (h_other, _) = time_first(x.transpose(0, 1))
    torch.testing.assert_close(other.transpose(0, 1), out, rtol=0, atol=1e-13)
    torch.testing.assert_close(h_other, h, rtol=0, atol=1e-13)
    single, (h_single, c_single) = model(x[1])
    torch.testing.assert_close(single, out[1], rtol=0, atol=1e-13)
    torch.testing.assert_close(h_single, h[:, 1], rtol=0, atol=1e-13)
    torch.testing.assert_close(c_single, c[:, 1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_state_carries_on(cell: str) -> None:
    """A sequence in two parts, the state handed over, is the sequence in one."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, cell=cell, depth=1, **DOUBLE)
    x = torch.randn(2, 6, 1, **DOUBLE)
    whole, state = model(x)
    first, middle = model(x[:, :2])
    second, end = model(x[:, 2:], middle)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-13)
    for a, b in zip(end, state, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-13)


def test_samples_do_not_mix() -> None:
    """Every sample of a batch is encoded, not only the first."""
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, depth=2, **DOUBLE)
    x = torch.randn(5, 3, 1, **DOUBLE)
    rows = torch.cat([model(row[None])[0] for row in x])
    torch.testing.assert_close(model(x)[0], rows, rtol=0, atol=1e-13)
    assert (rows[0] - rows[1]).abs().max() > 1e-3


def test_dropout_acts_between_layers_in_training_only() -> None:
    torch.manual_seed(0)
    model = tnq.QLSTM(1, 3, depth=1, num_layers=2, dropout=0.5, **DOUBLE)
    plain = tnq.QLSTM(1, 3, depth=1, num_layers=2, **DOUBLE)
    plain.load_state_dict(model.state_dict())
    x = torch.randn(4, 3, 1, **DOUBLE)
    assert not torch.allclose(model(x)[0], model(x)[0])
    torch.testing.assert_close(model.eval()(x)[0], plain(x)[0], rtol=0, atol=0)
    with pytest.warns(UserWarning, match="num_layers=1"):
        tnq.QLSTM(1, 3, dropout=0.5)


def test_dtype_follows_the_module() -> None:
    model = tnq.QLSTM(1, 3, depth=1)
    assert model(torch.randn(2, 3, 1))[0].dtype == torch.float32
    model.double()
    assert model(torch.randn(2, 3, 1, **DOUBLE))[0].dtype == torch.float64
    with pytest.raises(ShapeError, match="float32"):
        model(torch.randn(2, 3, 1))


def test_copies_and_pickles_compute_the_same() -> None:
    network = tnq.QPUNetwork.line(2, qubits=2)
    model = tnq.QLSTM(1, 3, depth=1, scheme="linked", network=network, **DOUBLE)
    x = torch.randn(2, 3, 1, **DOUBLE)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(twin(x)[0], model(x)[0], rtol=0, atol=0)


def test_bad_shapes_say_what_is_wanted() -> None:
    model = tnq.QLSTM(2, 3, depth=1)
    for shape in ((3, 4, 1), (3, 0, 2), (2,), (1, 2, 3, 2)):
        with pytest.raises(ShapeError, match=r"\(batch, time, 2\)"):
            model(torch.zeros(shape))
    with pytest.raises(ShapeError, match=r"h of shape \(1, 3, 3\)"):
        model(torch.zeros(3, 4, 2), (torch.zeros(1, 2, 3), torch.zeros(1, 3, 3)))
    with pytest.raises(ShapeError, match="num_layers"):
        tnq.QLSTM(1, 3, 0)
    with pytest.raises(ShapeError, match="num_layers=1"):
        tnq.QLSTM(1, 3, 2, cell="chen2020")
    with pytest.raises(ShapeError, match="dropout"):
        tnq.QLSTM(1, 3, dropout=2.0)


def test_classical_lstm_of_similar_size() -> None:
    lstm = ClassicalLSTM.like(126, 1)
    sizes = {h: 4 * h * (1 + h + 2) for h in range(1, 10)}
    assert sum(p.numel() for p in lstm.parameters()) == min(
        sizes.values(), key=lambda n: abs(n - 126)
    )
    out, _ = lstm(torch.randn(3, 4, 1))
    assert out.shape == (3, 4, lstm.output_size)
    with pytest.raises(ShapeError, match="time, 1"):
        lstm(torch.randn(3, 4, 2))
