"""`Recurrence`: an LSTM layer of small VQCs over a whole sequence, with a hand-written gradient.

The same recurrence as `QLSTMCell.bind`. Everything is (feature, sample) inside, so that the VQCs'
rows are wide, and the gradient of the VQCs' matrices is one product over all time steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..contraction.handwritten import Tape, pop
from ..contraction.state_form import Parts, StateForm

__all__ = ["Recurrence"]


class Recurrence:
    """(x, h, c, gate weights, [read-out weights]) -> (output, h, c).

    x (time, sample, input), h and c (sample, size), weights (copies, n); output (time, sample,
    size), then the last h and c. With `readout` a second VQC of two copies makes h and the output,
    as in `chen2020`.
    """

    def __init__(self, gates: StateForm, readout: StateForm | None) -> None:
        self.forms = [gates] if readout is None else [gates, readout]

    def forward(self, tape: Tape, *tensors: Tensor) -> tuple[Tensor, ...]:
        x, h, c, *weights = tensors
        made = [form.prepare(tape, each) for form, each in zip(self.forms, weights, strict=True)]
        gates = self.forms[0]
        h, c = h.t(), c.t()
        n_hidden = len(h)
        outputs = []
        for step in x.unbind(0):
            z = gates.values(tape, made[0], torch.cat([step.t(), h]))
            sigmoids, g = torch.sigmoid(z), torch.tanh(z[2])
            i, f, _, o = sigmoids.unbind(0)
            before, c = c, torch.addcmul(f * c, i, g)
            tanh_c = torch.tanh(c)
            h = output = o * tanh_c
            tape += [sigmoids, g, before, tanh_c]
            if len(self.forms) > 1:
                hidden, output = self.forms[1].values(tape, made[1], h).unbind(0)
                h = hidden[:n_hidden]
            outputs.append(output)
        tape += [x, *(part for each in made for parts in each for part in parts)]
        return torch.stack(outputs).transpose(1, 2), h.t(), c.t()

    def backward(self, tape: Tape, wanted: Sequence[bool], *grads: Tensor) -> tuple[Tensor, ...]:
        made = [form.split(pop(tape, form.n_parts)) for form in reversed(self.forms)][::-1]
        (x,) = pop(tape, 1)
        d_outputs, dh, dc = grads[0].transpose(1, 2), grads[1].t(), grads[2].t()
        factors: list[list[list[Parts]]] = [[] for _ in self.forms]
        d_steps = []
        for d_output in reversed(d_outputs.unbind(0)):
            if len(self.forms) > 1:
                padded = torch.nn.functional.pad(dh, (0, 0, 0, len(d_output) - len(dh)))
                both = torch.stack([padded, d_output])
                du, found = self.forms[1].values_back(tape, made[1], both)
                factors[1].append(found)
            else:
                du = dh + d_output
            dz, dc = _update_back(tape, du, dc)
            dv, found = self.forms[0].values_back(tape, made[0], dz)
            factors[0].append(found)
            step, dh = dv.split([x.shape[2], len(dv) - x.shape[2]])
            d_steps.append(step)
        d_weights = [
            form.prepare_back(tape, form.gradients(each))
            for form, each in reversed(list(zip(self.forms, factors, strict=True)))
        ]
        dx = torch.stack(d_steps[::-1]).transpose(1, 2)
        return dx, dh.t(), dc.t(), *reversed(d_weights)


def _update_back(tape: Tape, du: Tensor, dc: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients in the gates' values and in the c before, of u = o tanh(f c + i g)."""
    sigmoids, g, c, tanh_c = pop(tape, 4)
    i, f, _, o = sigmoids.unbind(0)
    dc = torch.addcmul(dc, du * o, 1 - tanh_c * tanh_c)
    slopes = sigmoids - sigmoids * sigmoids
    slopes[2] = 1 - g * g
    return torch.stack([dc * g, dc * c, dc * i, du * tanh_c]) * slopes, dc * f
