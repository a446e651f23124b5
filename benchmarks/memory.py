"""`python -m benchmarks.memory INSTANCE`: bytes of values and gradient, in a process of its own.

An allocator that has run before has memory to spare, which wouldn't be seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["measured_bytes"]


def measured_bytes(instance: dict[str, Any]) -> int | None:
    """Main memory that the instance's step takes; None where the system can't tell."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", json.dumps(instance)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    found: int | None = json.loads(run.stdout)
    return found


def main(instance: dict[str, Any]) -> None:
    import torch

    from benchmarks.problems import placed_circuit
    from tnqlstm.contraction import plan_expectations

    torch.set_num_threads(1)
    circuit, placed = placed_circuit(instance)
    print(json.dumps(plan_expectations(circuit, placed).measure_memory(1, instance["batch"])))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
