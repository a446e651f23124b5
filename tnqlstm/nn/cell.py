"""`QLSTMCell`: an LSTM cell whose gates are VQCs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..arguments import whole
from ..circuit import Circuit
from ..circuit.ansatz import basic_entangler, chen2020, ry_brickwork
from ..contraction.handwritten import Recomputed, apply
from ..contraction.state_form import StateForm
from ..distribution import Partition, QPUNetwork
from ..errors import ShapeError, look_up
from .called import has_own, is_hooked
from .options import check_bias, name_of, sketch
from .placement import Ansatz, place
from .precision import by_itself, check_dtype
from .recurrence import Recurrence
from .state import State, check_state, told
from .steps import Steps
from .vqc import VQC

__all__ = ["CELLS", "CellDefinition", "QLSTMCell"]

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
    """One time step, (input, (h, c)) -> (h, c), with the interface of `nn.LSTMCell`.

    i, f, o = σ(VQC), g = tanh(VQC), c ← f⊙c + i⊙g, u = o⊙tanh(c); h = u, for `chen2020` a VQC of u.

    Parameters
    ----------
    input_size, hidden_size
        Width of the input and of h. c has `cell_size` entries: hidden_size, or for `chen2020` the
        number of qubits. The output has `output_size`: that of h, or for `chen2020` of c.
    bias
        True: circuits have none to leave out.
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
    method, max_memory
        As in `plan_expectations`.

    Submodules: `gates`, the VQCs i, f, g, o as one `VQC` with four copies; `readout` (`chen2020`),
    those of h and the output; `input_linear`, `output_linear` (`linear`). Any module that maps as
    they do may stand in their place, (..., input_size + hidden_size) -> (4, ..., cell_size) in that
    of `gates`. It is called at every time step, and so is a VQC with hooks.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        cell: str = "chen2024",
        depth: int | None = None,
        n_qubits: int | None = None,
        scheme: str = "centric",
        network: QPUNetwork | None = None,
        ansatz: Ansatz | None = None,
        method: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        super().__init__()
        definition = look_up("cell", cell, CELLS)
        check_bias(bias)
        self.input_size = whole("input_size", input_size, 1, ShapeError)
        self.hidden_size = whole("hidden_size", hidden_size, 1, ShapeError)
        self.bias = True
        width = self.input_size + self.hidden_size
        n_qubits = _check_qubits(cell, definition, n_qubits, width)
        layers = definition.depth if depth is None else depth
        own = definition.ansatz
        placed = place(scheme, ansatz or (lambda n: own(n, layers)), n_qubits, network)
        self.cell_size = n_qubits if definition.has_readout else self.hidden_size
        self.output_size = self.cell_size
        whole_circuit = definition.has_readout or definition.mixes_linearly
        observed = range(n_qubits if whole_circuit else self.hidden_size)
        placement: dict[str, Any] = {"device": device, "dtype": dtype}
        options = {"method": method, "max_memory": max_memory, **placement}
        self.gates = VQC(placed.circuit, placed, observed, copies=4, **options)
        self.readout: VQC | None = None
        self.input_linear: nn.Linear | None = None
        self.output_linear: nn.Linear | None = None
        if definition.has_readout:
            self.readout = VQC(placed.circuit, placed, copies=2, **options)
        if definition.mixes_linearly:
            self.input_linear = nn.Linear(width, n_qubits, **placement)
            self.output_linear = nn.Linear(n_qubits, self.hidden_size, **placement)
            self._draw_angles()
        made_by = f"depth={layers}" if ansatz is None else f"ansatz={name_of(ansatz)}"
        self.described = f"cell={cell!r}, {made_by}, scheme={scheme!r}"
        self._network = "" if network is None else f", network={sketch(placed.network)}"

    def reset_parameters(self) -> None:
        """Draw all weights again, those of each submodule as when it was made."""
        for child in self.children():
            for module in child.modules():
                if callable(draw := getattr(module, "reset_parameters", None)):
                    draw()
        if self.input_linear is not None:
            self._draw_angles()

    def _draw_angles(self) -> None:
        if isinstance(self.gates, VQC):
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
        return self(x, state, Steps((x.shape[1],) * x.shape[0]))

    def bind(self, *flat_weights: Tensor) -> StepFunction:
        """The step (x, (h, c)) -> (output, (h, c)); what depends on weights only is made now.

        `flat_weights`: those of `gates` and `readout`, by default their own.
        """
        gates = _for_steps(self.gates, *flat_weights[:1])
        readout = None if self.readout is None else _for_steps(self.readout, *flat_weights[1:])

        def step(x: Tensor, state: State) -> tuple[Tensor, State]:
            h, c = state
            if self.input_linear is None or self.output_linear is None:
                values = gates(torch.cat([x, h], dim=-1))
            else:
                values = self.output_linear(gates(self.input_linear(torch.cat([h, x], dim=-1))))
            i, f, g, o = _apart("gates", values, (4, *c.shape))
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            u = torch.sigmoid(o) * torch.tanh(c)
            if readout is None:
                return u, (u, c)
            hidden, output = _apart("readout", readout(u), (2, *c.shape))
            return output, (hidden[..., : self.hidden_size], c)

        return step

    @by_itself
    def forward(
        self,
        input: Tensor,
        hx: State | None = None,
        batch_sizes: Steps | Sequence[int] | None = None,
    ) -> State | tuple[Tensor, State]:
        """The next (h, c) from input (batch, input_size) or (input_size,); hx is 0 by default.

        With `batch_sizes`, how many sequences have each time step, the input is whole sequences,
        and (output, (h, c)) comes back, as `QLSTM` calls it: input (time, batch, input_size), or
        (Σ batch_sizes, input_size) as the data of a `PackedSequence`, the output alike, and the
        last state of each sequence.

        Raises `ShapeError` for other shapes, dtypes or devices.
        """
        ranks = (1, 2) if batch_sizes is None else (2, 3)
        is_tensor = isinstance(input, Tensor)
        if not is_tensor or input.ndim not in ranks or input.shape[-1] != self.input_size:
            raise ShapeError(
                f"input of shape (batch, {self.input_size}) or ({self.input_size},) wanted, "
                f"got {told(input)}."
            )
        if batch_sizes is None:
            self._check_dtype(input)
            return self.bind()(input, self._state(input, hx, *input.shape[:-1]))[1]
        steps = Steps.of(batch_sizes, input)
        return self._sequences(input, self._state(input, hx, steps.n_samples), steps)

    def _state(self, input: Tensor, hx: State | None, *lead: int) -> State:
        if hx is None:
            return self._zeros(input, *lead)
        return check_state(hx, (*lead, self.hidden_size), (*lead, self.cell_size), input)

    def _check_dtype(self, input: Tensor) -> None:
        weights = next(self.parameters(), None)
        if weights is not None:  # a module without any may stand for the VQCs
            check_dtype(input, weights)

    def _sequences(self, x: Tensor, state: State, steps: Steps) -> tuple[Tensor, State]:
        n_rows = sum(steps.sizes)
        vqcs = self._strung() if n_rows else []
        if not vqcs:
            self._check_dtype(x)
            return self._step_by_step(x, state, steps)
        forms, weights = zip(*(found for _, found in vqcs), strict=True)
        check_dtype(x, weights[0])
        circuits = [vqc.circuit for vqc, _ in vqcs]
        same = circuits[0] is circuits[-1] or circuits[0] == circuits[-1]
        made = partial(Recurrence, forms, one_circuit=same)
        fits = min(vqc.batch_size(n_rows) for vqc, _ in vqcs)
        if fits >= n_rows:
            output, h, c = apply(made(steps), x, *state, *weights)
            return output, (h, c)
        found, size = [], max(1, fits // len(steps.sizes))
        for start in range(0, steps.n_samples, size):
            own, part = steps.samples(x, start, start + size)
            again = Recomputed(partial(apply, made(own)))
            found.append(apply(again, part, *(s[start : start + size] for s in state), *weights))
        outputs, *states = zip(*found, strict=True)
        h, c = (torch.cat(parts) for parts in states)
        return steps.join_samples(outputs, size), (h, c)

    def _strung(self) -> list[tuple[VQC, tuple[StateForm, Tensor]]]:
        """The VQCs and what they give to a `Recurrence`; none where one is to be called instead."""
        if self.input_linear is not None or has_own(self, QLSTMCell, "bind"):
            return []
        n_inputs, n_values = self.input_size + self.hidden_size, self.cell_size
        wanted = [(self.gates, (4, n_inputs, n_values))]
        if (readout := self.readout) is not None:
            wanted.append((readout, (2, n_values, n_values)))
        found = []
        for vqc, sizes in wanted:
            if not isinstance(vqc, VQC) or (vqc.copies, vqc.n_inputs, vqc.n_observables) != sizes:
                return []
            if (given := vqc.for_recurrence()) is None:
                return []
            found.append((vqc, given))
        return found

    def _step_by_step(self, x: Tensor, state: State, steps: Steps) -> tuple[Tensor, State]:
        step, outputs = self.bind(), []
        ended: list[State] = []  # of sequences that are over, the last one first
        for value in steps.split(x):
            if (n := len(value)) < len(state[0]):
                ended.insert(0, (state[0][n:], state[1][n:]))
                state = state[0][:n], state[1][:n]
            output, state = step(value, state)
            outputs.append(output)
        h, c = (torch.cat(parts) for parts in zip(state, *ended, strict=True))
        return steps.join(outputs), (h, c)

    def zero_state(self, x: Tensor) -> State:
        """h = c = 0 for inputs x (..., input_size)."""
        return self._zeros(x, *x.shape[:-1])

    def _zeros(self, like: Tensor, *lead: int) -> State:
        return like.new_zeros(*lead, self.hidden_size), like.new_zeros(*lead, self.cell_size)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, {self.described}{self._network}"


def _for_steps(module: nn.Module, *flat_weights: Tensor) -> Callable[[Tensor], Tensor]:
    """What to call at every time step: what a VQC says, or the module, bound where it can be."""
    if isinstance(module, VQC):
        return module.bind(*flat_weights) if flat_weights else module.for_steps()
    bind = getattr(module, "bind", None)
    return module if bind is None or is_hooked(module) else bind()


def _apart(name: str, values: Tensor, wanted: tuple[int, ...]) -> tuple[Tensor, ...]:
    """The values of each VQC, checked, as another module may stand for them."""
    if not isinstance(values, Tensor) or values.shape != wanted or values.is_complex():
        got = told(values)
        if isinstance(values, Tensor):
            got = "complex ones" if values.is_complex() else str(tuple(values.shape))
        raise ShapeError(
            f"the cell's {name} must give values of shape {wanted}, got {got}. "
            "Put a module there that maps (..., n_inputs) to (VQC, ..., values of each)."
        )
    return values.unbind(0)


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
