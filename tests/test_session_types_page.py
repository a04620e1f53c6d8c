"""The page about the session types says what the code says, and its examples start sessions."""

import json
import shlex
from typing import Any

import pytest

from interlock.engine import start
from interlock.plugins import load_type
from interlock.plugins.builtin import BUILTIN, SESSION_TYPES
from tools.session_types_page import EXAMPLES, PAGE, write_page

NAMES = tuple(BUILTIN[SESSION_TYPES])


def test_the_page_is_up_to_date() -> None:
    """`make docs` would write the page that is there."""
    assert PAGE.read_text(encoding="utf-8") == write_page(), "run `make docs` and commit the page"


def test_every_type_has_its_section() -> None:
    """Each is listed, and its section names every input."""
    page = write_page()
    for name in NAMES:
        assert f"- [`{name}`](#{name}): " in page
        _, _, rest = page.partition(f"\n## `{name}`\n")
        section = rest.partition("\n## ")[0]
        assert section
        for key in load_type(name).inputs:
            assert f"| `{key.removesuffix('?')}` |" in section


@pytest.mark.parametrize("name", NAMES)
def test_an_example_starts_a_session(name: str) -> None:
    """What it gives is what the type takes."""
    words = shlex.split(EXAMPLES[name])
    given: dict[str, Any] = {}
    for option, pair in zip(words[::2], words[1::2], strict=True):
        key, _, value = pair.partition("=")
        if option == "-i":
            given[key.removesuffix(":")] = json.loads(value) if key.endswith(":") else value
        else:
            assert option == "--agent"
    assert start(load_type(name)(), input=given).active
