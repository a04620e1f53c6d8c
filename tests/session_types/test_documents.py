"""A document is valid when it is there and says something in every required section."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Result
from interlock.session_types.documents import (
    demand_document,
    read_items,
    read_sections,
    required_sections,
)

REQUIRED = ("Purpose", "Public API")

FAULTS = [
    ("", "docs/cart.md is empty"),
    (" \n\t\n", "docs/cart.md is empty"),
    ("Holds goods.", "the section 'Purpose' is missing; the section 'Public API' is missing"),
    ("# Purpose\nHolds goods.", "docs/cart.md: the section 'Public API' is missing"),
    ("# Purpose\n\n# Public API\nadd()", "the section 'Purpose' is empty"),
    ("# Purpose\n\n## Public API\n", "the section 'Public API' is empty"),
    ("```\n# Purpose\nx\n# Public API\nx\n```", "the section 'Purpose' is missing"),
    ("#Purpose\nHolds goods.\n# Public API\nadd()", "the section 'Purpose' is missing"),
]

VALID = [
    "# Purpose\nHolds goods.\n# Public API\nadd()",
    "# Cart\n## PURPOSE ##\nHolds goods.\n### public api\nadd()",
    "```\nx\n```\n# Purpose\nHolds goods.\n~~~\n```\n~~~\n# Public API\nadd()",
    "# Purpose\n## Detail\nHolds goods.\n# Public API\n```\n# a comment\n```",
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_what_is_wrong_with_a_document_is_named(text: str, said: str) -> None:
    """Empty, or without a section, or with an empty one: the error says which."""
    result = demand_document(Result(output=text), "docs/cart.md", REQUIRED)
    assert result.status == "error"
    assert said in str(result.error)


@pytest.mark.parametrize("text", VALID)
def test_a_document_with_all_its_sections_is_valid(text: str) -> None:
    """Headings of any level and case count; a subsection is text of the section above it."""
    result = Result(output=text)
    assert demand_document(result, "docs/cart.md", REQUIRED) is result


def test_a_file_that_could_not_be_read_stays_an_error() -> None:
    """The reason it could not be read is kept."""
    result = Result("error", error="no such file")
    assert demand_document(result, "docs/cart.md", REQUIRED) is result


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    """Deeper headings belong to it, and their text to both."""
    sections = read_sections("# A\none\n## B\ntwo\n# C\nthree")
    assert sections == {"A": "one\n## B\ntwo", "B": "two", "C": "three"}


def test_the_items_of_a_list_are_named() -> None:
    """One name an item, without its markup and what is told of it."""
    text = "## Components\nSome.\n- **cart**: holds goods\n* `order_line` (new)\n  - nested\n+ user"
    assert read_items(text, "components") == ("cart", "order_line", "user")
    assert read_items(text, "Elsewhere") == ()


def test_required_sections_are_those_given_else_the_template_s_else_the_usual() -> None:
    """What is said first wins."""
    template = "# {component}\n## Purpose\n### Detail\n## Errors\n"
    assert required_sections({"sections": "A,B", "template": template}, ("Z",)) == ("A", "B")
    assert required_sections({"template": template}, ("Z",)) == ("Purpose", "Errors")
    assert required_sections({"template": "no headings"}, ("Z",)) == ("Z",)
    assert required_sections({}, ("Z",)) == ("Z",)


@given(st.text(st.sampled_from("#`~ -\nab*\t"), max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    """Sections and items are parts of the text, whatever it is."""
    for title, body in read_sections(text).items():
        assert title in text
        assert all(line.strip() in text for line in body.splitlines())
        assert all(item in text for item in read_items(text, title))
