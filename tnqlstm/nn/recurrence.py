"""`Recurrence`: an LSTM layer of small VQCs over a whole sequence, with a hand-written gradient.

The same recurrence as `QLSTMCell.bind`. Everything is (feature, sample) inside, so that the VQCs'
rows are wide, and the gradient of the VQCs' matrices is one product over all time steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ..contraction.angles import ConstantBank
from ..contraction.arrays import Array, get_namespace, join, stack, zeros
from ..contraction.handwritten import Tape, pop
from ..contraction.state_form import Parts, StateForm

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

    x (time, sample, input), h and c (sample, size), weights (copies, n); output (time, sample,
    size), then the last h and c. With `readout` a second VQC of two copies makes h and the output,
    as in `chen2020`; its circuit is that of the gates.
    """

    def __init__(self, gates: StateForm, readout: StateForm | None) -> None:
        self.forms = [gates] if readout is None else [gates, readout]
        self.prepares_once = readout is not None and gates.has_matrices_of(readout)

    def width(self, *tensors: Tensor) -> float:
        x, _, _, weights, *_ = tensors
        return self.forms[0].width(len(weights), x.shape[1])

    def forward(self, tape: Tape, *arrays: Array) -> tuple[Array, ...]:
        x, h, c, *weights = arrays
        made = self._prepare(tape, weights)
        half, shift = CONSTANTS.get("half", x), CONSTANTS.get("shift", x)
        gates, quarter = self.forms[0], half * half
        h, c = h.T, c.T
        n_hidden = len(h)
        xp = get_namespace(x)
        outputs = []
        for step in x.mT:
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
        return stack(outputs).mT, h.T, c.T

    def backward(
        self, tape: Tape, wanted: Sequence[bool], *grads: Array
    ) -> tuple[Array | None, ...]:
        made = [form.split(pop(tape, form.n_parts)) for form in reversed(self.forms)][::-1]
        (x,) = pop(tape, 1)
        d_outputs, dh, dc = grads[0].mT, grads[1].T, grads[2].T
        factors: list[list[list[Parts]]] = [[] for _ in self.forms]
        d_steps = []
        for k in range(len(d_outputs) - 1, -1, -1):
            if len(self.forms) > 1:
                missing = zeros((d_outputs.shape[1] - len(dh), dh.shape[1]), dh)
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
            dh = dv[x.shape[2] :]
            d_steps.append(dv[: x.shape[2]])
        gradients = [form.gradients(each) for form, each in zip(self.forms, factors, strict=True)]
        d_weights = self._prepare_back(tape, gradients)
        if not any(wanted[:3]):
            return None, None, None, *d_weights
        return stack(d_steps[::-1]).mT, dh.T, dc.T, *d_weights

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
