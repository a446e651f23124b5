"""`VQC`: a variational quantum circuit as a torch module."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ..arguments import whole
from ..circuit import Circuit
from ..contraction import ContractionPlan, plan_expectations
from ..contraction.modes import check_precision
from ..contraction.state_form import StateForm
from ..distribution import Partition
from ..errors import ShapeError
from .called import has_own, is_hooked
from .options import sketch
from .precision import by_itself, cast, check_dtype
from .state import told

__all__ = ["VQC"]


class VQC(nn.Module):
    """⟨Z_i⟩ of each observed qubit, (..., n_inputs) -> (..., n_observables), in [-1, 1].

    Exact, differentiable in inputs and weights, on the device and in the precision of its weights,
    float32 or float64, under autocast too. `torch.compile` leaves it as it is.

    Parameters
    ----------
    circuit
        A `Circuit`, or one of Qiskit's or quimb's; `InputSlot`s read the last axis of the input,
        `WeightSlot`s the weights.
    placed
        Its placement on a QPU network; one QPU by default. It decides which bonds are cut and what
        the plan reports, not the values: links are ideal.
    observables
        Qubits whose ⟨Z⟩ is read, all by default.
    copies
        With a number, so many VQCs with weights of their own share circuit and plan: weights are
        (copies, *weight_shape), outputs (copies, ..., n_observables).
    method, max_memory
        As in `plan_expectations`.

    Weights start as 0.01 · N(0, 1) (S. Y.-C. Chen's public QLSTM code).
    """

    weights: nn.Parameter

    def __init__(
        self,
        circuit: Circuit,
        placed: Partition | None = None,
        observables: Iterable[int] | None = None,
        *,
        copies: int | None = None,
        method: str = "auto",
        max_memory: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        copies = None if copies is None else whole("copies", copies, 1, ShapeError)
        self.plan: ContractionPlan = plan_expectations(
            circuit, placed, observables, method=method, max_memory=max_memory
        )
        self.copies = copies
        empty = torch.empty(self.weight_shape, device=device, dtype=dtype)
        self.weights = nn.Parameter(empty)
        check_precision(self.weights)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights again, 0.01 · N(0, 1)."""
        nn.init.normal_(self.weights, std=0.01)

    @property
    def circuit(self) -> Circuit:
        return self.plan.circuit

    @property
    def placed(self) -> Partition:
        return self.plan.placed

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """That of `weights`: the circuit's own, or (copies, …)."""
        own = self.circuit.weight_shape
        return own if self.copies is None else (self.copies, *own)

    @property
    def flat_weights(self) -> Tensor:
        """The weights as the plan takes them, (copies or 1, n_weights).

        Raises `ShapeError` where other weights, of another shape, were put in their place.
        """
        if self.weights.shape != self.weight_shape:
            got = tuple(self.weights.shape)
            raise ShapeError(f"weights of shape {self.weight_shape} wanted, got {got}.")
        return self.weights.reshape(self.copies or 1, self.circuit.n_weights)

    @property
    def n_inputs(self) -> int:
        return self.circuit.n_inputs

    @property
    def n_observables(self) -> int:
        return len(self.plan.observables)

    def bind(self, flat_weights: Tensor | None = None) -> Callable[..., Tensor]:
        """The function inputs -> ⟨Z⟩ with what depends on the weights computed once.

        Use it where one set of weights meets many inputs in turn, as in the time steps of an LSTM.
        It belongs to the autograd graph of the moment: bind again after an optimiser step.
        """
        flat = self.flat_weights if flat_weights is None else flat_weights
        prepared = self.plan.prepare(flat)
        n_inputs = self.circuit.n_inputs

        def evaluate(inputs: Tensor | None = None) -> Tensor:
            if inputs is None and n_inputs == 0:
                inputs = flat.new_empty(0)
            if not isinstance(inputs, Tensor) or inputs.shape[-1:] != (n_inputs,):
                got = tuple(inputs.shape) if isinstance(inputs, Tensor) else told(inputs)
                raise ShapeError(f"inputs of shape (..., {n_inputs}) wanted, got {got}.")
            inputs = cast(flat, inputs)
            check_dtype(inputs, flat)
            lead = inputs.shape[:-1]
            values = self.plan.evaluate(prepared, flat, inputs.reshape(math.prod(lead), n_inputs))
            shape = (*lead, len(self.plan.observables))
            return values.reshape(shape if self.copies is None else (self.copies, *shape))

        return evaluate

    @by_itself
    def forward(self, inputs: Tensor | None = None) -> Tensor:
        """⟨Z⟩, (..., n_inputs) -> (..., n_observables), or (copies, ..., n_observables).

        A circuit without inputs is called without any.

        Raises `ShapeError` for another width or dtype, `MemoryBudgetError` before a computation
        that wouldn't fit.
        """
        return self.bind()(inputs)

    def for_steps(self) -> Callable[[Tensor], Tensor]:
        """What to call at each of many time steps: `bind()`, or the module where a call does more.

        Hooks do, and a `forward` that isn't this class's.
        """
        return self if is_hooked(self) or has_own(self, VQC, "forward") else self.bind()

    def for_recurrence(self) -> tuple[StateForm, Tensor] | None:
        """States with hand-written gradients and their weights, to string time steps together.

        None where the plan has none, or where the module's own calls do more.
        """
        form = self.plan.state_form
        if form is None or is_hooked(self) or has_own(self, VQC, "forward", "bind"):
            return None
        return form, self.plan.lowering.weights(self.flat_weights)

    def batch_size(self, n_samples: int) -> int:
        """How many of the samples fit into memory at once, see `ContractionPlan.batch_size`."""
        return self.plan.batch_size(self.copies or 1, n_samples)

    def extra_repr(self) -> str:
        read = f"{self.n_observables} observables"
        copies = "" if self.copies is None else f", copies={self.copies}"
        network = self.placed.network
        placed = "" if len(network.qpus) == 1 else f"; {sketch(network)}"
        return f"{self.circuit}; {read}{copies}; {self.plan.method}{placed}"
