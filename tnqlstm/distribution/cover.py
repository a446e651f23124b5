"""Minimum vertex covers of bipartite graphs, exactly (König's theorem)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

__all__ = ["maximum_matching", "minimum_vertex_cover"]

Edge = tuple[int, int]


def minimum_vertex_cover(edges: Iterable[Edge]) -> frozenset[int]:
    """A smallest set of vertices that touches every edge (left, right) of a bipartite graph.

    Left and right vertices must differ. Exact, by König's theorem.
    """
    neighbours: dict[int, list[int]] = {}
    for left, right in dict.fromkeys(edges):
        neighbours.setdefault(left, []).append(right)
    match = maximum_matching(neighbours)
    matched_left = set(match.values())
    # a left vertex is in the cover unless an alternating path reaches it from an unmatched left one
    reached = {left for left in neighbours if left not in matched_left}
    reached_right: set[int] = set()
    queue = deque(reached)
    while queue:
        for right in neighbours[queue.popleft()]:
            if right not in reached_right:
                reached_right.add(right)
                if match[right] not in reached:
                    reached.add(match[right])
                    queue.append(match[right])
    return frozenset(left for left in neighbours if left not in reached) | reached_right


def maximum_matching(neighbours: dict[int, list[int]]) -> dict[int, int]:
    """A maximum matching, as right vertex -> left vertex, by shortest augmenting paths."""
    match: dict[int, int] = {}
    unmatched = []
    for left, rights in neighbours.items():
        free = next((right for right in rights if right not in match), None)
        if free is None:
            unmatched.append(left)
        else:
            match[free] = left
    partner: dict[int, int | None] = {left: right for right, left in match.items()}
    for start in unmatched:
        came_from: dict[int, int] = {}
        right = _free_end(start, neighbours, match, came_from)
        while right is not None:  # flip the path, from its free end back to its start
            left = came_from[right]
            before = partner.get(left)
            match[right], partner[left] = left, right
            right = before
    return match


def _free_end(
    start: int,
    neighbours: dict[int, list[int]],
    match: dict[int, int],
    came_from: dict[int, int],
) -> int | None:
    """The free right vertex nearest to `start` by alternating paths; fills `came_from`."""
    queue = deque([start])
    while queue:
        left = queue.popleft()
        for right in neighbours[left]:
            if right not in came_from:
                came_from[right] = left
                if right not in match:
                    return right
                queue.append(match[right])
    return None
