"""The SVG of a definition shows all of its table, readable, inside its frame."""

import re
from itertools import combinations
from xml.etree import ElementTree as Tree

import pytest

from interlock import COMPLETE, FAILED, Session, SessionType, Shell, step
from interlock.diagrams import edges_of, nodes_of, words_of
from interlock.drawing import svg
from interlock.engine import Definition
from interlock.plugins import load_type
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES

NAMES = tuple(BUILTIN[SESSION_TYPES])
SVG = "{http://www.w3.org/2000/svg}"


class Alone(SessionType):
    """One step that repeats itself."""

    transitions = (
        ("ok", "build", COMPLETE),
        ("error", "build", "build"),
        ("stop", "build", FAILED),
    )

    @step(attempts=2)
    def build(self, session: Session) -> Shell:
        return Shell(("make",))


def definitions() -> list[Definition]:
    """Every built-in type's, and one with a single step."""
    return [Alone.definition, *(load_type(name).definition for name in NAMES)]


def parse(definition: Definition) -> Tree.Element:
    """The picture as XML."""
    return Tree.fromstring(svg(definition))  # noqa: S314  it is our own


def boxes(root: Tree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every step and end."""
    found = []
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("class", "").startswith("box"):
            x, y, width, height = (float(rect.get(n, "")) for n in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


@pytest.mark.parametrize("definition", definitions(), ids=lambda one: one.name)
def test_every_word_of_the_table_is_in_the_picture(definition: Definition) -> None:
    """Every step, end, limit, status and guard, as often as the table has it."""
    written = sorted(text.text or "" for text in parse(definition).iter(f"{SVG}text"))
    words = [word for name in nodes_of(definition) for word in words_of(definition, name)]
    labels = [line for lines in edges_of(definition).values() for line in lines]
    assert written == sorted([*words, *labels])


@pytest.mark.parametrize("definition", definitions(), ids=lambda one: one.name)
def test_every_way_is_one_arrow(definition: Definition) -> None:
    """One line for each pair of nodes that the table ties, and one to the first step."""
    lines = [path for path in parse(definition).iter(f"{SVG}path") if path.get("class") == "line"]
    assert len(lines) == len(edges_of(definition)) + 1


@pytest.mark.parametrize("definition", definitions(), ids=lambda one: one.name)
def test_boxes_stand_apart_and_inside(definition: Definition) -> None:
    """No two boxes overlap, and everything drawn is within the frame."""
    root = parse(definition)
    for (a, b, c, d), (e, f, g, h) in combinations(boxes(root), 2):
        assert c < e or g < a or d < f or h < b
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    drawing = root.find(f"{SVG}g")
    assert drawing is not None
    moved = [float(n) for n in re.findall(r"[\d.]+", drawing.get("transform", ""))]
    for path in drawing.iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", path.get("d", ""))]
        points = zip(numbers[::2], numbers[1::2], strict=True)
        assert all(0 <= x + moved[0] <= width and 0 <= y + moved[1] <= height for x, y in points)
    for left, top, right, bottom in boxes(root):
        assert left + moved[0] >= 0
        assert top + moved[1] >= 0
        assert right + moved[0] <= width
        assert bottom + moved[1] <= height


@pytest.mark.parametrize("definition", definitions(), ids=lambda one: one.name)
def test_an_arrow_begins_and_ends_at_a_box(definition: Definition) -> None:
    """Both ends of every arrow but the first lie on the edge of a box."""
    root = parse(definition)
    edges = boxes(root)
    for path in root.iter(f"{SVG}path"):
        if path.get("class") != "line":
            continue
        numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", path.get("d", ""))]
        ends = [(numbers[-2], numbers[-1])]
        if (numbers[0], numbers[1]) != start_of(root):
            ends.append((numbers[0], numbers[1]))
        for x, y in ends:
            assert any(touches(box, x, y) for box in edges)


def start_of(root: Tree.Element) -> tuple[float, float]:
    """Where the arrow to the first step begins: under the point."""
    point = root.find(f".//{SVG}circle")
    assert point is not None
    return float(point.get("cx", "")), float(point.get("cy", "")) + float(point.get("r", ""))


def touches(box: tuple[float, float, float, float], x: float, y: float) -> bool:
    """True when a point lies on the edge of a box, as exactly as one decimal tells."""
    left, top, right, bottom = box
    inside = left - 0.2 <= x <= right + 0.2 and top - 0.2 <= y <= bottom + 0.2
    on_edge = min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) <= 0.2
    return inside and on_edge
