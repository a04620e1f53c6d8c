"""The SVG of a definition: boxes for steps, rounded ones for ends, an arrow for every way between.

An arrow says which statuses take it and under which guards, a line for each row of the table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from attrs import frozen

from interlock.diagrams import edges_of, nodes_of, words_of
from interlock.drawing.layers import Chain, layer
from interlock.drawing.placement import Place, Size, place
from interlock.engine.definition import Definition
from interlock.engine.table import ENDS

MARGIN = 24.0
START = 34.0
"""Room above the first step for the point where a session starts."""

FONT, SMALL = 14.0, 12.0
EM = 0.61  # the width of a letter of a fixed-width font, in its size
LINE = 1.3  # the height of a line, in the size of its letters

STYLE = """
  text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328;
         text-anchor: middle; dominant-baseline: central; }
  .step { font-size: 14px; } .note, .way { font-size: 12px; } .note { fill: #57606a; }
  .box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2; }
  .complete { fill: #dafbe1; stroke: #1a7f37; } .failed { fill: #ffebe9; stroke: #cf222e; }
  .cancelled { fill: #fff8c5; stroke: #9a6700; }
  .line { fill: none; stroke: #57606a; stroke-width: 1.2; marker-end: url(#head); }
  .paper { fill: #ffffff; } .point { fill: #1f2328; }
"""

HEAD = (
    '<marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#57606a"/></marker>'
)

Point = tuple[float, float]


@frozen
class Loop:
    """An arrow from a box to itself."""

    box: int
    lines: tuple[str, ...]


def svg(definition: Definition) -> str:
    """The picture of a definition as an SVG document."""
    names = nodes_of(definition)
    number = {name: index for index, name in enumerate(names)}
    texts = [words_of(definition, name) for name in names]
    ways = {(number[a], number[b]): lines for (a, b), lines in edges_of(definition).items()}
    loops = [Loop(a, tuple(lines)) for (a, b), lines in ways.items() if a == b]
    edges = [pair for pair in ways if pair[0] != pair[1]]
    layers = layer(len(names), edges)
    sizes = {index: _box_size(text) for index, text in enumerate(texts)}
    for loop in loops:
        size, label = sizes[loop.box], _label_size(loop.lines)
        width = size.right + 34 + 2 * label.right
        sizes[loop.box] = Size(size.left, width, max(size.height, label.height + 16))
    for chain, pair in zip(layers.chains, edges, strict=True):
        sizes |= dict.fromkeys(chain.nodes[1:-1], Size(4, 4, 8))
        sizes[chain.label] = _label_size(ways[pair])
    places = place(layers, sizes)
    parts = [
        *_ways(layers.chains, [ways[pair] for pair in edges], places, texts),
        *(part for loop in loops for part in _loop(loop, places[loop.box], texts[loop.box])),
        *_start(places[0], texts[0]),
    ]
    for index, name in enumerate(names):
        parts += _box(name, texts[index], places[index])
    width = max(places[node].x + sizes[node].right for node in places) + 2 * MARGIN
    height = max(one.bottom for one in places.values()) + START + 2 * MARGIN
    return _document(definition.name, width, height, parts)


def _document(name: str, width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
            f"<title>{escape(name)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{HEAD}</defs>",
            '<rect class="paper" width="100%" height="100%"/>',
            f'<g transform="translate({MARGIN:g} {MARGIN + START:g})">',
            *parts,
            "</g>",
            "</svg>\n",
        ]
    )


def _ways(
    chains: Sequence[Chain],
    labels: Sequence[Sequence[str]],
    places: Mapping[int, Place],
    texts: Sequence[Sequence[str]],
) -> Iterator[str]:
    ports = _ports(chains, places, texts)
    written: list[str] = []
    for index, (chain, lines) in enumerate(zip(chains, labels, strict=True)):
        points = [ports[index, "top"]]
        for node in chain.nodes[1:-1]:
            points += [(places[node].x, places[node].top), (places[node].x, places[node].bottom)]
        points.append(ports[index, "bottom"])
        yield _line(points[::-1] if chain.upward else points)
        at = places[chain.label]
        written += _label(lines, at.x, at.y)
    yield from written


def _ports(
    chains: Sequence[Chain], places: Mapping[int, Place], texts: Sequence[Sequence[str]]
) -> dict[tuple[int, str], Point]:
    """Where each way begins and ends: side by side on the edge of a box, in the order in which
    they go on."""
    ports: dict[tuple[int, str], Point] = {}
    for side, end, towards in (("top", 0, 1), ("bottom", -1, -2)):
        for box, text in enumerate(texts):
            here = [index for index, chain in enumerate(chains) if chain.nodes[end] == box]
            here.sort(key=lambda index: (places[chains[index].nodes[towards]].x, index))
            size, at = _box_size(text), places[box]
            y = at.y + size.height / 2 if side == "top" else at.y - size.height / 2
            for number, index in enumerate(here, 1):
                share = number / (len(here) + 1)
                ports[index, side] = (at.x - size.left + share * (size.left + size.right), y)
    return ports


def _line(points: Sequence[Point]) -> str:
    """A curve through points that leaves and enters each of them upright."""
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        if abs(to_x - x) < 0.05:
            path.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            half = (y + to_y) / 2
            path.append(f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return f'<path class="line" d="{" ".join(path)}"/>'


def _loop(loop: Loop, at: Place, text: Sequence[str]) -> Iterator[str]:
    size, label = _box_size(text), _label_size(loop.lines)
    side, reach = at.x + size.right, at.x + size.right + 26
    up, down = at.y - size.height / 4, at.y + size.height / 4
    yield (
        f'<path class="line" d="M{side:.1f} {down:.1f} C{reach:.1f} {down + 12:.1f} '
        f'{reach:.1f} {up - 12:.1f} {side:.1f} {up:.1f}"/>'
    )
    yield from _label(loop.lines, side + 24 + label.right, at.y)


def _start(at: Place, text: Sequence[str]) -> Iterator[str]:
    top = at.y - _box_size(text).height / 2
    yield f'<circle class="point" cx="{at.x:.1f}" cy="{top - START + 6:.1f}" r="6"/>'
    yield _line([(at.x, top - START + 12), (at.x, top)])


def _box(name: str, text: Sequence[str], at: Place) -> Iterator[str]:
    size = _box_size(text)
    kind, round_ = (f"box {name}", size.height / 2) if name in ENDS else ("box", 6)
    yield (
        f'<rect class="{kind}" x="{at.x - size.left:.1f}" y="{at.y - size.height / 2:.1f}" '
        f'width="{size.left + size.right:.1f}" height="{size.height:.1f}" rx="{round_:g}"/>'
    )
    yield from _text(text[:1], at.x, at.y - (len(text) - 1) * SMALL * LINE / 2, "step", FONT)
    rest = at.y + (FONT * LINE) / 2
    yield from _text(text[1:], at.x, rest, "note", SMALL)


def _label(lines: Sequence[str], x: float, y: float) -> Iterator[str]:
    size = _label_size(lines)
    yield (
        f'<rect class="paper" x="{x - size.left:.1f}" y="{y - size.height / 2:.1f}" '
        f'width="{2 * size.left:.1f}" height="{size.height:.1f}"/>'
    )
    yield from _text(lines, x, y, "way", SMALL)


def _text(lines: Sequence[str], x: float, y: float, kind: str, font: float) -> Iterator[str]:
    top = y - (len(lines) - 1) * font * LINE / 2
    for index, line in enumerate(lines):
        at = top + index * font * LINE
        yield f'<text class="{kind}" x="{x:.1f}" y="{at:.1f}">{escape(line)}</text>'


def _box_size(text: Sequence[str]) -> Size:
    half = max(_width(text[0], FONT), *(_width(line, SMALL) for line in text), 40.0) / 2 + 14
    return Size(half, half, 20 + FONT * LINE + (len(text) - 1) * SMALL * LINE)


def _label_size(lines: Sequence[str]) -> Size:
    half = max(_width(line, SMALL) for line in lines) / 2 + 5
    return Size(half, half, len(lines) * SMALL * LINE + 4)


def _width(text: str, font: float) -> float:
    cells = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return cells * font * EM
