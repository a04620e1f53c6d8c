"""A graph in layers: which layer each node is on, and in which order the nodes of a layer stand.

An edge goes down over one layer at a time. Its label is a node as well, on a layer of its own
between two layers of boxes, so nothing is ever drawn over a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from attrs import frozen

SWEEPS = 12
"""Times that the order is mended down and up again; more changes nothing in tables of this size."""

Node = int
Pair = tuple[int, int]


@frozen
class Chain:
    """An edge as the nodes it leads over, from top to bottom."""

    nodes: tuple[Node, ...]
    label: Node
    upward: bool
    """True when the edge's own direction is from bottom to top."""


@frozen
class Layers:
    """Nodes below `boxes` are the graph's own; the others are what edges lead over."""

    boxes: int
    order: tuple[tuple[Node, ...], ...]
    """The nodes of each layer, from left to right; even layers have the boxes."""
    chains: tuple[Chain, ...]
    """One for each edge, in the order given."""


def layer(boxes: int, edges: Sequence[Pair]) -> Layers:
    """The layers of a graph of boxes 0, 1, ... that can all be reached from box 0.

    Edges are pairs of different boxes.
    """
    upward = _find_upward(boxes, edges)
    down = [(b, a) if up else (a, b) for (a, b), up in zip(edges, upward, strict=True)]
    ranks = _rank(boxes, down)
    layers: list[list[Node]] = [[] for _ in range(2 * max(ranks) + 1)]
    for box in range(boxes):
        layers[2 * ranks[box]].append(box)
    chains, number = [], boxes
    for (top, bottom), up in zip(down, upward, strict=True):
        between = range(2 * ranks[top] + 1, 2 * ranks[bottom])
        over = tuple(range(number, number + len(between)))
        number += len(between)
        for node, place in zip(over, between, strict=True):
            layers[place].append(node)
        middle = len(between) // 2
        label = over[middle if between[middle] % 2 else middle - 1]
        chains.append(Chain((top, *over, bottom), label, up))
    return Layers(boxes, _mend_order(layers, chains), tuple(chains))


def neighbours(chains: Iterable[Chain]) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    """The nodes right above and right below each node."""
    above: dict[Node, list[Node]] = {}
    below: dict[Node, list[Node]] = {}
    for chain in chains:
        for high, low in pairwise(chain.nodes):
            below.setdefault(high, []).append(low)
            above.setdefault(low, []).append(high)
    return above, below


def _find_upward(boxes: int, edges: Sequence[Pair]) -> list[bool]:
    """Which edges lead back to a box that leads to them: without these there is no circle."""
    upward = [False] * len(edges)
    leaving: list[list[int]] = [[] for _ in range(boxes)]
    for number, (source, _) in enumerate(edges):
        leaving[source].append(number)
    state = ["new"] * boxes
    state[0] = "entered"
    path = [(0, iter(leaving[0]))]
    while path:
        box, rest = path[-1]
        edge = next(rest, None)
        if edge is None:
            state[box] = "left"
            path.pop()
            continue
        dest = edges[edge][1]
        upward[edge] = state[dest] == "entered"
        if state[dest] == "new":
            state[dest] = "entered"
            path.append((dest, iter(leaving[dest])))
    return upward


def _rank(boxes: int, down: Sequence[Pair]) -> list[int]:
    """The length of the longest way to each box."""
    ranks = [0] * boxes
    for _ in range(boxes):
        for top, bottom in down:
            ranks[bottom] = max(ranks[bottom], ranks[top] + 1)
    return ranks


def _mend_order(layers: list[list[Node]], chains: Sequence[Chain]) -> tuple[tuple[Node, ...], ...]:
    """The order with the fewest crossings that sweeps of the median rule come upon."""
    above, below = neighbours(chains)
    best, fewest = [*map(tuple, layers)], _count_crossings(layers, below)
    for sweep in range(SWEEPS):
        toward = above if sweep % 2 == 0 else below
        steps = layers[1:] if sweep % 2 == 0 else layers[-2::-1]
        before = layers[0] if sweep % 2 == 0 else layers[-1]
        for nodes in steps:
            place = {node: index for index, node in enumerate(before)}
            middle = {
                node: _middle([place[other] for other in toward.get(node, [])], index)
                for index, node in enumerate(nodes)
            }
            nodes.sort(key=lambda node: middle[node])
            before = nodes
        crossings = _count_crossings(layers, below)
        if crossings < fewest:
            best, fewest = [*map(tuple, layers)], crossings
    return tuple(best)


def _middle(places: list[int], fallback: int) -> float:
    return sum(places) / len(places) if places else fallback


def _count_crossings(layers: Sequence[Sequence[Node]], below: dict[Node, list[Node]]) -> int:
    crossings = 0
    for upper, lower in pairwise(layers):
        place = {node: index for index, node in enumerate(lower)}
        ends = [sorted(place[other] for other in below.get(node, [])) for node in upper]
        lines = [(index, end) for index, found in enumerate(ends) for end in found]
        crossings += sum(
            1
            for number, (a, b) in enumerate(lines)
            for c, d in lines[number + 1 :]
            if a < c and b > d
        )
    return crossings
