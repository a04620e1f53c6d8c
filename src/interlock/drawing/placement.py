"""Where the nodes of layers stand: apart from each other, and near to those they are tied to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import frozen

from interlock.drawing.layers import Layers, Node, neighbours

ROUNDS = 60
STRAIGHT = 8.0
"""How much more an edge is kept straight where it only leads over layers than at its ends."""

GAP = 28.0
LAYER_GAP = 28.0


@frozen
class Size:
    """How far a node reaches to each side of its middle, and its height."""

    left: float
    right: float
    height: float


@frozen
class Place:
    """The middle of a node, and the top and bottom of its layer."""

    x: float
    y: float
    top: float
    bottom: float


def place(layers: Layers, sizes: Mapping[Node, Size]) -> dict[Node, Place]:
    """A place for every node; no two overlap, and the leftmost reaches to 0."""
    across = _spread(layers, sizes)
    edge = min(across[node] - sizes[node].left for node in across)
    places, top = {}, 0.0
    for nodes in layers.order:
        bottom = top + max(sizes[node].height for node in nodes)
        for node in nodes:
            places[node] = Place(across[node] - edge, (top + bottom) / 2, top, bottom)
        top = bottom + LAYER_GAP
    return places


def _spread(layers: Layers, sizes: Mapping[Node, Size]) -> dict[Node, float]:
    """The x of every node: each layer in turn is moved to where its neighbours want it."""
    above, below = neighbours(layers.chains)
    across: dict[Node, float] = {}
    for nodes in layers.order:
        across |= dict(zip(nodes, _pack(nodes, sizes, [0.0] * len(nodes), None), strict=True))
    for turn in range(ROUNDS):
        downward = turn % 2 == 0
        for nodes in layers.order if downward else reversed(layers.order):
            ties = [
                _ties(node, layers.boxes, above, below, downward, last=turn >= ROUNDS - 4)
                for node in nodes
            ]
            wishes = [
                sum(weight * across[other] for other, weight in tie) / total
                if (total := sum(weight for _, weight in tie))
                else across[node]
                for node, tie in zip(nodes, ties, strict=True)
            ]
            weights = [max(1.0, sum(weight for _, weight in tie)) for tie in ties]
            across |= dict(zip(nodes, _pack(nodes, sizes, wishes, weights), strict=True))
    return across


def _ties(
    node: Node,
    boxes: int,
    above: Mapping[Node, list[Node]],
    below: Mapping[Node, list[Node]],
    downward: bool,
    *,
    last: bool,
) -> list[tuple[Node, float]]:
    """The neighbours that pull at a node, and how strongly; in the end those of both sides."""
    sides = [above.get(node, []), below.get(node, [])]
    others = [*sides[0], *sides[1]] if last else sides[0 if downward else 1]
    straight = node >= boxes
    return [(one, STRAIGHT if straight and one >= boxes else 1.0) for one in others]


def _pack(
    nodes: Sequence[Node],
    sizes: Mapping[Node, Size],
    wishes: Sequence[float],
    weights: Sequence[float] | None,
) -> list[float]:
    """The places nearest to the wishes at which the nodes, in their order, do not overlap.

    With offsets taken off, that is a rising sequence nearest to a given one: neighbours that want
    to pass each other are pooled at their weighted mean.
    """
    offsets = [0.0]
    for one, other in pairwise(nodes):
        offsets.append(offsets[-1] + sizes[one].right + GAP + sizes[other].left)
    pools: list[tuple[float, float, int]] = []
    for index, wish in enumerate(wishes):
        pool = (wish - offsets[index], 1.0 if weights is None else weights[index], 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, weight, count = pools.pop()
            total = weight + pool[1]
            pool = ((mean * weight + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    spread = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(spread, offsets, strict=True)]
