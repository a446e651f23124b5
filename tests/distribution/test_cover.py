"""Minimum vertex covers: as small as any, and matchings as large as networkx finds."""

from __future__ import annotations

import itertools

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from tnqlstm.distribution.cover import maximum_matching, minimum_vertex_cover

bipartite_edges = st.lists(
    st.tuples(st.integers(0, 4), st.integers(10, 14)), min_size=0, max_size=14
)


@settings(max_examples=150)
@given(edges=bipartite_edges)
def test_smallest_of_all_covers(edges: list[tuple[int, int]]) -> None:
    cover = minimum_vertex_cover(edges)
    assert all(u in cover or v in cover for u, v in edges)
    vertices = sorted({vertex for edge in edges for vertex in edge})
    smallest = next(
        size
        for size in range(len(vertices) + 1)
        for chosen in itertools.combinations(vertices, size)
        if all(u in chosen or v in chosen for u, v in edges)
    )
    assert len(cover) == smallest


@given(seed=st.integers(0, 10**6))
def test_matching_as_large_as_networkx_finds(seed: int) -> None:
    graph = nx.bipartite.random_graph(40, 50, 0.05, seed=seed)
    neighbours = {u: sorted(graph[u]) for u in range(40) if graph[u]}
    match = maximum_matching(neighbours)
    assert all(left in neighbours and right in neighbours[left] for right, left in match.items())
    assert len(set(match.values())) == len(match)
    assert len(match) == len(nx.bipartite.hopcroft_karp_matching(graph, range(40))) // 2
    assert len(minimum_vertex_cover(graph.edges)) == len(match)
