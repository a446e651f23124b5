"""A contraction tree as products of matrices.

How the legs are ordered is settled here, once: leaves come in the order in which they are used, so
that few operands must be permuted. For how tensors are stored see `product`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .arrays import Array, multiply
from .cache import Cache
from .product import Product, Step, join
from .tensor_network import INPUTS, WEIGHTS, ContractionPath, Legs, Rank, TensorNetwork

__all__ = ["Program", "is_small"]

SMALL = 2**13  # numbers of a tensor that is gathered with others
OF_GATHERED = 5  # further numbers for each of these: a copy, its gradient, indices
MOST_SIZES = 16  # numbers of copies and samples for which products are kept ready
MOST_VOLUME = 2**900  # of a step, so that what is hopeless is a float still
N_LARGEST = 4  # tensors whose legs are tried for slicing


def is_small(size: int) -> bool:
    """Whether a tensor of so many numbers is gathered with others (see `forest`)."""
    return size <= SMALL


class Program:
    """A path over a network's leaves, as steps; nodes are the leaves, then what the steps make.

    `run` contracts rank by rank: constants, then what needs no inputs, then the rest.
    """

    def __init__(
        self, network: TensorNetwork, path: ContractionPath, *, gathered: bool = True
    ) -> None:
        """`gathered`: whether a `Forest` runs it, which takes memory for small tensors."""
        self.network, self.path, self.gathered = network, path, gathered
        self.ranks = list(network.ranks)  # of each node
        for a, b in path:
            self.ranks.append(max(self.ranks[a], self.ranks[b]))
        self.orders = _wanted_orders(network, self.ranks, path)  # of each leaf's legs
        self.steps: list[Step] = []
        self._legs = list(self.orders)  # of each node
        for pair in path:
            step, out = join(pair, self._legs, self.ranks, network.sizes)
            self.steps.append(step)
            self._legs.append(out)
        self.numbers = [math.prod(network.sizes[leg] for leg in legs) for legs in self._legs]
        used = [n for step in self.steps if step.rank == INPUTS for n in (step.left, step.right)]
        self.root = len(self._legs) - 1
        self.root_rank = self.ranks[self.root]
        self._products = Cache[tuple[Rank, int, int], list[tuple[Step, Product]]](MOST_SIZES)
        self.held = [n for n in [*used, self.root] if self.ranks[n] == WEIGHTS]  # what `run` needs

    def axes(self, number: int, legs: Legs) -> list[int]:
        """The order in which a leaf's axes are wanted."""
        return [legs.index(leg) for leg in self.orders[number]]

    def run(
        self, tensors: dict[int, Array], rank: Rank, n_weights: int, n_samples: int = 1
    ) -> None:
        """Contract what has this rank, step by step, in place; `tensors` by node.

        `n_weights` entries of the batch of networks and copies, `n_samples` for each.
        """
        for step, product in self.products(rank, n_weights, n_samples):
            a = product.left.matrix(tensors.pop(step.left))
            b = product.right.matrix(tensors.pop(step.right))
            tensors[step.result] = multiply(a, b)

    def products(
        self, rank: Rank, n_weights: int, n_samples: int = 1
    ) -> list[tuple[Step, Product]]:
        """The steps of a rank, for batches of these sizes."""
        key = (rank, n_weights, n_samples)
        found = self._products.get(key)
        if found is None:
            made = [
                (step, Product.of(step, n_weights, n_samples))
                for step in self.steps
                if step.rank == rank
            ]
            found = self._products.keep(key, made)
        return found

    def reaching(self, leaves: set[int]) -> set[int]:
        """The nodes that depend on some of the leaves."""
        nodes = set(leaves)
        for step in self.steps:
            if step.left in nodes or step.right in nodes:
                nodes.add(step.result)
        return nodes

    # -- cost; by the sizes of the two batches, of what reads weights and of what reads inputs ----

    def sizes(self, n_weights: int, n_inputs: int) -> list[int]:
        """Numbers in each node."""
        batch = (1, n_weights, n_inputs)
        return [n * batch[rank] for n, rank in zip(self.numbers, self.ranks, strict=True)]

    def peak_size(self, n_weights: int, n_inputs: int) -> int:
        """Numbers that leaves, intermediates and permuted copies of them hold together."""
        return self._peak(self.sizes(n_weights, n_inputs))

    def _peak(self, sizes: Sequence[int]) -> int:
        permuted = sum(sizes[node] for step in self.steps for node in step.permuted)
        # as if some of a large tensor were gathered too, so that more samples never take less
        small = sum(min(size, SMALL) for size in sizes) if self.gathered else 0
        return sum(sizes) + permuted + OF_GATHERED * small

    def held_at(self, leg: int, n_weights: int, n_inputs: int) -> tuple[int, float]:
        """Peak size and flops with a leg held at one index."""
        n, sizes = self.network.sizes[leg], self.sizes(n_weights, n_inputs)
        has = [leg in legs for legs in self._legs]
        flops = sum(
            each / n if has[step.left] or has[step.right] else each
            for step, each in zip(self.steps, self.flops(n_weights, n_inputs), strict=True)
        )
        return self._peak([s // n if h else s for s, h in zip(sizes, has, strict=True)]), flops

    def largest_legs(self, n_weights: int, n_inputs: int) -> Legs:
        """The legs of the largest tensors."""
        sizes = self.sizes(n_weights, n_inputs)
        largest = sorted(range(len(sizes)), key=sizes.__getitem__)[-N_LARGEST:]
        return tuple(sorted({leg for node in largest for leg in self._legs[node]}))

    def flops(self, n_weights: int, n_inputs: int) -> list[float]:
        """Of each step, two for each multiplication."""
        batch = (1, n_weights, n_inputs)
        return [2.0 * min(step.volume, MOST_VOLUME) * batch[step.rank] for step in self.steps]


def _wanted_orders(
    network: TensorNetwork, ranks: Sequence[Rank], path: ContractionPath
) -> list[Legs]:
    """The order of each leaf's legs that its product takes as it stands."""
    nodes = [tuple(leaf) for leaf in network.legs]
    for a, b in path:
        nodes.append(
            tuple(leg for leg in nodes[a] + nodes[b] if (leg in nodes[a]) != (leg in nodes[b]))
        )
    wanted = list(nodes)
    for k in range(len(path) - 1, -1, -1):
        out = wanted[len(network.legs) + k]
        left, right = _sides(*path[k], ranks, out, nodes)
        # the order of the summed legs is free: as they stand on the left
        summed = tuple(leg for leg in nodes[left] if leg in nodes[right])
        wanted[left] = (*(leg for leg in out if leg in nodes[left]), *summed)
        wanted[right] = (*summed, *(leg for leg in out if leg in nodes[right]))
    return wanted[: len(network.legs)]


def _sides(
    a: int, b: int, ranks: Sequence[Rank], out: Legs, nodes: Sequence[Legs]
) -> tuple[int, int]:
    """Which operand goes left: the one of higher rank, else the one whose legs come first."""
    if ranks[a] != ranks[b]:
        return (a, b) if ranks[a] > ranks[b] else (b, a)
    return (b, a) if out and out[0] in nodes[b] else (a, b)
