"""`QLSTMCell`: an LSTM cell whose gates are VQCs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..arguments import whole
from ..circuit import Circuit
from ..circuit.ansatz import basic_entangler, chen2020, ry_brickwork
from ..contraction.handwritten import Recomputed, apply
from ..distribution import Partition, QPUNetwork
from ..errors import ShapeError, look_up
from .placement import Ansatz, place
from .recurrence import Recurrence
from .vqc import VQC, check_dtype

__all__ = ["CELLS", "CellDefinition", "QLSTMCell"]

State = tuple[Tensor, Tensor]
StepFunction = Callable[[Tensor, State], tuple[Tensor, State]]


@dataclass(frozen=True)
class CellDefinition:
    """A published cell: its circuit, usual depth, and what surrounds the VQCs.

    `mixes_linearly`: one Linear layer makes the circuit's input and one its output, shared by the
    four gates. `has_readout`: two more VQCs make h and the output from o⊙tanh(c).
    """

    ansatz: Callable[[int, int], Circuit]
    depth: int
    mixes_linearly: bool = False
    has_readout: bool = False


CELLS = {
    # S. Y.-C. Chen's public QLSTM code, 2024
    "chen2024": CellDefinition(ry_brickwork, depth=5),
    # Chen, Yoo, Fang, arXiv 2009.01783, and the public FederatedQLSTM code
    "chen2020": CellDefinition(chen2020, depth=2, has_readout=True),
    # the widely copied PennyLane QLSTM of R. Di Sipio
    "linear": CellDefinition(basic_entangler, depth=1, mixes_linearly=True),
}
LINEAR_QUBITS = 4


class QLSTMCell(nn.Module):
    """One time step, (x, (h, c)) -> (h, c), with the conventions of `nn.LSTMCell`.

    i, f, o = σ(VQC), g = tanh(VQC), c ← f⊙c + i⊙g, u = o⊙tanh(c); h = u, for `chen2020` a VQC of u.

    Parameters
    ----------
    input_size, hidden_size
        Width of x and of h. c has `cell_size` entries: hidden_size, or for `chen2020` the number of
        qubits. The output has `output_size`: that of h, or for `chen2020` of c.
    cell
        "chen2024", "chen2020" or "linear" (see `CELLS`).
    depth
        Trainable layers; the cell's own by default (5, 2, 1).
    n_qubits
        Qubits of each VQC: input_size + hidden_size, and for `linear` any number, 4 by default.
    scheme, network
        "centric", "segment" or "linked", and the QPUs (see `nn.placement`).
    ansatz
        Function n_qubits -> `Circuit` that replaces the cell's own circuit.

    Submodules: `gates`, the VQCs i, f, g, o as one `VQC` with four copies; `readout` (`chen2020`),
    those of h and the output; `input_linear`, `output_linear` (`linear`).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: str = "chen2024",
        depth: int | None = None,
        n_qubits: int | None = None,
        scheme: str = "centric",
        network: QPUNetwork | None = None,
        ansatz: Ansatz | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        definition = look_up("cell", cell, CELLS)
        input_size = whole("input_size", input_size, 1, ShapeError)
        hidden_size = whole("hidden_size", hidden_size, 1, ShapeError)
        self.input_size, self.hidden_size = input_size, hidden_size
        width = input_size + hidden_size
        n_qubits = _check_qubits(cell, definition, n_qubits, width)
        layers = definition.depth if depth is None else depth
        own = definition.ansatz
        placed = place(scheme, ansatz or (lambda n: own(n, layers)), n_qubits, network)
        self.cell_size = n_qubits if definition.has_readout else hidden_size
        self.output_size = self.cell_size
        options: dict[str, object] = {"device": device, "dtype": dtype}
        observed = n_qubits if definition.has_readout or definition.mixes_linearly else hidden_size
        self.gates = VQC(placed.circuit, placed, range(observed), copies=4, **options)  # type: ignore[arg-type]
        self.readout: VQC | None = None
        self.input_linear: nn.Linear | None = None
        self.output_linear: nn.Linear | None = None
        if definition.has_readout:
            self.readout = VQC(placed.circuit, placed, copies=2, **options)  # type: ignore[arg-type]
        if definition.mixes_linearly:
            self.input_linear = nn.Linear(width, n_qubits, **options)  # type: ignore[arg-type]
            self.output_linear = nn.Linear(n_qubits, hidden_size, **options)  # type: ignore[arg-type]
            nn.init.uniform_(self.gates.weights, 0.0, 2.0 * math.pi)

    @property
    def circuit(self) -> Circuit:
        return self.gates.circuit

    @property
    def placed(self) -> Partition:
        return self.gates.placed

    @property
    def n_vqcs(self) -> int:
        """VQC evaluations in a time step: 4, or 6 for `chen2020`."""
        return 4 if self.readout is None else 6

    def run(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """A whole sequence: x (time, batch, input_size) -> (output (time, batch, …), (h, c))."""
        vqcs = [self.gates] if self.readout is None else [self.gates, self.readout]
        forms = [vqc.plan.state_form for vqc in vqcs]
        weights = [vqc.flat_weights for vqc in vqcs]
        if self.input_linear is not None or forms[0] is None:
            output, h, c = self._run(x, *state, *weights)
            return output, (h, c)
        for part in (x, *state):
            check_dtype(part, weights[0])
        weights = [v.plan.lowering.weights(w) for v, w in zip(vqcs, weights, strict=True)]
        recurrence = Recurrence(forms[0], forms[-1] if len(forms) > 1 else None)
        n_steps, n_samples = x.shape[:2]
        fits = [v.plan.batch_size(v.copies or 1, n_steps * n_samples) // n_steps for v in vqcs]
        size = max(1, min(fits))
        if size >= n_samples:
            output, h, c = apply(recurrence, x, *state, *weights)
            return output, (h, c)
        again = Recomputed(lambda *tensors: apply(recurrence, *tensors))
        split = zip(x.split(size, dim=1), *(part.split(size) for part in state), strict=True)
        parts = [apply(again, *each, *weights) for each in split]
        output, h, c = (torch.cat(each, dim=-2) for each in zip(*parts, strict=True))
        return output, (h, c)

    def _run(self, x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        step, state, outputs = self.bind(*weights), (h, c), []
        for value in x.unbind(0):
            output, state = step(value, state)
            outputs.append(output)
        return torch.stack(outputs), *state

    def bind(self, *flat_weights: Tensor) -> StepFunction:
        """The step (x, (h, c)) -> (output, (h, c)); what depends on weights only is made now.

        `flat_weights`: those of `gates` and `readout`, by default their own.
        """
        gates = self.gates.bind(*flat_weights[:1])
        readout = None if self.readout is None else self.readout.bind(*flat_weights[1:])

        def step(x: Tensor, state: State) -> tuple[Tensor, State]:
            h, c = state
            if self.input_linear is None or self.output_linear is None:
                values = gates(torch.cat([x, h], dim=-1))
            else:
                values = self.output_linear(gates(self.input_linear(torch.cat([h, x], dim=-1))))
            i, f, g, o = values.unbind(0)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            u = torch.sigmoid(o) * torch.tanh(c)
            if readout is None:
                return u, (u, c)
            hidden, output = readout(u).unbind(0)
            return output, (hidden[..., : self.hidden_size], c)

        return step

    def forward(self, x: Tensor, state: State | None = None) -> State:
        """The next (h, c) from x (batch, input_size) or (input_size,); the state is 0 by default.

        Raises `ShapeError` for other widths.
        """
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"x of shape (batch, {self.input_size}) or ({self.input_size},) wanted, "
                f"got {tuple(x.shape)}."
            )
        if state is None:
            state = self.zero_state(x)
        for name, part, size in zip("hc", state, (self.hidden_size, self.cell_size), strict=True):
            if part.shape != (*x.shape[:-1], size):
                wanted = (*x.shape[:-1], size)
                raise ShapeError(f"{name} of shape {wanted} wanted, got {tuple(part.shape)}.")
        return self.bind()(x, state)[1]

    def zero_state(self, x: Tensor) -> State:
        """h = c = 0 for inputs x (..., input_size)."""
        lead = x.shape[:-1]
        return x.new_zeros(*lead, self.hidden_size), x.new_zeros(*lead, self.cell_size)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"


def _check_qubits(cell: str, definition: CellDefinition, n_qubits: int | None, width: int) -> int:
    n_qubits = None if n_qubits is None else whole("n_qubits", n_qubits, 1, ShapeError)
    if definition.mixes_linearly:
        return LINEAR_QUBITS if n_qubits is None else n_qubits
    if n_qubits not in (None, width):
        raise ShapeError(
            f"cell {cell!r} has input_size + hidden_size = {width} qubits, got {n_qubits}. "
            "Leave n_qubits out, or use the cell 'linear'."
        )
    return width
