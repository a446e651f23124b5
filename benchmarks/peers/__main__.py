"""`python -m benchmarks.peers MODULE FUNCTION`: a contestant that another process talks to.

The first line on stdin is the problem as JSON; FUNCTION makes a step of it. The answer is a line
with the seconds that the first call took, compilation included, and what the first calls returned.
Then each line with a number of seconds is answered by the seconds of one call, averaged over as
many calls as fill that time.

The process keeps to one core, since JAX starts as many threads as it sees cores.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module


def main(module: str, function: str) -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    answers, sys.stdout = sys.stdout, sys.stderr  # a library's own prints don't disturb the answers
    problem = json.loads(sys.stdin.readline())
    start = time.perf_counter()
    step = getattr(import_module(f"benchmarks.peers.{module}"), function)(**problem)
    returned = [step()]
    first = time.perf_counter() - start
    returned += [step() for _ in range(2)]
    print(json.dumps({"first_call": first, "returned": returned}), file=answers, flush=True)
    for line in sys.stdin:
        least, calls, start = float(line), 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < least or not calls:
            step()
            calls += 1
        print(elapsed / calls, file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
