"""A parent gives each of its components a child, in order, with the input that is meant for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Child
from interlock.engine.errors import InvalidInput
from interlock.session_types.component_coding import ComponentCoding
from interlock.session_types.components import check_children, make_children, read_components

names = st.text("abcdefg", min_size=1, max_size=4)
CONTEXT = {
    "context": "shop",
    "components": ["order", {"name": "cart", "priority": 1, "language": "Rust"}],
    "path": "src/{name}.py",
    "test": "pytest -k {name} tests",
    "language": "Python",
    "message": "Code the shop",
    "tries": 2,
}


@given(priorities=st.dictionaries(names, st.integers(-3, 3), min_size=1))
def test_the_highest_priority_comes_first_then_the_name(priorities: dict[str, int]) -> None:
    """Whatever the order they are given in."""
    components = read_components(
        {"components": [{"name": name, "priority": value} for name, value in priorities.items()]}
    )
    assert {component.name for component in components} == set(priorities)
    keys = [(-component.priority, component.name) for component in components]
    assert keys == sorted(keys)


def test_components_are_named_in_a_text_too() -> None:
    """A text with commas names them as a list does."""
    assert read_components({"components": " order, cart "}) == read_components(
        {"components": ["cart", "order"]}
    )


def test_a_child_gets_the_input_that_is_meant_for_it() -> None:
    """What its type takes of the parent's input, the name put in, then what is its own."""
    cart, order = make_children(ComponentCoding, CONTEXT, "work")
    assert cart == Child(
        "component_coding",
        {
            "component": "cart",
            "path": "src/cart.py",
            "test": ["pytest", "-k", "cart", "tests"],
            "language": "Rust",
            "tries": 2,
            "branch": "work",
        },
        key="cart",
        title="component_coding: cart",
    )
    assert order.input["language"] == "Python"


@given(name=st.text(min_size=1).filter(lambda name: name.isprintable() and name.strip()))
def test_a_name_is_one_word_of_a_command(name: str) -> None:
    """Blanks, quotes and dashes in a name add no argument to the command of its child."""
    (child,) = make_children(ComponentCoding, {**CONTEXT, "components": [{"name": name}]}, "work")
    assert child.input["test"] == ["pytest", "-k", name.strip(), "tests"]


def test_every_child_would_start() -> None:
    """A parent is refused when one of its children would be, and the component is named."""
    check_children(ComponentCoding, CONTEXT)
    wrong = {**CONTEXT, "components": ["order", {"name": "cart", "test": "'"}]}
    with pytest.raises(InvalidInput, match="component cart: the input 'test' is a command line"):
        check_children(ComponentCoding, wrong)
