"""Contraction trees: searched by cotengra, and kept on disk."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from .cost import NOMINAL_BATCH
from .path_cache import Path, cached_path

__all__ = ["Path", "cotengra_tree", "find_path"]

OBJECTIVE = "combo-8"  # flops, and eight times the numbers written
MOST_STARTS = 16
GREEDY_REPEATS = 64  # of each start
MOST_LEAVES = 1000  # of all starts together
EXPENSIVE = 20.0  # log2 of the objective, as cotengra gives it
SUBTREE = 8  # leaves of the subtrees that are searched exhaustively


def find_path(
    legs: Sequence[tuple[int, ...]],
    sizes: Mapping[int, int],
    sampled: Sequence[bool],
    *,
    starts: int = MOST_STARTS,
    seed: int = 0,
) -> Path:
    """A pairwise contraction order of the network, the same for the same arguments.

    The best of several starts, each the best of a random-greedy search of cotengra's, refined by
    its subtree reconfiguration; the refined ones differ by more than the greedy ones. Tensors that
    are `sampled` carry a batch index, which makes it dear to meet them early. Parts that no leg
    joins are contracted on their own and multiplied at the end. Paths are kept on disk, see
    `path_cache`.
    """
    numbers = {leg: k for k, leg in enumerate(dict.fromkeys(itertools.chain(*legs)))}
    problem = {
        "legs": [[numbers[leg] for leg in leaf] for leaf in legs],
        "sizes": [sizes[leg] for leg in numbers],
        "sampled": [int(each) for each in sampled],
        "search": [OBJECTIVE, NOMINAL_BATCH, GREEDY_REPEATS, MOST_LEAVES, SUBTREE, starts, seed],
    }
    return cached_path(problem, len(legs), lambda: _find_paths(legs, sizes, sampled, starts, seed))


def _find_paths(
    legs: Sequence[tuple[int, ...]],
    sizes: Mapping[int, int],
    sampled: Sequence[bool],
    starts: int,
    seed: int,
) -> Path:
    """`find_path`, searched for."""
    path: Path = []
    ends: list[int] = []
    for part in _connected(legs):
        numbers = list(part)  # of the part's own leaves, then of what its steps make
        own = {leg: sizes[leg] for k in part for leg in legs[k]}
        steps = _find_path([legs[k] for k in part], own, [sampled[k] for k in part], starts, seed)
        for pair in steps:
            numbers.append(len(legs) + len(path))
            path.append((numbers[pair[0]], numbers[pair[1]]))
        ends.append(numbers[-1])
    for end in ends[1:]:
        path.append((ends[0], end))
        ends[0] = len(legs) + len(path) - 1
    return path


def _connected(legs: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The leaves of each part that legs join, parts by their first leaf."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(legs)))
    holder: dict[int, int] = {}
    for k, leaf in enumerate(legs):
        graph.add_edges_from((k, holder.setdefault(leg, k)) for leg in leaf)
    return sorted(sorted(part) for part in nx.connected_components(graph))


def _find_path(
    legs: Sequence[tuple[int, ...]],
    sizes: Mapping[int, int],
    sampled: Sequence[bool],
    starts: int,
    seed: int,
) -> Path:
    """`find_path` of a connected network."""
    if len(legs) == 1:
        return []
    with warnings.catch_warnings():
        # cotengra 0.8 warns that kahypar is missing; it's GPL and crashes, so we don't ask for it
        warnings.filterwarnings("ignore", message="Couldn't import `kahypar`")
        import cotengra

    sample = max(sizes, default=0) + 1
    carried = [
        (*leaf, sample) if has else tuple(leaf) for leaf, has in zip(legs, sampled, strict=True)
    ]
    output = (sample,) if any(sampled) else ()
    all_sizes = {**sizes, sample: NOMINAL_BATCH}
    inputs, size_dict = _as_symbols(carried, all_sizes)
    symbols = tuple(cotengra.get_symbol(len(sizes)) for _ in output)
    most = max(1, min(starts, MOST_LEAVES // len(legs)))
    trees: list[Any] = []
    # an expensive network is worth a longer search, where there aren't many
    longest = 4 * most if starts == MOST_STARTS else most
    while len(trees) < most or (len(trees) < longest and min(map(_score, trees)) > EXPENSIVE):
        search = cotengra.RandomGreedyOptimizer(
            max_repeats=GREEDY_REPEATS, seed=seed + len(trees), accel=True, parallel=False
        )
        path = search.ssa_path(inputs, symbols, size_dict)
        tree = cotengra_tree(carried, all_sizes, path, output)
        if len(legs) > 2:
            tree.subtree_reconfigure_(subtree_size=SUBTREE, seed=seed, minimize=OBJECTIVE)
        trees.append(tree)
    tree = min(trees, key=_score)
    return [(min(pair), max(pair)) for pair in tree.get_ssa_path()]


def _score(tree: Any) -> float:
    return float(tree.get_score(OBJECTIVE))


def cotengra_tree(
    legs: Sequence[tuple[int, ...]],
    sizes: Mapping[int, int],
    path: Sequence[tuple[int, ...]],
    output: tuple[int, ...] = (),
) -> Any:
    """The path as a `cotengra.ContractionTree`, to a scalar unless there are `output` legs."""
    import cotengra

    inputs, size_dict = _as_symbols([*legs, output], sizes)
    *inputs, kept = inputs
    return cotengra.ContractionTree.from_path(
        inputs, kept, size_dict, ssa_path=path, autocomplete=True
    )


def _as_symbols(
    legs: Sequence[tuple[int, ...]], sizes: Mapping[int, int]
) -> tuple[list[tuple[str, ...]], dict[str, int]]:
    """Legs as the single characters that cotengra's trees need."""
    import cotengra

    symbols = {leg: cotengra.get_symbol(k) for k, leg in enumerate(sizes)}
    inputs = [tuple(symbols[leg] for leg in leaf) for leaf in legs]
    return inputs, {symbols[leg]: size for leg, size in sizes.items()}
