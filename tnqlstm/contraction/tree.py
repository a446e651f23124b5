"""Contraction paths and trees: searched by cotengra, and kept on disk."""

from __future__ import annotations

import itertools
import warnings
from collections import deque
from typing import Any

import networkx as nx

from .cost import NOMINAL_BATCH
from .path_cache import cached_path
from .tensor_network import CONSTANT, INPUTS, WEIGHTS, ContractionPath, Rank, TensorNetwork

__all__ = ["cotengra_tree", "find_path"]

RANKS: tuple[Rank, ...] = (CONSTANT, WEIGHTS, INPUTS)
OBJECTIVE = "combo-8"  # flops, and eight times the numbers written
MOST_STARTS = 16
GREEDY_REPEATS = 64  # of each start
QUICK_REPEATS = 8  # of a path without any start
MOST_LEAVES = 1000  # of all starts together
EXPENSIVE = 20.0  # log2 of the objective, as cotengra gives it
WORTH_POLISHING = 4  # starts from which more than one tree is refined once more
SUBTREE = 8  # leaves of the subtrees that are searched exhaustively
SEED = 0
SEARCH = (OBJECTIVE, NOMINAL_BATCH, GREEDY_REPEATS, MOST_LEAVES, SUBTREE, WORTH_POLISHING, SEED)


def find_path(network: TensorNetwork, starts: int = MOST_STARTS) -> ContractionPath:
    """A pairwise contraction order of the network, the same for the same arguments.

    The best of several starts, each the best of a random-greedy search of cotengra's, refined by
    its subtree reconfiguration; the refined ones differ by more than the greedy ones. The best few
    are refined again, in subtrees that are chosen at random, which gains a fifth. Tensors that read
    inputs carry a batch index, which makes it dear to meet them early. With no start, it's what the
    greedy search finds. Parts that no leg joins are contracted on their own and multiplied at the
    end, the constant ones first. Paths are kept on disk, see `path_cache`.
    """
    legs = network.legs
    numbers = {leg: k for k, leg in enumerate(dict.fromkeys(itertools.chain(*legs)))}
    problem = {
        "legs": [[numbers[leg] for leg in leaf] for leaf in legs],
        "sizes": [network.sizes[leg] for leg in numbers],
        "sampled": [int(rank == INPUTS) for rank in network.ranks],
        "search": [*SEARCH, starts],
    }
    return cached_path(problem, len(legs), lambda: _search_parts(network, starts))


def _search_parts(network: TensorNetwork, starts: int) -> ContractionPath:
    """`find_path`, searched for."""
    n_leaves = len(network.legs)
    path: ContractionPath = []
    ends: list[int] = []  # of the parts, and their ranks
    ranks: list[Rank] = []
    for part in _connected(network):
        numbers = list(part)  # of the part's own leaves, then of what its steps make
        for a, b in _search(network.part(part), starts):
            numbers.append(n_leaves + len(path))
            path.append((numbers[a], numbers[b]))
        ends.append(numbers[-1])
        ranks.append(max(network.ranks[k] for k in part))
    by_rank = [deque(end for end, own in zip(ends, ranks, strict=True) if own == r) for r in RANKS]
    for own, behind in itertools.pairwise([*by_rank, deque[int]()]):
        while len(own) > 1:  # neighbours first, for many small products together
            path.append((own.popleft(), own.popleft()))
            own.append(n_leaves + len(path) - 1)
        behind.extend(own)
    return path


def _connected(network: TensorNetwork) -> list[list[int]]:
    """The leaves of each part that legs join, parts by their first leaf."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(network.legs)))
    holder: dict[int, int] = {}
    for k, leaf in enumerate(network.legs):
        graph.add_edges_from((k, holder.setdefault(leg, k)) for leg in leaf)
    return sorted(sorted(part) for part in nx.connected_components(graph))


def _search(network: TensorNetwork, starts: int) -> ContractionPath:
    """`find_path` of a connected network."""
    n_leaves = len(network.legs)
    if n_leaves == 1:
        return []
    with warnings.catch_warnings():
        # cotengra 0.8 warns that kahypar is missing; it's GPL and crashes, so we don't ask for it
        warnings.filterwarnings("ignore", message="Couldn't import `kahypar`")
        import cotengra

    problem = network.for_cotengra()
    most = max(1, min(starts, MOST_LEAVES // n_leaves))
    if not starts:
        quick = cotengra.RandomGreedyOptimizer(
            max_repeats=QUICK_REPEATS, seed=SEED, accel=True, parallel=False
        )
        return [(min(pair), max(pair)) for pair in quick.ssa_path(*problem)]
    trees: list[Any] = []
    # an expensive network is worth a longer search, where there aren't many
    longest = 4 * most if starts == MOST_STARTS and 2 * n_leaves <= MOST_LEAVES else most
    while len(trees) < most or (len(trees) < longest and min(map(_score, trees)) > EXPENSIVE):
        search = cotengra.RandomGreedyOptimizer(
            max_repeats=GREEDY_REPEATS, seed=SEED + len(trees), accel=True, parallel=False
        )
        tree = cotengra.ContractionTree.from_path(
            *problem, ssa_path=search.ssa_path(*problem), autocomplete=True
        )
        if n_leaves > 2:
            tree.subtree_reconfigure_(subtree_size=SUBTREE, seed=SEED, minimize=OBJECTIVE)
        trees.append(tree)
    polished = 1 + (starts >= WORTH_POLISHING) if n_leaves > 2 else 0  # trees, and times of each
    for tree, seed in itertools.product(sorted(trees, key=_score)[:polished], range(polished)):
        tree.subtree_reconfigure_(
            subtree_size=SUBTREE,
            subtree_search="random",
            select="random",
            seed=seed,
            minimize=OBJECTIVE,
        )
    tree = min(trees, key=_score)
    return [(min(pair), max(pair)) for pair in tree.get_ssa_path()]


def _score(tree: Any) -> float:
    return float(tree.get_score(OBJECTIVE))


def cotengra_tree(network: TensorNetwork, path: ContractionPath, *, batched: bool = False) -> Any:
    """The path as a `cotengra.ContractionTree`; `batched`: with the samples of a nominal batch."""
    import cotengra

    return cotengra.ContractionTree.from_path(
        *network.for_cotengra(batched=batched), ssa_path=path, autocomplete=True
    )
