"""`Recurrence`: an LSTM layer of small VQCs over whole sequences, with a hand-written gradient.

The same recurrence as `QLSTMCell.bind`. Everything is (feature, sample) inside, so that the VQCs'
rows are wide, and the gradient of the VQCs' matrices is one product over all time steps. Sequences
stand longest first, so those that have a step are its first columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ..contraction.angles import ConstantBank
from ..contraction.arrays import Array, get_namespace, join, stack, zeros
from ..contraction.handwritten import Tape, pop
from ..contraction.state_form import Parts, StateForm
from .steps import Steps

__all__ = ["Recurrence"]

# of i, f, g, o: σ(z) = ½ + ½ tanh ½z, and g is the tanh itself
CONSTANTS = ConstantBank(
    {
        "half": np.array([0.5, 0.5, 1.0, 0.5])[:, None, None],
        "shift": np.array([0.5, 0.5, 0.0, 0.5])[:, None, None],
    }
)


class Recurrence:
    """(x, h, c, gate weights, [read-out weights]) -> (output, h, c).

    x (time, sample, input) or packed as `steps` say, h and c (sample, size), weights (copies, n);
    output as x, of that size, then the last h and c of each sequence. A second form is of a VQC of
    two copies that makes h and the output, as in `chen2020`; `one_circuit` says that its circuit is
    that of the gates.
    """

    def __init__(self, forms: Sequence[StateForm], steps: Steps, *, one_circuit: bool) -> None:
        self.forms = forms
        together = len(forms) > 1 and one_circuit
        self.prepares_once = together and forms[0].has_matrices_of(forms[1])
        self.steps = steps

    def width(self, *tensors: Tensor) -> float:
        _, h, _, weights, *_ = tensors
        return self.forms[0].width(len(weights), len(h))

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        x, h, c, *weights = arrays
        made = self._prepare(tape, weights)
        half, shift = CONSTANTS.get("half", x), CONSTANTS.get("shift", x)
        gates, quarter = self.forms[0], half * half
        h, c = h.T, c.T
        n_hidden = len(h)
        xp = get_namespace(x)
        outputs = []
        ended: list[list[Array]] = []  # h and c of sequences that are over, the last one first
        for step in self._columns(x):
            if (n := step.shape[1]) < h.shape[1]:
                ended.insert(0, [h[:, n:], c[:, n:]])
                h, c = h[:, :n], c[:, :n]
            z = gates.values(tape, made[0], join([step, h]))
            bent = xp.tanh(z * half)
            i, f, g, o = opened = bent * half + shift
            before, c = c, f * c + i * g
            tanh_c = xp.tanh(c)
            h = output = o * tanh_c
            # z's gradient is this times that of c, of c, of c and of u
            partners = join([opened[2:3], before[None], opened[:1], tanh_c[None]])
            slopes = quarter * (1 - bent * bent)
            tape += [partners * slopes, f, o * (1 - tanh_c * tanh_c)]
            if len(self.forms) > 1:
                hidden, output = self.forms[1].values(tape, made[1], h)
                h = hidden[:n_hidden]
            outputs.append(output)
        tape += [x, *(part for each in made for parts in each for part in parts)]
        if ended:
            h, c = (join(parts, 1) for parts in zip([h, c], *ended, strict=True))
        return self._rows(outputs), h.T, c.T

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        made = [form.split(pop(tape, form.n_parts)) for form in reversed(self.forms)][::-1]
        (x,) = pop(tape, 1)
        d_outputs, dh_last, dc_last = self._columns(grads[0]), grads[1].T, grads[2].T
        dh, dc = (grad[:, : self.steps.sizes[-1]] for grad in (dh_last, dc_last))
        factors: list[list[list[Parts]]] = [[] for _ in self.forms]
        d_steps = []
        for k, n in reversed(list(enumerate(self.steps.sizes))):
            if (known := dh.shape[1]) < n:  # the other sequences end here
                dh = join([dh, dh_last[:, known:n]], 1)
                dc = join([dc, dc_last[:, known:n]], 1)
            if len(self.forms) > 1:
                missing = zeros((len(d_outputs[k]) - len(dh), n), dh)
                both = stack([join([dh, missing]), d_outputs[k]])
                du, found = self.forms[1].values_back(tape, made[1], both)
                factors[1].append(found)
            else:
                du = dh + d_outputs[k]
            slopes, f, slope_of_u = pop(tape, 3)
            dc = dc + du * slope_of_u
            dz = join([slopes[:3] * dc, slopes[3:] * du])
            dc = dc * f
            if k == 0 and not any(wanted[:3]):  # nobody asks what came before
                factors[0].append(self.forms[0].factors(tape, made[0], dz))
                break
            dv, found = self.forms[0].values_back(tape, made[0], dz)
            factors[0].append(found)
            dh = dv[x.shape[-1] :]
            d_steps.append(dv[: x.shape[-1]])
        gradients = [form.gradients(each) for form, each in zip(self.forms, factors, strict=True)]
        d_weights = self._prepare_back(tape, gradients)
        if not any(wanted[:3]):
            return None, None, None, *d_weights
        return self._rows(d_steps[::-1]), dh.T, dc.T, *d_weights

    def _columns(self, x: Array) -> Sequence[Array]:
        """Each step as (feature, sample)."""
        if not self.steps.packed:
            return x.mT
        ends = itertools.accumulate(self.steps.sizes)
        return [x.T[:, end - n : end] for end, n in zip(ends, self.steps.sizes, strict=True)]

    def _rows(self, columns: Sequence[Array]) -> Array:
        """What `_columns` takes apart."""
        return join(columns, 1).T if self.steps.packed else stack(columns).mT

    def _prepare(self, tape: Tape, weights: Sequence[Array]) -> list[list[Parts]]:
        """What each form prepares; the matrices of both at once, where they are equal."""
        if not self.prepares_once:
            return [form.prepare(tape, own) for form, own in zip(self.forms, weights, strict=True)]
        n = len(weights[0])
        matrices = self.forms[0].prepare(tape, join(weights))
        return [[[m[:, :n]] for (m,) in matrices], [[m[:, n:]] for (m,) in matrices]]

    def _prepare_back(self, tape: Tape, grads: Sequence[list[Parts]]) -> list[Array]:
        """The gradient in each of the weights."""
        if not self.prepares_once:
            pairs = reversed(list(zip(self.forms, grads, strict=True)))
            return [form.prepare_back(tape, own) for form, own in pairs][::-1]
        joined = [[join([a, b], 1)] for (a,), (b,) in zip(*grads, strict=True)]
        found = self.forms[0].prepare_back(tape, joined)
        n = grads[0][0][0].shape[1]
        return [found[:n], found[n:]]
