"""Our paths against cotengra's hyper-optimised search, on networks of several shapes."""

from __future__ import annotations

import time
from typing import Any

import cotengra

from benchmarks.problems import placed_circuit
from tnqlstm.contraction.groups import site_network
from tnqlstm.contraction.networks import ConesEvaluator
from tnqlstm.contraction.tensor_network import TensorNetwork
from tnqlstm.contraction.tree import cotengra_tree

__all__ = ["run"]


def run(instance: dict[str, Any]) -> dict[str, Any]:
    """Flops of all light cones' contractions, ours and those of a search.

    The search is given the networks of the sites, as our planner is, and once more what is left of
    them after our plan has absorbed constants.
    """
    circuit, _ = placed_circuit(instance)
    start = time.perf_counter()
    evaluator = ConesEvaluator(circuit, range(circuit.n_qubits))
    planned = time.perf_counter() - start
    ours = of_sites = of_absorbed = 0.0
    seconds = instance["seconds"] / len(evaluator.groups)
    for group in evaluator.groups:
        n, network = len(group.networks), group.program.network
        own = cotengra_tree(network, group.program.path, batched=True)
        ours += 2 * own.contraction_cost() * n
        of_sites += n * _flops_of_search(site_network(group.family), seconds)
        of_absorbed += n * _flops_of_search(network, seconds)
    return {
        "instance": instance,
        "n_qubits": circuit.n_qubits,
        "n_trees": len(evaluator.groups),
        "seconds_to_plan": planned,
        "flops": ours,
        "flops_of_search": of_sites,
        "flops_of_search_absorbed": of_absorbed,
    }


def _flops_of_search(network: TensorNetwork, seconds: float) -> float:
    """Greedy and random-greedy starts, subtree reconfiguration, and the samples' batch index."""
    search = cotengra.HyperOptimizer(
        methods=["greedy", "random-greedy"],
        minimize="flops",
        max_repeats=10**5,  # more than time allows; a million take half a minute to set up
        max_time=seconds,
        reconf_opts={},
        parallel=False,
        optlib="random",
        progbar=False,
    )
    return 2 * float(search.search(*network.for_cotengra()).contraction_cost())
