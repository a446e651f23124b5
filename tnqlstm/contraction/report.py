"""`plan.describe()`: a plan in words and numbers."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from .cost import NOMINAL_BATCH, readable_bytes

if TYPE_CHECKING:
    from .plan import ContractionPlan

__all__ = ["describe"]

_MEANING = {
    "dense": "statevectors of each connected component",
    "cones": "batched light cones of Pauli transfer matrices",
    "generating": "one network of Pauli transfer matrices, differentiated in its probes",
}


def describe(plan: ContractionPlan) -> str:
    """Several lines of text; numbers are for one sample of one VQC unless they say otherwise."""
    cost = plan.cost()
    lines = [
        f"ContractionPlan: {plan.method} ({_MEANING[plan.method]})",
        f"  circuit        {plan.circuit}",
        f"  observables    {len(plan.observables)}",
        f"  flops          {_number(cost.flops)} a sample (values)",
        f"  log2 peak size {cost.log2_size:.1f} (numbers held for values and gradient; "
        f"largest tensor 2^{_log2(cost.largest):.1f})",
        f"  torch calls    {cost.n_calls}",
        f"  slices         {plan.n_slices}{'' if plan.n_slices > 1 else ' (nothing is sliced)'}",
        *_memory_lines(plan),
        *_cut_lines(plan),
        *_traffic_lines(plan),
        *_considered_lines(plan),
    ]
    return "\n".join(lines)


def _memory_lines(plan: ContractionPlan) -> list[str]:
    predicted = readable_bytes(plan.cost(1, NOMINAL_BATCH).bytes)
    lines = [
        f"  memory         {predicted} predicted for a batch of {NOMINAL_BATCH}, with gradient"
    ]
    for (n_copies, n_samples), measured in plan.measured.items():
        predicted = readable_bytes(plan.cost(n_copies, n_samples).bytes)
        lines.append(
            f"    measured: {readable_bytes(measured)} for {n_copies} × {n_samples} samples, "
            f"predicted {predicted}"
        )
    return lines


def _cut_lines(plan: ContractionPlan) -> list[str]:
    bonds = plan.cut_bonds
    if not bonds:
        return ["  cut bonds      none"]
    log2_total = plan.placed.log2_cut_bond
    lines = [f"  cut bonds      {len(bonds)}, log2 of their joint dimension {log2_total:.1f}"]
    kinds = Counter(
        (
            bond.qpus if str(bond.qpus[0]) <= str(bond.qpus[1]) else bond.qpus[::-1],
            bond.gate,
            bond.bond_dim,
            bond.superoperator_dim,
            bond.hops,
        )
        for bond in bonds
    )
    for (qpus, gate, dim, superdim, hops), count in kinds.items():
        away = "" if hops == 1 else f", {hops} hops"
        lines.append(
            f"    {qpus[0]} - {qpus[1]}: {count} × {gate}, dimension {dim} "
            f"(amplitudes), {superdim} (operators){away}"
        )
    return lines


def _traffic_lines(plan: ContractionPlan) -> list[str]:
    traffic = plan.cost().traffic
    lines = ["  flops by place"]
    for qpu in plan.placed.network.qpus:
        if qpu in traffic.inside:
            lines.append(f"    inside {qpu}: {_number(traffic.inside[qpu])}")
    lines.append(f"    across links: {_number(traffic.across)}")
    if traffic.idle:
        lines.append(f"    idle legs: {_number(traffic.idle)} (small cones joined to larger ones)")
    return lines


def _considered_lines(plan: ContractionPlan) -> list[str]:
    lines = [f"  considered, for a batch of {NOMINAL_BATCH} (memory and time with gradient)"]
    for method, cost in sorted(plan.considered.items(), key=lambda item: item[1].seconds):
        chosen = "  <- chosen" if method == plan.method else ""
        lines.append(
            f"    {method}: {cost.n_calls} calls, {_number(cost.flops)} flops, "
            f"{readable_bytes(cost.bytes)}, about {cost.seconds * 1e3:.3g} ms{chosen}"
        )
    return lines


def _number(value: float) -> str:
    return f"{value:.3g}" if value >= 1e5 else f"{value:.0f}"


def _log2(value: float) -> float:
    return math.log2(max(value, 1.0))
