"""One contraction for all networks of a family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..distribution import Partition
from ..distribution.network import QPU
from .absorption import absorb_constants
from .angles import ConstantBank
from .arrays import Array, stack, zeros
from .families import Family
from .leaves import GroupLeaf
from .program import Program
from .sites import Source
from .slicing import find_slices
from .tensor_network import CONSTANT, INPUTS, WEIGHTS, ContractionPath, Rank, TensorNetwork
from .tree import cotengra_tree
from .works import Flow

__all__ = ["NetworkGroup", "repeat", "site_network"]

RANKS: dict[Source, Rank] = {"constant": CONSTANT, "weights": WEIGHTS, "inputs": INPUTS}


class NetworkGroup:
    """The contraction of a family's networks, from leaves that are made elsewhere."""

    def __init__(
        self,
        family: Family,
        leaves: Mapping[int, GroupLeaf],
        path: ContractionPath,
        slice_: Mapping[int, int] | None = None,
    ) -> None:
        """`leaves`: by their sites in the template. `slice_`: legs held at an index."""
        self.family, self.networks, self._whole = family, family.networks, leaves
        self._sites = list(leaves)
        self.sources = [family.sources[k] for k in leaves]
        self.leaves = [leaf.held(slice_ or {}) for leaf in leaves.values()]
        probes = family.template.probes
        network = _network(self.leaves, self.sources, probes)
        self.program = Program(network, path, gathered=not probes)
        # the nodes that are fixed numbers, once all that is constant has been contracted
        steps = [step for step in self.program.steps if step.rank == CONSTANT]
        made = {*self.leaves_of("constant"), *(step.result for step in steps)}
        self.fixed_nodes = sorted(made - {n for step in steps for n in (step.left, step.right)})
        self.constants = ConstantBank({str(n): partial(self._fixed, n) for n in self.fixed_nodes})

    @classmethod
    def of(cls, family: Family, path: ContractionPath) -> NetworkGroup:
        """With a path of its `site_network`, along which constants are absorbed."""
        return cls(family, *absorb_constants(family.leaves(), family.sources, path))

    @cached_property
    def fixed(self) -> dict[int, NDArray[np.float64]]:
        """The fixed numbers, (network or 1, numbers), contracted at their first use.

        That is within what the program says of its memory.
        """
        found: dict[int, Array] = {}
        for k in self.leaves_of("constant"):
            leaf = self.leaves[k]
            axes = (0, *(1 + axis for axis in self.program.axes(k, leaf.legs)))
            array = leaf.constant().transpose(axes)
            found[k] = np.ascontiguousarray(array.reshape(len(array), -1))
        self.program.run(found, CONSTANT, 1)
        return found

    def _fixed(self, node: int) -> NDArray[np.float64]:
        return self.fixed[node]

    def leaves_of(self, source: Source) -> list[int]:
        return [k for k, own in enumerate(self.sources) if own == source]

    def leaf_flops(self, number: int) -> float:
        """Of making a leaf of one network, for one copy or sample."""
        leaf = self.leaves[number]
        return 0.0 if self.sources[number] == "constant" else 2.0 * leaf.n_terms * leaf.n_numbers

    def tree(self) -> Any:
        """The contraction as a `cotengra.ContractionTree`, batch indices left out."""
        return cotengra_tree(self.program.network, self.program.path)

    def homes(self, number: int, placed: Partition) -> list[frozenset[QPU]]:
        """The QPU of each leaf of a network; none for what is filled in."""
        network, fills = self.networks[number], self.family.fills[self.family.kind_of[number]]
        homes = [
            frozenset[QPU]()
            if (leaf := fills[site].leaf) is None
            else frozenset({placed.qpu_of[network.leaves[leaf].qubit]})
            for site in self._sites
        ]
        return homes + [frozenset({placed.qpu_of[q]}) for q in network.probes]

    def slices(self, max_memory: float, bytes_each: int) -> list[dict[int, int]]:
        """The legs held at an index in each slice; their values add up, see `find_slices`."""
        probes = set(self.family.template.probes.values())
        return find_slices(self.program, len(self.networks), probes, max_memory, bytes_each)

    def slice(self, held: Mapping[int, int]) -> NetworkGroup:
        """The group with some legs held at an index."""
        return NetworkGroup(self.family, self._whole, self.program.path, held)

    def flows(self) -> list[Flow]:
        """Of each node, whether it depends on weights and on inputs."""
        weights, inputs = (
            self.program.reaching(set(self.leaves_of(source))) for source in ("weights", "inputs")
        )
        return [(node in weights, node in inputs) for node in range(len(self.program.ranks))]

    # -- step by step, where torch differentiates -------------------------------------------------

    def prepare(self, leaves: Mapping[int, Array], copies: int, like: Array) -> dict[int, Array]:
        """What needs no inputs, of the leaves that read weights: the program's held tensors."""
        tensors = {**leaves, **self._constants(CONSTANT, like)}
        for k, array in self._constants(WEIGHTS, like).items():
            tensors[k] = repeat(array[:, None], copies).reshape(-1, array.shape[1])
        self.program.run(tensors, WEIGHTS, len(self.networks) * copies)
        return {node: tensors[node] for node in self.program.held}

    def evaluate(
        self, given: Mapping[int, Array], copies: int, n_samples: int, like: Array
    ) -> Array:
        """Each network's value, (copy, network, sample).

        `given`: what is held, the leaves that read inputs, (network · copy · sample, numbers), and
        a generating network's probes, the leaves behind all sites, (copy · sample, 2).
        """
        n_networks = len(self.networks)
        tensors = {**self._constants(CONSTANT, like), **given}
        self.program.run(tensors, INPUTS, n_networks * copies, n_samples)
        value = tensors[self.program.root]
        if self.program.root_rank == CONSTANT:
            return value.reshape(1, -1, 1) + zeros((copies, n_networks, n_samples), value)
        value = value.reshape(n_networks, copies, -1).swapaxes(0, 1)
        if self.program.root_rank == WEIGHTS:
            return value + zeros((copies, n_networks, n_samples), value)
        return value

    def _constants(self, rank: Rank, like: Array) -> dict[int, Array]:
        return {
            node: self.constants.get(str(node), like)
            for node in self.fixed_nodes
            if self.program.ranks[node] == rank
        }


def site_network(family: Family) -> TensorNetwork:
    """A family's network with a tensor for each site, nothing absorbed."""
    return _network(family.leaves(), family.sources, family.template.probes)


def _network(
    leaves: Sequence[GroupLeaf], sources: Sequence[Source], probes: Mapping[int, int]
) -> TensorNetwork:
    """The leaves, and behind them the open legs of a generating network."""
    ranks = [
        # a constant that differs from network to network goes with the weights
        WEIGHTS if source == "constant" and len(leaf.kinds) > 1 else RANKS[source]
        for source, leaf in zip(sources, leaves, strict=True)
    ]
    return TensorNetwork(
        [*(leaf.legs for leaf in leaves), *((leg,) for leg in probes.values())],
        {leg: size for leaf in leaves for leg, size in zip(leaf.legs, leaf.shape, strict=True)},
        [*ranks, *(INPUTS for _ in probes)],
    )


def repeat(a: Array, copies: int) -> Array:
    """(network, source, numbers) -> (network, copy, source, numbers), the same for each copy."""
    return stack([a] * copies, 1)
