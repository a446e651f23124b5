"""Our paths against cotengra's hyper-optimised search, on networks of several shapes."""

from __future__ import annotations

import time
from typing import Any

import cotengra

from benchmarks.problems import placed_circuit
from tnqlstm.contraction.networks import ConesEvaluator
from tnqlstm.contraction.tree import cotengra_tree

__all__ = ["run"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Flops of all light cones' contractions, ours and the search's on the same networks.

    The search has `seconds` in all, shared among the networks; greedy and random-greedy starts with
    subtree reconfiguration, and the batch index of the samples, as ours.
    """
    circuit, _ = placed_circuit(instance)
    start = time.perf_counter()
    evaluator = ConesEvaluator(circuit, range(circuit.n_qubits))
    planned = time.perf_counter() - start
    ours = theirs = 0.0
    for group in evaluator.groups:
        network, path = group.program.network, group.program.path
        own = cotengra_tree(network, path, batched=True)
        search = cotengra.HyperOptimizer(
            methods=["greedy", "random-greedy"],
            minimize="flops",
            max_repeats=10**5,  # more than time allows; a million take half a minute to set up
            max_time=instance["seconds"] / len(evaluator.groups),
            reconf_opts={},
            parallel=False,
            optlib="random",
            progbar=False,
        )
        tree = search.search(*network.for_cotengra())
        ours += 2 * own.contraction_cost() * len(group.networks)
        theirs += 2 * tree.contraction_cost() * len(group.networks)
    return {
        "instance": instance,
        "n_qubits": circuit.n_qubits,
        "n_trees": len(evaluator.groups),
        "seconds_to_plan": planned,
        "flops": ours,
        "flops_of_search": theirs,
    }
