"""Our paths against cotengra's hyper-optimised search, on networks of several shapes."""

from __future__ import annotations

import time
from typing import Any

import cotengra

from benchmarks.problems import placed_circuit
from tnqlstm.contraction.cost import NOMINAL_BATCH
from tnqlstm.contraction.networks import ConesEvaluator
from tnqlstm.contraction.program import INPUTS

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
        symbols = {leg: cotengra.get_symbol(k + 1) for k, leg in enumerate(group.sizes)}
        sample = cotengra.get_symbol(0)
        ranks = group.program.leaf_ranks
        terms = [
            tuple(symbols[leg] for leg in legs) + ((sample,) if rank == INPUTS else ())
            for legs, rank in zip(group.legs, ranks, strict=True)
        ]
        sizes = {symbols[leg]: size for leg, size in group.sizes.items()} | {sample: NOMINAL_BATCH}
        output = (sample,) if INPUTS in ranks else ()
        own = cotengra.ContractionTree.from_path(
            terms, output, sizes, ssa_path=group.program.path, autocomplete=True
        )
        search = cotengra.HyperOptimizer(
            methods=["greedy", "random-greedy"],
            minimize="flops",
            max_repeats=10**6,
            max_time=instance["seconds"] / len(evaluator.groups),
            reconf_opts={},
            parallel=False,
            optlib="random",
            progbar=False,
        )
        tree = search.search(terms, output, sizes)
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
