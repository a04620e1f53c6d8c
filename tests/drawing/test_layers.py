"""Layers and places: what must be true of every graph, whatever it looks like."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.drawing.layers import Layers, layer
from interlock.drawing.placement import GAP, Size, place

FEW = settings(max_examples=40)
Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A number of boxes, all reached from box 0, and edges between different ones."""
    boxes = draw(st.integers(2, 9))
    tree = [(draw(st.integers(0, box - 1)), box) for box in range(1, boxes)]
    box = st.integers(0, boxes - 1)
    others = draw(st.lists(st.tuples(box, box).filter(lambda pair: pair[0] != pair[1]), max_size=9))
    return boxes, list(dict.fromkeys([*tree, *others]))


def layer_of(layers: Layers) -> dict[int, int]:
    """The layer that each node is on."""
    return {node: index for index, nodes in enumerate(layers.order) for node in nodes}


@FEW
@given(graph=graphs())
def test_every_edge_goes_down_one_layer_at_a_time(graph: Graph) -> None:
    """From its upper box to its lower one, in its own direction or marked as upward."""
    boxes, edges = graph
    layers = layer(boxes, edges)
    on = layer_of(layers)
    for (source, dest), chain in zip(edges, layers.chains, strict=True):
        ends = (chain.nodes[0], chain.nodes[-1])
        assert ends == ((dest, source) if chain.upward else (source, dest))
        assert all(on[low] == on[high] + 1 for high, low in pairwise(chain.nodes))


@FEW
@given(graph=graphs())
def test_boxes_and_labels_never_share_a_layer(graph: Graph) -> None:
    """Boxes are on even layers, labels on odd ones, and every node is there once."""
    boxes, edges = graph
    layers = layer(boxes, edges)
    on = layer_of(layers)
    assert all(on[box] % 2 == 0 for box in range(boxes))
    assert all(on[chain.label] % 2 == 1 for chain in layers.chains)
    assert all(chain.label in chain.nodes[1:-1] for chain in layers.chains)
    standing = Counter(node for nodes in layers.order for node in nodes)
    assert set(standing.values()) == {1}
    inner = [node for chain in layers.chains for node in chain.nodes[1:-1]]
    assert sorted(standing) == sorted([*range(boxes), *inner])


@FEW
@given(graph=graphs())
def test_only_an_edge_in_a_circle_goes_up(graph: Graph) -> None:
    """An upward edge closes a circle: its source can be reached from its destination."""
    boxes, edges = graph
    chains = layer(boxes, edges).chains
    for (source, dest), chain in zip(edges, chains, strict=True):
        reached = {dest}
        for _ in range(boxes):
            reached |= {b for a, b in edges if a in reached}
        assert not chain.upward or source in reached


def test_a_graph_without_circles_is_drawn_without_crossings_where_it_can_be() -> None:
    """Two ways that cross in the order in which they are declared are drawn apart."""
    edges = [(0, 1), (0, 2), (1, 4), (2, 3)]
    layers = layer(5, edges)
    place_of = {node: index for nodes in layers.order for index, node in enumerate(nodes)}
    assert (place_of[1] < place_of[2]) == (place_of[4] < place_of[3])


@FEW
@given(graph=graphs(), data=st.data())
def test_no_two_nodes_touch(graph: Graph, data: st.DataObject) -> None:
    """Within a layer there is a gap between any two, in order; nothing is left of 0 and no layer
    reaches into the next."""
    layers = layer(*graph)
    half = st.floats(1, 200)
    nodes = [node for nodes in layers.order for node in nodes]
    sizes = {node: Size(*data.draw(st.tuples(half, half, half))) for node in nodes}
    places = place(layers, sizes)
    for row in layers.order:
        for one, other in pairwise(row):
            room = places[other].x - sizes[other].left - places[one].x - sizes[one].right
            assert room >= GAP - 1e-6
    assert min(places[node].x - sizes[node].left for node in nodes) >= -1e-6
    for upper, lower in pairwise(layers.order):
        assert places[upper[0]].bottom < places[lower[0]].top
    assert all(places[n].bottom - places[n].top >= sizes[n].height - 1e-6 for n in nodes)


@FEW
@given(graph=graphs())
def test_the_same_graph_is_drawn_the_same(graph: Graph) -> None:
    """Nothing depends on chance."""
    assert layer(*graph) == layer(*graph)
