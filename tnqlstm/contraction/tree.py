"""Contraction trees: searched once by cotengra, kept, and run as a list of pairwise steps.

Batch indices (copies, cones, samples) ride on the tensors that have them: the weights' tensors have
copy and cone, the inputs' have cone and sample, constants none.
"""

from __future__ import annotations

import math
import string
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import torch
from torch import Tensor

from ..distribution.network import QPU
from ..errors import MemoryBudgetError
from .cost import NOMINAL_BATCH, Traffic

__all__ = ["BATCH", "Step", "TreeProgram", "build_program", "find_path"]

BATCH = {"copy": "x", "cone": "y", "sample": "z"}  # symbols of the batch indices in equations
_SYMBOLS = [s for s in string.ascii_letters if s not in BATCH.values()]

Path = list[tuple[int, int]]  # in static single assignment: leaves 0…n−1, step k makes n + k


def find_path(
    legs: Sequence[tuple[int, ...]],
    sizes: Mapping[int, int],
    sampled: Sequence[bool],
    *,
    repeats: int = 64,
    seed: int = 0,
) -> Path:
    """A pairwise contraction order of the network, the same for the same arguments.

    The best by flops of cotengra's random-greedy search, refined by its subtree reconfiguration.
    Tensors that are `sampled` carry a batch index, which makes it dear to meet them early. Parts
    that no leg joins are contracted on their own and multiplied at the end.
    """
    path: Path = []
    ends: list[int] = []
    for part in _connected(legs):
        numbers = list(part)  # of the part's own leaves, then of what its steps make
        own = {leg: sizes[leg] for k in part for leg in legs[k]}
        steps = _find_path([legs[k] for k in part], own, [sampled[k] for k in part], repeats, seed)
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
    repeats: int,
    seed: int,
) -> Path:
    """`find_path` of a connected network."""
    if len(legs) == 1:
        return []
    with warnings.catch_warnings():
        # cotengra 0.8 warns that kahypar is missing; it's GPL and crashes, so we don't ask for it
        warnings.filterwarnings("ignore", message="Couldn't import `kahypar`")
        import cotengra

    search = cotengra.RandomGreedyOptimizer(
        max_repeats=repeats, seed=seed, accel=False, parallel=False
    )
    sample = max(sizes, default=0) + 1
    carried = [
        (*leaf, sample) if has else tuple(leaf) for leaf, has in zip(legs, sampled, strict=True)
    ]
    output = (sample,) if any(sampled) else ()
    all_sizes = {**sizes, sample: NOMINAL_BATCH}
    inputs, size_dict = _as_symbols(carried, all_sizes)
    symbols = tuple(cotengra.get_symbol(len(sizes)) for _ in output)
    path = search.ssa_path(inputs, symbols, size_dict)
    tree = cotengra_tree(carried, all_sizes, path, output)
    if len(legs) > 2:
        tree.subtree_reconfigure_(subtree_size=8, seed=seed, minimize="flops")
    return [(min(pair), max(pair)) for pair in tree.get_ssa_path()]


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


@dataclass(frozen=True)
class Step:
    """One pairwise contraction: operands, einsum equation, and what the cost model needs."""

    left: int
    right: int
    equation: str
    batch: frozenset[str]  # batch indices of the operands, and so of the result
    volume: int  # product of the sizes of all legs involved, batch indices left out
    result_size: int  # product of the result's leg sizes, batch indices left out


@dataclass(frozen=True)
class TreeProgram:
    """A contraction tree as steps. Those without the sample index depend on weights only."""

    n_leaves: int
    steps: tuple[Step, ...]
    leaf_batch: tuple[frozenset[str], ...]
    leaf_sizes: tuple[int, ...]
    path: tuple[tuple[int, int], ...]

    def add_flops(
        self,
        traffic: Traffic,
        homes: Sequence[frozenset[QPU]],
        batch: Mapping[str, int],
        sweeps: int = 1,
    ) -> None:
        """Two flops for each multiplication, on the QPUs that the operands' leaves live on."""
        where = list(homes)
        for step in self.steps:
            where.append(where[step.left] | where[step.right])
            traffic.add(2.0 * sweeps * step.volume * _product(batch, step.batch), where[-1])

    def peak_size(self, batch: Mapping[str, int]) -> int:
        """Numbers held by all leaves and intermediates together, as a backward pass needs them."""
        leaves = zip(self.leaf_sizes, self.leaf_batch, strict=True)
        total = sum(size * _product(batch, labels) for size, labels in leaves)
        return total + sum(s.result_size * _product(batch, s.batch) for s in self.steps)

    def largest_size(self, batch: Mapping[str, int]) -> int:
        """Numbers in the largest single tensor."""
        leaves = zip(self.leaf_sizes, self.leaf_batch, strict=True)
        sizes = [size * _product(batch, labels) for size, labels in leaves]
        return max(sizes + [s.result_size * _product(batch, s.batch) for s in self.steps])

    def run_weights(self, tensors: dict[int, Tensor]) -> dict[int, Tensor]:
        """Contract all that needs no inputs; `tensors` by leaf number. Returns what's left over."""
        return self._run(dict(tensors), lambda step: "sample" not in step.batch)

    def run(self, tensors: dict[int, Tensor]) -> Tensor:
        """Contract the rest, to a tensor with batch axes in the order copy, cone, sample."""
        final = self._run(dict(tensors), lambda step: True)
        (value,) = final.values()
        return value

    def _run(self, held: dict[int, Tensor], wanted: Callable[[Step], bool]) -> dict[int, Tensor]:
        for k, step in enumerate(self.steps):
            if step.left in held and step.right in held and wanted(step):
                left, right = held.pop(step.left), held.pop(step.right)
                held[self.n_leaves + k] = torch.einsum(step.equation, left, right)
        return held

    @property
    def result_batch(self) -> frozenset[str]:
        return self.steps[-1].batch if self.steps else self.leaf_batch[0]


def build_program(
    legs: Sequence[tuple[int, ...]],
    batch: Sequence[frozenset[str]],
    sizes: Mapping[int, int],
    path: Sequence[tuple[int, int]],
) -> TreeProgram:
    """The steps of a path, with the equations that carry the batch indices along."""
    nodes: list[tuple[int, ...]] = [tuple(leaf) for leaf in legs]
    labels: list[frozenset[str]] = list(batch)
    steps: list[Step] = []
    for left, right in path:
        kept = [leg for leg in nodes[left] if leg not in nodes[right]]
        kept += [leg for leg in nodes[right] if leg not in nodes[left]]
        involved = dict.fromkeys([*nodes[left], *nodes[right]])
        if len(involved) > len(_SYMBOLS):
            raise MemoryBudgetError(
                f"the best contraction found joins {len(involved)} legs at once, too many to hold. "
                "Use fewer layers or links, or fewer qubits in a block."
            )
        symbol = dict(zip(involved, _SYMBOLS, strict=False))
        both = labels[left] | labels[right]

        def term(
            labels: frozenset[str], legs: Sequence[int], symbol: dict[int, str] = symbol
        ) -> str:
            return _batch_term(labels) + "".join(symbol[leg] for leg in legs)

        equation = f"{term(labels[left], nodes[left])},{term(labels[right], nodes[right])}"
        steps.append(
            Step(
                left,
                right,
                f"{equation}->{term(both, kept)}",
                both,
                math.prod(sizes[leg] for leg in involved),
                math.prod(sizes[leg] for leg in kept),
            )
        )
        nodes.append(tuple(kept))
        labels.append(both)
    leaf_sizes = tuple(math.prod(sizes[leg] for leg in leaf) for leaf in legs)
    return TreeProgram(len(legs), tuple(steps), tuple(batch), leaf_sizes, tuple(path))


def _batch_term(labels: frozenset[str]) -> str:
    return "".join(symbol for name, symbol in BATCH.items() if name in labels)


def _product(batch: Mapping[str, int], labels: frozenset[str]) -> int:
    return math.prod(batch[name] for name in labels)
