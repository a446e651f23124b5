"""torchquantum-ng: batched statevectors by torch's autograd, its functional gates."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from benchmarks.peers import encodings
from benchmarks.peers.lstm_step import make_step

# It imports torchvision for image data sets that aren't used here, and whose builds want CUDA's
# torch; and it decides for single precision in a module of constants. Both are settled beforehand.
sys.modules["torchquantum.dataset"] = ModuleType("torchquantum.dataset")
_package = importlib.util.find_spec("torchquantum")
assert _package is not None
assert _package.submodule_search_locations is not None
_spec = importlib.util.spec_from_file_location(
    "torchquantum.macro", f"{_package.submodule_search_locations[0]}/macro.py"
)
assert _spec is not None
assert _spec.loader is not None
_macro = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_macro)
vars(_macro).update(C_DTYPE=torch.complex128, F_DTYPE=torch.float64)
sys.modules["torchquantum.macro"] = _macro

import torchquantum as tq  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

ENCODINGS = encodings(torch.arctan)


def training_step(
    operations: list[list[Any]],
    n_qubits: int,
    weights: list[Any],
    head_weight: list[Any],
    head_bias: list[Any],
    x: list[Any],
    y: list[Any],
    *,
    merged: bool = False,
) -> Callable[[], float]:
    """One RMSprop step of a QLSTM of `chen2024`; returns the loss before it.

    Arguments as of `benchmarks.peers.tensorcircuit_ng.training_step`. Each VQC is a device whose
    batch are the samples, as in the documentation; or `merged`, all VQCs are one batch.
    """
    n_samples, n_hidden = len(x), len(head_weight[0])
    measure = tq.MeasureAll(tq.PauliZ)

    def vqcs(v: Tensor, gates: Tensor) -> Tensor:
        """(4, sample, hidden) of v (sample, qubit)."""
        if merged:
            every = circuit(gates.repeat_interleave(n_samples, 0), v.repeat(4, 1))
        else:
            every = torch.cat([circuit(own[None], v) for own in gates.unbind(0)])
        return every.reshape(4, n_samples, n_qubits)[..., :n_hidden]

    def circuit(weights: Tensor, v: Tensor) -> Tensor:
        """⟨Z⟩ of weights (1 or row, n) and v (row, qubit)."""
        encoded = {name: function(v) for name, function in ENCODINGS.items()}
        device = tq.QuantumDevice(n_wires=n_qubits, bsz=len(v), device="cpu")
        for name, qubits, angle in operations:
            gate = getattr(tq.functional, {"H": "hadamard", "CX": "cnot"}.get(name, name.lower()))
            if angle is None:
                gate(device, wires=qubits)
            else:
                source, index, *encoding = angle
                angles = weights if source == "weight" else encoded[encoding[0]]
                gate(device, wires=qubits, params=angles[:, index : index + 1])
        return measure(device)

    (gates,) = weights
    return make_step(vqcs, *map(torch.tensor, (gates, head_weight, head_bias, x, y)))


def training_step_merged(**problem: Any) -> Callable[[], float]:
    return training_step(**problem, merged=True)
