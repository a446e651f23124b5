"""A plan's ⟨Z⟩ of one sample, from numpy to numpy."""

from __future__ import annotations

import numpy as np
import torch

import tnqlstm as tnq


def values_of(plan: tnq.ContractionPlan, weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Shape (n_observables,), of weights of the circuit's shape and inputs (n_inputs,)."""
    w, x = torch.tensor(weights).reshape(1, -1), torch.tensor(inputs)[None]
    return plan.evaluate(plan.prepare(w), w, x)[0, 0].numpy()
