"""One OpenQASM 3 program a QPU, with the e-bit, measurement and correction of each telegate.

A program has its QPU's data and communication qubits, and

- ``@ebit 7 qpu1`` before ``reset comm[0];``: from here comm[0] is half of Bell pair number 7,
  (|00⟩ + |11⟩)/√2, shared with qpu1, whose program has the same number;
- ``send(3, b3);`` and ``b3 = receive(3);``: measured bit number 3, from the QPU that measures it
  to the one that corrects by it. Receiving waits until the bit is there.

OpenQASM 3 has no Bell pairs between machines, hence the annotation; messages are extern functions,
its way to call what is outside of a program. Run at the same time, the programs do what the circuit
does, up to a global phase. Comments say which data qubit holds which qubit of the circuit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..circuit import InputSlot, WeightSlot
from ..circuit.qasm import definitions, statement
from ..circuit.slots import slots_of
from .network import QPU
from .protocol import Apply, EBit, Measure, Protocol, Ref

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .placed import Partition

__all__ = ["programs"]


def programs(
    placed: Partition, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> dict[QPU, str]:
    """{QPU: OpenQASM 3 text}; see `Partition.programs`."""
    filled = placed.circuit.with_values(weights, inputs).operations
    value = {op.angle: new.angle for op, new in zip(placed.circuit.operations, filled, strict=True)}
    steps = tuple(
        replace(step, angle=value.get(step.angle, step.angle)) if isinstance(step, Apply) else step
        for step in placed.protocol.steps
    )
    whole = replace(placed.protocol, steps=steps)
    return {
        qpu: "\n".join(_lines(whole, number)) + "\n"
        for number, qpu in enumerate(placed.network.qpus)
    }


def _lines(whole: Protocol, qpu: int) -> list[str]:
    names = whole.network.qpus
    body = _body(whole, qpu, [str(name) for name in names])
    own = [step for step in whole.steps if isinstance(step, Apply) and step.refs[0].qpu == qpu]
    read = {slot for step in own for slot in slots_of(step.angle)}
    slots = sorted(f"w{slot.index}" for slot in read if isinstance(slot, WeightSlot))
    slots += sorted({f"x{slot.index}" for slot in read if isinstance(slot, InputSlot)})
    ends = (whole.measured_on, whole.corrected_on)
    bits = sorted({bit for on in ends for bit, where in on.items() if where == qpu})
    n_comm = whole.communication_qubits[qpu]
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += definitions(step.name for step in own)
    if bits:
        lines += ["extern send(uint[32], bit);", "extern receive(uint[32]) -> bit;"]
    lines += [f"input float[64] {slot};" for slot in slots]
    lines += [f"// QPU {names[qpu]}", *_holds("at the start", whole.starts, qpu)]
    lines += [f"qubit[{whole.network.capacities[qpu]}] data;"]
    lines += [f"qubit[{n_comm}] comm;"] if n_comm else []
    lines += [f"bit b{bit};" for bit in bits]
    return [*lines, *body, *_holds("at the end", whole.roots, qpu)]


def _holds(when: str, refs: tuple[Ref, ...], qpu: int) -> list[str]:
    held = [f"data[{ref.number}] is qubit {q}" for q, ref in enumerate(refs) if ref.qpu == qpu]
    return [f"// {when}: {', '.join(held) or 'no qubit'}"]


def _body(whole: Protocol, qpu: int, names: list[str]) -> list[str]:
    """The statements of a QPU, in the order of the steps."""
    lines, n_ebits = [], 0
    for step in whole.steps:
        if isinstance(step, EBit):
            for own, other in (step.ends, step.ends[::-1]):
                if own.qpu == qpu:
                    lines += [f"@ebit {n_ebits} {names[other.qpu]}", f"reset {_name(own)};"]
            n_ebits += 1
        elif isinstance(step, Apply):
            if step.refs[0].qpu == qpu:
                lines.append(statement(step.name, step.angle, map(_name, step.refs)))
        elif step.ref.qpu != qpu:
            continue
        elif isinstance(step, Measure):
            lines += [f"b{step.bit} = measure {_name(step.ref)};", f"reset {_name(step.ref)};"]
            if whole.corrected_on[step.bit] != qpu:
                lines.append(f"send({step.bit}, b{step.bit});")
        else:
            if whole.measured_on[step.bit] != qpu:
                lines.append(f"b{step.bit} = receive({step.bit});")
            lines.append(f"if (b{step.bit}) {{ {statement(step.name, None, [_name(step.ref)])} }}")
    return lines


def _name(ref: Ref) -> str:
    return f"{ref.register}[{ref.number}]"
